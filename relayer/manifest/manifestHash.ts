/**
 * The hash of a manifest: keccak256 over the document in canonical JSON (RFC 8785: keys sorted by UTF-16 code units, no
 * spaces, numbers and strings as ECMAScript writes them), its top-level `$schema` left out. Formatting and key order do
 * not matter; every value does, the case of an address included.
 */
import { utf8 } from '../core/bytes.ts';
import { assert } from '../core/errors.ts';
import { keccak256 } from '../core/keccak.ts';
import { readDocument } from './document.ts';
import { ConfigError } from './findings.ts';
import { MANIFEST_BYTES_MAX } from './manifest.ts';
import { readJson } from './readJson.ts';

/** Of the file's bytes, or of the JSON value read from them. Throws `CONFIG_INVALID` for bytes that are not JSON. */
export function manifestHash(manifest: unknown): Uint8Array {
  return keccak256(utf8(canonicalJson(withoutSchema(manifest instanceof Uint8Array ? parse(manifest) : manifest))));
}

export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  const isJson = value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
  assert(isJson, 'a JSON value');
  return JSON.stringify(value);
}

function parse(bytes: Uint8Array): unknown {
  const read = readDocument(bytes, 'manifest.json', MANIFEST_BYTES_MAX, readJson);
  if ('findings' in read) throw new ConfigError('manifest.json', read.findings);
  return read.document.value;
}

function withoutSchema(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '$schema'));
}
