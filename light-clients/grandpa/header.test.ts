import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../refusal.ts';
import { hexOf } from '../scale.ts';
import { authoritiesOf, forcedChange, frnk, scheduledChange, testBlock, testSigners } from './chain.fixture.ts';
import { consensusLogs } from './consensusLog.ts';
import { decodeHeader, type DigestItem, encodeHeader, type Header, slotOf } from './header.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const engine = fc.constantFrom('FRNK', 'BABE', 'aura', 'BEEF', '\u00ff\u0000\u0080z');
const data = fc.uint8Array({ maxLength: 80 });
const digestItem = fc.oneof(
  fc.record({ kind: fc.constant('other' as const), data }),
  fc.record({ kind: fc.constantFrom('consensus' as const, 'seal' as const, 'preRuntime' as const), engine, data }),
  fc.constant({ kind: 'runtimeEnvironmentUpdated' as const }),
) as fc.Arbitrary<DigestItem>;
const header: fc.Arbitrary<Header> = fc.record({
  parentHash: hash,
  number: fc.nat({ max: 0xffffffff }),
  stateRoot: hash,
  extrinsicsRoot: hash,
  digest: fc.array(digestItem, { maxLength: 6 }),
});

describe('headers', () => {
  it('survive a trip through the codec, with every kind of digest item', () => {
    fc.assert(
      fc.property(header, (original) => {
        const bytes = encodeHeader(original);
        const decoded = decodeHeader(bytes);
        expect(hexOf(encodeHeader(decoded))).toBe(hexOf(bytes));
        expect(decoded.number).toBe(original.number);
        expect(decoded.digest).toEqual(original.digest);
      }),
    );
  });

  it('have one spelling, and hostile bytes only refuse', () => {
    fc.assert(
      fc.property(header, fc.nat(), fc.nat({ max: 255 }), (original, position, byte) => {
        const bytes = encodeHeader(original);
        bytes[position % bytes.length] = byte;
        const decoded = judge(() => decodeHeader(bytes));
        if (decoded.kind === 'valid') expect(hexOf(encodeHeader(decoded.value))).toBe(hexOf(bytes));
        expect(judge(() => decodeHeader(bytes.subarray(0, position % bytes.length))).kind).toBe('invalid');
      }),
      { numRuns: 1_000 },
    );
  });

  it('tell their slot', () => {
    const preRuntime = (name: string, hex: string): Header => ({
      ...decodeHeader(testBlock(undefined).bytes),
      digest: [{ kind: 'preRuntime', engine: name, data: new Uint8Array(Buffer.from(hex, 'hex')) }],
    });
    expect(slotOf(decodeHeader(testBlock(undefined).bytes))).toBeUndefined();
    expect(slotOf(preRuntime('BABE', '0201000000ff00000000000000'))).toBe(255n);
    expect(slotOf(preRuntime('BABE', `0301000000ff00000000000000${'00'.repeat(96)}`))).toBe(255n);
    expect(slotOf(preRuntime('aura', 'ff00000000000000'))).toBe(255n);
    expect(slotOf(preRuntime('BABE', '0401000000ff00000000000000'))).toBeUndefined();
    expect(slotOf(preRuntime('aura', 'ff'))).toBeUndefined();
  });
});

describe('GRANDPA logs', () => {
  const next = authoritiesOf(testSigners(2));
  const logsOf = (...digest: readonly DigestItem[]): unknown =>
    judge(() => consensusLogs(decodeHeader(testBlock(undefined, { digest }).bytes)));
  const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

  it('are decoded in order, all kinds', () => {
    const logs = logsOf(
      scheduledChange(next, 3),
      forcedChange(next, 4),
      frnk(bytes('030500000000000000')),
      frnk(bytes('0406000000')),
      frnk(bytes('0507000000')),
      { kind: 'consensus', engine: 'BABE', data: bytes('09') },
    );
    expect(logs).toEqual({
      kind: 'valid',
      value: [
        { kind: 'scheduledChange', next, delay: 3 },
        { kind: 'forcedChange', medianLastFinalized: 0, next, delay: 4 },
        { kind: 'onDisabled', authorityIndex: 5n },
        { kind: 'pause', delay: 6 },
        { kind: 'resume', delay: 7 },
      ],
    });
  });

  it('are refused when anything in them is odd', () => {
    for (const hex of ['', '00', '06', '0400', '040600000000', '0100', '010000000000', '03']) {
      expect(logsOf(frnk(bytes(hex))), hex).toMatchObject({ kind: 'invalid' });
    }
    const weightless = next.map(({ key }) => ({ key, weight: 0n }));
    expect(logsOf(scheduledChange(weightless))).toMatchObject({ kind: 'invalid' });
    expect(logsOf(scheduledChange([...next, ...next]))).toMatchObject({ kind: 'invalid' });
  });
});
