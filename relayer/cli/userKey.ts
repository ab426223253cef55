/** Private keys of a person at the command line: from a file, or from the environment. Never shown. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fromHex } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';

const VARIABLE = 'VIADUCT_KEY';

/** The user's key: of the file named, of the environment, or the one that the local network leaves beside its config. */
export function userKey(options: { readonly keyFile?: string; readonly config: string }): Uint8Array {
  if (options.keyFile !== undefined) return readKeyFile(options.keyFile);
  const fromEnvironment = process.env[VARIABLE];
  if (fromEnvironment !== undefined) return keyOf(fromEnvironment, VARIABLE);
  const beside = join(dirname(resolve(options.config)), 'user.key');
  if (existsSync(beside)) return readKeyFile(beside);
  throw usage('There is no key to sign with.');
}

/** 32 bytes, from 64 hex digits. */
export function readKeyFile(file: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw usage(`${file} cannot be read.`);
  }
  return keyOf(text, file);
}

function keyOf(text: string, place: string): Uint8Array {
  const digits = text.trim();
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(digits)) return fromHex(digits, 32);
  throw usage(`${place} does not hold a private key.`);
}

function usage(shortMessage: string): ViaductError {
  return new ViaductError({
    code: 'USAGE',
    shortMessage,
    metaMessages: [`Give --key-file, a file that holds 64 hex digits, or set ${VARIABLE}.`],
  });
}
