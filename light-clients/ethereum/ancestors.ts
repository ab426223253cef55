/**
 * Reaching blocks below a verified one, by their parents' hashes and by the history contract of EIP-2935.
 *
 * Trusts: the hash of a block (the walk), or its number and state root (the history contract). Proves: that an older
 * block is an ancestor of it. Says nothing of blocks above.
 *
 * The two go together: the contract reaches 8191 blocks down in one step, and the walk goes on from where it lands.
 */
import { keccak256 } from '../keccak.ts';
import { verifyAccountProof, verifyStorageProof } from '../merkle/accountProof.ts';
import { sameBytes } from '../merkle/rlp.ts';
import { judge, must } from '../refusal.ts';
import type { Verdict } from '../verdict.ts';
import { decodeExecutionHeader, type ExecutionHeader } from './executionHeader.ts';
import { isZero } from './merkleBranch.ts';

/** Headers of one walk: 0.7 MB and three and a half hours of mainnet; below that the history contract is cheaper. */
export const ANCESTORS_MAX = 1024;

/** HISTORY_STORAGE_ADDRESS of EIP-2935. */
export const HISTORY_ADDRESS = bytesOf('0000f90827f1c53a10cb7a02335b175320002935');
/** HISTORY_SERVE_WINDOW: how many blocks below its own a state knows. */
export const HISTORY_WINDOW = 8191n;
/**
 * The code that EIP-2935 gives. Some chains keep other code there that stores a block's hash in another slot, where the
 * same proof would name another block, so the proven account must have this one.
 */
export const HISTORY_CODE_HASH = keccak256(
  bytesOf(
    '3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257' +
      '611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500',
  ),
);

/** EIP-1186 proofs: of the history contract under the state root, and of one slot under its storage root. */
export interface HistoryProof {
  readonly account: readonly Uint8Array[];
  readonly storage: readonly Uint8Array[];
}

/**
 * The headers from the block with this hash downwards, newest first, each named by the one above it. The first is that
 * block itself; `reached` is the hash below the last one, from which a further walk goes on.
 */
export function walkAncestors(
  hash: Uint8Array,
  headers: readonly Uint8Array[],
): Verdict<{ readonly headers: readonly ExecutionHeader[]; readonly reached: Uint8Array }> {
  return judge(() => {
    must(hash.length === 32, 'the hash has not 32 bytes');
    must(headers.length <= ANCESTORS_MAX, `more than ${ANCESTORS_MAX} headers`);
    const walked: ExecutionHeader[] = [];
    let expected = hash;
    for (const [index, rlp] of headers.entries()) {
      const decoded = decodeExecutionHeader(rlp);
      must(decoded.kind === 'header', `header ${index} does not decode`);
      const { header } = decoded;
      must(sameBytes(header.hash, expected), `header ${index} has not the hash that is named`);
      const above = walked.at(-1);
      // The hash alone binds them; a chain whose numbers do not descend by one is none.
      must(above === undefined || header.number === above.number - 1n, `header ${index} has not the next number`);
      walked.push(header);
      expected = header.parentHash;
    }
    return { headers: walked, reached: expected };
  });
}

/** The slot that holds the hash of a block: "block.number % HISTORY_SERVE_WINDOW". 32 bytes. */
export function historySlot(number: bigint): Uint8Array {
  const slot = new Uint8Array(32);
  new DataView(slot.buffer).setBigUint64(24, number % HISTORY_WINDOW);
  return slot;
}

/**
 * The hash of block `number`, as the state after `block` knows it. A state knows the `HISTORY_WINDOW` blocks before its
 * own, and of them those from the fork on that brought the contract.
 */
export function proveHistoricalHash(
  block: { readonly number: bigint; readonly stateRoot: Uint8Array },
  number: bigint,
  proof: HistoryProof,
): Verdict<Uint8Array> {
  return judge(() => {
    must(number >= 0n && number < block.number, `block ${number} is not below ${block.number}`);
    // Further down the slot holds the hash of a later block.
    must(block.number - number <= HISTORY_WINDOW, `block ${number} is out of reach from ${block.number}`);
    const found = verifyAccountProof(block.stateRoot, HISTORY_ADDRESS, proof.account);
    must(found.kind === 'account', found.kind === 'invalid' ? `account: ${found.reason}` : 'no history contract');
    must(sameBytes(found.account.codeHash, HISTORY_CODE_HASH), 'the history contract has other code');
    const slot = verifyStorageProof(found.account.storageRoot, historySlot(number), proof.storage);
    must(slot.kind === 'word', slot.kind === 'invalid' ? `storage: ${slot.reason}` : '');
    must(!isZero(slot.word), `the contract does not know block ${number}`);
    return slot.word;
  });
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
