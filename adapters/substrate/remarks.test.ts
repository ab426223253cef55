import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, utf8 } from '../../relayer/core/bytes.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { formatAccount, parseAccount } from './account.ts';
import { submitMeaning } from './errors.ts';
import { fits, tipFor, withMargin } from './fees.ts';
import { decodeMemo, encodeMemo } from './memo.ts';
import { decodeReleaseRemark, encodeReleaseRemark, fromBitmap, toBitmap } from './releaseRemark.ts';
import { decodeTerms, encodeTerms } from './releaseTerms.ts';
import { IN_LANE } from './vault.fixture.ts';

describe('a routing memo', () => {
  const memo = { target: chainName('anvil-a'), receiver: new Uint8Array(20).fill(0xab), deadline: 7n };

  it('reads as it is written', () => {
    const text = encodeMemo(memo);
    expect(text).toBe(`v1|anvil-a|${'ab'.repeat(20)}|7`);
    expect(decodeMemo(utf8(text))).toEqual(memo);
  });

  it.each(['v1|a|AB|0', 'v1|a|ab|00', 'v1|a|ab', ' v1|a|ab|0', 'v1|a|ab|0\n', 'v2|a|ab|0', 'v1|a|a|0', 'v1|a||0', ''])(
    'is not %j',
    (text) => {
      expect(decodeMemo(utf8(text))).toBeUndefined();
    },
  );

  it('is no bytes that are no text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeMemo(bytes)).toBeUndefined();
        expect(decodeReleaseRemark('pays', bytes)).toBeUndefined();
      }),
    );
  });
});

describe('a remark of a release', () => {
  const remark = {
    lane: IN_LANE,
    firstSequence: 9n,
    count: 12,
    chunkHash: new Uint8Array(32).fill(1),
    refused: [0, 8, 11],
  };

  it('reads as it is written, under its own tag', () => {
    const bytes = encodeReleaseRemark('pays', remark);
    expect(decodeReleaseRemark('pays', bytes)).toEqual(remark);
    expect(decodeReleaseRemark('opens', bytes)).toBeUndefined();
    expect(Buffer.from(bytes).toString()).toBe(`v1d|${IN_LANE}|9|12|${bytesToHex(remark.chunkHash)}|8090`);
  });

  it('has one bitmap for each set of packets', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512 }), fc.array(fc.nat(511)), (count, picked) => {
        const refused = [...new Set(picked.filter((i) => i < count))].sort((a, b) => a - b);
        expect(fromBitmap(toBitmap(refused, count), count)).toEqual(refused);
      }),
    );
    expect(fromBitmap(Uint8Array.of(0), 3)).toBeUndefined();
    expect(fromBitmap(Uint8Array.of(0x10), 3)).toBeUndefined();
    expect(fromBitmap(Uint8Array.of(0x80, 0), 3)).toBeUndefined();
  });

  it('comes with terms that name its operation', () => {
    const terms = { timepoint: { height: 70_000, index: 3 }, refused: [1, 5] };
    expect(decodeTerms(encodeTerms(terms, 6), 6)).toEqual({ kind: 'valid', value: terms });
    expect(decodeTerms(encodeTerms(terms, 6), 60).kind).toBe('invalid');
    expect(decodeTerms(new Uint8Array(5), 6).kind).toBe('invalid');
  });
});

describe('an address', () => {
  it('has its checksum, its prefix and 32 bytes', () => {
    const account = new Uint8Array(32).fill(3);
    const text = formatAccount(account, 42);
    expect(parseAccount(text, 42)).toEqual(account);
    expect(parseAccount(text, 2)).toBeUndefined();
    expect(parseAccount(`${text.slice(0, -1)}1`, 42)).toBeUndefined();
    expect(parseAccount(`0x${'03'.repeat(32)}`, 42)).toBeUndefined();
    expect(parseAccount('', 42)).toBeUndefined();
  });
});

describe('what a node says', () => {
  it.each([
    [1010, 'Transaction is outdated', 'stale'],
    [1010, 'Inability to pay some fees (e.g. account balance too low)', 'outOfFunds'],
    [1010, 'Transaction has a bad signature', 'outdated'],
    [1010, 'Transaction has an ancient birth block', 'outdated'],
    [1010, 'Transaction would exhaust the block limits', 'tooLarge'],
    [1010, 'Custom error: 5', 'other'],
    [1012, '', 'known'],
    [1013, '0xab', 'known'],
    [1014, '', 'underpriced'],
    [1016, '', 'full'],
    [-32603, '', 'other'],
  ] as const)('%d %j is %s', (code, data, meaning) => {
    expect(submitMeaning(code, data)).toBe(meaning);
  });
});

describe('what an extrinsic offers', () => {
  it('is no tip at first, then twice as much each time, up to a limit', () => {
    const policy = { step: 10n, max: 45n };
    expect([0, 1, 2, 3, 4, 500].map((attempt) => tipFor(attempt, policy))).toEqual([
      0n,
      10n,
      20n,
      40n,
      undefined,
      undefined,
    ]);
  });

  it('asks for a weight with a margin', () => {
    const weight = { refTime: 100n, proofSize: 10n };
    expect(withMargin(weight)).toEqual({ refTime: 110n, proofSize: 11n });
    expect([fits(weight, weight), fits(withMargin(weight), weight)]).toEqual([true, false]);
  });
});
