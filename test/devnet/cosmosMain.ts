/** The process of one local Cosmos chain: makes blocks by the wall clock, serves its RPC, and ends with its parent. */
import { systemClock } from '../../relayer/core/clock.ts';
import { startLocalCosmos } from './cosmos/index.ts';
import type { CosmosProcessMessage, CosmosProcessOptions } from './cosmosProcess.ts';

process.on('disconnect', () => {
  process.exit(0);
});

const tell = (message: CosmosProcessMessage): void => {
  process.send?.(message);
};

try {
  const { holders, chainId, ...options } = JSON.parse(process.argv[2] ?? '{}') as CosmosProcessOptions;
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
  tell({ kind: 'ready', node: { url: node.url, wsUrl: node.wsUrl } });
} catch (error) {
  tell({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
  process.disconnect();
}
