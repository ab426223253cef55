/**
 * What the chain needs of a runtime's own metadata (version 14): indexes of calls, hashers of storage maps, constants,
 * and where a field lies in a struct of fixed-size fields.
 *
 * Source: frame-metadata v14, scale-info `PortableRegistry`.
 */
import { createScaleReader, type ScaleReader } from '../../../../light-clients/scale.ts';

export interface Metadata {
  /** Pallet index and call index: the first two bytes of an encoded call. */
  callIndex(pallet: string, call: string): Uint8Array;
  /** Hasher numbers of a storage map's keys; none for a plain value. */
  hashers(pallet: string, item: string): readonly number[];
  hasStorage(pallet: string, item: string): boolean;
  constant(pallet: string, name: string): Uint8Array;
  /** Offset of a field of the struct that a storage item holds. */
  fieldOffset(pallet: string, item: string, field: string): number;
  /** Names of the fields of the struct that is the named field of what a storage item holds. */
  fieldsWithin(pallet: string, item: string, field: string): readonly string[];
  /** In the order in which a signed transaction carries them. */
  readonly signedExtensions: readonly string[];
}

interface Field {
  readonly name: string | undefined;
  readonly type: number;
}

type TypeDef =
  | { readonly kind: 'composite'; readonly fields: readonly Field[] }
  | { readonly kind: 'variant'; readonly variants: readonly { readonly name: string; readonly index: number }[] }
  | { readonly kind: 'array'; readonly length: number; readonly type: number }
  | { readonly kind: 'tuple'; readonly types: readonly number[] }
  | { readonly kind: 'primitive'; readonly index: number }
  | { readonly kind: 'unsized' };

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
  const sizeOf = (id: number): number => {
    const type = must(types.get(id), `type ${id}`);
    switch (type.kind) {
      case 'composite':
        return type.fields.reduce((sum, field) => sum + sizeOf(field.type), 0);
      case 'tuple':
        return type.types.reduce((sum, part) => sum + sizeOf(part), 0);
      case 'array':
        return type.length * sizeOf(type.type);
      case 'primitive':
        return must(PRIMITIVE_SIZES[type.index], 'size of a text');
      default:
        throw new Error(`metadata: type ${id} has no fixed size`);
    }
  };

  return {
    signedExtensions,
    callIndex: (pallet, call) => {
      const { calls, index } = palletOf(pallet);
      const type = types.get(calls ?? -1);
      const variant = type?.kind === 'variant' ? type.variants.find(({ name }) => name === call) : undefined;
      return Uint8Array.of(index, must(variant, `call ${pallet}.${call}`).index);
    },
    hashers: (pallet, item) => storageOf(pallet, item).hashers,
    hasStorage: (pallet, item) => pallets.get(pallet)?.storage.has(item) === true,
    constant: (pallet, name) => must(palletOf(pallet).constants.get(name), `constant ${pallet}.${name}`),
    fieldsWithin: (pallet, item, field) => {
      const outer = fieldsOf(storageOf(pallet, item).type).find(({ name }) => name === field);
      return fieldsOf(must(outer, `field ${field} of ${pallet}.${item}`).type).map(({ name }) => name ?? '');
    },
    fieldOffset: (pallet, item, field) => {
      const fields = fieldsOf(storageOf(pallet, item).type);
      const at = fields.findIndex(({ name }) => name === field);
      must(fields[at], `field ${field} of ${pallet}.${item}`);
      return fields.slice(0, at).reduce((sum, before) => sum + sizeOf(before.type), 0);
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
        vector(reader, () => readField(reader));
        const index = reader.u8();
        texts(reader);
        return { name, index };
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
    case 6:
      id();
      return { kind: 'unsized' };
    case 7:
      id();
      id();
      return { kind: 'unsized' };
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
