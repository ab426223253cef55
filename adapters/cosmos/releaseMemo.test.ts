import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_PACKETS_MAX } from '../../relayer/core/limits.ts';
import { MEMO_CHARACTERS_MAX } from './memo.ts';
import { decodeMemo } from './memo.ts';
import { BLANK_MEMO, decodeBitmap, decodeReleaseMemo, encodeBitmap, encodeReleaseMemo } from './releaseMemo.ts';
import { decodeTerms, encodeTerms, FEE_STEPS_MAX } from './releaseTerms.ts';
import { FROM_EVM } from './vault.fixture.ts';

const hash = new Uint8Array(32).fill(0xcd);
const some = fc.integer({ min: 1, max: CHUNK_PACKETS_MAX }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    refused: fc
      .uniqueArray(fc.integer({ min: 0, max: count - 1 }), { maxLength: count })
      .map((list) => list.toSorted((a, b) => a - b)),
  }),
);

describe('the memo of a release', () => {
  it('reads as it was written', () => {
    const first = fc.bigInt({ min: 0n, max: 2n ** 64n - 513n });
    fc.assert(
      fc.property(some, first, ({ count, refused }, firstSequence) => {
        const memo = encodeReleaseMemo(FROM_EVM, { firstSequence, count, chunkHash: hash, refused });
        const laneDigits = FROM_EVM.slice(0, 16);
        expect(decodeReleaseMemo(memo)).toEqual({ laneDigits, firstSequence, count, chunkHash: hash, refused });
      }),
    );
  });

  it('fits what chains allow, with everything refused at the end of a lane', () => {
    const refused = Array.from({ length: CHUNK_PACKETS_MAX }, (_, index) => index);
    const last = { firstSequence: 2n ** 64n - 513n, count: CHUNK_PACKETS_MAX, chunkHash: hash, refused };
    const memo = encodeReleaseMemo(FROM_EVM, last);
    expect(memo).toHaveLength(239);
    expect(memo.length).toBeLessThanOrEqual(MEMO_CHARACTERS_MAX);
    expect(decodeReleaseMemo(memo)?.refused).toHaveLength(CHUNK_PACKETS_MAX);
  });

  it('has one spelling: what decodes is spelled the same way back', () => {
    const good = encodeReleaseMemo(FROM_EVM, { firstSequence: 12n, count: 20, chunkHash: hash, refused: [3, 9] });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ maxLength: 2 }), fc.nat(2), (at, put, cut) => {
        const text = good.slice(0, at) + put + good.slice(at + cut);
        const read = decodeReleaseMemo(text);
        if (read === undefined) return;
        const lane = `${read.laneDigits}${FROM_EVM.slice(16)}` as typeof FROM_EVM;
        expect(encodeReleaseMemo(lane, read)).toBe(text);
      }),
    );
  });

  it.each([
    ['', ''],
    ['of a blank', BLANK_MEMO],
    ['a routing memo', `v1|anvil-a|${'ab'.repeat(20)}|0`],
    ['no packets', `v1d|${'a'.repeat(16)}|0|0|${'b'.repeat(64)}|`],
    ['too many packets', `v1d|${'a'.repeat(16)}|0|513|${'b'.repeat(64)}|`],
    ['a refusal outside', `v1d|${'a'.repeat(16)}|0|3|${'b'.repeat(64)}|08`],
    ['a zero byte at the end', `v1d|${'a'.repeat(16)}|0|30|${'b'.repeat(64)}|0100`],
    ['the end of all sequences', `v1d|${'a'.repeat(16)}|18446744073709551615|2|${'b'.repeat(64)}|`],
    ['upper case', `v1d|${'A'.repeat(16)}|0|3|${'b'.repeat(64)}|`],
    ['no last field', `v1d|${'a'.repeat(16)}|0|3|${'b'.repeat(64)}`],
  ])('is not %s: %s', (_, text) => {
    expect(decodeReleaseMemo(text)).toBeUndefined();
  });

  it('is never a routing memo', () => {
    const memo = encodeReleaseMemo(FROM_EVM, { firstSequence: 0n, count: 1, chunkHash: hash, refused: [] });
    expect(decodeMemo(memo)).toBeUndefined();
    expect(decodeMemo(BLANK_MEMO)).toBeUndefined();
  });
});

describe('bitmaps and terms', () => {
  it('read as they were written', () => {
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const step = fc.integer({ min: 0, max: FEE_STEPS_MAX });
    fc.assert(
      fc.property(some, u64, u64, u64, step, ({ count, refused }, accountNumber, asOf, timeoutHeight, feeStep) => {
        expect(decodeBitmap(encodeBitmap(refused), count)).toEqual(refused);
        const terms = { accountNumber, asOf, timeoutHeight, feeStep, refused };
        expect(decodeTerms(encodeTerms(terms), count)).toEqual(terms);
      }),
    );
  });

  it('are total and have one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(512), (bytes, count) => {
        const terms = decodeTerms(bytes, count);
        if (terms !== undefined) expect(encodeTerms(terms)).toEqual(bytes);
      }),
    );
  });
});
