/**
 * All simulated chains and those who send transfers on them. Blocks come at a fixed pace, the chains in turns, so that the
 * work is spread over time. Two kinds of load: `peak` keeps so many transfers under way, whatever becomes of them;
 * `paced` sends so many a second.
 */
import { keccakChains } from '../../../relayer/core/keccak.ts';
import type { Delivery } from '../../../relayer/core/ports.ts';
import type { AttestationRules } from '../../../relayer/core/signatures.ts';
import type { Manifest } from '../../../relayer/manifest/index.ts';
import { createSimulatedChain, SCRATCH_BYTES, type SimulatedChain } from './chain.ts';
import { createInLane, createOutLane } from './gateway.ts';
import { partnerOf } from './network.ts';

export interface WorldOptions {
  readonly chains: number;
  readonly chunkSize: number;
  /** Lanes that carry transfers: the first ones. */
  readonly lanes: number;
  readonly blockMs: number;
  /** Transactions in a block. */
  readonly transactionsMax: number;
}

export type Load =
  | { readonly kind: 'none' }
  | { readonly kind: 'peak'; readonly underWay: number }
  | { readonly kind: 'paced'; readonly perSecond: number };

export interface WorldStats {
  readonly sent: number;
  readonly delivered: number;
  readonly doubled: number;
  /** Chunks whose bytes were not the packets that were sent. */
  readonly altered: number;
  /** From finalized on the source, here the block with the deposit, to submitted on the target: its node took it. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** To the block that pays: after the one with the deposit by whole blocks, so one of them at least. */
  readonly paidP50Ms: number;
  readonly paidP99Ms: number;
}

/** Longest wait that is told apart. */
const WAIT_MS_MAX = 120_000;
/** Deposits of one lane in one block: evidence of them stays well below its bound. */
const DEPOSITS_MAX = 131_072;
/** Chains that close a block together: pairs of accumulators go side by side. */
const TURNS = 4;

/** By lane, in the order of the manifest. */
export interface WorldProgress {
  readonly sent: readonly number[];
  readonly delivered: readonly number[];
}

export interface World {
  readonly chains: readonly SimulatedChain[];
  /** Time between turns. */
  readonly turnMs: number;
  setLoad(load: Load, nowMs: number): void;
  /** Closes the next turn's blocks; the chains that have new ones. */
  turn(nowMs: number): readonly number[];
  /** Waits are those since the last call. */
  stats(): WorldStats;
  progress(): WorldProgress;
}

export function createWorld(
  options: WorldOptions,
  manifest: Manifest,
  rulesOf: (lane: number) => AttestationRules,
): World {
  const outLanes = manifest.lanes.map(({ id, assets: [asset] }, index) => createOutLane(id, asset!.id, index));
  const scratch = new Uint8Array(SCRATCH_BYTES);
  const chains = manifest.chains.map((_, index) => {
    const inLane = createInLane(manifest.lanes[partnerOf(index)]!.id, rulesOf(partnerOf(index)));
    return createSimulatedChain(index, outLanes[index]!, inLane, options.transactionsMax, scratch);
  });
  const turns = Math.min(TURNS, chains.length / 2);
  let waits = freshWaits();
  let load: Load = { kind: 'none' };
  let since = { ms: 0, sent: outLanes.map(() => 0) };
  let turn = 0;

  function due(lane: number, nowMs: number): number {
    const out = outLanes[lane]!;
    if (lane >= options.lanes) return 0;
    switch (load.kind) {
      case 'none':
        return 0;
      case 'peak':
        return Math.min(
          DEPOSITS_MAX,
          Math.max(0, Math.floor(load.underWay / options.lanes) - (out.next - out.delivered)),
        );
      case 'paced': {
        const all = Math.floor(((load.perSecond / options.lanes) * (nowMs - since.ms)) / 1_000);
        return Math.min(DEPOSITS_MAX, all - (out.next - since.sent[lane]!));
      }
    }
  }

  return {
    chains,
    progress: () => ({
      sent: outLanes.map(({ next }) => next),
      delivered: outLanes.map(({ delivered }) => delivered),
    }),
    turnMs: options.blockMs / turns,
    setLoad(next, nowMs) {
      load = next;
      since = { ms: nowMs, sent: outLanes.map(({ next: sent }) => sent) };
    },
    turn(nowMs) {
      const now = chains.filter(({ index }) => Math.floor(index / 2) % turns === turn);
      turn = (turn + 1) % turns;
      const deposits = now.map(({ index, outbound }) => outbound.deposit(due(index, nowMs), nowMs));
      const ends = keccakChains(now.map(({ outbound }, i) => ({ first: outbound.accumulator, records: deposits[i]! })));
      now.forEach(({ outbound }, i) => outbound.commit(ends[i]!));
      for (const chain of now) {
        chain.mine(BigInt(Math.floor(nowMs / 1_000)), (delivery: Delivery, submittedMs: number) => {
          const { checkpoint, chunkIndex, packets } = delivery;
          const first = Number(checkpoint.firstSequence) + chunkIndex * checkpoint.chunkSize;
          outLanes[partnerOf(chain.index)]!.paid(first, packets, (depositedMs, count) => {
            addWait(waits.submitted, submittedMs - depositedMs, count);
            addWait(waits.paid, nowMs - depositedMs, count);
          });
        });
      }
      return now.map(({ index }) => index);
    },
    stats() {
      const sum = (read: (lane: (typeof outLanes)[number]) => number): number =>
        outLanes.reduce((all, lane) => all + read(lane), 0);
      const { submitted, paid } = waits;
      waits = freshWaits();
      return {
        sent: sum(({ next }) => next),
        delivered: sum(({ delivered }) => delivered),
        doubled: sum(({ doubled }) => doubled),
        altered: sum(({ altered }) => altered),
        p50Ms: quantile(submitted, 0.5),
        p99Ms: quantile(submitted, 0.99),
        paidP50Ms: quantile(paid, 0.5),
        paidP99Ms: quantile(paid, 0.99),
      };
    },
  };
}

/** Packets by milliseconds. */
function freshWaits(): { readonly submitted: Uint32Array; readonly paid: Uint32Array } {
  return { submitted: new Uint32Array(WAIT_MS_MAX), paid: new Uint32Array(WAIT_MS_MAX) };
}

function addWait(waits: Uint32Array, ms: number, count: number): void {
  const at = Math.min(WAIT_MS_MAX - 1, Math.max(0, Math.round(ms)));
  waits[at] = waits[at]! + count;
}

function quantile(counts: Uint32Array, part: number): number {
  let left = counts.reduce((all, count) => all + count, 0) * part;
  for (const [ms, count] of counts.entries()) {
    left -= count;
    if (left <= 0) return ms;
  }
  return 0;
}
