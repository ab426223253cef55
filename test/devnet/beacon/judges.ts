/**
 * Two light clients over the same objects: ours, and Lodestar's own, which knows nothing of ours. Each says whether it
 * takes an update; they must agree on every one.
 */
import {
  createEthereumClient,
  type EthereumParameters,
  type ForkName,
  messageFromJson,
  MINIMAL_PRESET,
} from '../../../light-clients/ethereum/index.ts';
import { fromHex } from '../../../relayer/core/bytes.ts';
import type { BeaconChain, KnownBlock } from './beaconChain.ts';
import { lightTypes } from './lightObjects.ts';
import { lightClient, type LightClientUpdate, params } from './lodestar.ts';

export interface ServedUpdate {
  readonly version: string;
  readonly data: unknown;
}

export interface Judge {
  /** Whether it would take the update now; changes nothing. */
  accepts(update: ServedUpdate, currentSlot: number): boolean;
  /** Takes it, if it does. */
  take(update: ServedUpdate, currentSlot: number): void;
  readonly finalizedSlot: number;
}

const MAX_AGE_SECONDS = 1_000_000n;

export function parametersOf(chain: BeaconChain, trusted: KnownBlock): EthereumParameters {
  const { config, genesisValidatorsRoot, genesisTime } = chain;
  return {
    preset: MINIMAL_PRESET,
    forks: config.forksAscendingEpochOrder
      .filter(({ epoch }) => Number.isFinite(epoch))
      .map(({ name, epoch, version }) => ({ name: name as ForkName, epoch: BigInt(Math.max(0, epoch)), version })),
    genesisValidatorsRoot,
    genesisTime: BigInt(genesisTime),
    secondsPerSlot: BigInt(config.SLOT_DURATION_MS / 1000),
    trustedBlockRoot: fromHex(trusted.root, 32),
    maxAgeSeconds: MAX_AGE_SECONDS,
  };
}

export function createOurJudge(chain: BeaconChain, trusted: KnownBlock, bootstrap: ServedUpdate): Judge {
  const parameters = parametersOf(chain, trusted);
  const client = createEthereumClient(parameters);
  const first = messageFromJson(parameters, 'bootstrap', bootstrap.version, bootstrap.data);
  const started = first && client.start(first);
  if (started?.kind !== 'valid') throw new Error(`our light client does not start: ${started?.reason}`);
  let step = started.value;
  const judge = ({ version, data }: ServedUpdate, currentSlot: number) => {
    const message = messageFromJson(parameters, 'update', version, data);
    const now = parameters.genesisTime + BigInt(currentSlot) * parameters.secondsPerSlot;
    return message && client.update(step.state, message, now);
  };
  let finalizedSlot = trusted.slot;
  return {
    accepts: (update, currentSlot) => judge(update, currentSlot)?.kind === 'valid',
    take: (update, currentSlot) => {
      const verdict = judge(update, currentSlot);
      if (verdict?.kind !== 'valid') return;
      step = verdict.value;
      finalizedSlot = Math.max(finalizedSlot, slotsOf(update).finalized);
    },
    get finalizedSlot() {
      return finalizedSlot;
    },
  };
}

export function createLodestarJudge(chain: BeaconChain, bootstrap: ServedUpdate): Judge {
  const { config } = chain;
  const types = lightTypes(bootstrap.version);
  const spec = new lightClient.LightclientSpec(
    config,
    { allowForcedUpdates: false },
    types.LightClientBootstrap.fromJson(bootstrap.data),
  );
  const { store } = spec;
  const read = ({ version, data }: ServedUpdate): LightClientUpdate =>
    lightTypes(version).LightClientUpdate.fromJson(data);

  /** As processLightClientUpdate, and it must bring something: a newer finality, or a committee not known yet. */
  function accepts(served: ServedUpdate, currentSlot: number): boolean {
    try {
      const update = read(served);
      if (config.getForkName(update.attestedHeader.beacon.slot) !== served.version) return false;
      if (update.signatureSlot > currentSlot) return false;
      const period = periodOf(update.signatureSlot);
      const committee = lightClient.getSyncCommitteeAtPeriod(store, period, { allowForcedUpdates: false });
      lightClient.validateLightClientUpdate(config, store, update, committee);
      const signers = update.syncAggregate.syncCommitteeBits.getTrueBitIndexes().length;
      const isNews = update.finalizedHeader.beacon.slot > store.finalizedHeader.beacon.slot || provesNext(update);
      return signers * 3 >= params.SYNC_COMMITTEE_SIZE * 2 && lightClient.isFinalityUpdate(update) && isNews;
    } catch {
      // The library says no by an exception.
      return false;
    }
  }

  function provesNext({ attestedHeader, finalizedHeader }: LightClientUpdate): boolean {
    const period = periodOf(store.finalizedHeader.beacon.slot);
    const best = store.bestValidUpdates.get(period);
    const knowsNext =
      store.syncCommittees.has(period + 1) || (best !== undefined && lightClient.isSafeLightClientUpdate(best.summary));
    const isOfPeriod = [attestedHeader, finalizedHeader].every(({ beacon }) => periodOf(beacon.slot) === period);
    return !knowsNext && isOfPeriod;
  }

  return {
    accepts,
    take: (served, currentSlot) => {
      if (accepts(served, currentSlot)) spec.onUpdate(currentSlot, read(served));
    },
    get finalizedSlot() {
      return store.finalizedHeader.beacon.slot;
    },
  };
}

function periodOf(slot: number): number {
  return Math.floor(slot / (params.SLOTS_PER_EPOCH * params.EPOCHS_PER_SYNC_COMMITTEE_PERIOD));
}

export function slotsOf({ data }: ServedUpdate): { readonly finalized: number; readonly signature: number } {
  const fields = data as { finalized_header: { beacon: { slot: string } }; signature_slot: string };
  return { finalized: Number(fields.finalized_header.beacon.slot), signature: Number(fields.signature_slot) };
}
