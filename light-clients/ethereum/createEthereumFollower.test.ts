import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSyntheticChain, type UpdateOptions } from '../../test/vectors/ethereum/syntheticChain.ts';
import { createEthereumFollower } from './createEthereumFollower.ts';
import { decodeExecutionHeader } from './executionHeader.ts';
import { FORK_NAMES, MINIMAL_PRESET } from './parameters.ts';
import {
  BUNDLE_HEADERS_MAX,
  BUNDLE_MESSAGES_MAX,
  decodeUpdateBundle,
  encodeUpdateBundle,
  type UpdateBundle,
} from './updateBundle.ts';

/** Minimal preset: 64 slots a period. */
const chain = createSyntheticChain(
  {
    preset: MINIMAL_PRESET,
    forks: FORK_NAMES.slice(0, 7).map((name, index) => ({ name, epoch: 0n, version: Uint8Array.of(index, 0, 0, 98) })),
    genesisValidatorsRoot: new Uint8Array(32).fill(7),
    genesisTime: 1_000_000n,
    secondsPerSlot: 12n,
    maxAgeSeconds: 1_000_000n,
  },
  8n,
);
const follower = createEthereumFollower(chain.parameters);
const started = follower.start(chain.bootstrap().bytes);
if (started.kind !== 'valid') throw new Error(started.reason);
const { state } = started.value;

function run(bundle: UpdateBundle, from = state) {
  return follower.update(from, encodeUpdateBundle(bundle), chain.timeAt(300n));
}

function headerOf(options: UpdateOptions): Uint8Array {
  return chain.updateValue(options).finalized!.executionRlp;
}

const period0 = { attestedSlot: 40n, finalizedSlot: 24n };
const period1 = { attestedSlot: 100n, finalizedSlot: 80n };
const period2 = { attestedSlot: 160n, finalizedSlot: 144n };

describe('the follower', () => {
  it('goes over several periods in one update', () => {
    const messages = [chain.update(period0), chain.update(period1), chain.finalityUpdate(period2)];
    expect(run({ messages, headers: [] })).toMatchObject({
      kind: 'valid',
      value: { head: { height: 144n }, verified: [] },
    });
  });

  it('takes what it can of messages that come too early, and says what it wants when it can take none', () => {
    const messages = [chain.update(period0), chain.finalityUpdate({ attestedSlot: 200n, finalizedSlot: 184n })];
    // The headers belong to the message that was not taken.
    expect(run({ messages, headers: [headerOf(period1)] })).toMatchObject({
      kind: 'valid',
      value: { head: { height: 24n } },
    });
    expect(run({ messages: messages.slice(1), headers: [] })).toMatchObject({ kind: 'needsMore' });
  });

  it('refuses the whole when one message is a lie', () => {
    const forged = chain.update(period1);
    forged[forged.length - 1]! ^= 1;
    const verdict = run({ messages: [chain.update(period0), forged], headers: [] });
    expect(verdict.kind).toBe('invalid');
  });

  it('lists the head and its ancestors as verified, each named by the one above', () => {
    const header = headerOf(period0);
    const decoded = decodeExecutionHeader(header);
    if (decoded.kind !== 'header') throw new Error(decoded.reason);
    const messages = [chain.update(period0)];
    expect(run({ messages, headers: [header] })).toMatchObject({
      kind: 'valid',
      value: { verified: [{ height: 24n, hash: decoded.header.hash }] },
    });
    expect(run({ messages, headers: [header, header] })).toMatchObject({
      kind: 'invalid',
      reason: 'header 1 has not the hash that is named',
    });
    expect(run({ messages, headers: [headerOf(period1)] })).toMatchObject({
      kind: 'invalid',
      reason: 'header 0 has not the hash that is named',
    });
    expect(run({ messages, headers: Array.from({ length: 17 }, () => header) })).toMatchObject({
      kind: 'invalid',
      reason: 'headers below what was verified before',
    });
  });

  it('calls it a conflict when the walk comes down to another block than the one verified before', () => {
    const first = run({ messages: [chain.update(period0)], headers: [] });
    if (first.kind !== 'valid') throw new Error(first.reason);
    // The made-up block 25 names a parent that is not block 24.
    const next = { attestedSlot: 41n, finalizedSlot: 25n };
    const bundle = { messages: [chain.finalityUpdate(next)], headers: [headerOf(next)] };
    expect(run(bundle, first.value.state)).toEqual({
      kind: 'conflict',
      reason: 'the finalized block 25 does not descend from the finalized 24',
    });
  });

  it('answers anything with a verdict', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 40 }), (bytes, junk) => {
        expect(follower.update(state, bytes, 0n).kind).toBe('invalid');
        expect(follower.update(junk, bytes, 0n).kind).toBe('invalid');
        const bundled = encodeUpdateBundle({ messages: [bytes], headers: [] });
        expect(follower.update(state, bundled, 0n).kind).toBe('invalid');
      }),
    );
  });
});

describe('an update bundle', () => {
  const item = fc.uint8Array({ maxLength: 50 });

  it('decodes to what was encoded, and to nothing when it is cut or longer', () => {
    const bundles = fc.record({
      messages: fc.array(item, { minLength: 1, maxLength: BUNDLE_MESSAGES_MAX }),
      headers: fc.array(item, { maxLength: 5 }),
    });
    fc.assert(
      fc.property(bundles, fc.nat(), (bundle, cut) => {
        const bytes = encodeUpdateBundle(bundle);
        expect(decodeUpdateBundle(bytes)).toEqual(bundle);
        expect(decodeUpdateBundle(bytes.subarray(0, cut % bytes.length))).toBeUndefined();
        expect(decodeUpdateBundle(Uint8Array.of(...bytes, 0))).toBeUndefined();
      }),
    );
  });

  it('has its bounds', () => {
    const one = new Uint8Array(1);
    const many = (count: number): Uint8Array[] => Array.from({ length: count }, () => one);
    const decoded = (messages: number, headers: number) =>
      decodeUpdateBundle(encodeUpdateBundle({ messages: many(messages), headers: many(headers) }));
    expect(decoded(BUNDLE_MESSAGES_MAX, BUNDLE_HEADERS_MAX)).toBeDefined();
    expect(decoded(BUNDLE_MESSAGES_MAX + 1, 0)).toBeUndefined();
    expect(decoded(1, BUNDLE_HEADERS_MAX + 1)).toBeUndefined();
    expect(decoded(0, 0)).toBeUndefined();
  });
});
