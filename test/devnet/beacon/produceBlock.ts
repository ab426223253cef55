/**
 * One beacon block over one execution block: everything that the validators would contribute (randao reveal, attestations
 * of the slots since the last block, sync aggregate), then the library's state transition with every signature, the
 * proposer and the state root verified. What it refuses is thrown.
 */
import type { ExecutionBlock } from './executionBlock.ts';
import type { CachedState } from './genesis.ts';
import { type BeaconConfig, BitArray, params, ssz, transition } from './lodestar.ts';
import type { Validators } from './validators.ts';

export interface BlockInput {
  readonly config: BeaconConfig;
  readonly validators: Validators;
  /** The state after the block that this one builds on. */
  readonly parent: { readonly root: Uint8Array; readonly slot: number; readonly state: CachedState };
  readonly slot: number;
  /** Share of the sync committee that signs, and of the attesters that vote, 0 to 1. */
  readonly participation: { readonly syncCommittee: number; readonly attesters: number };
  /** Makes the payload once the rest of the slot is known to be possible. */
  execution(): Promise<ExecutionBlock>;
}

export interface ProducedBlock {
  readonly root: Uint8Array;
  readonly header: {
    slot: number;
    proposerIndex: number;
    parentRoot: Uint8Array;
    stateRoot: Uint8Array;
    bodyRoot: Uint8Array;
  };
  readonly body: FullBody;
  readonly state: CachedState;
}

/** A body from Electra on; earlier ones lack fields that nothing here reads. */
type FullBody = ReturnType<(typeof ssz)['fulu']['BeaconBlockBody']['defaultValue']>;

const ZERO_ROOT: Uint8Array = new Uint8Array(32);
const VALID = {
  executionPayloadStatus: transition.ExecutionPayloadStatus.valid,
  dataAvailabilityStatus: transition.DataAvailabilityStatus.Available,
};

export async function produceBlock(input: BlockInput): Promise<ProducedBlock> {
  const { config, validators, parent, slot } = input;
  const pre = transition.processSlots(parent.state, slot);
  const types = config.getForkTypes(slot) as unknown as (typeof ssz)['fulu'];
  const epoch = transition.computeEpochAtSlot(slot);
  const proposer = pre.epochCtx.getBeaconProposer(slot);
  const { fields, transactions } = await input.execution();

  const body = types.BeaconBlockBody.defaultValue();
  const randaoDomain = config.getDomain(slot, params.DOMAIN_RANDAO, slot);
  body.randaoReveal = validators.sign(proposer, transition.computeSigningRoot(ssz.Epoch, epoch, randaoDomain));
  body.eth1Data = pre.eth1Data.toValue();
  // The node's own mixHash is another value: no rule compares the two, and the block hash is the node's true one.
  const prevRandao = Uint8Array.from(transition.getRandaoMix(pre, epoch));
  body.executionPayload = { ...fields, prevRandao, transactions, withdrawals: [] };
  body.attestations = attestationsOf(input, pre) as typeof body.attestations;
  body.syncAggregate = syncAggregateOf(input, pre);

  const message = { slot, proposerIndex: proposer, parentRoot: parent.root, stateRoot: ZERO_ROOT, body };
  // Once to learn the state root, once more with everything checked.
  const draft = transition.stateTransition(
    parent.state,
    { message, signature: new Uint8Array(96) },
    { ...VALID, verifyStateRoot: false, verifyProposer: false, verifySignatures: false },
  );
  message.stateRoot = draft.hashTreeRoot();
  const domain = config.getDomain(slot, params.DOMAIN_BEACON_PROPOSER, slot);
  const signature = validators.sign(proposer, transition.computeSigningRoot(types.BeaconBlock, message, domain));
  const state = transition.stateTransition(
    parent.state,
    { message, signature },
    { ...VALID, verifyStateRoot: true, verifyProposer: true, verifySignatures: true },
  );
  const { proposerIndex, parentRoot, stateRoot } = message;
  const header = { slot, proposerIndex, parentRoot, stateRoot, bodyRoot: types.BeaconBlockBody.hashTreeRoot(body) };
  return { root: ssz.phase0.BeaconBlockHeader.hashTreeRoot(header), header, body, state };
}

/** Votes for every slot since the last block, so that a missed slot loses none. */
function attestationsOf(input: BlockInput, pre: CachedState): unknown[] {
  const { config, validators, parent, slot, participation } = input;
  const oldest = Math.max(parent.slot, slot - params.SLOTS_PER_EPOCH);
  const isElectra = config.getForkSeq(slot) >= params.ForkSeq.electra;
  const attestations: unknown[] = [];
  for (let voted = slot - 1; voted >= oldest; voted--) {
    const epoch = transition.computeEpochAtSlot(voted);
    const committeeCount = pre.epochCtx.getCommitteeCountPerSlot(epoch);
    const committees = Array.from({ length: committeeCount }, (_, i) => [...pre.epochCtx.getBeaconCommittee(voted, i)]);
    const isCurrent = epoch === transition.computeEpochAtSlot(slot);
    const source = (isCurrent ? pre.currentJustifiedCheckpoint : pre.previousJustifiedCheckpoint).toValue();
    const data = {
      slot: voted,
      index: 0,
      beaconBlockRoot: transition.getBlockRootAtSlot(pre, voted),
      source,
      target: { epoch, root: transition.getBlockRootAtSlot(pre, transition.computeStartSlotAtEpoch(epoch)) },
    };
    const domain = config.getDomain(slot, params.DOMAIN_BEACON_ATTESTER, voted);
    const signed = (members: readonly number[], index: number) => {
      const votes = Math.ceil(members.length * participation.attesters);
      const vote = { ...data, index };
      const root = transition.computeSigningRoot(ssz.phase0.AttestationData, vote, domain);
      return {
        aggregationBits: BitArray.fromBoolArray(members.map((_, i) => i < votes)),
        data: vote,
        signature: validators.signTogether(members.slice(0, votes), root),
      };
    };
    // From Electra on one attestation covers all committees of a slot; the format is that of the block which carries it.
    if (isElectra) {
      const committeeBits = BitArray.fromBoolArray(
        Array.from({ length: params.MAX_COMMITTEES_PER_SLOT }, (_, i) => i < committeeCount),
      );
      attestations.push({ ...signed(committees.flat(), 0), committeeBits });
    } else {
      attestations.push(...committees.map(signed));
    }
  }
  return attestations.slice(0, isElectra ? params.MAX_ATTESTATIONS_ELECTRA : params.MAX_ATTESTATIONS);
}

function syncAggregateOf({ config, validators, slot, participation }: BlockInput, pre: CachedState) {
  const { validatorIndices } = (pre as unknown as { epochCtx: SyncContext }).epochCtx.currentSyncCommitteeIndexed;
  const members = [...validatorIndices];
  const signers = Math.round(members.length * participation.syncCommittee);
  const domain = config.getDomain(slot, params.DOMAIN_SYNC_COMMITTEE, slot - 1);
  const root = transition.computeSigningRoot(ssz.Root, transition.getBlockRootAtSlot(pre, slot - 1), domain);
  return {
    syncCommitteeBits: BitArray.fromBoolArray(members.map((_, i) => i < signers)),
    syncCommitteeSignature: validators.signTogether(members.slice(0, signers), root),
  };
}

interface SyncContext {
  readonly currentSyncCommitteeIndexed: { readonly validatorIndices: Iterable<number> };
}
