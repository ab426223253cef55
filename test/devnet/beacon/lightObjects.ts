/**
 * Light-client objects from blocks and their post states, as the specification's full-node document describes them:
 * headers with their execution branch, bootstraps, updates.
 */
import type { CachedState } from './genesis.ts';
import {
  type BeaconConfig,
  lightClient,
  type LightClientHeader,
  type LightClientUpdate,
  params,
  ssz,
  transition,
  Tree,
} from './lodestar.ts';
import type { ProducedBlock } from './produceBlock.ts';

/** The light-client types of one fork. Forks from Capella on differ in fields, not in shape. */
export function lightTypes(fork: string): (typeof ssz)['electra'] {
  return (ssz as unknown as Record<string, (typeof ssz)['electra']>)[fork]!;
}

export function lightHeader(config: BeaconConfig, { header, body }: ProducedBlock): LightClientHeader {
  const fork = config.getForkName(header.slot);
  const bodyNode = lightTypes(fork).BeaconBlockBody.toView(body).node;
  return {
    beacon: header,
    execution: transition.executionPayloadToPayloadHeader(config.getForkSeq(header.slot), body.executionPayload),
    executionBranch: new Tree(bodyNode).getSingleProof(BigInt(params.BLOCK_BODY_EXECUTION_PAYLOAD_GINDEX)),
  } as LightClientHeader;
}

/** What a bootstrap holds beside its header: taken when the block is made, since its state is not kept for ever. */
export interface CommitteeProof {
  readonly currentSyncCommittee: { pubkeys: Uint8Array[]; aggregatePubkey: Uint8Array };
  readonly currentSyncCommitteeBranch: Uint8Array[];
}

export function committeeProof(config: BeaconConfig, state: CachedState): CommitteeProof {
  const gindex = isElectra(config, state.slot)
    ? params.CURRENT_SYNC_COMMITTEE_GINDEX_ELECTRA
    : params.CURRENT_SYNC_COMMITTEE_GINDEX;
  const { currentSyncCommittee } = state as unknown as Committees;
  return {
    currentSyncCommittee: currentSyncCommittee.toValue(),
    currentSyncCommitteeBranch: new Tree(state.node).getSingleProof(BigInt(gindex)),
  };
}

/** The update that `signed`'s sync aggregate makes of its parent `attested`; finality as far as `finalized` is known. */
export function lightUpdate(
  config: BeaconConfig,
  attested: { readonly header: LightClientHeader; readonly state: CachedState },
  signed: ProducedBlock,
  finalized: LightClientHeader | undefined,
): LightClientUpdate {
  const { slot } = attested.header.beacon;
  const fork = config.getForkName(slot);
  const tree = new Tree(attested.state.node);
  const [next, finality] = isElectra(config, slot)
    ? [params.NEXT_SYNC_COMMITTEE_GINDEX_ELECTRA, params.FINALIZED_ROOT_GINDEX_ELECTRA]
    : [params.NEXT_SYNC_COMMITTEE_GINDEX, params.FINALIZED_ROOT_GINDEX];
  const update = lightTypes(fork).LightClientUpdate.defaultValue();
  update.attestedHeader = attested.header as typeof update.attestedHeader;
  update.nextSyncCommittee = (attested.state as unknown as Committees).nextSyncCommittee.toValue();
  update.nextSyncCommitteeBranch = tree.getSingleProof(BigInt(next));
  if (finalized !== undefined) {
    // A finalized header of an earlier fork is served in the layout of the attested one.
    const isSameFork = config.getForkName(finalized.beacon.slot) === fork;
    const header = isSameFork ? finalized : lightClient.upgradeLightClientHeader(config, fork, finalized);
    update.finalizedHeader = header as typeof update.finalizedHeader;
    update.finalityBranch = tree.getSingleProof(BigInt(finality));
  }
  update.syncAggregate = signed.body.syncAggregate;
  update.signatureSlot = signed.header.slot;
  return update;
}

function isElectra(config: BeaconConfig, slot: number): boolean {
  return config.getForkSeq(slot) >= params.ForkSeq.electra;
}

interface Committees {
  readonly currentSyncCommittee: { toValue(): CommitteeProof['currentSyncCommittee'] };
  readonly nextSyncCommittee: { toValue(): CommitteeProof['currentSyncCommittee'] };
}
