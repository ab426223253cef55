/**
 * The development accounts that every Substrate tool knows (`//Alice`, `//Bob`, ...), with the key types that
 * validators and collators use. Worthless keys: the secret phrase is public.
 */
import { Keyring } from '@polkadot/keyring';
import type { KeyringPair } from '@polkadot/keyring/types';
import { waitReady } from '@polkadot/wasm-crypto';

export interface DevAccount {
  readonly name: string;
  /** sr25519: what holds funds and signs transactions; also BABE, Aura and parachain keys. */
  readonly pair: KeyringPair;
  /** sr25519 `//Name//stash`: the validator's account. */
  readonly stash: KeyringPair;
  /** ed25519: GRANDPA. */
  readonly grandpa: KeyringPair;
  /** ecdsa: BEEFY. */
  readonly beefy: KeyringPair;
}

const DEV_NAMES = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie'] as const;

/** The entropy of the development phrase: spares stretching the phrase for every account. */
const DEV_SEED = '0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e';
const SS58_FORMAT = 42;

export async function createDevAccounts(names: readonly string[] = DEV_NAMES): Promise<readonly DevAccount[]> {
  await waitReady();
  const sr25519 = new Keyring({ type: 'sr25519', ss58Format: SS58_FORMAT });
  const ed25519 = new Keyring({ type: 'ed25519', ss58Format: SS58_FORMAT });
  const ecdsa = new Keyring({ type: 'ecdsa', ss58Format: SS58_FORMAT });
  return names.map((name) => ({
    name,
    pair: sr25519.addFromUri(`${DEV_SEED}//${name}`, { name }),
    stash: sr25519.addFromUri(`${DEV_SEED}//${name}//stash`),
    grandpa: ed25519.addFromUri(`${DEV_SEED}//${name}`),
    beefy: ecdsa.addFromUri(`${DEV_SEED}//${name}`),
  }));
}
