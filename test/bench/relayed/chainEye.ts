/**
 * What a bench sees of a chain with its own eyes: blocks, finality by the chain's rule, payments of a lane, balances. Nothing
 * here asks the relayer.
 */
import type { LaneId } from '../../../relayer/core/ids.ts';
import type { Representation } from '../../../relayer/manifest/index.ts';

export interface PaidChunk {
  readonly firstSequence: bigint;
  readonly count: number;
  readonly refused: number;
  readonly height: bigint;
  /** What the relayer submitted for it, as the chain writes it. */
  readonly transaction: string;
}

export interface ChainEye {
  readonly name: string;
  /** The newest block. */
  head(signal: AbortSignal): Promise<bigint>;
  /** The newest block whose deposits count as final, by the rule that the chain is verified by. */
  finalized(signal: AbortSignal): Promise<bigint>;
  /** All payments of a lane so far, in the order of the chain. */
  paid(lane: LaneId, signal: AbortSignal): Promise<readonly PaidChunk[]>;
  /** The token's own units, in the order of the accounts. */
  balances(token: Representation, accounts: readonly Uint8Array[], signal: AbortSignal): Promise<readonly bigint[]>;
}

/** `v1d|` pays a chunk, `v1o|` opens its payment: lane, first sequence, count, chunk hash, refused packets. */
const NAMED = /v1([do])\|([0-9a-f]{16,64})\|(\d{1,20})\|(\d{1,3})\|[0-9a-f]{64}\|([0-9a-f]*)/;

export interface NamedChunk {
  readonly pays: boolean;
  /** All of the lane's id, or its first 16 digits. */
  readonly lane: string;
  readonly firstSequence: bigint;
  readonly count: number;
  readonly refused: number;
}

/** The chunk that a transaction of a vault names, wherever in its bytes; undefined for any other. */
export function namedChunk(transaction: Uint8Array): NamedChunk | undefined {
  const [, tag, lane, first, count, refused] = NAMED.exec(Buffer.from(transaction).toString('latin1')) ?? [];
  if (lane === undefined || first === undefined) return undefined;
  const bits = [...Buffer.from(refused ?? '', 'hex')].reduce((sum, byte) => sum + ones(byte), 0);
  return { pays: tag === 'd', lane, firstSequence: BigInt(first), count: Number(count), refused: bits };
}

function ones(byte: number): number {
  return byte === 0 ? 0 : (byte & 1) + ones(byte >> 1);
}

/** True when another payment of the same packets was there before: one of the two must have failed. */
export function overlapsOne(chunks: readonly PaidChunk[], { firstSequence, count }: PaidChunk): boolean {
  return chunks.some(
    (one) => one.firstSequence < firstSequence + BigInt(count) && firstSequence < one.firstSequence + BigInt(one.count),
  );
}
