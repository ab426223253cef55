/** The process of one local Cosmos chain: makes blocks by the wall clock and serves its RPC. */
import { systemClock } from '../../relayer/core/clock.ts';
import { serveChain } from './chainProcess.ts';
import { startLocalCosmos } from './cosmos/index.ts';
import type { CosmosNode } from './cosmosChains.ts';
import type { CosmosProcessOptions } from './cosmosProcess.ts';

await serveChain(async ({ holders, chainId, ...options }: CosmosProcessOptions): Promise<CosmosNode> => {
  const nanos = (): bigint => BigInt(systemClock.now()) * 1_000_000n;
  const chain = await startLocalCosmos(
    { clock: systemClock },
    {
      ...options,
      chainId,
      seed: chainId,
      holders: holders.map(({ address, coins }) => {
        const amounts = Object.entries(coins).map(([denom, amount]) => [denom, BigInt(amount)] as const);
        return { address, coins: Object.fromEntries(amounts) };
      }),
      genesisNanos: nanos(),
      chainNow: nanos,
    },
  );
  const [node] = chain.nodes;
  if (node === undefined) throw new Error('a chain without a node');
  return { url: node.url, wsUrl: node.wsUrl };
});
