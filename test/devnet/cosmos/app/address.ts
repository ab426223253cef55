/** Accounts of public keys, and bech32 as the SDK takes it. */
import { fromBech32, toBech32 } from '@cosmjs/encoding';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { LegacyAminoPubKey } from 'cosmjs-types/cosmos/crypto/multisig/keys';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import { sha256 } from '../../../../light-clients/tendermint/index.ts';
import { joinBytes, varintBytes } from '../../../../light-clients/protobuf.ts';
import { sdkError } from './errors.ts';
import type { AppConfig, ModuleAddresses, ModuleName } from './config.ts';
import type { AppState, PublicKeyAny } from './state.ts';

export const SECP256K1 = '/cosmos.crypto.secp256k1.PubKey';
export const MULTISIG = '/cosmos.crypto.multisig.LegacyAminoPubKey';

/** Amino's prefixes: four bytes of the hash of the registered name; the key's length follows the first. */
const AMINO_SECP256K1 = Uint8Array.of(0xeb, 0x5a, 0xe9, 0x87, 33);
const AMINO_MULTISIG = Uint8Array.of(0x22, 0xc1, 0xf7, 0xe2);

export interface MultisigKey {
  readonly kind: 'multisig';
  readonly threshold: number;
  /** 33 bytes each. */
  readonly keys: readonly Uint8Array[];
}

export type SignerKey = { readonly kind: 'single'; readonly key: Uint8Array } | MultisigKey;

export function decodeKey(any: PublicKeyAny): SignerKey {
  try {
    if (any.typeUrl === SECP256K1) return { kind: 'single', key: keyBytes(any.value) };
    if (any.typeUrl === MULTISIG) {
      const { threshold, publicKeys } = LegacyAminoPubKey.decode(any.value);
      if (publicKeys.some(({ typeUrl }) => typeUrl !== SECP256K1)) throw new TypeError('a key of another type');
      if (threshold < 1 || threshold > publicKeys.length) throw new TypeError('a threshold out of range');
      return { kind: 'multisig', threshold, keys: publicKeys.map(({ value }) => keyBytes(value)) };
    }
  } catch (error) {
    throw sdkError('invalidPublicKey', error instanceof Error ? error.message : 'malformed');
  }
  throw sdkError('invalidPublicKey', `no concrete type registered for type URL ${any.typeUrl}`);
}

export function accountBytes(key: SignerKey): Uint8Array {
  if (key.kind === 'single') return ripemd160(sha256(key.key));
  const members = key.keys.flatMap((member) => [
    Uint8Array.of(0x12, AMINO_SECP256K1.length + member.length),
    AMINO_SECP256K1,
    member,
  ]);
  return sha256(joinBytes([AMINO_MULTISIG, Uint8Array.of(0x08), varintBytes(key.threshold), ...members])).subarray(
    0,
    20,
  );
}

/** The one spelling of an address: lower case. Upper case is taken as well, as bech32 has it. */
export function parseAddress(text: string, prefix: string): string {
  if (text.trim() === '') throw sdkError('invalidAddress', 'empty address string is not allowed');
  try {
    const { prefix: found, data } = fromBech32(text);
    if (found !== prefix)
      throw new TypeError(
        `hrp does not match bech32 prefix: expected '${prefix}' got '${found}': internal logic error`,
      );
    if (data.length === 0 || data.length > 255) throw new TypeError('address length out of range');
    // It is all of one case.
    return text.toLowerCase();
  } catch (error) {
    throw sdkError('invalidAddress', bech32Problem(text, error));
  }
}

/** In the words of the SDK's decoder, which clients show to people. */
function bech32Problem(text: string, error: unknown): string {
  const words = error instanceof Error ? error.message : 'malformed';
  const letter = /Unknown letter: "(.)"/.exec(words)?.[1];
  if (letter !== undefined) {
    return `decoding bech32 failed: invalid character not part of charset: ${letter.charCodeAt(0)}`;
  }
  const checksum = /expected "([^"]+)"/.exec(words)?.[1];
  if (checksum !== undefined) {
    return `decoding bech32 failed: invalid checksum (expected ${checksum} got ${text.slice(-6).toLowerCase()})`;
  }
  return words;
}

/** The address of an account that exists has one spelling, which needs no decoding; any other is parsed. */
export function knownAddress({ state, config }: AddressContext, text: string): string {
  return state.accounts.get(text) === undefined ? parseAddress(text, config.prefix) : text;
}

export interface AddressContext {
  readonly state: Pick<AppState, 'accounts'>;
  readonly config: Pick<AppConfig, 'prefix'>;
}

export function moduleAddresses(prefix: string): ModuleAddresses {
  const of = (name: ModuleName): string => moduleAddress(name, prefix);
  return {
    fee_collector: of('fee_collector'),
    mint: of('mint'),
    distribution: of('distribution'),
    tokenfactory: of('tokenfactory'),
  };
}

/** A module's own account. */
export function moduleAddress(name: string, prefix: string): string {
  return toBech32(prefix, sha256(new TextEncoder().encode(name)).subarray(0, 20));
}

function keyBytes(value: Uint8Array): Uint8Array {
  const { key } = PubKey.decode(value);
  if (key.length !== 33) throw new TypeError('a key of another length than 33 bytes');
  return key;
}
