/** Why an account could not be paid an amount right now, by the newest finalized block. Unverified: for forecasts. */
import type { AssetId } from '../../relayer/core/ids.ts';
import type { ChainView } from './chainView.ts';
import { type SubstrateGateway, toOwn } from './gateway.ts';
import { unpayable } from './receivable.ts';

/** `amount`: canonical units. Undefined when nothing is in the way. */
export type ReceiverProblem = (
  asset: AssetId,
  amount: bigint,
  receiver: Uint8Array,
  signal: AbortSignal,
) => Promise<string | undefined>;

export function createReceiverProblem(view: ChainView, gateway: Pick<SubstrateGateway, 'assets'>): ReceiverProblem {
  return async (id, amount, receiver, signal) => {
    const asset = gateway.assets.find((row) => row.asset === id);
    if (asset === undefined) return 'the chain does not know the asset';
    const own = toOwn(asset, amount);
    if (own === undefined) return 'the chain cannot represent the amount';
    const { runtime, finalized } = await view.now(signal);
    return (await unpayable(view, runtime, finalized, [{ position: 0, asset, receiver, own }], signal)).get(0);
  };
}
