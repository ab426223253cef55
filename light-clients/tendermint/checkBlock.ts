/**
 * What must hold of a signed block by itself, before any trust comes in: sound fields, a commit for exactly this header,
 * exactly the validators that the header names, more than two thirds of their power, and every signature good.
 * Source: CometBFT spec/core/data_structures.md, spec/light-client/verification; types/{block,validator_set}.go.
 *
 * DIFF FROM SPEC: CometBFT's light client stops at two thirds and skips votes for nothing. Here every signature present is
 * checked, so that a verified commit is one that consensus itself would have taken, byte for byte.
 */
import { headerHash, validatorsHash, voteSignBytes } from './canonical.ts';
import { hexOf, sameBytes } from '../protobuf.ts';
import { ADDRESS_BYTES, addressOf, verifySignature } from './keys.ts';
import {
  BLOCK_PARTS_MAX,
  CHAIN_ID_BYTES_MAX,
  FLAG_ABSENT,
  FLAG_COMMIT,
  FLAG_NIL,
  GO_ZERO_TIME,
  TIME_END,
  TOTAL_POWER_MAX,
  VALIDATORS_MAX,
  type BlockId,
  type Commit,
  type CommitSignature,
  type Header,
  type SignedBlock,
  type Validator,
} from './types.ts';

const HASH_BYTES = 32;
const BLOCK_PROTOCOL = 11n;
const INT64_MAX = (1n << 63n) - 1n;
const UINT64_MAX = (1n << 64n) - 1n;
const INT32_MAX = 2 ** 31 - 1;
const POWER_NEEDED = { numerator: 2n, denominator: 3n };

/** The reason why it is not sound, or undefined. */
export type Problem = string | undefined;

/** Everything that needs no signature check and no trust. */
export function checkShape(block: SignedBlock, chainId: string): Problem {
  return (
    checkHeader(block.header, chainId) ??
    checkCommit(block.commit) ??
    checkCommitFitsHeader(block.header, block.commit) ??
    checkValidators(block.validators) ??
    checkValidatorsFit(block)
  );
}

/** More than two thirds of the block's own validators voted for it, as they claim. */
export function checkQuorum(block: SignedBlock): Problem {
  const voted = votedPower(block.commit, block.validators);
  return exceeds(voted, totalPower(block.validators), POWER_NEEDED)
    ? undefined
    : 'two thirds of the voting power or less signed the block';
}

/** Every signature in the commit, votes for nothing included. Stops at the first bad one. */
export function checkSignatures(block: SignedBlock): Problem {
  const signBytes = voteSignBytes(block.header.chainId, block.commit);
  for (const [index, entry] of block.commit.signatures.entries()) {
    if (entry.flag === FLAG_ABSENT) continue;
    const validator = block.validators[index];
    if (validator === undefined) return 'more signatures than validators';
    if (!verifySignature(validator.publicKey, signBytes(entry), entry.signature)) {
      return `signature ${index} is wrong`;
    }
  }
  return undefined;
}

export function totalPower(validators: readonly Validator[]): bigint {
  let total = 0n;
  for (const validator of validators) total += validator.power;
  return total;
}

/** More than the fraction, strictly and exactly. */
export function exceeds(
  part: bigint,
  whole: bigint,
  fraction: { readonly numerator: bigint; readonly denominator: bigint },
): boolean {
  return part * fraction.denominator > whole * fraction.numerator;
}

/** Keys good, addresses derived from them and unique, powers positive, their sum within CometBFT's bound. */
export function checkValidators(validators: readonly Validator[]): Problem {
  if (validators.length === 0) return 'validator set is empty';
  if (validators.length > VALIDATORS_MAX) return 'too many validators';
  const seen = new Set<string>();
  let total = 0n;
  for (const [index, validator] of validators.entries()) {
    if (!sameBytes(addressOf(validator.publicKey), validator.address)) {
      return `address of validator ${index} is not derived from its key`;
    }
    const address = hexOf(validator.address);
    if (seen.has(address)) return `validator ${index} is listed twice`;
    seen.add(address);
    // A validator of power zero is removed by the chain: it is never part of a set.
    if (validator.power <= 0n) return `voting power of validator ${index} is not positive`;
    total += validator.power;
    if (total > TOTAL_POWER_MAX) return 'total voting power exceeds the maximum';
  }
  return undefined;
}

export function checkHeader(header: Header, chainId: string): Problem {
  if (header.versionBlock !== BLOCK_PROTOCOL) return `unknown block protocol ${header.versionBlock}`;
  if (header.chainId !== chainId) return 'header is of another chain';
  if (new TextEncoder().encode(chainId).length > CHAIN_ID_BYTES_MAX) return 'chain id is too long';
  // Values beyond their width would be cut to size by the encoding, and hash as another value does.
  if (header.versionApp < 0n || header.versionApp > UINT64_MAX) return 'application version out of range';
  if (header.height <= 0n || header.height > INT64_MAX) return 'height out of range';
  if (!isTimeSound(header.timeNanos)) return 'time out of range';
  if (!isBlockIdSound(header.lastBlockId)) return 'last block id is malformed';
  // The app hash has no fixed length; these two are always there, and headers are meaningless without them.
  if (header.validatorsHash.length !== HASH_BYTES) return 'validators hash is missing';
  if (header.nextValidatorsHash.length !== HASH_BYTES) return 'next validators hash is missing';
  for (const hash of [
    header.lastCommitHash,
    header.dataHash,
    header.consensusHash,
    header.lastResultsHash,
    header.evidenceHash,
  ]) {
    if (hash.length !== 0 && hash.length !== HASH_BYTES) return 'a hash in the header has a wrong length';
  }
  if (header.proposerAddress.length !== ADDRESS_BYTES) return 'proposer address has a wrong length';
  return undefined;
}

function checkCommit(commit: Commit): Problem {
  if (commit.height <= 0n) return 'commit height out of range';
  if (commit.round < 0 || commit.round > INT32_MAX) return 'commit round out of range';
  if (!isBlockIdComplete(commit.blockId)) return 'commit is not for a block';
  if (commit.signatures.length === 0) return 'commit has no signatures';
  for (const [index, entry] of commit.signatures.entries()) {
    if (!isEntrySound(entry)) return `commit signature ${index} is malformed`;
  }
  return undefined;
}

function checkCommitFitsHeader(header: Header, commit: Commit): Problem {
  if (commit.height !== header.height) return 'commit is for another height';
  return sameBytes(commit.blockId.hash, headerHash(header)) ? undefined : 'commit is for another header';
}

/** Exactly the set that the header names, entry by entry in its order, which the hash covers. */
function checkValidatorsFit(block: SignedBlock): Problem {
  if (!sameBytes(validatorsHash(block.validators), block.header.validatorsHash)) {
    return 'validators do not match the header';
  }
  if (block.commit.signatures.length !== block.validators.length) {
    return 'commit and validator set differ in length';
  }
  for (const [index, entry] of block.commit.signatures.entries()) {
    const validator = block.validators[index];
    if (validator === undefined) return 'more signatures than validators';
    if (entry.flag !== FLAG_ABSENT && !sameBytes(entry.address, validator.address)) {
      return `commit signature ${index} is of another validator`;
    }
  }
  return undefined;
}

function votedPower(commit: Commit, validators: readonly Validator[]): bigint {
  let voted = 0n;
  for (const [index, entry] of commit.signatures.entries()) {
    if (entry.flag === FLAG_COMMIT) voted += validators[index]?.power ?? 0n;
  }
  return voted;
}

function isEntrySound(entry: CommitSignature): boolean {
  if (entry.flag === FLAG_ABSENT) {
    return entry.address.length === 0 && entry.signature.length === 0 && entry.timeNanos === GO_ZERO_TIME;
  }
  const voted = entry.flag === FLAG_COMMIT || entry.flag === FLAG_NIL;
  return voted && entry.address.length === ADDRESS_BYTES && entry.signature.length > 0 && isTimeSound(entry.timeNanos);
}

function isTimeSound(timeNanos: bigint): boolean {
  return timeNanos >= GO_ZERO_TIME && timeNanos < TIME_END;
}

/** Complete, or empty altogether (before the first block), or at least of the right lengths. */
function isBlockIdSound(id: BlockId): boolean {
  const lengths = [id.hash.length, id.partsHash.length];
  return lengths.every((length) => length === 0 || length === HASH_BYTES);
}

function isBlockIdComplete(id: BlockId): boolean {
  return (
    id.hash.length === HASH_BYTES &&
    id.partsHash.length === HASH_BYTES &&
    id.partsTotal > 0 &&
    id.partsTotal <= BLOCK_PARTS_MAX
  );
}
