/**
 * What is in a block, and what came of it. Header H commits to the transactions of H, header H+1 to their results. Both roots
 * are rebuilt from the whole lists, so that an endpoint can neither add nor hide a transaction, nor change its outcome.
 *
 * Trusts: two verified headers. Does not prove: log, info, events and codespace of a result, which no root covers.
 */
import { rootFromProof } from '../merkle/rfc6962.ts';
import { sameBytes } from '../protobuf.ts';
import type { Verdict } from '../verdict.ts';
import { checkLink } from './backward.ts';
import { dataHash, resultLeaf, resultsHash, sha256, txLeaf } from './canonical.ts';
import { BLOCK_TXS_MAX, type Header, type TxResult } from './types.ts';

export interface IncludedTx {
  readonly index: number;
  readonly tx: Uint8Array;
  readonly result: TxResult;
}

/** All transactions of a block with their results, in order. `next` is the header right above `header`, both verified. */
export function verifyBlockTxs(
  header: Header,
  next: Header,
  txs: readonly Uint8Array[],
  results: readonly TxResult[],
): Verdict<readonly IncludedTx[]> {
  const broken = checkLink(next, header);
  if (broken !== undefined) return refuse(`headers do not follow each other: ${broken}`);
  if (txs.length > BLOCK_TXS_MAX) return refuse('too many transactions');
  if (txs.length !== results.length) return refuse('transactions and results differ in number');
  if (!sameBytes(dataHash(txs), header.dataHash)) return refuse('transactions do not match the header');
  if (!sameBytes(resultsHash(results), next.lastResultsHash)) return refuse('results do not match the next header');
  return { kind: 'valid', value: txs.map((tx, index) => ({ index, tx, result: results[index] as TxResult })) };
}

export interface TxProof {
  readonly index: number;
  readonly total: number;
  readonly tx: Uint8Array;
  /** Siblings in the data tree, the deepest first. */
  readonly txSiblings: readonly Uint8Array[];
  readonly result: TxResult;
  /** Siblings in the results tree. */
  readonly resultSiblings: readonly Uint8Array[];
}

/**
 * One transaction with its result, where whole blocks are too large. One (index, total) serves both proofs: a transaction
 * cannot borrow the result of another. Proves presence only: it cannot show that no other deposit is in the block.
 */
export function verifyTx(header: Header, next: Header, proof: TxProof): Verdict<IncludedTx> {
  const broken = checkLink(next, header);
  if (broken !== undefined) return refuse(`headers do not follow each other: ${broken}`);
  const { index, total, tx, result } = proof;
  if (total > BLOCK_TXS_MAX) return refuse('too many transactions');
  const dataRoot = rootFromProof(txLeaf(tx), index, total, proof.txSiblings, sha256);
  if (dataRoot === undefined) return refuse('transaction proof does not fit its index and total');
  if (!sameBytes(dataRoot, header.dataHash)) return refuse('transaction proof does not match the header');
  const resultRoot = rootFromProof(resultLeaf(result), index, total, proof.resultSiblings, sha256);
  if (resultRoot === undefined) return refuse('result proof does not fit its index and total');
  if (!sameBytes(resultRoot, next.lastResultsHash)) return refuse('result proof does not match the next header');
  return { kind: 'valid', value: { index, tx, result } };
}

function refuse(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}
