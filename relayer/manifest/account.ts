/** Accounts as people write them on a chain, to native bytes and back: one case per family. */
import { fromHex, toHex } from '../core/bytes.ts';
import { decodeBech32, encodeBech32 } from './bech32.ts';
import type { ManifestChain } from './chain.ts';
import { checksumAddress, hasValidChecksum } from './fields.ts';
import { decodeSs58, encodeSs58 } from './ss58.ts';

export type ReadAccount =
  | { readonly kind: 'valid'; readonly bytes: Uint8Array }
  | { readonly kind: 'invalid'; readonly reason: string; readonly hint: string };

/** Total. */
export function parseAccount(chain: ManifestChain, text: string): ReadAccount {
  switch (chain.family) {
    case 'evm':
      return parseEvmAccount(text);
    case 'cosmos':
      return parseCosmosAccount(chain.prefix, text);
    case 'substrate':
      return parseSubstrateAccount(chain.ss58Prefix, text);
  }
}

export function formatAccount(chain: ManifestChain, bytes: Uint8Array): string {
  switch (chain.family) {
    case 'evm':
      return bytes.length === 20 ? checksumAddress(bytes) : toHex(bytes);
    case 'cosmos':
      return encodeBech32(chain.prefix, bytes);
    case 'substrate':
      return bytes.length === 32 ? encodeSs58(chain.ss58Prefix, bytes) : toHex(bytes);
  }
}

/** Lengths that an account has on a chain, in bytes, the usual one first. */
export function accountLengths({ family }: Pick<ManifestChain, 'family'>): readonly number[] {
  switch (family) {
    case 'evm':
      return [20];
    // Keys and multisigs have 20, contracts and module accounts of newer modules 32.
    case 'cosmos':
      return [20, 32];
    case 'substrate':
      return [32];
  }
}

/** A mixed-case address must carry its checksum. */
function parseEvmAccount(text: string): ReadAccount {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    return { kind: 'invalid', reason: 'it is no EVM account', hint: '0x and 40 hex digits were expected.' };
  }
  const bytes = fromHex(text, 20);
  if (hasValidChecksum(text)) return { kind: 'valid', bytes };
  return {
    kind: 'invalid',
    reason: 'its checksum is wrong',
    hint: `The bytes are ${toHex(bytes)}: check each digit and its case.`,
  };
}

function parseCosmosAccount(prefix: string, text: string): ReadAccount {
  const hint = `An address such as ${prefix}1... of 20 or 32 bytes was expected.`;
  const read = decodeBech32(text);
  if (read.kind === 'invalid') return { kind: 'invalid', reason: read.reason, hint };
  const { bytes } = read;
  if (read.prefix !== prefix) {
    const meant = encodeBech32(prefix, bytes);
    return {
      kind: 'invalid',
      reason: `it is an address of another chain: its prefix is "${read.prefix}", not "${prefix}"`,
      hint: `The same key has ${meant} here, if it is a key's own account and this chain derives it alike.`,
    };
  }
  if (accountLengths({ family: 'cosmos' }).includes(bytes.length)) return { kind: 'valid', bytes };
  return { kind: 'invalid', reason: `it holds ${bytes.length} bytes`, hint };
}

function parseSubstrateAccount(prefix: number, text: string): ReadAccount {
  const read = decodeSs58(text);
  if (read.kind === 'invalid') {
    return { kind: 'invalid', reason: read.reason, hint: `An SS58 address with the prefix ${prefix} was expected.` };
  }
  if (read.prefix === prefix) return { kind: 'valid', bytes: read.bytes };
  return {
    kind: 'invalid',
    reason: `it is an address of another chain: its prefix is ${read.prefix}, not ${prefix}`,
    hint: `The same key has ${encodeSs58(prefix, read.bytes)} here.`,
  };
}
