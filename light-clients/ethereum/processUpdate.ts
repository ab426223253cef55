/**
 * initialize_light_client_store, process_light_client_update and apply_light_client_update of the consensus
 * specification (specs/altair/light-client/sync-protocol.md).
 *
 * DIFF FROM SPEC: there is no process_light_client_store_force_update. It treats an attested header as finalized when
 * finality is long in coming; a bridge waits instead. With it go the best valid update and the optimistic header.
 */
import { must, Refusal } from '../refusal.ts';
import { type Bls, EXPANDED_KEY_BYTES } from './bls.ts';
import type { SyncCommittee } from './containers.ts';
import type { Context } from './context.ts';
import type { ExecutionHeader } from './executionHeader.ts';
import { beaconRootOf, headerProblem, type LightHeader } from './lightHeader.ts';
import { equalBytes, isValidNormalizedBranch } from './merkleBranch.ts';
import { type Bootstrap, isFinalityUpdate, isSyncCommitteeUpdate, type Update } from './message.ts';
import { forkAtSlot, periodAtSlot, stateIndices } from './parameters.ts';
import { type Committee, FINALIZED_ROOTS_MAX, type TrustedState } from './trustedState.ts';
import { validateUpdate } from './validateUpdate.ts';
import type { VerifiedBlock } from './verifiedBlock.ts';

/** initialize_light_client_store. Throws a `Refusal`. */
export function initializeState(context: Context, bootstrap: Bootstrap): TrustedState {
  const { parameters } = context;
  const { header } = bootstrap;
  // "assert is_valid_light_client_header(bootstrap.header)"
  const problem = headerProblem(parameters, header);
  if (problem !== undefined) throw new Refusal(`bootstrap header: ${problem}`);
  // "assert hash_tree_root(bootstrap.header.beacon) == trusted_block_root"
  const beaconRoot = beaconRootOf(header);
  must(equalBytes(beaconRoot, parameters.trustedBlockRoot), 'the bootstrap is not of the trusted block root');
  // "assert is_valid_normalized_merkle_branch(leaf=hash_tree_root(bootstrap.current_sync_committee), ...)"
  const root = context.containers.syncCommittee.hashTreeRoot(bootstrap.currentSyncCommittee);
  const gindex = stateIndices(forkAtSlot(parameters, header.beacon.slot).name).currentSyncCommittee;
  must(
    isValidNormalizedBranch(root, bootstrap.currentSyncCommitteeBranch, gindex, header.beacon.stateRoot),
    'the branch does not prove the current committee',
  );
  return {
    finalized: verifiedBlock(header, beaconRoot, bootstrap.executionHeader),
    finalizedRoots: [{ slot: header.beacon.slot, root: beaconRoot }],
    currentCommittee: expandCommittee(context.bls, bootstrap.currentSyncCommittee, root),
    nextCommittee: undefined,
  };
}

/** process_light_client_update. Throws a `Refusal`; `needsMore` when the update is valid and changes nothing. */
export function processUpdate(
  context: Context,
  state: TrustedState,
  update: Update,
  currentSlot: bigint,
): TrustedState {
  validateUpdate(context, state, update, currentSlot);

  // "Update finalized header"
  const { preset } = context.parameters;
  const finalizedSlot = update.finalizedHeader.beacon.slot;
  const hasFinalizedNextCommittee =
    state.nextCommittee === undefined &&
    isSyncCommitteeUpdate(update) &&
    isFinalityUpdate(update) &&
    periodAtSlot(preset, finalizedSlot) === periodAtSlot(preset, update.attestedHeader.beacon.slot);
  // "if sum(sync_committee_bits) * 3 >= len(sync_committee_bits) * 2 and
  // (update.finalized_header.beacon.slot > store.finalized_header.beacon.slot
  // or update_has_finalized_next_sync_committee)": the two thirds were asked for in `validateUpdate`.
  if (finalizedSlot <= state.finalized.slot && !hasFinalizedNextCommittee) {
    throw new Refusal('nothing newer is finalized', 'needsMore');
  }
  return applyUpdate(context, state, update);
}

/** apply_light_client_update, for an update that was validated. Throws a `Refusal`. */
export function applyUpdate(context: Context, state: TrustedState, update: Update): TrustedState {
  const { preset } = context.parameters;
  const header = update.finalizedHeader;
  const statePeriod = periodAtSlot(preset, state.finalized.slot);
  const finalizedPeriod = periodAtSlot(preset, header.beacon.slot);
  let { currentCommittee, nextCommittee } = state;
  if (nextCommittee === undefined) {
    // "assert update_finalized_period == store_period"
    must(finalizedPeriod === statePeriod, 'the finalized header is of another period than the trusted one');
    // "store.next_sync_committee = update.next_sync_committee"
    nextCommittee = nextCommitteeOf(context, update);
  } else if (finalizedPeriod === statePeriod + 1n) {
    // "store.current_sync_committee = store.next_sync_committee
    // store.next_sync_committee = update.next_sync_committee"
    currentCommittee = nextCommittee;
    nextCommittee = nextCommitteeOf(context, update);
  }
  // "if update.finalized_header.beacon.slot > store.finalized_header.beacon.slot:
  // store.finalized_header = update.finalized_header"
  if (header.beacon.slot <= state.finalized.slot) return { ...state, currentCommittee, nextCommittee };
  const root = beaconRootOf(header);
  const finalizedRoots = [{ slot: header.beacon.slot, root }, ...state.finalizedRoots].slice(0, FINALIZED_ROOTS_MAX);
  const finalized = verifiedBlock(header, root, update.executionHeader);
  return { finalized, finalizedRoots, currentCommittee, nextCommittee };
}

function nextCommitteeOf(context: Context, update: Update): Committee | undefined {
  if (update.nextSyncCommittee === undefined || !isSyncCommitteeUpdate(update)) return undefined;
  const root = context.containers.syncCommittee.hashTreeRoot(update.nextSyncCommittee);
  return expandCommittee(context.bls, update.nextSyncCommittee, root);
}

/**
 * DIFF FROM SPEC: FastAggregateVerify checks the keys that signed, each time; here all keys of a committee are checked
 * once, when it is adopted. The beacon chain admits only keys with a proof of possession, so a bad one cannot be there.
 */
function expandCommittee(bls: Bls, committee: SyncCommittee, root: Uint8Array): Committee {
  const keys = new Uint8Array(committee.pubkeys.length * EXPANDED_KEY_BYTES);
  for (const [index, compressed] of committee.pubkeys.entries()) {
    const expanded = bls.expandPublicKey(compressed);
    must(expanded !== undefined, `the key of committee member ${index} is not a valid public key`);
    keys.set(expanded, index * EXPANDED_KEY_BYTES);
  }
  return { root, keys };
}

/** The execution block of a verified header; in the Gloas layout from the execution header that goes with the hash. */
function verifiedBlock(
  header: LightHeader,
  beaconRoot: Uint8Array,
  executionHeader: ExecutionHeader | undefined,
): VerifiedBlock {
  const { slot } = header.beacon;
  const { payload, blockHash } = header;
  if (payload !== undefined) {
    const { blockNumber: number, timestamp, stateRoot, receiptsRoot } = payload;
    return { slot, beaconRoot, blockHash, number, timestamp, stateRoot, receiptsRoot };
  }
  if (executionHeader === undefined) {
    throw new Refusal(`slot ${slot} proves a block hash; the execution header of it is needed too`, 'needsMore');
  }
  must(equalBytes(executionHeader.hash, blockHash), 'the execution header has not the proven block hash');
  const { number, timestamp, stateRoot, receiptsRoot } = executionHeader;
  return { slot, beaconRoot, blockHash, number, timestamp, stateRoot, receiptsRoot };
}
