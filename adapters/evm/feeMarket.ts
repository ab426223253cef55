/** What the chain asks for inclusion now, from `eth_feeHistory` of the last blocks. */
import { ViaductError } from '../../relayer/core/errors.ts';
import type { FeeMarket } from './fees.ts';
import { asList, asRecord, parseQuantity, quantity } from './json.ts';
import type { RpcEndpoint } from './rpc.ts';

const BLOCKS = 5;
const PERCENTILE = 50;

export async function readFeeMarket(endpoint: RpcEndpoint, signal: AbortSignal): Promise<FeeMarket> {
  const answer = asRecord(await endpoint.result('eth_feeHistory', [quantity(BLOCKS), 'latest', [PERCENTILE]], signal));
  // One more base fee than blocks: the last is of the next block.
  const baseFeePerGas = parseQuantity(asList(answer?.['baseFeePerGas'])?.at(-1));
  if (baseFeePerGas === undefined) {
    throw new ViaductError({
      code: 'ENDPOINT_FAILED',
      shortMessage: `${endpoint.name} answered a malformed fee history.`,
    });
  }
  const tips = (asList(answer?.['reward']) ?? [])
    .map((percentiles) => parseQuantity(asList(percentiles)?.[0]))
    .filter((tip) => tip !== undefined)
    .sort((a, b) => (a < b ? -1 : 1));
  return { baseFeePerGas, priorityFeePerGas: tips[Math.floor(tips.length / 2)] ?? 0n };
}
