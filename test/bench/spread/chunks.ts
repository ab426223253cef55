/** Lanes whose packets cost what nobody knew before: chunks of the lane's maximum against chunks of a learned size. */
import { type ChunkCost, nextChunkSize } from '../../../relayer/attest/nextChunkSize.ts';
import { createRandom } from './random.ts';

const HARD_LIMIT = 16_780_000;
const FIXED = 100_000;
const PACKETS_MAX = 512;
const PACKETS = 200_000;

export interface ChunkRun {
  /** Packets that could be delivered: a lane ends at the first chunk that does not fit into a transaction. */
  readonly delivered: number;
  /** Over the lanes that deliver either way. */
  readonly gasPerPacket: number;
}

export function runChunks(seed: number, learns: boolean): ChunkRun {
  const random = createRandom(seed);
  let [delivered, gas, counted] = [0, 0, 0];
  for (const each of [9_000, 20_000, 34_000, 70_000]) {
    const history: ChunkCost[] = [];
    for (let sent = 0; sent < PACKETS / 4;) {
      const budget = { perChunk: HARD_LIMIT * 0.8, fixed: FIXED, packetsMax: PACKETS_MAX, packetsMin: 32 };
      const packets = learns ? nextChunkSize(history, budget) : PACKETS_MAX;
      const used = FIXED + packets * each * (0.9 + 0.2 * random());
      if (used > HARD_LIMIT) break;
      history.push({ packets, used });
      sent += packets;
      delivered += packets;
      if (FIXED + PACKETS_MAX * each * 1.1 > HARD_LIMIT) continue;
      counted += packets;
      gas += used;
    }
  }
  return { delivered, gasPerPacket: gas / Math.max(1, counted) };
}
