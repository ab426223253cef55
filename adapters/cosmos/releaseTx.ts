/**
 * The transaction of a release: a pure function of the chunk, the shard, the slot, the terms and the manifest, so that all
 * members sign the same bytes without talking to each other. A multisig signs Amino JSON, and cosmjs writes both forms.
 *
 * Messages are in packet order: `MsgSend` or `MsgMint` for each packet that is paid, where the chain is paid by
 * `MsgMultiSend` first that and then the mints. A transaction without a payment sends the shard one unit of its own.
 */
import { type AminoMsg, makeSignDoc, pubkeyToAddress, serializeSignDoc } from '@cosmjs/amino';
import { type EncodeObject, Registry } from '@cosmjs/proto-signing';
import {
  AminoTypes,
  createDefaultAminoConverters,
  defaultRegistryTypes,
  makeMultisignedTxBytes,
  type StdFee,
} from '@cosmjs/stargate';
import { bytesToHex } from '../../relayer/core/bytes.ts';
import { packetsInChunk } from '../../relayer/core/certificate.ts';
import { chunkHash } from '../../relayer/core/checkpoint.ts';
import { assert } from '../../relayer/core/errors.ts';
import type { Delivery } from '../../relayer/core/ports.ts';
import { sha256, verifySignature } from '../../light-clients/tendermint/index.ts';
import { formatAccount } from './account.ts';
import { type CostModel, transactionCost } from './fees.ts';
import type { CosmosGateway } from './gateway.ts';
import type { Payout } from './judgePackets.ts';
import { BLANK_MEMO, encodeReleaseMemo } from './releaseMemo.ts';
import type { ReleaseTerms } from './releaseTerms.ts';
import { multisigKey, type VaultShard } from './shards.ts';
import { MINT, tokenFactoryAmino, tokenFactoryTypes } from './tokenFactory.ts';

/** What a transaction of the vault does. */
export interface ReleaseContent {
  /** Undefined: uses the slot up. */
  readonly delivery: Delivery | undefined;
  /** Of the packets that are not refused. */
  readonly payouts: readonly Payout[];
}

/** Unsigned. */
export interface ReleaseTx {
  /** What each member signs: the Amino sign document. */
  readonly signBytes: Uint8Array;
  /** The chain's bytes with at least as many signatures as the threshold, by position of the member. */
  assemble(signatures: ReadonlyMap<number, Uint8Array>): Uint8Array;
}

const SEND = '/cosmos.bank.v1beta1.MsgSend';
const MULTI_SEND = '/cosmos.bank.v1beta1.MsgMultiSend';

/** Of a chain's own coins; `factory/...` and `ibc/...` are longer. */
const SHORT_DENOM_CHARACTERS = 24;

/** Account sequences as cosmjs writes them. */
export const SLOTS_END = BigInt(Number.MAX_SAFE_INTEGER);

export const registry = new Registry([...defaultRegistryTypes, ...tokenFactoryTypes]);
export const aminoTypes = new AminoTypes({ ...createDefaultAminoConverters(), ...tokenFactoryAmino });

export function releaseTx(
  gateway: CosmosGateway,
  shard: VaultShard,
  slot: bigint,
  { delivery, payouts }: ReleaseContent,
  terms: ReleaseTerms,
): ReleaseTx {
  const own = formatAccount(shard.account, gateway.prefix);
  const messages = payoutMessages(gateway, own, payouts);
  const { gas, fee } = releaseCosts(gateway, shard, payouts, terms.feeStep);
  return multisigTx(gateway, shard, slot, terms.accountNumber, {
    messages: messages.length === 0 ? [sendOf(own, own, gateway.feeDenom, 1n)] : messages,
    fee: { amount: fee === 0n ? [] : [coinOf(gateway.feeDenom, fee)], gas: gas.toString() },
    memo: delivery === undefined ? BLANK_MEMO : memoOf(delivery, terms.refused),
    timeoutHeight: terms.timeoutHeight,
  });
}

export interface UnsignedTx {
  readonly messages: readonly EncodeObject[];
  readonly fee: StdFee;
  readonly memo: string;
  /** 0n = none. */
  readonly timeoutHeight: bigint;
}

/** Any transaction of a shard. */
export function multisigTx(
  { chainId, prefix }: Pick<CosmosGateway, 'chainId' | 'prefix'>,
  shard: VaultShard,
  slot: bigint,
  accountNumber: bigint,
  { messages, fee, memo, timeoutHeight }: UnsignedTx,
): ReleaseTx {
  assert(slot >= 0n && slot < SLOTS_END, 'an account sequence');
  const timeout = timeoutHeight === 0n ? undefined : timeoutHeight;
  const body = { messages: [...messages], memo, ...(timeout === undefined ? {} : { timeoutHeight: timeout }) };
  const amino = messages.map((message): AminoMsg => aminoTypes.toAmino(message));
  const sequence = Number(slot);
  return {
    signBytes: Uint8Array.from(
      serializeSignDoc(makeSignDoc(amino, fee, chainId, memo, accountNumber.toString(), sequence, timeout)),
    ),
    assemble: (signatures) => {
      const publicKey = multisigKey(shard);
      const byAddress = new Map<string, Uint8Array>();
      for (const [index, key] of publicKey.value.pubkeys.entries()) {
        const signature = signatures.get(index);
        if (signature !== undefined) byAddress.set(pubkeyToAddress(key, prefix), signature);
      }
      assert(byAddress.size >= shard.threshold, 'signatures of a threshold');
      return makeMultisignedTxBytes(publicKey, sequence, fee, registry.encodeTxBody(body), byAddress);
    },
  };
}

/** True when the member at this position signed these very bytes (64 bytes, r and the lower s). Total. */
export function isSignedBy(shard: VaultShard, member: number, signBytes: Uint8Array, signature: Uint8Array): boolean {
  const key = shard.members[member];
  return key !== undefined && verifySignature({ type: 'secp256k1', bytes: key }, signBytes, signature);
}

/** As the chain writes it: upper case. */
export function hashOfTx(raw: Uint8Array): string {
  return bytesToHex(sha256(raw)).toUpperCase();
}

/** Where a chunk begins in its lane. */
export function firstSequenceOf({ checkpoint, chunkIndex }: Delivery): bigint {
  return checkpoint.firstSequence + BigInt(chunkIndex * checkpoint.chunkSize);
}

/** What the transaction of these payouts costs by the chain's model. */
export function releaseCosts(
  { costs, lockForm }: { readonly costs: CostModel; readonly lockForm: CosmosGateway['lockForm'] },
  { threshold }: Pick<VaultShard, 'threshold'>,
  payouts: readonly Payout[],
  feeStep = 0,
): ReturnType<typeof transactionCost> {
  // A long denom makes the keys of balances long, which costs about what minting adds.
  const mint = payouts.filter(({ isMinted, denom }) => isMinted || denom.length > SHORT_DENOM_CHARACTERS).length;
  const locked = payouts.length - mint;
  const send = payouts.length === 0 ? 1 : lockForm === 'send' ? locked : 0;
  const multiSend = lockForm === 'multiSend' ? locked : 0;
  return transactionCost(costs, { send, mint, multiSend }, threshold, feeStep);
}

function payoutMessages(gateway: CosmosGateway, own: string, payouts: readonly Payout[]): readonly EncodeObject[] {
  if (gateway.lockForm === 'send') return payouts.map((payout) => messageOf(own, payout));
  const locked = payouts.filter(({ isMinted }) => !isMinted);
  const most = gateway.costs.multiSendMax;
  const multiSends = Array.from({ length: Math.ceil(locked.length / most) }, (_, index) =>
    multiSendOf(own, locked.slice(index * most, (index + 1) * most)),
  );
  return [...multiSends, ...payouts.filter(({ isMinted }) => isMinted).map((payout) => messageOf(own, payout))];
}

function messageOf(own: string, { receiver, denom, amount, isMinted }: Payout): EncodeObject {
  if (!isMinted) return sendOf(own, receiver, denom, amount);
  return { typeUrl: MINT, value: { sender: own, amount: coinOf(denom, amount), mintToAddress: receiver } };
}

function multiSendOf(own: string, payouts: readonly Payout[]): EncodeObject {
  const sums = new Map<string, bigint>();
  for (const { denom, amount } of payouts) sums.set(denom, (sums.get(denom) ?? 0n) + amount);
  // The SDK wants coins in the order of their names' bytes.
  const coins = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([denom, amount]) => coinOf(denom, amount));
  const outputs = payouts.map(({ receiver, denom, amount }) => ({ address: receiver, coins: [coinOf(denom, amount)] }));
  return { typeUrl: MULTI_SEND, value: { inputs: [{ address: own, coins }], outputs } };
}

export function sendOf(from: string, to: string, denom: string, amount: bigint): EncodeObject {
  return { typeUrl: SEND, value: { fromAddress: from, toAddress: to, amount: [coinOf(denom, amount)] } };
}

function memoOf(delivery: Delivery, refused: readonly number[]): string {
  const { checkpoint, chunkIndex, packets } = delivery;
  return encodeReleaseMemo(checkpoint.lane, {
    firstSequence: firstSequenceOf(delivery),
    count: packetsInChunk(checkpoint, chunkIndex),
    chunkHash: chunkHash(packets),
    refused,
  });
}

function coinOf(denom: string, amount: bigint): { denom: string; amount: string } {
  return { denom, amount: amount.toString() };
}
