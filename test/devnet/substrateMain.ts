/** The process of a local relay chain with its asset hub. */
import { systemClock } from '../../relayer/core/clock.ts';
import { metadataHash } from '../../adapters/substrate/index.ts';
import { serveChain } from './chainProcess.ts';
import { startLocalSubstrate } from './substrate/index.ts';
import type { SubstrateNode, SubstrateProcessOptions } from './substrateChains.ts';

/** Blocks of each chain whose states are kept: an hour of them, and some 130 kB each. */
const STATES_KEPT = 7_200;

await serveChain(async ({ blockMs, holders }: SubstrateProcessOptions): Promise<SubstrateNode> => {
  const startMs = systemClock.now();
  const local = await startLocalSubstrate(
    { clock: systemClock },
    {
      blockMs,
      startMs,
      holders: holders.map(({ address, amount }) => ({ address, amount: BigInt(amount) })),
      // An attester whose journal is lost derives everything again.
      statesKept: STATES_KEPT,
    },
  );
  const { relay, assetHub } = local;
  const { version, metadataBytes } = assetHub.chain.runtime;
  const trusted = relay.chain.finalized();
  return {
    url: assetHub.url,
    wsUrl: assetHub.wsUrl,
    relayUrl: relay.url,
    genesisHash: assetHub.genesisHash,
    relayGenesisHash: relay.genesisHash,
    parachainId: assetHub.paraId,
    startMs,
    trusted: { height: trusted.number, hash: trusted.hash },
    runtime: { specVersion: version.specVersion, metadataHash: `0x${metadataHash(metadataBytes)}` },
  };
});
