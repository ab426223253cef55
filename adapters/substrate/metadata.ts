/**
 * A runtime's metadata, version 14: its types, pallets and the form of its extrinsics. Everything that differs between
 * runtimes is read from here, so nothing in this adapter branches on a runtime's name or version.
 *
 * Trusts: the bytes, whose hash the manifest pins for each spec version (`runtimes.ts`). The decoder is bounded all the same.
 *
 * Source: frame-metadata `v14`, scale-info `PortableRegistry`.
 */
import { Refusal } from '../../light-clients/refusal.ts';
import { createScaleReader, type ScaleReader } from '../../light-clients/scale.ts';
import { DecodeError } from '../../relayer/core/errors.ts';

export interface Field {
  readonly name: string | undefined;
  readonly type: number;
}

export interface Variant {
  readonly name: string;
  readonly index: number;
  readonly fields: readonly Field[];
}

export type TypeDefinition =
  | { readonly kind: 'composite'; readonly fields: readonly Field[] }
  | { readonly kind: 'variant'; readonly variants: ReadonlyMap<number, Variant> }
  | { readonly kind: 'sequence'; readonly type: number }
  | { readonly kind: 'array'; readonly length: number; readonly type: number }
  | { readonly kind: 'tuple'; readonly types: readonly number[] }
  | { readonly kind: 'primitive'; readonly primitive: Primitive }
  | { readonly kind: 'compact'; readonly type: number }
  | { readonly kind: 'bits'; readonly store: number };

export interface TypeEntry {
  /** The last part of the type's path, empty when it has none. */
  readonly name: string;
  readonly parameters: ReadonlyMap<string, number>;
  readonly definition: TypeDefinition;
}

export interface StorageItem {
  readonly value: number;
  /** Of a map: one hasher for each key. */
  readonly hashers: readonly number[];
  /** Of a map: its key, a tuple when there are several hashers. */
  readonly key: number | undefined;
}

export interface Pallet {
  readonly name: string;
  readonly index: number;
  /** The first part of its storage keys. */
  readonly prefix: string;
  readonly storage: ReadonlyMap<string, StorageItem>;
  readonly calls: number | undefined;
  readonly constants: ReadonlyMap<string, { readonly type: number; readonly value: Uint8Array }>;
  readonly errors: number | undefined;
}

export interface SignedExtension {
  readonly name: string;
  /** What it adds to the extrinsic. */
  readonly extra: number;
  /** What it adds to the signed bytes only. */
  readonly additional: number;
}

export interface Metadata {
  readonly types: readonly TypeEntry[];
  readonly pallets: ReadonlyMap<string, Pallet>;
  readonly extrinsic: { readonly type: number; readonly extensions: readonly SignedExtension[] };
}

export const PRIMITIVES = [
  'bool',
  'char',
  'str',
  'u8',
  'u16',
  'u32',
  'u64',
  'u128',
  'u256',
  'i8',
  'i16',
  'i32',
  'i64',
  'i128',
  'i256',
] as const;
export type Primitive = (typeof PRIMITIVES)[number];

/** Bytes of a runtime's metadata: Kusama's have 450 kB. */
export const METADATA_BYTES_MAX = 4 * 1024 * 1024;
/** `meta` and the version. */
const MAGIC = 0x6174656d;
const VERSION = 14;

/** Throws `DecodeError`. */
export function decodeMetadata(bytes: Uint8Array): Metadata {
  try {
    const reader = createScaleReader(bytes, 'metadata');
    if (bytes.length > METADATA_BYTES_MAX) throw new Refusal('metadata: too long');
    if (reader.u32() !== MAGIC) throw new Refusal('metadata: no magic number');
    const version = reader.u8();
    if (version !== VERSION) throw new Refusal(`metadata: version ${version}, version ${VERSION} is read`);
    const types = list(reader, readType);
    const pallets = list(reader, readPallet);
    const type = readId(reader);
    reader.u8();
    const extensions = list(reader, (): SignedExtension => {
      const name = text(reader);
      return { name, extra: readId(reader), additional: readId(reader) };
    });
    readId(reader);
    reader.end();
    return { types, pallets: new Map(pallets.map((p) => [p.name, p])), extrinsic: { type, extensions } };
  } catch (cause) {
    if (cause instanceof Refusal) throw new DecodeError({ shortMessage: `Malformed runtime ${cause.message}.` });
    throw cause;
  }
}

function readType(reader: ScaleReader, position: number): TypeEntry {
  if (readId(reader) !== position) throw new Refusal('metadata: type ids have gaps');
  const path = list(reader, text);
  const parameters = new Map<string, number>();
  list(reader, () => {
    const name = text(reader);
    const type = option(reader, readId);
    if (type !== undefined) parameters.set(name, type);
  });
  const definition = readDefinition(reader);
  list(reader, text);
  return { name: path.at(-1) ?? '', parameters, definition };
}

function readDefinition(reader: ScaleReader): TypeDefinition {
  const kind = reader.u8();
  switch (kind) {
    case 0:
      return { kind: 'composite', fields: list(reader, readField) };
    case 1:
      return { kind: 'variant', variants: new Map(list(reader, readVariant).map((v) => [v.index, v])) };
    case 2:
      return { kind: 'sequence', type: readId(reader) };
    case 3: {
      const length = reader.u32();
      return { kind: 'array', length, type: readId(reader) };
    }
    case 4:
      return { kind: 'tuple', types: list(reader, readId) };
    case 5: {
      const primitive = PRIMITIVES[reader.u8()];
      if (primitive === undefined) throw new Refusal('metadata: unknown primitive');
      return { kind: 'primitive', primitive };
    }
    case 6:
      return { kind: 'compact', type: readId(reader) };
    case 7: {
      const store = readId(reader);
      readId(reader);
      return { kind: 'bits', store };
    }
    default:
      throw new Refusal(`metadata: type of unknown kind ${kind}`);
  }
}

function readField(reader: ScaleReader): Field {
  const name = option(reader, text);
  const type = readId(reader);
  option(reader, text);
  list(reader, text);
  return { name, type };
}

function readVariant(reader: ScaleReader): Variant {
  const name = text(reader);
  const fields = list(reader, readField);
  const index = reader.u8();
  list(reader, text);
  return { name, fields, index };
}

function readPallet(reader: ScaleReader): Pallet {
  const name = text(reader);
  const storage = option(reader, () => {
    const prefix = text(reader);
    return { prefix, items: new Map(list(reader, readStorageItem)) };
  });
  const calls = option(reader, readId);
  option(reader, readId);
  const constants = new Map(
    list(reader, () => {
      const constant = text(reader);
      const type = readId(reader);
      const value = reader.sized(METADATA_BYTES_MAX);
      list(reader, text);
      return [constant, { type, value }] as const;
    }),
  );
  const errors = option(reader, readId);
  const index = reader.u8();
  return {
    name,
    index,
    prefix: storage?.prefix ?? name,
    storage: storage?.items ?? new Map(),
    calls,
    constants,
    errors,
  };
}

function readStorageItem(reader: ScaleReader): readonly [string, StorageItem] {
  const name = text(reader);
  reader.u8();
  const kind = reader.u8();
  if (kind > 1) throw new Refusal('metadata: storage of unknown kind');
  const hashers = kind === 1 ? list(reader, () => reader.u8()) : [];
  const key = kind === 1 ? readId(reader) : undefined;
  const value = readId(reader);
  reader.sized(METADATA_BYTES_MAX);
  list(reader, text);
  return [name, { value, hashers, key }];
}

function list<T>(reader: ScaleReader, read: (reader: ScaleReader, index: number) => T): T[] {
  // Every item takes at least one byte.
  return Array.from({ length: reader.length(reader.remaining) }, (_, index) => read(reader, index));
}

function option<T>(reader: ScaleReader, read: (reader: ScaleReader) => T): T | undefined {
  const tag = reader.u8();
  if (tag > 1) throw new Refusal('metadata: an option is neither there nor absent');
  return tag === 1 ? read(reader) : undefined;
}

function readId(reader: ScaleReader): number {
  return reader.length(0xffff);
}

function text(reader: ScaleReader): string {
  return new TextDecoder().decode(reader.sized(METADATA_BYTES_MAX));
}
