/**
 * What the chain needs of a runtime's own metadata (version 14): indexes of calls, hashers of storage maps, constants,
 * and where a field lies in a struct.
 *
 * Source: frame-metadata v14, scale-info `PortableRegistry`.
 */
import { createScaleReader, type ScaleReader } from '../../../../light-clients/scale.ts';

export interface Metadata {
  /** Pallet index and call index: the first two bytes of an encoded call. */
  callIndex(pallet: string, call: string): Uint8Array;
  /** Arguments of a call, in order; undefined where the runtime has no such call. */
  callArguments(pallet: string, call: string): readonly CallArgument[] | undefined;
  /** Hasher numbers of a storage map's keys; none for a plain value. */
  hashers(pallet: string, item: string): readonly number[];
  hasStorage(pallet: string, item: string): boolean;
  hasPallet(pallet: string): boolean;
  constant(pallet: string, name: string): Uint8Array;
  /** A field of the struct that a storage item holds and what comes after it: `value` without what is in front. */
  fieldFrom(pallet: string, item: string, field: string, value: Uint8Array): Uint8Array;
  /** Names of the fields of the struct that a storage item holds. */
  fields(pallet: string, item: string): readonly string[];
  /** Names of the fields of the struct that is the named field of what a storage item holds. */
  fieldsWithin(pallet: string, item: string, field: string): readonly string[];
  /** In the order in which a signed transaction carries them. */
  readonly signedExtensions: readonly string[];
}

export interface CallArgument {
  readonly name: string | undefined;
  readonly kind: TypeDef['kind'];
}

interface Field {
  readonly name: string | undefined;
  readonly type: number;
}

interface Variant {
  readonly name: string;
  readonly index: number;
  readonly fields: readonly Field[];
}

type TypeDef =
  | { readonly kind: 'composite'; readonly fields: readonly Field[] }
  | { readonly kind: 'variant'; readonly variants: readonly Variant[] }
  | { readonly kind: 'array'; readonly length: number; readonly type: number }
  | { readonly kind: 'tuple'; readonly types: readonly number[] }
  | { readonly kind: 'primitive'; readonly index: number }
  | { readonly kind: 'sequence'; readonly type: number }
  | { readonly kind: 'compact' | 'bits' };

interface StorageEntry {
  readonly hashers: readonly number[];
  readonly type: number;
}

interface Pallet {
  readonly index: number;
  readonly calls: number | undefined;
  readonly storage: ReadonlyMap<string, StorageEntry>;
  readonly constants: ReadonlyMap<string, Uint8Array>;
}

const ITEMS_MAX = 1 << 20;
const MAGIC = 0x6174656d;
/** bool, char, str, u8..u256, i8..i256 */
const PRIMITIVE_SIZES = [1, 4, undefined, 1, 2, 4, 8, 16, 32, 1, 2, 4, 8, 16, 32];

export function readMetadata(bytes: Uint8Array): Metadata {
  const reader = createScaleReader(bytes, 'metadata');
  if (reader.u32() !== MAGIC || reader.u8() !== 14) throw new Error('metadata: not version 14');
  const types = new Map(vector(reader, () => [Number(reader.compact()), readType(reader)] as const));
  const pallets = new Map(vector(reader, () => readPallet(reader)));
  reader.compact();
  reader.u8();
  const signedExtensions = vector(reader, () => {
    const identifier = text(reader);
    reader.compact();
    reader.compact();
    return identifier;
  });

  const palletOf = (name: string): Pallet => must(pallets.get(name), `pallet ${name}`);
  const storageOf = (pallet: string, item: string): StorageEntry =>
    must(palletOf(pallet).storage.get(item), `storage ${pallet}.${item}`);
  const fieldsOf = (id: number): readonly Field[] => {
    const type = types.get(id);
    return type?.kind === 'composite' ? type.fields : [];
  };
  const skip = (id: number, value: ScaleReader): void => {
    const type = must(types.get(id), `type ${id}`);
    switch (type.kind) {
      case 'composite':
        for (const field of type.fields) skip(field.type, value);
        return;
      case 'variant': {
        const index = value.u8();
        const variant = must(
          type.variants.find((one) => one.index === index),
          `variant ${index} of type ${id}`,
        );
        for (const field of variant.fields) skip(field.type, value);
        return;
      }
      case 'tuple':
        for (const part of type.types) skip(part, value);
        return;
      case 'array':
        for (let left = type.length; left > 0; left--) skip(type.type, value);
        return;
      case 'sequence':
        for (let left = value.length(ITEMS_MAX); left > 0; left--) skip(type.type, value);
        return;
      case 'primitive':
        // A text carries its length.
        value.bytes(PRIMITIVE_SIZES[type.index] ?? value.length(ITEMS_MAX));
        return;
      case 'compact':
        value.compact();
        return;
      case 'bits':
        value.bytes(Math.ceil(value.length(ITEMS_MAX) / 8));
    }
  };

  const callOf = (pallet: string, call: string): Variant | undefined => {
    const type = types.get(palletOf(pallet).calls ?? -1);
    return type?.kind === 'variant' ? type.variants.find(({ name }) => name === call) : undefined;
  };

  return {
    signedExtensions,
    callIndex: (pallet, call) =>
      Uint8Array.of(palletOf(pallet).index, must(callOf(pallet, call), `call ${pallet}.${call}`).index),
    callArguments: (pallet, call) =>
      callOf(pallet, call)?.fields.map(({ name, type }) => ({
        name,
        kind: must(types.get(type), `type ${type}`).kind,
      })),
    hashers: (pallet, item) => storageOf(pallet, item).hashers,
    hasPallet: (pallet) => pallets.has(pallet),
    hasStorage: (pallet, item) => pallets.get(pallet)?.storage.has(item) === true,
    constant: (pallet, name) => must(palletOf(pallet).constants.get(name), `constant ${pallet}.${name}`),
    fields: (pallet, item) => fieldsOf(storageOf(pallet, item).type).map(({ name }) => name ?? ''),
    fieldsWithin: (pallet, item, field) => {
      const outer = fieldsOf(storageOf(pallet, item).type).find(({ name }) => name === field);
      return fieldsOf(must(outer, `field ${field} of ${pallet}.${item}`).type).map(({ name }) => name ?? '');
    },
    fieldFrom: (pallet, item, field, value) => {
      const fields = fieldsOf(storageOf(pallet, item).type);
      const at = fields.findIndex(({ name }) => name === field);
      must(fields[at], `field ${field} of ${pallet}.${item}`);
      const within = createScaleReader(value, `${pallet}.${item}`);
      for (const before of fields.slice(0, at)) skip(before.type, within);
      return value.subarray(within.offset);
    },
  };
}

function readType(reader: ScaleReader): TypeDef {
  texts(reader);
  vector(reader, () => [text(reader), option(reader, () => reader.compact())]);
  const def = readTypeDef(reader);
  texts(reader);
  return def;
}

function readTypeDef(reader: ScaleReader): TypeDef {
  const id = (): number => Number(reader.compact());
  const kind = reader.u8();
  switch (kind) {
    case 0:
      return { kind: 'composite', fields: vector(reader, () => readField(reader)) };
    case 1: {
      const variants = vector(reader, () => {
        const name = text(reader);
        const fields = vector(reader, () => readField(reader));
        const index = reader.u8();
        texts(reader);
        return { name, index, fields };
      });
      return { kind: 'variant', variants };
    }
    case 3:
      return { kind: 'array', length: reader.u32(), type: id() };
    case 4:
      return { kind: 'tuple', types: vector(reader, id) };
    case 5:
      return { kind: 'primitive', index: reader.u8() };
    case 2:
      return { kind: 'sequence', type: id() };
    case 6:
      id();
      return { kind: 'compact' };
    case 7:
      id();
      id();
      return { kind: 'bits' };
    default:
      throw new Error(`metadata: type definition ${kind}`);
  }
}

function readField(reader: ScaleReader): Field {
  const name = option(reader, () => text(reader));
  const type = Number(reader.compact());
  option(reader, () => text(reader));
  texts(reader);
  return { name, type };
}

function readPallet(reader: ScaleReader): readonly [string, Pallet] {
  const name = text(reader);
  const storage = option(reader, () => {
    text(reader);
    return vector(reader, () => readStorageEntry(reader));
  });
  const calls = option(reader, () => Number(reader.compact()));
  option(reader, () => reader.compact());
  const constants = vector(reader, () => {
    const constant = text(reader);
    reader.compact();
    const value = reader.sized(ITEMS_MAX);
    texts(reader);
    return [constant, value] as const;
  });
  option(reader, () => reader.compact());
  const index = reader.u8();
  return [name, { index, calls, storage: new Map(storage ?? []), constants: new Map(constants) }];
}

function readStorageEntry(reader: ScaleReader): readonly [string, StorageEntry] {
  const name = text(reader);
  reader.u8();
  const map = reader.u8() === 1;
  const hashers = map ? vector(reader, () => reader.u8()) : [];
  if (map) reader.compact();
  const type = Number(reader.compact());
  reader.sized(ITEMS_MAX);
  texts(reader);
  return [name, { hashers, type }];
}

function vector<T>(reader: ScaleReader, read: () => T): T[] {
  return Array.from({ length: reader.length(ITEMS_MAX) }, read);
}

function option<T>(reader: ScaleReader, read: () => T): T | undefined {
  return reader.u8() === 1 ? read() : undefined;
}

function text(reader: ScaleReader): string {
  return Buffer.from(reader.sized(ITEMS_MAX)).toString('utf8');
}

function texts(reader: ScaleReader): string[] {
  return vector(reader, () => text(reader));
}

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`metadata: there is no ${what}`);
  return value;
}
