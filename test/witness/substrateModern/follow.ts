/** The engine's own loop over an asset hub: light client, source and derivation, until everything that is final is derived. */
import { createEndpointRing, createHttpEndpoint } from '../../../adapters/endpoints/index.ts';
import {
  type ChainView,
  createChainView,
  createRuntimes,
  createSubstrateDerive,
  createSubstrateEndpoint,
  createSubstrateSource,
  metadataHash,
  type Runtimes,
  type SubstrateEndpoint,
  type SubstrateGateway,
} from '../../../adapters/substrate/index.ts';
import { createBootstrapClient } from '../../../light-clients/grandpa/bootstrap.ts';
import type { Clock } from '../../../relayer/core/clock.ts';
import { chainName, type LaneId } from '../../../relayer/core/ids.ts';
import { silentLogger } from '../../../relayer/core/log.ts';
import type { Derivation } from '../../../relayer/core/ports.ts';
import { followChain } from '../../../relayer/ingest/followChain.ts';
import { createJournal } from '../../../relayer/store/journal.ts';
import { createMemoryStore } from '../../../relayer/store/memoryStore.ts';
import { createVerifier } from '../../../relayer/verify/createVerifier.ts';
import type { LocalSubstrate } from '../../devnet/substrate/index.ts';
import { recordTelemetry } from '../../sim/statements.ts';

export interface Followed {
  readonly derivations: readonly Derivation[];
  /** Packets of a lane that were derived. */
  packets(lane: LaneId, first: bigint, count: number): Promise<Uint8Array | undefined>;
}

export interface FollowOptions {
  readonly clock: Clock;
  readonly local: LocalSubstrate;
  readonly gateway: SubstrateGateway;
  /** Of a final block of the relay chain. */
  readonly trustedHash: Uint8Array;
  /** The packets that a release paid. */
  packetsOf(lane: LaneId, first: bigint, count: number): Uint8Array | undefined;
}

const NAME = chainName('asset-hub');
const POLL_MS = 5;
const RELAY_SLOT_MS = 6_000;
const SLOT_MS = 12_000;

/** Throws when something was refused on the way. */
export async function followToTip(options: FollowOptions): Promise<Followed> {
  const { clock, local, gateway, trustedHash } = options;
  const { relay, assetHub } = local;
  const journal = createJournal(createMemoryStore());
  const runtimes = runtimesOf(local);
  const source = createSubstrateSource(
    { clock },
    {
      endpoints: endpointsOf(clock, assetHub),
      gateway,
      runtimes,
      trustedHash,
      parachain: { id: assetHub.paraId, relayEndpoints: endpointsOf(clock, relay) },
      packetsOf: async (lane, first, count) => Promise.resolve(options.packetsOf(lane, first, count)),
      pollMs: POLL_MS,
    },
  );
  const parachain = { id: assetHub.paraId, slotMs: SLOT_MS };
  const lightClient = createBootstrapClient({ trustedHash, slotMs: RELAY_SLOT_MS, parachain });
  const derive = createSubstrateDerive(gateway, runtimes);
  const verifier = createVerifier(NAME, { journal, lightClient, derive, clock });
  const derivations: Derivation[] = [];
  const stop = new AbortController();
  const recorded = recordTelemetry();
  const telemetry: typeof recorded = {
    ...recorded,
    alert: (severity, code, text) => {
      recorded.alert(severity, code, text);
      stop.abort();
    },
  };
  const onDerived = (derivation: Derivation): void => {
    derivations.push(derivation);
    if (derivation.height === BigInt(assetHub.chain.finalized().number)) stop.abort();
  };
  await followChain({ source, verifier, clock, log: silentLogger, telemetry, onDerived }, POLL_MS, stop.signal);
  await source.close();
  if (recorded.alerts.length > 0) throw new Error(`following the asset hub: ${recorded.alerts.join(', ')}`);
  return { derivations, packets: async (lane, first, count) => journal.readPackets(lane, first, count) };
}

export function viewOf(clock: Clock, local: LocalSubstrate): ChainView {
  const { assetHub } = local;
  return createChainView(createEndpointRing(endpointsOf(clock, assetHub)), runtimesOf(local), assetHub.genesisHash);
}

function runtimesOf({ assetHub }: LocalSubstrate): Runtimes {
  const { version, metadataBytes } = assetHub.chain.runtime;
  return createRuntimes(new Map([[version.specVersion, metadataHash(metadataBytes)]]));
}

function endpointsOf(clock: Clock, chain: LocalSubstrate['relay' | 'assetHub']): SubstrateEndpoint[] {
  return chain.nodes.map(({ url }) =>
    createSubstrateEndpoint(createHttpEndpoint({ clock }, { url }), { genesisHash: chain.genesisHash }),
  );
}
