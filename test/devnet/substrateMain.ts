/** The process of a local relay chain with its asset hubs. */
import { systemClock } from '../../relayer/core/clock.ts';
import { metadataHash } from '../../adapters/substrate/index.ts';
import { serveChain } from './chainProcess.ts';
import { readSpecs, startLocalSubstrate } from './substrate/index.ts';
import type { SubstrateNode, SubstrateProcessOptions } from './substrateChains.ts';

/** Blocks of each chain whose states are kept: an hour of them, and some 130 kB each. */
const STATES_KEPT = 7_200;

await serveChain(async ({ blockMs, holders, paraIds, specs }: SubstrateProcessOptions): Promise<SubstrateNode[]> => {
  const startMs = systemClock.now();
  const local = await startLocalSubstrate(
    { clock: systemClock },
    {
      blockMs,
      startMs,
      holders: holders.map(({ address, amount }) => ({ address, amount: BigInt(amount) })),
      // An attester whose journal is lost derives everything again.
      statesKept: STATES_KEPT,
      furtherHubs: paraIds.slice(1),
      specs: specs === undefined ? undefined : await readSpecs(specs),
    },
  );
  const { relay, assetHubs } = local;
  const trusted = relay.chain.finalized();
  return assetHubs.map(({ url, wsUrl, genesisHash, paraId, chain }) => {
    const { version, metadataBytes } = chain.runtime;
    return {
      url,
      wsUrl,
      relayUrl: relay.url,
      genesisHash,
      relayGenesisHash: relay.genesisHash,
      parachainId: paraId,
      startMs,
      trusted: { height: trusted.number, hash: trusted.hash },
      runtime: { specVersion: version.specVersion, metadataHash: `0x${metadataHash(metadataBytes)}` },
    };
  });
});
