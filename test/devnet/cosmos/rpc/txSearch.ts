/**
 * Finding transactions: by hash, and by conditions over their events as CometBFT's indexer takes them
 * (`tx.height >= 5 AND transfer.recipient='cosmos1...'`).
 */
import { merkleProof } from '../../../../light-clients/merkle/rfc6962.ts';
import { dataHash, sha256, txLeaf } from '../../../../light-clients/tendermint/index.ts';
import { hashLeaf } from '../../../../light-clients/merkle/rfc6962.ts';
import type { ChainBlock } from '../consensus/createChain.ts';
import { base64, hex, type Json, resultJson } from './json.ts';
import type { Node } from './node.ts';

interface Condition {
  readonly key: string;
  readonly operator: string;
  readonly value: string;
}

const CONDITION = /^\s*([a-zA-Z_][\w.]*)\s*(<=|>=|=|<|>|CONTAINS|EXISTS)\s*(?:'([^']*)'|(\d+))?\s*$/;

/** Undefined when the query is not understood. */
export function parseQuery(query: string): readonly Condition[] | undefined {
  const conditions = query.split(/\s+AND\s+/).map((part): Condition | undefined => {
    const match = CONDITION.exec(part);
    return match === null
      ? undefined
      : { key: match[1] ?? '', operator: match[2] ?? '', value: match[3] ?? match[4] ?? '' };
  });
  return conditions.every((condition) => condition !== undefined) ? conditions : undefined;
}

/** The transactions that meet all conditions, in the order of the chain. */
export function searchTxs(node: Node, conditions: readonly Condition[]): { block: ChainBlock; index: number }[] {
  const exact = (key: string): string | undefined =>
    conditions.find((condition) => condition.key === key && condition.operator === '=')?.value;
  const found: { block: ChainBlock; index: number }[] = [];
  const hash = exact('tx.hash');
  const only = hash === undefined ? exact('tx.height') : (node.chain.heightOfTx(hash.toLowerCase()) ?? 0n);
  const [from, to] = only === undefined ? [1n, node.height()] : [BigInt(only), BigInt(only)];
  for (let height = from; height <= to; height++) {
    const block = node.block(height);
    block?.txs.forEach((_, index) => {
      if (conditions.every((condition) => holds(block, index, condition))) found.push({ block, index });
    });
  }
  return found;
}

export function findTx(node: Node, hash: string): { block: ChainBlock; index: number } | undefined {
  return searchTxs(node, [{ key: 'tx.hash', operator: '=', value: hash }])[0];
}

export function txJson({ block, index }: { block: ChainBlock; index: number }, prove: boolean): Json {
  const tx = block.txs[index] ?? new Uint8Array(0);
  const result = block.results[index];
  const proof = () => ({
    root_hash: hex(dataHash(block.txs)),
    data: base64(tx),
    proof: {
      total: block.txs.length.toString(),
      index: index.toString(),
      leaf_hash: base64(hashLeaf(txLeaf(tx), sha256)),
      aunts: (merkleProof(block.txs.map(txLeaf), index, sha256) ?? []).map(base64),
    },
  });
  return {
    hash: hex(sha256(tx)),
    height: block.header.height.toString(),
    index,
    tx_result: result === undefined ? null : resultJson(result),
    tx: base64(tx),
    ...(prove ? { proof: proof() } : {}),
  };
}

function holds(block: ChainBlock, index: number, condition: Condition): boolean {
  const { key, operator, value } = condition;
  if (key === 'tx.hash') return hex(sha256(block.txs[index] ?? new Uint8Array(0))) === value.toUpperCase();
  if (key === 'tx.height') return compares(block.header.height.toString(), operator, value);
  const events = block.results[index]?.events ?? [];
  return events.some(({ type, attributes }) =>
    attributes.some((attribute) => `${type}.${attribute.key}` === key && compares(attribute.value, operator, value)),
  );
}

function compares(actual: string, operator: string, value: string): boolean {
  if (operator === 'EXISTS') return true;
  if (operator === 'CONTAINS') return actual.includes(value);
  if (operator === '=') return actual === value;
  if (!/^\d+$/.test(actual) || !/^\d+$/.test(value)) return false;
  const [a, b] = [BigInt(actual), BigInt(value)];
  return operator === '<' ? a < b : operator === '<=' ? a <= b : operator === '>' ? a > b : a >= b;
}
