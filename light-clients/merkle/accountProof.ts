/**
 * EIP-1186 proofs: an account under a state root, and a storage slot under the account's storage root.
 *
 * Trusts: the state root. Proves: the account's four fields, or that it does not exist; the slot's word, an absent slot
 * being zero.
 */
import { keccak256 } from '../keccak.ts';
import { verifyMptProof } from './mptProof.ts';
import { decodeRlp, isBytes, rlpInteger } from './rlp.ts';

export interface ProvenAccount {
  readonly nonce: bigint;
  readonly balance: bigint;
  /** 32 bytes. */
  readonly storageRoot: Uint8Array;
  /** 32 bytes. */
  readonly codeHash: Uint8Array;
}

export type AccountProofVerdict =
  | { readonly kind: 'account'; readonly account: ProvenAccount }
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly reason: string };

export type StorageProofVerdict =
  /** `word` has 32 bytes, zero when the slot was never written. */
  { readonly kind: 'word'; readonly word: Uint8Array } | { readonly kind: 'invalid'; readonly reason: string };

/** Bytes of an account in the trie: two integers of 8 and 32 bytes, two hashes, prefixes. */
const ACCOUNT_BYTES_MAX = 128;
const WORD_BYTES = 32;

export function verifyAccountProof(
  stateRoot: Uint8Array,
  address: Uint8Array,
  proof: readonly Uint8Array[],
): AccountProofVerdict {
  if (address.length !== 20) return invalid('the address has not 20 bytes');
  const found = verifyMptProof(stateRoot, keccak256(address), proof);
  if (found.kind !== 'value') return found;
  const fields = decodeRlp(found.value, ACCOUNT_BYTES_MAX);
  if (fields === undefined || isBytes(fields) || fields.length !== 4) return invalid('the account is not four fields');
  const nonce = rlpInteger(fields[0], 8);
  const balance = rlpInteger(fields[1], 32);
  const [, , storageRoot, codeHash] = fields;
  if (nonce === undefined || balance === undefined) return invalid('the account has a malformed number');
  if (!isBytes(storageRoot) || storageRoot.length !== 32 || !isBytes(codeHash) || codeHash.length !== 32) {
    return invalid('the account has a malformed hash');
  }
  return { kind: 'account', account: { nonce, balance, storageRoot, codeHash } };
}

export function verifyStorageProof(
  storageRoot: Uint8Array,
  slot: Uint8Array,
  proof: readonly Uint8Array[],
): StorageProofVerdict {
  if (slot.length !== WORD_BYTES) return invalid('the slot has not 32 bytes');
  const found = verifyMptProof(storageRoot, keccak256(slot), proof);
  if (found.kind === 'invalid') return found;
  const word = new Uint8Array(WORD_BYTES);
  if (found.kind === 'absent') return { kind: 'word', word };
  // A stored word is an RLP string without leading zeros; zero itself is never stored.
  const stripped = decodeRlp(found.value, WORD_BYTES + 1);
  if (!isBytes(stripped) || stripped.length === 0 || stripped.length > WORD_BYTES || stripped[0] === 0) {
    return invalid('the stored word is not a canonical integer');
  }
  word.set(stripped, WORD_BYTES - stripped.length);
  return { kind: 'word', word };
}

function invalid(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}
