/** Accounts of a local Cosmos chain, made from a seed: single keys and Amino multisigs. Never for a network with value. */
import {
  createMultisigThresholdPubkey,
  encodeSecp256k1Pubkey,
  type MultisigThresholdPubkey,
  pubkeyToAddress,
  Secp256k1Wallet,
} from '@cosmjs/amino';
import { DirectSecp256k1Wallet } from '@cosmjs/proto-signing';
import { sha256 } from '../../../light-clients/tendermint/index.ts';

export interface DevAccount {
  readonly address: string;
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** Signs directly (SIGN_MODE_DIRECT). */
  readonly direct: DirectSecp256k1Wallet;
  /** Signs Amino JSON. */
  readonly amino: Secp256k1Wallet;
}

export interface DevMultisig {
  readonly address: string;
  readonly publicKey: MultisigThresholdPubkey;
  readonly members: readonly DevAccount[];
}

export async function makeDevAccount(seed: string, name: string, prefix = 'cosmos'): Promise<DevAccount> {
  const secret = sha256(new TextEncoder().encode(`${seed}/account/${name}`));
  const direct = await DirectSecp256k1Wallet.fromKey(secret, prefix);
  const amino = await Secp256k1Wallet.fromKey(secret, prefix);
  const [account] = await direct.getAccounts();
  if (account === undefined) throw new Error('a wallet without an account');
  return { address: account.address, publicKey: account.pubkey, direct, amino };
}

export async function makeDevMultisig(
  seed: string,
  name: string,
  threshold: number,
  count: number,
  prefix = 'cosmos',
): Promise<DevMultisig> {
  const members: DevAccount[] = [];
  for (let index = 0; index < count; index++) members.push(await makeDevAccount(seed, `${name}-${index}`, prefix));
  const keys = members.map(({ publicKey }) => encodeSecp256k1Pubkey(publicKey));
  const publicKey = createMultisigThresholdPubkey(keys, threshold);
  return { address: pubkeyToAddress(publicKey, prefix), publicKey, members };
}
