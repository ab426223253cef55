/** Unmodified cosmjs over a chain: what users have, and what the witness speaks with to the local chain and to the real one. */
import {
  AminoTypes,
  coins,
  createDefaultAminoConverters,
  defaultRegistryTypes,
  type DeliverTxResponse,
  makeMultisignedTxBytes,
  SigningStargateClient,
  StargateClient,
  type StdFee,
} from '@cosmjs/stargate';
import { type EncodeObject, Registry } from '@cosmjs/proto-signing';
import { Comet38Client, HttpClient } from '@cosmjs/tendermint-rpc';
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgExecuteContract, MsgInstantiateContract, MsgStoreCode } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { tokenFactoryAmino, tokenFactoryTypes } from '../../../adapters/cosmos/tokenFactory.ts';
import type { Clock } from '../../../relayer/core/clock.ts';
import type { DevAccount, DevMultisig } from '../../devnet/cosmos/accounts.ts';

/** A chain to speak with: the local one or a real one. */
export interface CosmosUnderTest {
  readonly chainId: string;
  readonly denom: string;
  readonly url: string;
  readonly wsUrl: string;
}

export const WASM = '/cosmwasm.wasm.v1.';

const registry = new Registry([
  ...defaultRegistryTypes,
  ...tokenFactoryTypes,
  ['/cosmos.authz.v1beta1.MsgExec', MsgExec],
  [`${WASM}MsgStoreCode`, MsgStoreCode],
  [`${WASM}MsgInstantiateContract`, MsgInstantiateContract],
  [`${WASM}MsgExecuteContract`, MsgExecuteContract],
]);
const aminoTypes = new AminoTypes({ ...createDefaultAminoConverters(), ...tokenFactoryAmino });
const OPTIONS = { registry, aminoTypes, broadcastPollIntervalMs: 100, broadcastTimeoutMs: 30_000 };

export function cometClient(chain: CosmosUnderTest): Comet38Client {
  return Comet38Client.create(new HttpClient(chain.url));
}

export function readClient(chain: CosmosUnderTest): StargateClient {
  return StargateClient.create(cometClient(chain));
}

export function signingClient(
  chain: CosmosUnderTest,
  account: DevAccount,
  mode: 'direct' | 'amino' = 'direct',
): SigningStargateClient {
  return SigningStargateClient.createWithSigner(cometClient(chain), account[mode], OPTIONS);
}

/** Enough for a price of 0.005 a unit of gas. */
export function feeOf(chain: CosmosUnderTest, gas: number): StdFee {
  return { amount: coins(Math.ceil(gas / 200), chain.denom), gas: `${gas}` };
}

export function sendOf(
  chain: CosmosUnderTest,
  from: string,
  to: string,
  amount: bigint | number | string,
): EncodeObject {
  const value = { fromAddress: from, toAddress: to, amount: [{ denom: chain.denom, amount: `${amount}` }] };
  return { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value };
}

export interface SubmitOptions {
  readonly gas?: number | undefined;
  readonly memo?: string | undefined;
  readonly mode?: 'direct' | 'amino' | undefined;
}

/** Signs, broadcasts and waits for the block, whatever the result's code. */
export async function submitAndWait(
  chain: CosmosUnderTest,
  account: DevAccount,
  messages: readonly EncodeObject[],
  options: SubmitOptions = {},
): Promise<DeliverTxResponse> {
  const client = signingClient(chain, account, options.mode);
  const fee = feeOf(chain, options.gas ?? 200_000 + 60_000 * messages.length);
  return client.signAndBroadcast(account.address, messages, fee, options.memo ?? '');
}

export interface MultisigTerms {
  readonly accountNumber: bigint;
  readonly sequence: number;
}

/** By the first members of a multisig, as many as `signers` says or it needs; unmodified cosmjs, without a node. */
export async function signByMultisig(
  chain: CosmosUnderTest,
  multisig: DevMultisig,
  messages: readonly EncodeObject[],
  fee: StdFee,
  memo: string,
  terms: MultisigTerms,
  signers = Number(multisig.publicKey.value.threshold),
): Promise<Uint8Array> {
  const signatures = new Map<string, Uint8Array>();
  let bodyBytes = new Uint8Array(0);
  for (const member of multisig.members.slice(0, signers)) {
    const client = await SigningStargateClient.offline(member.amino, OPTIONS);
    const signed = await client.sign(member.address, messages, fee, memo, { ...terms, chainId: chain.chainId });
    bodyBytes = Uint8Array.from(signed.bodyBytes);
    signatures.set(member.address, signed.signatures[0] ?? new Uint8Array(0));
  }
  return makeMultisignedTxBytes(multisig.publicKey, terms.sequence, fee, bodyBytes, signatures);
}

export async function waitForHeight(
  chain: CosmosUnderTest,
  height: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const client = cometClient(chain);
  for (;;) {
    const { syncInfo } = await client.status();
    if (syncInfo.latestBlockHeight >= height) return;
    await clock.sleep(50, signal);
  }
}
