/**
 * A target chain of blocks with a limit, several planners, accounts and lanes, in simulated time: seconds until a small lane's
 * chunk is delivered beside a busy one that is stuck at times, and chunks that were submitted in vain.
 */
import { laneId } from '../../../relayer/core/ids.ts';
import { freshFairness, served } from '../../../relayer/plan/fairness.ts';
import { planChunks } from '../../../relayer/plan/planChunks.ts';
import { takesWork } from '../../../relayer/submit/takesWork.ts';
import { createRandom } from './random.ts';

export interface TargetPolicies {
  /** Lanes by weight and kept places; else the lanes in their order as long as there is a place. */
  readonly lanes: boolean;
  /** An account that failed rests; else it tries again at once. */
  readonly accounts: boolean;
  /** One planner hands out; else each of them does. */
  readonly processes: boolean;
}

export interface TargetRun {
  /** Blocks that a chunk of the small lane waited, mean. */
  readonly smallWaits: number;
  readonly delivered: number;
  /** Submitted though delivered already, or under way. */
  readonly inVain: number;
}

const SIZE = 100;
const PLACES = 16;
const PLANNERS = 3;
const BLOCKS = 600;
/** Accounts; the last ones cannot pay. */
const ACCOUNTS = 6;
const BROKE = 2;
/** Items that one account takes between two blocks. */
const TAKES = 3;
/** The busy lane has hit a value limit for this part of the time. */
const STUCK_EVERY = 60;
const STUCK_FOR = 20;

interface Item {
  readonly at: number;
  readonly chunk: number;
  readonly born: number;
  notBefore: number;
}

export function runTarget(seed: number, policies: TargetPolicies): TargetRun {
  const random = createRandom(seed);
  const ids = [0, 1].map((index) => laneId(`${index}`.padStart(64, '0')));
  const born: number[][] = [[], []];
  const done = [new Set<number>(), new Set<number>()];
  const handed = [new Set<number>(), new Set<number>()];
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => ({
    isBroke: index >= ACCOUNTS - BROKE,
    failures: 0,
    failedMs: 0,
  }));
  const queue: Item[] = [];
  let fairness = freshFairness<(typeof ids)[number]>();
  let [inVain, smallWaits, delivered] = [0, 0, 0];

  for (let block = 0; block < BLOCKS; block++) {
    // The busy lane always has work; the small one now and then.
    while ((born[0]?.length ?? 0) - (done[0]?.size ?? 0) < 64) born[0]?.push(block);
    if (random() < 0.3) born[1]?.push(block);
    const isStuck = block % STUCK_EVERY < STUCK_FOR;

    for (const chunk of plan()) {
      handed[chunk.at]?.add(chunk.chunk);
      for (let copy = 0; copy < (policies.processes ? 1 : PLANNERS); copy++) queue.push({ ...chunk, notBefore: block });
    }
    const submitted = new Set<string>();
    for (let turn = 0; turn < TAKES; turn++) {
      // Whoever fails is back first: it has no transaction to build.
      for (const account of [...accounts].sort((a, b) => Number(b.isBroke) - Number(a.isBroke))) {
        if (
          policies.accounts &&
          takesWork({ pending: turn, inFlightMax: TAKES, ...account }, block * 1_000).kind !== 'take'
        )
          continue;
        const index = queue.findIndex(({ notBefore }) => notBefore <= block);
        const item = queue[index];
        if (item === undefined) break;
        queue.splice(index, 1);
        if (account.isBroke) {
          account.failures++;
          account.failedMs = block * 1_000;
          // Rested ones give it on at once; the others put it back for a while.
          queue.push({ ...item, notBefore: policies.accounts ? block : block + 1 });
        } else if (item.at === 0 && isStuck) queue.push({ ...item, notBefore: block + 1 });
        else if (done[item.at]?.has(item.chunk) === true || submitted.has(`${item.at} ${item.chunk}`)) inVain++;
        else {
          submitted.add(`${item.at} ${item.chunk}`);
          done[item.at]?.add(item.chunk);
          delivered++;
          if (item.at === 1) smallWaits += block - item.born;
        }
      }
    }
  }
  // Those that still wait have waited until now.
  for (const [chunk, at] of (born[1] ?? []).entries()) if (done[1]?.has(chunk) !== true) smallWaits += BLOCKS - at;
  return { smallWaits: smallWaits / Math.max(1, born[1]?.length ?? 0), delivered, inVain };

  function plan(): { at: number; chunk: number; born: number }[] {
    const takenOf = (at: number): number => (handed[at]?.size ?? 0) - (done[at]?.size ?? 0);
    const planned: { at: number; chunk: number; born: number }[] = [];
    if (!policies.lanes) {
      for (const at of [0, 1]) {
        for (const [chunk, bornAt] of (born[at] ?? []).entries()) {
          if (planned.length >= PLACES - takenOf(0) - takenOf(1)) return planned;
          if (handed[at]?.has(chunk) !== true) planned.push({ at, chunk, born: bornAt });
        }
      }
      return planned;
    }
    const views = ids.map((lane, at) => ({
      lane,
      weight: 1,
      paused: false,
      taken: takenOf(at),
      accepted: BigInt(Number.MAX_SAFE_INTEGER),
      certificates: [{ firstSequence: 0n, packetCount: (born[at]?.length ?? 0) * SIZE, chunkSize: SIZE }],
      isDelivered: () => false,
      isInFlight: (_: unknown, chunk: number) => handed[at]?.has(chunk) === true,
    }));
    for (const { lane, chunkIndex, packets } of planChunks(views, PLACES, fairness)) {
      const at = ids.indexOf(lane);
      planned.push({ at, chunk: chunkIndex, born: born[at]?.[chunkIndex] ?? 0 });
      fairness = served(fairness, lane, packets, 1);
    }
    return planned;
  }
}
