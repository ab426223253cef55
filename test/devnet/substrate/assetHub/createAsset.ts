/** Assets of `pallet-assets`, made by ordinary signed transactions: created, named, minted. */
import { compactBytes, joinBytes, sizedBytes } from '../../../../light-clients/scale.ts';
import type { KeyringPair } from '@polkadot/keyring/types';
import type { Chain } from '../chain/createChain.ts';
import { type GenesisHolder, publicKeyOf, u128Bytes } from '../chain/genesis.ts';
import { multiAddress, nonceOf, signTransaction } from '../chain/signTransaction.ts';

export interface NewAsset {
  readonly id: number;
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly minBalance: bigint;
  /** Whom to mint to; accounts without native balance cannot hold an asset that is not sufficient. */
  readonly holders: readonly GenesisHolder[];
}

/** The transactions, in order; the signer becomes owner, issuer, admin and freezer. */
export function assetTransactions(chain: Chain, owner: KeyringPair, asset: NewAsset): readonly Uint8Array[] {
  const { encodeCall } = chain.runtime;
  const text = (value: string): Uint8Array => sizedBytes(new TextEncoder().encode(value));
  const id = compactBytes(asset.id);
  const calls = [
    encodeCall('Assets', 'create', id, multiAddress(owner.publicKey), u128Bytes(asset.minBalance)),
    encodeCall('Assets', 'set_metadata', id, text(asset.name), text(asset.symbol), Uint8Array.of(asset.decimals)),
    ...asset.holders.map((holder) =>
      encodeCall('Assets', 'mint', id, multiAddress(publicKeyOf(holder)), compactU128(holder.amount)),
    ),
  ];
  const first = nonceOf(chain, owner.publicKey);
  return calls.map((call, index) => signTransaction(chain, owner, call, { nonce: first + index }));
}

/** A compact of up to 128 bits; the one of the light clients ends at 64. */
export function compactU128(value: bigint): Uint8Array {
  if (value < 1n << 64n) return compactBytes(value);
  let count = 8;
  while (value >> BigInt(8 * count) !== 0n) count++;
  const bytes = u128Bytes(value).subarray(0, count);
  return joinBytes([Uint8Array.of(((count - 4) << 2) | 3), bytes]);
}
