/** What the gateway's value limit lets out of an asset right now. Unverified: good for a forecast, never for settlement. */
import type { AssetId } from '../../relayer/core/ids.ts';
import { createEndpointRing } from '../endpoints/endpointRing.ts';
import type { EvmTargetOptions } from './target.ts';
import { readViews } from './gatewayCalls.ts';

/** In canonical units. */
export type PayoutRoom = (asset: AssetId, signal: AbortSignal) => Promise<bigint>;

export function createPayoutRoom({ endpoints, gateway }: EvmTargetOptions): PayoutRoom {
  const ring = createEndpointRing(endpoints);
  return async (asset, signal) =>
    ring.ask(async (endpoint) => {
      const [room] = await readViews(endpoint, gateway, [{ functionName: 'availableNow', args: [asset] }], signal);
      return room as bigint;
    }, signal);
}
