import { describe, expect, it } from 'vitest';
import { merkleProof } from '../merkle/rfc6962.ts';
import { dataHash, headerHash, resultLeaf, resultsHash, sha256, txLeaf } from './canonical.ts';
import { verifyBlockTxs, verifyTx, type TxProof } from './inclusion.ts';
import { makeHeader, makeSigners } from './chain.fixture.ts';
import type { Header, TxResult } from './types.ts';

const signers = makeSigners('v', 1);
const txOf = (index: number): Uint8Array => new TextEncoder().encode(`transaction ${index}`);
const resultOf = (index: number): TxResult => ({
  code: index % 3 === 2 ? 5 : 0,
  data: index % 2 === 0 ? Uint8Array.of(index) : new Uint8Array(0),
  gasWanted: index % 5 === 0 ? -1n : 200_000n,
  gasUsed: BigInt(index * 1000),
});

function makePair(txs: readonly Uint8Array[], results: readonly TxResult[]): { header: Header; next: Header } {
  const header = makeHeader({ height: 7n, signers, header: { dataHash: dataHash(txs) } });
  const lastBlockId = { hash: headerHash(header), partsTotal: 1, partsHash: headerHash(header) };
  const next = makeHeader({ height: 8n, signers, header: { lastBlockId, lastResultsHash: resultsHash(results) } });
  return { header, next };
}

describe('whole blocks', () => {
  const txs = Array.from({ length: 9 }, (_, index) => txOf(index));
  const results = txs.map((_, index) => resultOf(index));
  const { header, next } = makePair(txs, results);
  const judge = (t: readonly Uint8Array[], r: readonly TxResult[], above = next): string =>
    verifyBlockTxs(header, above, t, r).kind;

  it('give every transaction with its result', () => {
    const verdict = verifyBlockTxs(header, next, txs, results);
    if (verdict.kind !== 'valid') throw new Error(verdict.reason);
    expect(verdict.value.map(({ index, result }) => [index, result.code])).toEqual(
      results.map((result, index) => [index, result.code]),
    );
    const empty = makePair([], []);
    expect(verifyBlockTxs(empty.header, empty.next, [], [])).toEqual({ kind: 'valid', value: [] });
  });

  it('cannot hide, add, change or reorder a transaction', () => {
    expect(judge(txs.slice(1), results.slice(1))).toBe('invalid');
    expect(judge(txs.slice(0, -1), results.slice(0, -1))).toBe('invalid');
    expect(judge([...txs, txOf(8)], [...results, resultOf(8)])).toBe('invalid');
    expect(judge(txs.with(3, txOf(99)), results)).toBe('invalid');
    expect(judge([...txs].reverse(), results)).toBe('invalid');
    expect(judge([], [])).toBe('invalid');
    expect(judge(txs, results.slice(1))).toBe('invalid');
  });

  it('cannot turn a failed transaction into a good one, nor change data or gas', () => {
    const failed = results[2]!;
    for (const change of [
      { code: 0 },
      { data: Uint8Array.of(9) },
      { gasWanted: 1n },
      { gasUsed: failed.gasUsed + 1n },
    ]) {
      expect(judge(txs, results.with(2, { ...failed, ...change }))).toBe('invalid');
    }
    expect(judge(txs, [...results].reverse())).toBe('invalid');
  });

  it('need a result for each transaction, even when both roots fit', () => {
    const uneven = makePair(txs, results.slice(1));
    expect(verifyBlockTxs(uneven.header, uneven.next, txs, results.slice(1)).kind).toBe('invalid');
  });

  it('need the header right above', () => {
    const stranger = makeHeader({ height: 8n, signers, header: { lastResultsHash: next.lastResultsHash } });
    expect(judge(txs, results, stranger)).toBe('invalid');
    expect(judge(txs, results, header)).toBe('invalid');
  });
});

describe('single transactions', () => {
  it('are proven in every place of blocks of every small size, and in no other', () => {
    for (const total of [1, 2, 3, 5, 8, 13]) {
      const txs = Array.from({ length: total }, (_, index) => txOf(index));
      const results = txs.map((_, index) => resultOf(index));
      const { header, next } = makePair(txs, results);
      for (let index = 0; index < total; index++) {
        const proof: TxProof = {
          index,
          total,
          tx: txs[index]!,
          txSiblings: merkleProof(txs.map(txLeaf), index, sha256)!,
          result: results[index]!,
          resultSiblings: merkleProof(results.map(resultLeaf), index, sha256)!,
        };
        expect(verifyTx(header, next, proof).kind).toBe('valid');
        const other = (index + 1) % total;
        const wrong: TxProof[] = [
          { ...proof, index: total },
          { ...proof, index: -1 },
          { ...proof, index: index + 0.5 },
          { ...proof, total: 0 },
          { ...proof, txSiblings: [...proof.txSiblings, new Uint8Array(32)] },
          { ...proof, resultSiblings: [...proof.resultSiblings, new Uint8Array(32)] },
          { ...proof, result: { ...proof.result, code: proof.result.code + 1 } },
          { ...proof, tx: txOf(99) },
        ];
        if (total > 1) {
          wrong.push(
            { ...proof, index: other },
            { ...proof, txSiblings: proof.txSiblings.slice(1) },
            { ...proof, resultSiblings: proof.resultSiblings.slice(1) },
            // A good proof of another transaction's result: one index must serve both.
            {
              ...proof,
              result: results[other]!,
              resultSiblings: merkleProof(results.map(resultLeaf), other, sha256)!,
            },
          );
        }
        // The result of another block, whose header is not the one above.
        const stranger = makeHeader({ height: 8n, signers, header: { lastResultsHash: next.lastResultsHash } });
        expect(verifyTx(header, stranger, proof).kind).toBe('invalid');
        for (const bad of wrong) expect(verifyTx(header, next, bad).kind).toBe('invalid');
      }
    }
  });
});
