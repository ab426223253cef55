/** Transactions signed without a node, and sent straight into the mempool: for tests that drive many. */
import {
  AminoTypes,
  coins,
  createDefaultAminoConverters,
  defaultRegistryTypes,
  makeMultisignedTxBytes,
  SigningStargateClient,
  type StdFee,
} from '@cosmjs/stargate';
import { type EncodeObject, Registry } from '@cosmjs/proto-signing';
import { tokenFactoryAmino, tokenFactoryTypes } from '../../../adapters/cosmos/tokenFactory.ts';
import { TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import type { DevAccount, DevMultisig } from './accounts.ts';
import { accountOf } from './app/state.ts';
import type { CosmosChain } from './consensus/createChain.ts';

export interface TxOptions {
  readonly memo?: string | undefined;
  readonly gas?: number | undefined;
  /** Added to the account's sequence, to send several before a block. */
  readonly ahead?: number | undefined;
}

export function sendMessage(
  from: string,
  to: string,
  amount: readonly { denom: string; amount: string }[],
): EncodeObject {
  return { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value: { fromAddress: from, toAddress: to, amount: [...amount] } };
}

const CLIENT_OPTIONS = {
  registry: new Registry([...defaultRegistryTypes, ...tokenFactoryTypes]),
  aminoTypes: new AminoTypes({ ...createDefaultAminoConverters(), ...tokenFactoryAmino }),
};

export async function signOffline(
  chain: CosmosChain,
  account: DevAccount,
  messages: readonly EncodeObject[],
  options: TxOptions = {},
): Promise<Uint8Array> {
  const { fee, data } = termsOf(chain, account.address, messages.length, options);
  const client = await SigningStargateClient.offline(account.direct, CLIENT_OPTIONS);
  return TxRaw.encode(await client.sign(account.address, messages, fee, options.memo ?? '', data)).finish();
}

/** By the first members of a multisig, as many as it needs. */
export async function signByMultisig(
  chain: CosmosChain,
  multisig: DevMultisig,
  messages: readonly EncodeObject[],
  options: TxOptions = {},
): Promise<Uint8Array> {
  const { fee, data } = termsOf(chain, multisig.address, messages.length, options);
  const signatures = new Map<string, Uint8Array>();
  let bodyBytes = new Uint8Array(0);
  for (const member of multisig.members.slice(0, Number(multisig.publicKey.value.threshold))) {
    const client = await SigningStargateClient.offline(member.amino, CLIENT_OPTIONS);
    const signed = await client.sign(member.address, messages, fee, options.memo ?? '', data);
    bodyBytes = Uint8Array.from(signed.bodyBytes);
    signatures.set(member.address, signed.signatures[0] ?? new Uint8Array(0));
  }
  return makeMultisignedTxBytes(multisig.publicKey, data.sequence, fee, bodyBytes, signatures);
}

/** Throws when the mempool does not take it. */
export function submit(chain: CosmosChain, tx: Uint8Array): void {
  const added = chain.mempool.add(tx);
  if (added.kind === 'refused') throw new Error(added.reason);
  if (added.result.code !== 0) throw new Error(`code ${added.result.code}: ${added.result.log}`);
}

function termsOf(chain: CosmosChain, address: string, messages: number, options: TxOptions) {
  const known = accountOf(chain.app.state, address);
  if (known === undefined) throw new Error('the account holds nothing yet');
  const { config } = chain.app;
  const gas = options.gas ?? 200_000 + 60_000 * messages;
  const fee: StdFee = { amount: coins(1000, config.denom), gas: gas.toString() };
  const sequence = Number(known.sequence) + (options.ahead ?? 0);
  return { fee, data: { accountNumber: known.accountNumber, sequence, chainId: config.chainId } };
}
