/**
 * Private keys of a person at the command line: from a file, or from the environment. Never shown. A raw key serves all
 * families; from a mnemonic each family's own path is derived, so that the accounts are those that wallets show.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { keyFromMnemonic } from '../../adapters/evm/index.ts';
import { fromHex } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import type { ManifestChain } from '../manifest/index.ts';

/** 32 bytes, for chains of a family. */
export type UserKey = (family: ManifestChain['family']) => Uint8Array;

const VARIABLE = 'VIADUCT_KEY';
/** SLIP 44: coin types 60 and 118. Keys of other families do not come from a mnemonic in this way. */
const PATHS: Readonly<Partial<Record<ManifestChain['family'], string>>> = {
  evm: "m/44'/60'/0'/0/0",
  cosmos: "m/44'/118'/0'/0/0",
};

/** The user's key: of the file named, of the environment, or the one that the local network leaves beside its config. */
export function userKey(options: { readonly keyFile?: string; readonly config: string }): UserKey {
  if (options.keyFile !== undefined) return userKeyOf(readFile(options.keyFile), options.keyFile);
  const fromEnvironment = process.env[VARIABLE];
  if (fromEnvironment !== undefined) return userKeyOf(fromEnvironment, VARIABLE);
  const beside = join(dirname(resolve(options.config)), 'user.key');
  if (existsSync(beside)) return userKeyOf(readFile(beside), beside);
  throw usage('There is no key to sign with.');
}

/** 32 bytes, from 64 hex digits. */
export function readKeyFile(file: string): Uint8Array {
  return keyOf(readFile(file), file);
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw usage(`${file} cannot be read.`);
  }
}

function userKeyOf(text: string, place: string): UserKey {
  if (/^\s*[a-z]+(\s+[a-z]+){11,}\s*$/.test(text)) return (family) => keyOfMnemonic(text, family);
  const key = keyOf(text, place);
  return () => key;
}

function keyOfMnemonic(words: string, family: ManifestChain['family']): Uint8Array {
  const path = PATHS[family];
  if (path !== undefined) return keyFromMnemonic(words, path);
  throw usage(`A chain of family ${family} takes a raw key, not a mnemonic.`);
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
    metaMessages: [`Give --key-file, a file that holds 64 hex digits or a mnemonic, or set ${VARIABLE}.`],
  });
}
