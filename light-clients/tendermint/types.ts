/**
 * CometBFT's data as this verifier sees it: decoded, and trusted by nobody yet. Times are nanoseconds since 1970 as
 * bigint, since signatures cover them to the nanosecond. Hashes are 32 bytes, or empty where CometBFT leaves one out.
 */

/** Entries of a commit and of a validator set: CometBFT's own `MaxVotesCount`. */
export const VALIDATORS_MAX = 10_000;
/** Bytes of a chain id: CometBFT's own `MaxChainIDLen`. */
export const CHAIN_ID_BYTES_MAX = 50;
/** Sum of voting powers: CometBFT's own `MaxTotalVotingPower`, an eighth of int64. */
export const TOTAL_POWER_MAX = ((1n << 63n) - 1n) / 8n;
/** Transactions of one block: a full block of 100 MB when each has 100 bytes, and a signature alone has 64. */
export const BLOCK_TXS_MAX = 1_000_000;
/** Parts of one block: CometBFT's own `MaxBlockPartsCount` (100 MB in parts of 64 kB, and one). */
export const BLOCK_PARTS_MAX = 1601;
/** Light blocks in one update: a bisection halves, so 64 reach over any span of heights. */
export const UPDATE_BLOCKS_MAX = 64;
/** Traces of other endpoints in one update. No specific reason. */
export const UPDATE_WITNESSES_MAX = 16;

/** Key types this verifier knows. Others (bn254, bls12381, sr25519) are refused by name. */
export type KeyType = 'ed25519' | 'secp256k1';

export interface PublicKey {
  readonly type: KeyType;
  /** 32 bytes for ed25519, 33 (compressed) for secp256k1. */
  readonly bytes: Uint8Array;
}

export interface Validator {
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly publicKey: PublicKey;
  readonly power: bigint;
}

export interface BlockId {
  readonly hash: Uint8Array;
  readonly partsTotal: number;
  readonly partsHash: Uint8Array;
}

export interface Header {
  readonly versionBlock: bigint;
  readonly versionApp: bigint;
  readonly chainId: string;
  readonly height: bigint;
  readonly timeNanos: bigint;
  readonly lastBlockId: BlockId;
  readonly lastCommitHash: Uint8Array;
  readonly dataHash: Uint8Array;
  readonly validatorsHash: Uint8Array;
  readonly nextValidatorsHash: Uint8Array;
  readonly consensusHash: Uint8Array;
  readonly appHash: Uint8Array;
  readonly lastResultsHash: Uint8Array;
  readonly evidenceHash: Uint8Array;
  readonly proposerAddress: Uint8Array;
}

/** What a validator did: was absent, voted for the block, or voted for nothing. */
export const FLAG_ABSENT = 1;
export const FLAG_COMMIT = 2;
export const FLAG_NIL = 3;

/** Year 1, Go's zero time: what the entry of an absent validator carries. */
export const GO_ZERO_TIME = -62_135_596_800_000_000_000n;
/** The first instant of year 10000, where protobuf's timestamps end. */
export const TIME_END = 253_402_300_800_000_000_000n;

export interface CommitSignature {
  readonly flag: number;
  readonly address: Uint8Array;
  readonly timeNanos: bigint;
  readonly signature: Uint8Array;
}

export interface Commit {
  readonly height: bigint;
  readonly round: number;
  readonly blockId: BlockId;
  readonly signatures: readonly CommitSignature[];
}

/** A header, the commit that claims to finalize it, and the validators that claim to have signed. */
export interface SignedBlock {
  readonly header: Header;
  readonly commit: Commit;
  readonly validators: readonly Validator[];
}

export interface LightBlock extends SignedBlock {
  /** The validators of the next height: the next verification starts from them. */
  readonly nextValidators: readonly Validator[];
}

/** What a verification starts from: how high, when, and who may sign next. */
export interface TrustAnchor {
  readonly height: bigint;
  readonly timeNanos: bigint;
  readonly nextValidators: readonly Validator[];
}

/** What is kept between verifications. */
export interface TrustedState {
  readonly header: Header;
  readonly nextValidators: readonly Validator[];
}

export interface TrustRules {
  readonly chainId: string;
  /** The part of the trusted power that must have signed a non-adjacent header: from 1/3 to 1. */
  readonly trustLevel: { readonly numerator: bigint; readonly denominator: bigint };
  /** How long after its time a trusted state may be used: well under the chain's unbonding period. */
  readonly trustingPeriodNanos: bigint;
  /** How far in the future a header's time may be. */
  readonly clockDriftNanos: bigint;
}

/** The fields of a transaction result that consensus agrees on. */
export interface TxResult {
  readonly code: number;
  readonly data: Uint8Array;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
}
