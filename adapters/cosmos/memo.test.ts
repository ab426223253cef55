import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainName } from '../../relayer/core/ids.ts';
import { decodeMemo, encodeMemo, MEMO_CHARACTERS_MAX, type RoutingMemo } from './memo.ts';

const MEMO = 'v1|anvil-a|70997970c51812dc3a010c7d01b50e0d17dc79c8|1800000000';

const memos: fc.Arbitrary<RoutingMemo> = fc.record({
  target: fc.stringMatching(/^[a-z0-9-]{1,32}$/).map(chainName),
  receiver: fc.uint8Array({ minLength: 1, maxLength: 32 }),
  deadline: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
});

describe('the routing memo', () => {
  it('says target, receiver and deadline', () => {
    const memo = decodeMemo(MEMO);
    expect(memo).toMatchObject({ target: 'anvil-a', deadline: 1_800_000_000n });
    expect(memo?.receiver).toHaveLength(20);
    expect(encodeMemo(memo!)).toBe(MEMO);
  });

  it('comes back as it went in, short enough for every chain', () => {
    fc.assert(
      fc.property(memos, (memo) => {
        const text = encodeMemo(memo);
        expect(text.length).toBeLessThanOrEqual(121);
        expect(text.length).toBeLessThan(MEMO_CHARACTERS_MAX);
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        expect(decodeMemo(text)).toEqual(memo);
      }),
    );
  });

  it('has one spelling: what decodes is spelled the same way back', () => {
    const mutated = fc
      .tuple(memos.map(encodeMemo), fc.nat(130), fc.nat(3), fc.string({ maxLength: 3 }))
      .map(([text, at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string(), fc.string({ unit: 'binary', maxLength: 40 })), (text) => {
        const memo = decodeMemo(text);
        if (memo !== undefined) expect(encodeMemo(memo)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['', 'nothing'],
    [` ${MEMO}`, 'a space before'],
    [`${MEMO}\n`, 'a line break after'],
    [`${MEMO}|`, 'one more part'],
    [MEMO.replace('v1', 'v2'), 'another version'],
    [MEMO.replace('v1', 'V1'), 'upper case'],
    [MEMO.replace('|7099', '|0x7099'), '0x'],
    [MEMO.replace('c51812dc', 'C51812DC'), 'upper-case hex'],
    [MEMO.replace('79c8|', '79c|'), 'half a byte'],
    [`v1|anvil-a|${'00'.repeat(33)}|0`, 'a receiver that is too long'],
    ['v1|anvil-a||0', 'no receiver'],
    ['v1||00|0', 'no target'],
    ['v1|anvil_a|00|0', 'a target that is no name'],
    ['v1|anvil-a|00|01', 'a leading zero'],
    ['v1|anvil-a|00|-1', 'a negative deadline'],
    ['v1|anvil-a|00|1e9', 'no integer'],
    [`v1|anvil-a|00|${1n << 64n}`, 'a deadline of more than 64 bits'],
    ['v1|anvil-a|00|', 'no deadline'],
    ['v1|anvil-a|٠٠|0', 'digits of another script'],
    [MEMO.padEnd(257, 'x'), 'more than a chain takes'],
  ])('refuses %j: %s', (text) => {
    expect(decodeMemo(text)).toBeUndefined();
  });
});
