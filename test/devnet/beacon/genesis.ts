/**
 * The first beacon state, built directly: all validators active, and the execution node's newest block as the payload
 * that the first proposed block builds on. The chain before that block is whatever the node made alone (deployments).
 */
import {
  type BeaconConfig,
  type ChainConfig,
  createBeaconConfig,
  createChainForkConfig,
  minimalChainConfig,
  params,
  ssz,
  transition,
} from './lodestar.ts';
import type { ExecutionFields } from './executionBlock.ts';
import type { Validators } from './validators.ts';

/** The first epoch of each fork; a fork left out comes with the one before it. Capella is there from the start. */
export interface ForkEpochs {
  readonly deneb?: number;
  readonly electra?: number;
  readonly fulu?: number;
}

export interface GenesisOptions {
  readonly validators: Validators;
  readonly parent: ExecutionFields;
  readonly genesisTime: number;
  readonly secondsPerSlot: number;
  readonly forks: ForkEpochs;
}

export type CachedState = ReturnType<typeof transition.stateTransition>;

export interface Genesis {
  readonly config: BeaconConfig;
  readonly state: CachedState;
  readonly genesisValidatorsRoot: Uint8Array;
}

const BALANCE = 32e9;

export function createGenesis(options: GenesisOptions): Genesis {
  const { validators, parent, genesisTime } = options;
  const chainConfig = chainConfigOf(options);
  const forkConfig = createChainForkConfig(chainConfig);
  const forkName = forkConfig.getForkName(0);
  const types = forkConfig.getForkTypes(0) as unknown as (typeof ssz)['fulu'];
  const count = validators.publicKeys.length;

  const value = types.BeaconState.defaultValue();
  value.genesisTime = genesisTime;
  const { prevVersion, version } = forkConfig.forks[forkName];
  value.fork = { previousVersion: prevVersion, currentVersion: version, epoch: 0 };
  value.latestBlockHeader.bodyRoot = types.BeaconBlockBody.hashTreeRoot(types.BeaconBlockBody.defaultValue());
  value.eth1Data = { depositRoot: new Uint8Array(32), depositCount: BigInt(count), blockHash: parent.blockHash };
  value.eth1DepositIndex = count;
  value.randaoMixes = Array.from({ length: params.EPOCHS_PER_HISTORICAL_VECTOR }, () => parent.blockHash);
  value.validators = validators.publicKeys.map((pubkey, index) => ({
    pubkey,
    withdrawalCredentials: Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? index : 0)),
    effectiveBalance: BALANCE,
    slashed: false,
    activationEligibilityEpoch: 0,
    activationEpoch: 0,
    exitEpoch: Infinity,
    withdrawableEpoch: Infinity,
  }));
  value.balances = validators.publicKeys.map(() => BALANCE);
  for (const list of ['previousEpochParticipation', 'currentEpochParticipation', 'inactivityScores'] as const) {
    value[list] = validators.publicKeys.map(() => 0);
  }
  value.genesisValidatorsRoot = ssz.phase0.Validators.hashTreeRoot(value.validators);
  value.latestExecutionPayloadHeader = {
    ...parent,
    transactionsRoot: ssz.bellatrix.Transactions.hashTreeRoot([]),
    withdrawalsRoot: ssz.capella.Withdrawals.hashTreeRoot([]),
  };
  if ('depositRequestsStartIndex' in value) value.depositRequestsStartIndex = params.UNSET_DEPOSIT_REQUESTS_START_INDEX;

  const config = createBeaconConfig(chainConfig, value.genesisValidatorsRoot);
  const immutable = { config, pubkeyCache: transition.createPubkeyCache() };
  const view = types.BeaconState.toViewDU(value);
  // The committees and the proposers of the first epochs follow from the registry, by the library's own rules.
  const bare = transition.createCachedBeaconState(view.clone(), immutable, { skipSyncCommitteeCache: true });
  const { activeIndices } = bare.epochCtx.currentShuffling;
  const { syncCommittee } = transition.getNextSyncCommittee(
    forkConfig.getForkSeq(0),
    bare,
    activeIndices,
    bare.epochCtx.effectiveBalanceIncrements,
  );
  view.currentSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  view.nextSyncCommittee = ssz.altair.SyncCommittee.toViewDU(syncCommittee);
  if ('proposerLookahead' in value) {
    const lookahead = Array.from({ length: params.MIN_SEED_LOOKAHEAD + 1 }, (_, epoch) => {
      const shuffling = bare.epochCtx.getShufflingAtEpoch(epoch);
      return transition.computeProposerIndices(params.ForkSeq.fulu, bare, shuffling, epoch);
    });
    view.proposerLookahead = ssz.fulu.ProposerLookahead.toViewDU(lookahead.flat());
  }
  view.commit();
  const state = transition.createCachedBeaconState(view, immutable) as CachedState;
  return { config, state, genesisValidatorsRoot: value.genesisValidatorsRoot };
}

function chainConfigOf({ secondsPerSlot, forks }: GenesisOptions): ChainConfig {
  const deneb = forks.deneb ?? 0;
  const electra = forks.electra ?? deneb;
  return {
    ...minimalChainConfig,
    CONFIG_NAME: 'viaduct-devnet',
    SECONDS_PER_SLOT: secondsPerSlot,
    SLOT_DURATION_MS: secondsPerSlot * 1000,
    MIN_GENESIS_TIME: 0,
    TERMINAL_TOTAL_DIFFICULTY: 0n,
    ALTAIR_FORK_EPOCH: 0,
    BELLATRIX_FORK_EPOCH: 0,
    CAPELLA_FORK_EPOCH: 0,
    DENEB_FORK_EPOCH: deneb,
    ELECTRA_FORK_EPOCH: electra,
    FULU_FORK_EPOCH: forks.fulu ?? electra,
  };
}
