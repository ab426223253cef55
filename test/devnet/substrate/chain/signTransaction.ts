/** Signed transactions without a client library: for setting a chain up, and for tests that want exact bytes. */
import type { KeyringPair } from '@polkadot/keyring/types';
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import { compactBytes, createScaleReader, joinBytes, sizedBytes, u32Bytes } from '../../../../light-clients/scale.ts';
import { hashBytes, stateOf } from './block.ts';
import type { Chain } from './createChain.ts';

export interface TransactionParts {
  /** The account's next one in the best block when not said. */
  readonly nonce?: number | undefined;
  readonly tip?: bigint | undefined;
}

const NOTHING = new Uint8Array(0);
const IMMORTAL = Uint8Array.of(0);
const NONE = Uint8Array.of(0);
const SIGNED_V4 = Uint8Array.of(0x84);
const SR25519 = Uint8Array.of(1);
/** Longer payloads are signed by their hash. */
const PAYLOAD_BYTES_MAX = 256;

export function signTransaction(
  chain: Chain,
  pair: KeyringPair,
  call: Uint8Array,
  { nonce = nonceOf(chain, pair.publicKey), tip = 0n }: TransactionParts = {},
): Uint8Array {
  const { version, metadata } = chain.runtime;
  const genesis = hashBytes(chain.genesis);
  const extras: Uint8Array[] = [];
  const implied: Uint8Array[] = [];
  for (const extension of metadata.signedExtensions) {
    const [extra, additional] = extensionBytes(extension);
    extras.push(extra);
    implied.push(additional);
  }
  const payload = joinBytes([call, ...extras, ...implied]);
  const signature = pair.sign(payload.length > PAYLOAD_BYTES_MAX ? blake2b256(payload) : payload);
  return sizedBytes(joinBytes([SIGNED_V4, multiAddress(pair.publicKey), SR25519, signature, ...extras, call]));

  function extensionBytes(extension: string): [extra: Uint8Array, additional: Uint8Array] {
    switch (extension) {
      case 'CheckSpecVersion':
        return [NOTHING, u32Bytes(version.specVersion)];
      case 'CheckTxVersion':
        return [NOTHING, u32Bytes(version.transactionVersion)];
      case 'CheckGenesis':
        return [NOTHING, genesis];
      case 'CheckMortality':
      case 'CheckEra':
        return [IMMORTAL, genesis];
      case 'CheckNonce':
        return [compactBytes(nonce), NOTHING];
      case 'ChargeTransactionPayment':
        return [compactBytes(tip), NOTHING];
      case 'ChargeAssetTxPayment':
        return [joinBytes([compactBytes(tip), NONE]), NOTHING];
      case 'CheckMetadataHash':
        return [NONE, NONE];
      default:
        return [NOTHING, NOTHING];
    }
  }
}

export function nonceOf(chain: Chain, account: Uint8Array): number {
  const stored = chain.runtime.call(stateOf(chain.best()), 'AccountNonceApi_account_nonce', account);
  return createScaleReader(stored, 'nonce').u32();
}

/** `MultiAddress::Id` */
export function multiAddress(account: Uint8Array): Uint8Array {
  return joinBytes([Uint8Array.of(0), account]);
}
