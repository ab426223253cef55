import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXECUTION_HEADER_FIELDS } from '../ethereum/executionHeader.ts';
import { keccak256 } from '../keccak.ts';
import { encodeRlp, integerBytes } from '../merkle/rlp.ts';
import type { Verdict } from '../verdict.ts';
import {
  type ConfirmationsParameters,
  createConfirmationsClient,
  decodeConfirmationsUpdate,
  decodeTrustedBlock,
  encodeConfirmationsUpdate,
  encodeTrustedBlock,
} from './index.ts';

const NOW = 10_000n;
const genesis = chainFrom(new Uint8Array(32).fill(1), 99, 1, 'root')[0]!;
const TRUSTED = { height: 99n, hash: keccak256(genesis) };
const main = chainFrom(TRUSTED.hash, 100, 12, 'main');
/** Leaves the main chain after block 104. */
const fork = [...main.slice(0, 5), ...chainFrom(keccak256(main[4]!), 105, 10, 'fork')];
const stranger = chainFrom(new Uint8Array(32).fill(3), 100, 12, 'stranger');

function client(changes: Partial<ConfirmationsParameters> = {}) {
  return createConfirmationsClient({
    trusted: TRUSTED,
    confirmations: 3,
    quorum: 2,
    endpoints: 3,
    driftSecondsMax: 15,
    ...changes,
  });
}

function verdict(chains: readonly (readonly Uint8Array[])[], changes: Partial<ConfirmationsParameters> = {}): string {
  const state = encodeTrustedBlock({ ...TRUSTED, timeSeconds: 0n });
  const result = client(changes).update(state, encodeConfirmationsUpdate(chains), NOW);
  return result.kind === 'valid' ? `valid ${result.value.head.height}` : result.kind;
}

describe('the confirmations client', () => {
  it.each<[string, string, Uint8Array[][]]>([
    ['all agree', 'valid 108', [main, main, main]],
    ['one is silent', 'valid 108', [main, [], main]],
    ['two lag by different depths: the second longest counts', 'valid 102', [main, main.slice(0, 4), main.slice(0, 6)]],
    ['only one shows anything', 'needsMore', [main, [], []]],
    ['too few blocks on top', 'needsMore', [main.slice(0, 3), main.slice(0, 3), main.slice(0, 3)]],
    ['exactly enough blocks on top', 'valid 100', [main.slice(0, 4), main.slice(0, 4), []]],
    ['nobody shows anything', 'needsMore', [[], [], []]],
    ['a fork above the buried blocks', 'valid 104', [main.slice(0, 8), fork.slice(0, 8), fork.slice(0, 8)]],
    ['a fork below: both buried', 'conflict', [main, fork, fork]],
    ['one endpoint alone shows another buried chain', 'conflict', [main, main, fork]],
    ['one stands on another block: left out', 'valid 108', [stranger, main, main]],
    ['one stands on another block, and the rest is no quorum', 'needsMore', [stranger, main, []]],
    ['a quorum lost the trusted block', 'conflict', [stranger, stranger, main]],
    ['one is garbage: left out', 'valid 108', [[Uint8Array.of(1, 2, 3)], main, main]],
    ['all are garbage', 'invalid', [[Uint8Array.of(1)], [Uint8Array.of(2)], [Uint8Array.of(3)]]],
    ['a gap', 'valid 108', [main.toSpliced(4, 1), main, main]],
    ['a gap in two', 'needsMore', [main.toSpliced(4, 1), main.toSpliced(4, 1), main]],
    ['an entry short', 'invalid', [main, main]],
    ['an entry too many', 'invalid', [main, main, main, main]],
  ])('%s: %s', (_, expected, chains) => {
    expect(verdict(chains)).toBe(expected);
  });

  it('takes no confirmations and a quorum of one where configured so', () => {
    expect(verdict([main], { confirmations: 0, quorum: 1, endpoints: 1 })).toBe('valid 111');
  });

  it('counts a block of the future later, and nothing above it now', () => {
    const late = chainFrom(keccak256(main[5]!), 106, 4, 'late', 10_016n);
    const chain = [...main.slice(0, 6), ...late];
    expect(verdict([chain, chain, chain], { confirmations: 0 })).toBe('valid 105');
    const onTime = [...main.slice(0, 6), ...chainFrom(keccak256(main[5]!), 106, 1, 'edge', 10_015n)];
    expect(verdict([onTime, onTime, onTime], { confirmations: 0 })).toBe('valid 106');
  });

  it('leaves out a chain whose time runs backwards', () => {
    const back = [...main.slice(0, 6), ...chainFrom(keccak256(main[5]!), 106, 4, 'back', 5n)];
    expect(verdict([back, back, main])).toBe('needsMore');
    const before = encodeTrustedBlock({ ...TRUSTED, timeSeconds: NOW });
    expect(client().update(before, encodeConfirmationsUpdate([main, main, main]), NOW).kind).toBe('invalid');
  });

  it('gives a state from which the next verification goes on, and a head with its header', () => {
    const first = step(client().start());
    const second = step(client().update(first.state, encodeConfirmationsUpdate([main, main, []]), NOW));
    expect(second.head.header).toEqual(main[8]);
    expect(second.head.hash).toEqual(keccak256(main[8]!));
    expect(second.verified).toEqual(
      main.slice(0, 9).map((header, i) => ({ height: 100n + BigInt(i), hash: keccak256(header) })),
    );
    expect(decodeTrustedBlock(second.state)).toEqual({
      height: 108n,
      hash: second.head.hash,
      timeSeconds: second.head.timeSeconds,
    });
    const more = [...main.slice(9), ...chainFrom(keccak256(main.at(-1)!), 112, 3, 'main')];
    const third = step(client().update(second.state, encodeConfirmationsUpdate([more, more, more]), NOW));
    expect(third.head.height).toBe(111n);
  });

  it('says so when a state or an update does not decode', () => {
    const state = encodeTrustedBlock({ ...TRUSTED, timeSeconds: 0n });
    const update = encodeConfirmationsUpdate([main, main, main]);
    expect(client().update(state.subarray(1), update, NOW).kind).toBe('invalid');
    expect(client().update(state, update.subarray(0, -1), NOW).kind).toBe('invalid');
    expect(client().update(state, Uint8Array.of(...update, 0), NOW).kind).toBe('invalid');
    expect(decodeConfirmationsUpdate(Uint8Array.of(1, 17))).toBeUndefined();
  });

  it.each<[Partial<ConfirmationsParameters>, RegExp]>([
    [{ quorum: 0 }, /quorum/],
    [{ quorum: 4 }, /quorum/],
    [{ confirmations: 512 }, /confirmations/],
    [{ endpoints: 0 }, /endpoints/],
    [{ trusted: { height: 1n, hash: new Uint8Array(32) } }, /trusted hash/],
  ])('refuses parameters %o', (changes, reason) => {
    expect(() => client(changes)).toThrow(reason);
  });

  it('never answers a head that fewer than the quorum of endpoints served, whatever they serve', () => {
    const segment = fc.record({
      from: fc.constantFrom(main, fork, stranger),
      skip: fc.nat(2),
      length: fc.nat(15),
      flip: fc.option(fc.nat(15)),
    });
    fc.assert(
      fc.property(
        fc.tuple(segment, segment, segment),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(4),
        (parts, quorum, confirmations) => {
          const chains = parts.map(({ from, skip, length, flip }) => {
            const chain = from.slice(skip === 2 ? 1 : 0, length).map((header) => header.slice());
            const hit = flip === null ? undefined : chain[flip];
            if (hit !== undefined) hit[hit.length - 1]! ^= 1;
            return chain;
          });
          const state = encodeTrustedBlock({ ...TRUSTED, timeSeconds: 0n });
          const result = client({ quorum, confirmations }).update(state, encodeConfirmationsUpdate(chains), NOW);
          if (result.kind !== 'valid') return;
          const { head } = result.value;
          const serving = chains.filter((chain) =>
            chain.some((header) => Buffer.from(keccak256(header)).equals(Buffer.from(head.hash))),
          );
          expect(serving.length).toBeGreaterThanOrEqual(quorum);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('never throws on bytes of any kind', () => {
    const good = encodeConfirmationsUpdate([main, fork, main]);
    const state = encodeTrustedBlock({ ...TRUSTED, timeSeconds: 0n });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }), (anyState, anyUpdate) => {
        expect(client().update(anyState, anyUpdate, NOW).kind).toBe('invalid');
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = good.slice();
        changed[at]! ^= change;
        const result = client().update(state, changed, NOW);
        expect(['valid', 'needsMore', 'invalid', 'conflict']).toContain(result.kind);
        if (result.kind === 'valid') expect(main.slice(0, 9)).toContainEqual(result.value.head.header);
      }),
      { numRuns: 300 },
    );
  });
});

function step<T>(result: Verdict<T>): T {
  if (result.kind !== 'valid') throw new Error(`${result.kind}: ${result.reason}`);
  return result.value;
}

/** Headers of the newest fork, linked upwards from `parent`. */
function chainFrom(parent: Uint8Array, height: number, count: number, salt: string, time?: bigint): Uint8Array[] {
  const headers: Uint8Array[] = [];
  let below = parent;
  for (let i = 0; i < count; i++) {
    const values: Record<string, Uint8Array> = {
      parentHash: below,
      number: integerBytes(height + i),
      timestamp: integerBytes(time ?? BigInt(height + i)),
      extraData: Buffer.from(salt),
    };
    const fields = EXECUTION_HEADER_FIELDS.map(
      ([name, shape]) => values[name] ?? (shape.kind === 'fixed' ? new Uint8Array(shape.bytes) : new Uint8Array(0)),
    );
    const rlp = encodeRlp(fields);
    headers.push(rlp);
    below = keccak256(rlp);
  }
  return headers;
}
