/** How an operation of a vault ended, by the events of the blocks in which that may have been. Unverified. */
import { equalBytes } from '../../relayer/core/bytes.ts';
import type { ChainView } from './chainView.ts';
import type { SubstrateGateway } from './gateway.ts';
import { type ClosedOperation, readBlock } from './readBlock.ts';
import type { Runtime } from './runtime.ts';

export interface Closing extends Pick<ClosedOperation, 'kind' | 'reason'> {
  readonly height: number;
}

/** The newest closing of the call in the blocks [from, to], or undefined. */
export async function findClosing(
  view: ChainView,
  runtime: Runtime,
  gateway: SubstrateGateway,
  callHash: Uint8Array,
  [from, to]: readonly [from: number, to: number],
  signal: AbortSignal,
): Promise<Closing | undefined> {
  const eventsKey = runtime.storageKey('System', 'Events');
  for (let height = to; height >= from && height > 0; height--) {
    const hash = await view.hashAt(height, signal);
    const events = hash === undefined ? undefined : await view.storage(runtime, eventsKey, hash, signal);
    if (hash === undefined || events === undefined) return undefined;
    // Positions stand for the extrinsics: what they hold does not matter here.
    const places = await view.extrinsics(hash, signal);
    for (const event of readBlock(gateway, runtime, new Uint8Array(32), places, events).toReversed()) {
      if (event.kind === 'deposit' || event.kind === 'opened' || !equalBytes(event.callHash, callHash)) continue;
      return { kind: event.kind, reason: event.reason, height };
    }
  }
  return undefined;
}
