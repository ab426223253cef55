/**
 * The fields that manifest and config are made of. A schema describes the JSON as it is written (so that a JSON Schema
 * can be generated from it); its error text says what was expected. Conversion to bytes, bigint and branded ids comes
 * after validation.
 */
import { z } from 'zod';
import { fromHex, utf8 } from '../core/bytes.ts';
import { keccak256 } from '../core/keccak.ts';
import { decodeBech32 } from './bech32.ts';

const U64_MAX = (1n << 64n) - 1n;
const U128_MAX = (1n << 128n) - 1n;

const CHAIN_NAME = '1 to 32 characters of a-z, 0-9 and -';
const HEIGHT = 'a whole number as a string, such as "123", below 2^64';
const AMOUNT = 'an amount in canonical units as a decimal string, such as "1000", below 2^128';
const ADDRESS = 'an EVM address: 0x and 40 hex digits, not zero';
const HASH = '0x and 64 hex digits';
const BECH32 = 'a bech32 address';
const PUBLIC_KEY = 'a compressed secp256k1 public key: 0x, 02 or 03, and 64 hex digits';
const ACCOUNT_KEY = 'an account of 32 bytes: 0x and 64 hex digits in lower case';
const DENOM = 'a denom: 3 to 128 characters, a letter first, of letters, digits and / : . _ -';
const LABEL = '1 to 64 printable ASCII characters';
const SYMBOL = '1 to 16 characters of A-Z, a-z, 0-9, ., _ and -';

/** A name of ours: a chain, a network, a signer. */
export function slugField(): z.ZodString {
  return z.string({ error: CHAIN_NAME }).regex(/^[a-z0-9-]{1,32}$/, { error: CHAIN_NAME });
}

export function labelField(): z.ZodString {
  return z.string({ error: LABEL }).regex(/^[\x20-\x7e]{1,64}$/, { error: LABEL });
}

export function symbolField(): z.ZodString {
  return z.string({ error: SYMBOL }).regex(/^[A-Za-z0-9._-]{1,16}$/, { error: SYMBOL });
}

/** An unsigned 64-bit number as a decimal string: JSON numbers lose digits beyond 2^53. */
export function u64Field(): z.ZodString {
  return decimal(HEIGHT, U64_MAX);
}

export function amountField(): z.ZodString {
  return decimal(AMOUNT, U128_MAX);
}

/** EIP-55 is checked apart from the pattern, for its own message. */
export function evmAddressField(): z.ZodString {
  return z
    .string({ error: ADDRESS })
    .regex(/^0x[0-9a-fA-F]{40}$/, { error: ADDRESS, abort: true })
    .refine((text) => !/^0x0*$/.test(text), { error: ADDRESS, abort: true })
    .refine(hasValidChecksum, { error: 'an address that fits its EIP-55 checksum (a digit or its case is mistyped)' });
}

export function hashField(): z.ZodString {
  return z.string({ error: HASH }).regex(/^0x[0-9a-fA-F]{64}$/, { error: HASH });
}

/** The prefix is checked with the chain it belongs to. */
export function bech32Field(): z.ZodString {
  return z
    .string({ error: BECH32 })
    .regex(/^[a-z][a-z0-9]{7,127}$/, { error: `${BECH32} in lower case`, abort: true })
    .refine((text) => decodeBech32(text).kind === 'valid', {
      error: `${BECH32} that fits its checksum (a character is mistyped)`,
    });
}

/** The key's text, for the one who would compare it, in lower case only. */
export function publicKeyField(): z.ZodString {
  return z.string({ error: PUBLIC_KEY }).regex(/^0x0[23][0-9a-f]{64}$/, { error: PUBLIC_KEY });
}

/** An account of a Substrate chain: a public key, or what stands for one. */
export function accountKeyField(): z.ZodString {
  return z.string({ error: ACCOUNT_KEY }).regex(/^0x[0-9a-f]{64}$/, { error: ACCOUNT_KEY });
}

/** As the SDK's bank has them. */
export function denomField(): z.ZodString {
  return z.string({ error: DENOM }).regex(/^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/, { error: DENOM });
}

export function integerField(min: number, max: number): z.ZodNumber {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** An address in one case carries no checksum; one in mixed case must match EIP-55. */
export function hasValidChecksum(address: string): boolean {
  const digits = address.slice(2);
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return true;
  return address === checksumAddress(fromHex(address));
}

/** The address as EIP-55 writes it. */
export function checksumAddress(address: Uint8Array): `0x${string}` {
  const digits = Buffer.from(address).toString('hex');
  const hash = keccak256(utf8(digits));
  let text = '';
  for (let i = 0; i < digits.length; i++) {
    const nibble = ((hash[i >> 1] as number) >> (i % 2 === 0 ? 4 : 0)) & 0xf;
    text += nibble >= 8 ? (digits[i] as string).toUpperCase() : (digits[i] as string);
  }
  return `0x${text}`;
}

function decimal(error: string, max: bigint): z.ZodString {
  return z
    .string({ error })
    .regex(/^(0|[1-9][0-9]{0,38})$/, { error, abort: true })
    .refine((text) => BigInt(text) <= max, { error });
}
