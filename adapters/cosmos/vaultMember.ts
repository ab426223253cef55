/**
 * One member's side of a vault: what it takes part in, and its signatures. The engine has checked that the packets are the
 * attested ones, that this member derived them itself, that they were not delivered, and that no other promise of this member
 * is about them or the slot.
 *
 * What is left is that the request says what everybody would come to: the whole transaction is built anew from the packets
 * and the manifest, so a proposer chooses nothing but the shard, the slot, and the four terms checked here.
 */
import { equalBytes } from '../../relayer/core/bytes.ts';
import { packetsInChunk } from '../../relayer/core/certificate.ts';
import { assert, ViaductError } from '../../relayer/core/errors.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { packetProblem, readKind, readSequence } from '../../relayer/core/packet.ts';
import type { Delivery, ReleasePromise, ReleaseRequest, VaultMember, Verdict } from '../../relayer/core/ports.ts';
import { sign } from '../../relayer/core/secp256k1.ts';
import { sha256 } from '../../light-clients/tendermint/index.ts';
import { formatAccount } from './account.ts';
import type { CosmosGateway } from './gateway.ts';
import { createPacketJudge, type Payout } from './judgePackets.ts';
import { type MemberKey, memberKey } from './memberKeys.ts';
import { releaseContentHash } from './releaseContent.ts';
import { decodeTerms, type ReleaseTerms } from './releaseTerms.ts';
import { firstSequenceOf, releaseTx, SLOTS_END } from './releaseTx.ts';
import type { VaultShard } from './shards.ts';

/**
 * Seconds between the time that packets are judged by and a member's own view of the chain: members verify some blocks
 * apart. A packet that is paid or refused wrongly by it had its deadline within this minute.
 */
export const AS_OF_DRIFT_SECONDS = 60n;

/** Members may be behind the proposer by as many blocks as a release lives. */
const EXPIRY_FACTOR = 2n;

/** Bytes of an answer: the member's position in the shard, and a signature of 64. */
export const ANSWER_BYTES = 65;

export interface VaultMemberOptions {
  readonly gateway: CosmosGateway;
  /** By how much a verified header's time may lie ahead of our clock. */
  readonly clockDriftSeconds: bigint;
  /** 32 bytes: what all keys of this member come from. Never shown. */
  readonly secret: Uint8Array;
}

/** What a request comes down to, once it is found right. */
interface Checked {
  readonly shard: VaultShard;
  readonly terms: ReleaseTerms;
  readonly payouts: readonly Payout[];
  readonly promise: ReleasePromise;
}

/** Throws `CONFIG_INVALID` when a shard does not have this member's key. */
export function createVaultMember({ gateway, clockDriftSeconds, secret }: VaultMemberOptions): VaultMember {
  const judge = createPacketJudge(gateway);
  const lanes = new Set([...gateway.inbound.map(({ lane }) => lane), gateway.home]);
  const shards = new Map(
    gateway.shards.map((shard, index) => {
      const key = memberKey(secret, gateway.chainId, index);
      return [formatAccount(shard.account, gateway.prefix), { shard, key, position: positionOf(shard, key, index) }];
    }),
  );

  /** A request is checked and then signed: what it comes down to is the same both times. */
  let last: { readonly request: ReleaseRequest; readonly verdict: Verdict<Checked> } | undefined;
  const checkForm = (request: ReleaseRequest): Verdict<Checked> => {
    if (last?.request !== request) last = { request, verdict: formOf(request) };
    return last.verdict;
  };

  const formOf = (request: ReleaseRequest): Verdict<Checked> => {
    const { account, slot, delivery } = request;
    const known = shards.get(account);
    if (known === undefined) return refuse('the account is none of this vault');
    if (slot < 0n || slot >= SLOTS_END) return refuse('no such slot');
    const problem = delivery && deliveryProblem(delivery);
    if (problem !== undefined) return refuse(problem);
    const count = delivery === undefined ? 0 : packetsInChunk(delivery.checkpoint, delivery.chunkIndex);
    const terms = decodeTerms(request.terms, count);
    if (terms === undefined) return refuse('the terms do not decode');
    const { payouts, refusals } = judge(delivery?.packets ?? NONE, terms.asOf, known.shard);
    const isSame =
      refusals.length === terms.refused.length &&
      refusals.every(({ position }, index) => position === terms.refused[index]);
    if (!isSame) return refuse('other packets are to be refused');
    const promise: ReleasePromise = {
      holder: account,
      slot,
      content: releaseContentHash(delivery, terms.refused),
      // Derivation counts the block that proved it: at the derived height after this one the last possible block is read.
      expiryHeight: terms.timeoutHeight + 1n,
    };
    return { kind: 'valid', value: { shard: known.shard, terms, payouts, promise } };
  };

  const deliveryProblem = ({ checkpoint, chunkIndex, packets }: Delivery): string | undefined => {
    if (!lanes.has(checkpoint.lane)) return 'the lane does not lead here';
    const count = packetsInChunk(checkpoint, chunkIndex);
    if (count < 1 || packets.length !== count * PACKET_BYTES) return 'the chunk has another number of packets';
    const first = firstSequenceOf({ checkpoint, chunkIndex, packets, signatures: NONE, proof: [] });
    for (let i = 0; i < count; i++) {
      const problem = packetProblem(packets, i * PACKET_BYTES);
      if (problem !== undefined) return `packet ${i}: ${problem}`;
      if (readSequence(packets, i * PACKET_BYTES) !== first + BigInt(i)) return `packet ${i} has another sequence`;
      // What is refused on the home lane is held: a transfer there would be lost.
      if (checkpoint.lane === gateway.home && readKind(packets, i * PACKET_BYTES) !== 'return') {
        return `packet ${i} of the home lane is no return`;
      }
    }
    return undefined;
  };

  return {
    quarantine: { blocks: EXPIRY_FACTOR * gateway.releaseExpiryBlocks + 1n, driftSeconds: clockDriftSeconds },
    check: (request, view) => {
      const checked = checkForm(request);
      if (checked.kind !== 'valid') return checked;
      const { asOf, timeoutHeight } = checked.value.terms;
      if (asOf > view.timeSeconds + AS_OF_DRIFT_SECONDS) return wait('it is judged by a time not verified here yet');
      if (asOf < view.timeSeconds - AS_OF_DRIFT_SECONDS) return refuse('it is judged by a time long past');
      if (timeoutHeight <= view.height) return refuse('it timed out');
      if (timeoutHeight > view.height + EXPIRY_FACTOR * gateway.releaseExpiryBlocks) {
        return wait('it would live longer than a release may, as far as this member verified the chain');
      }
      return { kind: 'valid', value: checked.value.promise };
    },
    sign: async (request, promise) => {
      const checked = checkForm(request);
      assert(checked.kind === 'valid', 'a request that was found right');
      const { shard, terms, payouts, promise: own } = checked.value;
      assert(equalBytes(own.content, promise.content) && own.slot === promise.slot, 'the promise of this request');
      const held = shards.get(request.account);
      assert(held !== undefined, 'a shard of this vault');
      const tx = releaseTx(gateway, shard, request.slot, { delivery: request.delivery, payouts }, terms);
      const answer = new Uint8Array(ANSWER_BYTES);
      answer[0] = held.position;
      // The last byte says which of two keys it was, which is known.
      answer.set(sign(sha256(tx.signBytes), held.key.privateKey).subarray(0, 64), 1);
      return Promise.resolve(answer);
    },
  };
}

function positionOf(shard: VaultShard, { publicKey }: MemberKey, index: number): number {
  const position = shard.members.findIndex((key) => equalBytes(key, publicKey));
  if (position >= 0) return position;
  throw new ViaductError({
    code: 'CONFIG_INVALID',
    shortMessage: `This member's key is not among those of vault account ${index}.`,
    metaMessages: ['The secret is another than the one whose public keys are in the manifest.'],
  });
}

function refuse(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}

function wait(reason: string): { readonly kind: 'needsMore'; readonly reason: string } {
  return { kind: 'needsMore', reason };
}

const NONE = new Uint8Array(0);
