/**
 * Bech32 (BIP 173): account bytes as Cosmos chains write them, a prefix and a checksum around them. Decoding is total, and
 * says what is wrong: whoever mistypes an address wants to know whether it is the prefix or a digit. Bech32m, which no
 * Cosmos chain uses for accounts, has another constant and fails the checksum here.
 */
import { ACCOUNT_BYTES_MAX } from '../core/limits.ts';

export type Bech32 =
  | { readonly kind: 'valid'; readonly prefix: string; readonly bytes: Uint8Array }
  | { readonly kind: 'invalid'; readonly reason: string };

const DIGITS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const CHECKSUM_DIGITS = 6;
/** BIP 173 sets 90; accounts of 32 bytes with long prefixes go beyond, and chains take them. */
const CHARACTERS_MAX = 128;
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;

/** Bytes of an account, 1 to 32. All upper case is bech32 too; a mixture of cases is not. */
export function decodeBech32(text: string): Bech32 {
  if (text.length > CHARACTERS_MAX) return invalid(`more than ${CHARACTERS_MAX} characters`);
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return invalid('upper and lower case are mixed');
  const separator = lower.lastIndexOf('1');
  const prefix = lower.slice(0, Math.max(0, separator));
  if (!isPrefix(prefix)) return invalid('there is no prefix with a 1 after it');
  const digits = [...lower.slice(separator + 1)].map((character) => DIGITS.indexOf(character));
  if (digits.includes(-1)) return invalid('there is a character that bech32 does not have');
  if (digits.length < CHECKSUM_DIGITS) return invalid('it is too short');
  if (polymod([...expanded(prefix), ...digits]) !== 1) return invalid('the checksum is wrong: a character is mistyped');
  const bytes = regroup(digits.slice(0, -CHECKSUM_DIGITS), 5, 8, false);
  if (bytes === undefined) return invalid('it does not hold whole bytes');
  if (bytes.length < 1 || bytes.length > ACCOUNT_BYTES_MAX) return invalid(`it holds ${bytes.length} bytes`);
  return { kind: 'valid', prefix, bytes: Uint8Array.from(bytes) };
}

export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  const digits = regroup([...bytes], 8, 5, true) ?? [];
  const sum = polymod([...expanded(prefix), ...digits, 0, 0, 0, 0, 0, 0]) ^ 1;
  const checksum = Array.from({ length: CHECKSUM_DIGITS }, (_, i) => (sum >>> (5 * (5 - i))) & 31);
  return `${prefix}1${[...digits, ...checksum].map((digit) => DIGITS[digit]).join('')}`;
}

/** As chains choose them: letters and digits, a letter first. */
export function isPrefix(text: string): boolean {
  return /^[a-z][a-z0-9]{0,31}$/.test(text);
}

function expanded(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATORS.forEach((generator, i) => {
      if ((top >>> i) & 1) sum ^= generator;
    });
  }
  return sum >>> 0;
}

/** Bits of one width to another. Undefined when what is left over is more than padding. */
function regroup(values: readonly number[], from: number, to: number, pad: boolean): number[] | undefined {
  const result: number[] = [];
  let [held, bits] = [0, 0];
  for (const value of values) {
    held = (held << from) | value;
    bits += from;
    while (bits >= to) {
      bits -= to;
      result.push((held >>> bits) & ((1 << to) - 1));
    }
    held &= (1 << bits) - 1;
  }
  if (pad) return bits === 0 ? result : [...result, held << (to - bits)];
  return bits >= from || held !== 0 ? undefined : result;
}

function invalid(reason: string): Bech32 {
  return { kind: 'invalid', reason };
}
