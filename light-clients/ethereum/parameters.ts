/**
 * What makes one Ethereum network: preset, fork schedule, genesis, and the block root that the operator trusts. All of
 * it is values, so that networks of both presets run in one process; none of it comes from an endpoint.
 *
 * Epochs, slots and periods are bigint: they are read from untrusted 64-bit fields.
 */

export interface Preset {
  readonly name: 'minimal' | 'mainnet';
  /** SYNC_COMMITTEE_SIZE */
  readonly syncCommitteeSize: number;
  /** SLOTS_PER_EPOCH */
  readonly slotsPerEpoch: bigint;
  /** EPOCHS_PER_SYNC_COMMITTEE_PERIOD */
  readonly epochsPerPeriod: bigint;
}

export const MINIMAL_PRESET: Preset = {
  name: 'minimal',
  syncCommitteeSize: 32,
  slotsPerEpoch: 8n,
  epochsPerPeriod: 8n,
};

export const MAINNET_PRESET: Preset = {
  name: 'mainnet',
  syncCommitteeSize: 512,
  slotsPerEpoch: 32n,
  epochsPerPeriod: 256n,
};

/** In the order in which a network goes through them. */
export const FORK_NAMES = ['phase0', 'altair', 'bellatrix', 'capella', 'deneb', 'electra', 'fulu', 'gloas'] as const;

export type ForkName = (typeof FORK_NAMES)[number];

export interface Fork {
  readonly name: ForkName;
  /** The first epoch of the fork. */
  readonly epoch: bigint;
  /** 4 bytes, different for every fork of every network. */
  readonly version: Uint8Array;
}

export interface EthereumParameters {
  readonly preset: Preset;
  /** From phase0 on, in order; a fork without a date is left out. */
  readonly forks: readonly Fork[];
  /** 32 bytes. */
  readonly genesisValidatorsRoot: Uint8Array;
  /** Unix seconds. */
  readonly genesisTime: bigint;
  readonly secondsPerSlot: bigint;
  /** The root of a finalized beacon block, got out of band by the operator. 32 bytes. */
  readonly trustedBlockRoot: Uint8Array;
  /**
   * Weak subjectivity: how old the last finalized header may be and still vouch for what comes next. Past it the
   * committee's members may have left with their stake, and their signatures cost nothing.
   */
  readonly maxAgeSeconds: bigint;
}

/** Generalized indices into the beacon state, by fork. */
export interface StateIndices {
  /** FINALIZED_ROOT_GINDEX */
  readonly finalizedRoot: number;
  /** CURRENT_SYNC_COMMITTEE_GINDEX */
  readonly currentSyncCommittee: number;
  /** NEXT_SYNC_COMMITTEE_GINDEX */
  readonly nextSyncCommittee: number;
}

const ALTAIR_INDICES: StateIndices = { finalizedRoot: 105, currentSyncCommittee: 54, nextSyncCommittee: 55 };
const ELECTRA_INDICES: StateIndices = { finalizedRoot: 169, currentSyncCommittee: 86, nextSyncCommittee: 87 };
const GLOAS_INDICES: StateIndices = { finalizedRoot: 735, currentSyncCommittee: 2945, nextSyncCommittee: 2946 };

/** EXECUTION_PAYLOAD_GINDEX: the payload in a block body, Capella to Fulu. */
export const EXECUTION_PAYLOAD_GINDEX = 25;
/** EXECUTION_BLOCK_HASH_GINDEX: the payload's block hash in a Capella block body. */
export const BLOCK_HASH_GINDEX_CAPELLA = 412;
/** EXECUTION_BLOCK_HASH_GINDEX_DENEB: the same from Deneb to Fulu. */
export const BLOCK_HASH_GINDEX_DENEB = 812;
/** EXECUTION_BLOCK_HASH_GINDEX_GLOAS: the parent block hash in the payload bid of a Gloas block body. */
export const BLOCK_HASH_GINDEX_GLOAS = 2856;

/** FINALIZED_ROOT_GINDEX and its siblings are chosen by the slot of the header whose state is opened. */
export function stateIndices(fork: ForkName): StateIndices {
  if (isForkFrom(fork, 'gloas')) return GLOAS_INDICES;
  if (isForkFrom(fork, 'electra')) return ELECTRA_INDICES;
  return ALTAIR_INDICES;
}

/** Whether `fork` is `since` or a later one. */
export function isForkFrom(fork: ForkName, since: ForkName): boolean {
  return FORK_NAMES.indexOf(fork) >= FORK_NAMES.indexOf(since);
}

export function epochAtSlot(preset: Preset, slot: bigint): bigint {
  return slot / preset.slotsPerEpoch;
}

/** compute_sync_committee_period_at_slot */
export function periodAtSlot(preset: Preset, slot: bigint): bigint {
  return epochAtSlot(preset, slot) / preset.epochsPerPeriod;
}

export function forkAtSlot(parameters: EthereumParameters, slot: bigint): Fork {
  const epoch = epochAtSlot(parameters.preset, slot);
  const fork = parameters.forks.findLast((candidate) => candidate.epoch <= epoch);
  if (fork === undefined) throw new RangeError('The fork schedule does not start at epoch 0.');
  return fork;
}

export function forkOfVersion(parameters: EthereumParameters, version: Uint8Array): Fork | undefined {
  return parameters.forks.find((fork) => fork.version.every((byte, index) => byte === version[index]));
}

export function timeOfSlot(parameters: EthereumParameters, slot: bigint): bigint {
  return parameters.genesisTime + slot * parameters.secondsPerSlot;
}

/** The slot that is now; negative before genesis. */
export function slotAtTime(parameters: EthereumParameters, seconds: bigint): bigint {
  if (seconds < parameters.genesisTime) return -1n;
  return (seconds - parameters.genesisTime) / parameters.secondsPerSlot;
}

/** What is wrong with parameters, or undefined: they are the operator's and are checked once. */
export function parameterProblem(parameters: EthereumParameters): string | undefined {
  const { preset, forks } = parameters;
  if (preset.syncCommitteeSize <= 0 || preset.syncCommitteeSize % 8 !== 0)
    return 'the committee size is no multiple of 8';
  if (preset.slotsPerEpoch <= 0n || preset.epochsPerPeriod <= 0n) return 'an empty epoch or period';
  if (forks[0]?.epoch !== 0n) return 'the fork schedule does not start at epoch 0';
  for (const [index, fork] of forks.entries()) {
    if (fork.version.length !== 4) return `the version of ${fork.name} has not 4 bytes`;
    if (forkOfVersion(parameters, fork.version) !== fork) return `the version of ${fork.name} is taken`;
    const before = forks[index - 1];
    if (before === undefined) continue;
    if (fork.epoch < before.epoch || !isForkFrom(fork.name, before.name) || fork.name === before.name) {
      return `${fork.name} is out of order`;
    }
  }
  if (parameters.genesisValidatorsRoot.length !== 32) return 'the genesis validators root has not 32 bytes';
  if (parameters.trustedBlockRoot.length !== 32) return 'the trusted block root has not 32 bytes';
  if (parameters.genesisTime < 0n || parameters.secondsPerSlot <= 0n) return 'the slot times are not positive';
  if (parameters.maxAgeSeconds <= 0n) return 'the maximum age is not positive';
  return undefined;
}
