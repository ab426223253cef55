/**
 * The packets of a work item that came without them: out of the journal, and what is not there from somebody who serves
 * frames. What is found is what was signed: it is proven against the item's checkpoint.
 */
import { packetsInChunk, type WorkItem } from '../core/certificate.ts';
import { chunkHash } from '../core/checkpoint.ts';
import { isChunkOf } from '../core/signatures.ts';
import { fetchFrames, type FrameServiceDeps } from './frameService.ts';

/** Undefined: not here yet. */
export async function findChunk(
  deps: FrameServiceDeps,
  item: WorkItem,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { journal } = deps;
  const { checkpoint, chunkIndex } = item;
  const { lane, chunkSize } = checkpoint;
  const first = checkpoint.firstSequence + BigInt(chunkIndex * chunkSize);
  const count = packetsInChunk(checkpoint, chunkIndex);

  const own = await journal.readPackets(lane, first, count);
  if (own !== undefined) {
    const known = (await journal.chunkHashes(checkpoint))?.[chunkIndex];
    return isChunkOf(item, known ?? chunkHash(own)) ? own : undefined;
  }
  for (const isLastTry of [false, true]) {
    const relayed = await journal.readRelayedPackets(lane, first, count);
    if (relayed !== undefined && isChunkOf(item, chunkHash(relayed))) return relayed;
    if (isLastTry) break;
    const end = first + BigInt(count);
    // A frame on the bus was forged: as long as it is kept, the true ones are not asked for.
    if (relayed !== undefined) await journal.dropRelayedFrames(lane, first, end);
    await fetchFrames(deps, lane, first, end, signal);
  }
  return undefined;
}
