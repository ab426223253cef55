/** What the target delivered, by its own events, and the times of the blocks. */
import { createRpcEndpoint, type RpcEndpoint } from '../../../adapters/evm/index.ts';
import { TOPICS } from '../../../adapters/evm/gateway.ts';
import { asList, asRecord, parseData, parseQuantity, quantity } from '../../../adapters/evm/json.ts';
import { toHex } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { idBytes, type LaneId } from '../../../relayer/core/ids.ts';
import type { BenchChain } from './network.ts';

export interface DeliveredChunk {
  readonly firstSequence: bigint;
  readonly count: number;
  readonly refused: number;
  readonly transaction: string;
  readonly height: bigint;
}

export function endpointOf({ anvil }: BenchChain): RpcEndpoint {
  return createRpcEndpoint({ clock: systemClock }, { url: anvil.url, chainId: anvil.chainId });
}

/** Every chunk of a lane, in the order of the chain. */
export async function deliveredChunks(
  chain: BenchChain,
  lane: LaneId,
  signal: AbortSignal,
): Promise<readonly DeliveredChunk[]> {
  const filter = {
    address: toHex(chain.gateway),
    fromBlock: quantity(0),
    toBlock: 'latest',
    topics: [TOPICS.chunkDelivered, toHex(idBytes(lane))],
  };
  const logs = asList(await endpointOf(chain).result('eth_getLogs', [filter], signal)) ?? [];
  return logs.map((log) => {
    const record = asRecord(log);
    const data = parseData(record?.['data'], 4 * 32);
    const height = parseQuantity(record?.['blockNumber']);
    if (data === undefined || height === undefined) throw new Error('a malformed log of the target');
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const [first, count, ordinal, refused] = [24, 56, 88, 120].map((offset) => view.getBigUint64(offset));
    void ordinal;
    return {
      firstSequence: first as bigint,
      count: Number(count),
      refused: Number(refused),
      transaction: String(record?.['transactionHash']),
      height,
    };
  });
}

/** Gas used and Unix seconds of the blocks [first, last]. */
export async function blocksOf(
  chain: BenchChain,
  first: bigint,
  last: bigint,
  signal: AbortSignal,
): Promise<readonly { readonly height: bigint; readonly gasUsed: bigint; readonly seconds: number }[]> {
  const endpoint = endpointOf(chain);
  const blocks: { height: bigint; gasUsed: bigint; seconds: number }[] = [];
  for (let height = first; height <= last; height++) {
    const block = asRecord(await endpoint.result('eth_getBlockByNumber', [quantity(height), false], signal));
    blocks.push({
      height,
      gasUsed: parseQuantity(block?.['gasUsed']) ?? 0n,
      seconds: Number(parseQuantity(block?.['timestamp']) ?? 0n),
    });
  }
  return blocks;
}
