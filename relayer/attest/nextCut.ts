/** Where the next checkpoint is cut, and whose turn it is to propose it. Pure. */
import type { LaneId } from '../core/ids.ts';

export interface CutView {
  /** First sequence that no certificate covers. */
  readonly base: bigint;
  /** First sequence not derived. */
  readonly derived: bigint;
  /** How long packet `base` has been derived. */
  readonly waitedMs: number;
  /** Certified checkpoints that the target has not accepted, or a vault not paid. */
  readonly pending: number;
  /** Of those, what still waits for its turn at a target that takes one after the other, as submitters say. */
  readonly queued: number;
}

export interface CutPolicy {
  /** The most packets in one checkpoint. */
  readonly packetsMax: number;
  /** How long to wait for more packets before cutting a small checkpoint; 0 = a lone transfer goes at once. */
  readonly lingerMs: number;
}

export interface Cut {
  readonly firstSequence: bigint;
  readonly packetCount: number;
}

/** The range to propose now, or undefined when there is nothing to propose yet. */
export function nextCut(view: CutView, policy: CutPolicy): Cut | undefined {
  const available = view.derived - view.base;
  if (available <= 0n) return undefined;
  if (available >= BigInt(policy.packetsMax)) return { firstSequence: view.base, packetCount: policy.packetsMax };
  if (view.waitedMs < lingerMs(view, policy)) return undefined;
  return { firstSequence: view.base, packetCount: Number(available) };
}

/**
 * Cut while another one waits, a checkpoint would only wait behind it, without the packets that come meanwhile: a queue that
 * built up once never went away, as a target takes one a block and a source makes one a block. It bounds what a lost or a
 * false word of a submitter costs. The more wait, the longer: with a second for each, a host that took a second from one
 * checkpoint to the next kept three waiting.
 */
const QUEUED_LINGER_MS = 1_000;
const QUEUED_LINGER_GROWTH = 4;
/** Checkpoints under way at once, as verified: where finality takes long, more of them only make more transactions. */
const PENDING_ENOUGH = 4;
/** A target that stands still for longer has its own trouble: what came meanwhile is certified all the same. */
const BACKLOG_LINGER_MS = 30_000;

/** Under load checkpoints grow: as long as enough are under way, the next one goes on filling. */
function lingerMs({ pending, queued }: CutView, policy: CutPolicy): number {
  if (pending >= PENDING_ENOUGH) return Math.max(policy.lingerMs, BACKLOG_LINGER_MS);
  if (queued === 0) return policy.lingerMs;
  return Math.max(policy.lingerMs, QUEUED_LINGER_MS * QUEUED_LINGER_GROWTH ** (queued - 1));
}

/**
 * Index of the member whose turn it is: it starts at a place given by lane and sequence, so that lanes spread over the
 * members, and moves on by one every `turnMs` without a certificate. Rotation saves work; safety does not rest on it.
 */
export function proposerIndex(lane: LaneId, base: bigint, waitedMs: number, turnMs: number, members: number): number {
  const start = BigInt(`0x${lane.slice(0, 8)}`) + base;
  const turns = BigInt(Math.floor(waitedMs / turnMs));
  return Number((start + turns) % BigInt(members));
}
