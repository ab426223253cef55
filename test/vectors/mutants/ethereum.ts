/**
 * Corruptions of what is proven about an EVM chain: accounts and storage slots (there and absent), a block's receipts, the
 * walk to older blocks, the history contract's word, and updates of the `confirmations` client. Updates of the sync
 * committee client have suites of their own, which change every field.
 */
import {
  createConfirmationsClient,
  encodeConfirmationsUpdate,
  encodeTrustedBlock,
} from '../../../light-clients/confirmations/index.ts';
import { HISTORY_ADDRESS, HISTORY_CODE_HASH } from '../../../light-clients/ethereum/ancestors.ts';
import { EXECUTION_HEADER_FIELDS } from '../../../light-clients/ethereum/executionHeader.ts';
import {
  encodeExecutionHeader,
  encodeReceipt,
  historySlot,
  proveHistoricalHash,
  proveLogs,
  receiptsRootOf,
  type ReceiptType,
  walkAncestors,
} from '../../../light-clients/ethereum/index.ts';
import { keccak256 } from '../../../light-clients/keccak.ts';
import { integerBytes, verifyAccountProof, verifyStorageProof } from '../../../light-clients/merkle/index.ts';
import { stateTrie, storageTrie } from '../../../light-clients/merkle/trie.fixture.ts';
import { equalBytes, utf8, word } from '../../../relayer/core/bytes.ts';
import { type Family, type Target, whole } from './mutate.ts';

export const ethereum: Family = {
  name: 'ethereum',
  targets: () => [...stateTargets(), receiptsTarget(), walkTarget(), historyTarget(), confirmationsTarget()],
};

const named = (name: string): Uint8Array => keccak256(utf8(name));
const addressOf = (name: string): Uint8Array => named(name).subarray(12);

function stateTargets(): Target[] {
  const storage = storageTrie(Array.from({ length: 200 }, (_, i) => [word(i), named(`word ${i}`)]));
  const state = stateTrie(
    Array.from({ length: 300 }, (_, i) => ({
      address: addressOf(`account ${i}`),
      storageRoot: storage.root,
      codeHash: named('code'),
    })),
  );
  const account = (name: string): Target => ({
    name: `account proof of ${name}`,
    parts: state.prove(keccak256(addressOf(name))),
    ordered: true,
    accepts: (nodes) => verifyAccountProof(state.root, addressOf(name), nodes).kind !== 'invalid',
  });
  const slot = (number: number): Target => ({
    name: `storage proof of slot ${number}`,
    parts: storage.prove(keccak256(word(number))),
    ordered: true,
    accepts: (nodes) => verifyStorageProof(storage.root, word(number), nodes).kind !== 'invalid',
  });
  return [account('account 7'), account('nobody'), slot(3), slot(1_000_000)];
}

/** Twenty receipts: positions of one and of two nibbles, every type. */
function receiptsTarget(): Target {
  const parts = Array.from({ length: 20 }, (_, i) =>
    encodeReceipt({
      type: (i % 5) as ReceiptType,
      outcome: i === 10 ? { kind: 'stateRoot', root: named('root') } : { kind: 'status', succeeded: i % 7 !== 0 },
      cumulativeGasUsed: BigInt(21_000 * (i + 1)),
      logs: Array.from({ length: i % 4 }, (_, at) => ({
        address: addressOf(at === 0 ? 'gateway' : `other ${i}`),
        topics: [named('event'), word(i)],
        data: named(`data ${i} ${at}`),
      })),
    }),
  );
  const root = receiptsRootOf(parts);
  return {
    name: 'receipts',
    parts,
    ordered: true,
    accepts: (receipts) => proveLogs(root, receipts, addressOf('gateway')).kind === 'valid',
  };
}

/** Headers from `number` upwards, oldest first. */
function headerChain(count: number, number: number, parent: Uint8Array): Uint8Array[] {
  const headers: Uint8Array[] = [];
  let parentHash = parent;
  for (let i = 0; i < count; i++) {
    const values: Readonly<Record<string, Uint8Array>> = {
      parentHash,
      number: integerBytes(number + i),
      timestamp: integerBytes(1_000 + i),
      gasLimit: integerBytes(30_000_000),
      stateRoot: named(`state ${i}`),
    };
    const rlp = encodeExecutionHeader(
      EXECUTION_HEADER_FIELDS.map(([name, shape]) => {
        return values[name] ?? new Uint8Array(shape.kind === 'fixed' ? shape.bytes : 0);
      }),
    );
    headers.push(rlp);
    parentHash = keccak256(rlp);
  }
  return headers;
}

/** A walk that stops earlier shows less, and nothing false: accepted is one that shows another block. */
function walkTarget(): Target {
  const parts = headerChain(12, 100, named('below')).reverse();
  const hashes = parts.map((rlp) => keccak256(rlp));
  const shown = (headers: readonly Uint8Array[]): Uint8Array[] | undefined => {
    const verdict = walkAncestors(hashes[0]!, headers);
    return verdict.kind === 'valid' ? verdict.value.headers.map(({ hash }) => hash) : undefined;
  };
  return {
    name: 'walk to ancestors',
    parts,
    ordered: true,
    accepts: (headers) => shown(headers)?.some((hash, i) => !equalBytes(hash, hashes[i]!)) ?? false,
    holds: (headers) => shown(headers)?.length === hashes.length,
  };
}

function historyTarget(): Target {
  const [number, asked] = [20_000n, 19_000n];
  const storage = storageTrie(
    Array.from({ length: 300 }, (_, i) => [historySlot(asked + BigInt(i)), named(`block ${i}`)]),
  );
  const state = stateTrie([
    { address: HISTORY_ADDRESS, storageRoot: storage.root, codeHash: HISTORY_CODE_HASH },
    ...Array.from({ length: 50 }, (_, i) => ({
      address: addressOf(`account ${i}`),
      storageRoot: storage.root,
      codeHash: HISTORY_CODE_HASH,
    })),
  ]);
  const account = state.prove(keccak256(HISTORY_ADDRESS));
  return {
    name: 'history contract',
    parts: [...account, ...storage.prove(keccak256(historySlot(asked)))],
    ordered: true,
    accepts: (nodes) => {
      const proof = { account: nodes.slice(0, account.length), storage: nodes.slice(account.length) };
      return proveHistoricalHash({ number, stateRoot: state.root }, asked, proof).kind === 'valid';
    },
  };
}

/** Three endpoints, of which two must agree: one broken chain changes nothing. Accepted is another chain's block. */
function confirmationsTarget(): Target {
  const trusted = { height: 99n, hash: named('below') };
  const chain = headerChain(10, 100, trusted.hash);
  const hashes = new Map(chain.map((rlp, i) => [100n + BigInt(i), keccak256(rlp)]));
  const client = createConfirmationsClient({ trusted, confirmations: 3, quorum: 2, endpoints: 3, driftSecondsMax: 15 });
  const state = encodeTrustedBlock({ ...trusted, timeSeconds: 0n });
  const judge = (bytes: Uint8Array) => client.update(state, bytes, 2_000n);
  return {
    name: 'confirmations update',
    parts: [encodeConfirmationsUpdate([chain, chain.slice(0, 8), chain])],
    accepts: whole((bytes) => {
      const verdict = judge(bytes);
      if (verdict.kind !== 'valid') return false;
      const { head, verified = [] } = verdict.value;
      return [head, ...verified].some(({ height, hash }) => !equalBytes(hash, hashes.get(height) ?? new Uint8Array(0)));
    }),
    holds: whole((bytes) => {
      const verdict = judge(bytes);
      return verdict.kind === 'valid' && verdict.value.head.height === 106n;
    }),
  };
}
