/**
 * How many packets the next chunks of a lane should have, learned from what included chunks cost. Pure.
 *
 * The budget is what one transaction should use of the target: well below its hard limit, since a chunk that does not fit
 * cannot be split once its checkpoint is accepted, and its lane would wait for ever. So the size grows slowly, by what was
 * paid for full chunks, and falls at once to what the dearest packet seen lately allows.
 *
 * What it trusts: nothing that matters. The cost comes from submitters, as a hint; a false one makes chunks small or leaves
 * them as large as the lane's own maximum allows, which the gateway checks. A checkpoint signs its chunk size, and the
 * gateway takes every size up to that maximum: any choice between is sound. Members keep a floor, so that a proposer cannot
 * make a lane pay for many small transactions.
 */
export interface ChunkCost {
  readonly packets: number;
  /** Gas, weight or whatever the target counts. */
  readonly used: number;
}

export interface ChunkBudget {
  /** What one transaction should use at most. */
  readonly perChunk: number;
  /** Of which each transaction uses so much whatever is in it. */
  readonly fixed: number;
  /** The lane's maximum. */
  readonly packetsMax: number;
  /** Below it the fixed part is what is paid for; members refuse less. */
  readonly packetsMin: number;
}

/** Chunks that are looked back on: enough to meet a dear packet again before it is forgotten. */
export const CHUNKS_REMEMBERED = 32;
/** The most that the size grows at once. */
const GROWTH = 1.5;
/** Room for packets dearer than any seen: a new holder costs about this much more than the mean. */
const HEADROOM = 1.25;

/** `history`: what was included, oldest first. Without any, the least. */
export function nextChunkSize(history: readonly ChunkCost[], budget: ChunkBudget): number {
  const { perChunk, fixed, packetsMin, packetsMax } = budget;
  const seen = history.slice(-CHUNKS_REMEMBERED).filter(({ packets }) => packets > 0);
  if (seen.length === 0) return Math.min(packetsMin, packetsMax);
  const perPacket = Math.max(...seen.map(({ packets, used }) => Math.max(0, used - fixed) / packets));
  const fits = perPacket === 0 ? packetsMax : Math.floor((perChunk - fixed) / (perPacket * HEADROOM));
  const tried = Math.max(...seen.map(({ packets }) => packets));
  const grown = Math.max(packetsMin, Math.floor(tried * GROWTH));
  return Math.max(1, Math.min(packetsMax, Math.max(packetsMin, Math.min(fits, grown))));
}
