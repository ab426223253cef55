/**
 * A vault on the fake chain: accounts that pay whatever two of three members signed, with no guard of its own against
 * paying twice, as on a real chain. What keeps it right is what members sign.
 */
import { concatBytes, equalBytes, readU64, toHex, utf8, writeU64 } from '../../relayer/core/bytes.ts';
import { decodeDelivery, encodeDelivery } from '../../relayer/core/certificate.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import type {
  Delivery,
  ReleaseRequest,
  SignedTransaction,
  TargetAccount,
  TransactionOutcome,
  Vault,
  VaultMember,
} from '../../relayer/core/ports.ts';
import { decodeReleaseRequest, encodeReleaseRequest } from '../../relayer/core/release.ts';

/** What the fake chain lends to its vault. */
export interface FakeMempool {
  readonly height: () => bigint;
  nextSlot(address: string): bigint;
  add(address: string, transaction: SignedTransaction): void;
  outcome(address: string, transaction: SignedTransaction): TransactionOutcome;
}

export interface FakeRelease {
  readonly delivery: Delivery | undefined;
  /** The last block that may hold it. */
  readonly expiryHeight: bigint;
}

export const FAKE_SHARDS = ['shard0', 'shard1'];
const MEMBERS = 3;
const THRESHOLD = 2;
/** Blocks that a release may wait for a place. */
const EXPIRY_BLOCKS = 20n;
const SIGNATURE_BYTES = 33;

/** What a transaction of the vault does, or undefined when it is not signed by enough members. */
export function readRelease(raw: Uint8Array): FakeRelease | undefined {
  const signatures = raw.subarray(raw.length - THRESHOLD * SIGNATURE_BYTES);
  const bytes = raw.subarray(0, raw.length - signatures.length);
  const signers = new Set<number>();
  for (let at = 0; at < signatures.length; at += SIGNATURE_BYTES) {
    const one = signatures.subarray(at, at + SIGNATURE_BYTES);
    if (equalBytes(one, signatureOf(one[0] as number, bytes))) signers.add(one[0] as number);
  }
  if (signers.size < THRESHOLD) return undefined;
  const { delivery, terms } = decodeReleaseRequest(bytes);
  return { delivery, expiryHeight: readU64(terms, 0) };
}

export function createFakeVault(chain: FakeMempool, member: number | undefined): Vault {
  return {
    accounts: (cosigners) =>
      FAKE_SHARDS.map((address): TargetAccount => ({
        address,
        blank: () => new Uint8Array(0),
        nextSlot: async () => Promise.resolve(chain.nextSlot(address)),
        prepare: async (delivery) => Promise.resolve({ kind: 'send', call: encodeDelivery(delivery) }),
        sign: async (call, slot, attempt, signal) => {
          const terms = new Uint8Array(8);
          writeU64(terms, 0, chain.height() + EXPIRY_BLOCKS);
          const delivery = call.length === 0 ? undefined : decodeDelivery(call);
          const request: ReleaseRequest = { account: address, slot, delivery, terms };
          const answers = new Map<number, Uint8Array>();
          const take = (answer: Uint8Array): 'more' | 'enough' => {
            answers.set(answer[0] as number, answer);
            return answers.size === THRESHOLD ? 'enough' : 'more';
          };
          await cosigners.collect(request, take, signal);
          const raw = concatBytes(encodeReleaseRequest(request), ...answers.values());
          return { slot, attempt, call, raw, hash: toHex(keccak256(raw)) };
        },
        broadcast: async (transaction) => {
          chain.add(address, transaction);
          return Promise.resolve();
        },
        outcome: async (transaction) => Promise.resolve(chain.outcome(address, transaction)),
      })),
    member: member === undefined ? undefined : memberOf(member),
  };
}

function memberOf(index: number): VaultMember {
  return {
    quarantine: { blocks: EXPIRY_BLOCKS, driftSeconds: 0n },
    check: ({ account, slot, delivery, terms }, { height }) => {
      const expiryHeight = readU64(terms, 0);
      if (!FAKE_SHARDS.includes(account)) return { kind: 'invalid', reason: 'no account of the vault' };
      if (expiryHeight <= height || expiryHeight > height + 2n * EXPIRY_BLOCKS) {
        return { kind: 'invalid', reason: `it expires at ${expiryHeight}` };
      }
      const content = keccak256(delivery === undefined ? utf8('blank') : delivery.packets);
      return { kind: 'valid', value: { holder: account, slot, content, expiryHeight } };
    },
    sign: async (request) => Promise.resolve(signatureOf(index, encodeReleaseRequest(request))),
  };
}

/** Member (u8), then what stands for a signature. */
function signatureOf(member: number, bytes: Uint8Array): Uint8Array {
  const secret = utf8(`vault member ${member % MEMBERS}`);
  return concatBytes(Uint8Array.of(member), keccak256(secret, bytes));
}
