/**
 * SCALE by a runtime's own types: any value that its metadata describes, read and written.
 *
 * Reading is strict and bounded: what does not decode throws a `Refusal`. A composite of one field is the field, so a
 * 32-byte account is its bytes whatever wraps it; sequences and arrays of bytes are bytes.
 */
import { Refusal } from '../../light-clients/refusal.ts';
import { compactBytes, createScaleReader, joinBytes, type ScaleReader, sizedBytes } from '../../light-clients/scale.ts';
import { assert } from '../../relayer/core/errors.ts';
import type { Field, Metadata, Primitive, TypeEntry, Variant } from './metadata.ts';

/** 8 to 32 bits are numbers, wider ones and compacts bigints. */
export type Value = boolean | number | bigint | string | Uint8Array | readonly Value[] | Struct;

/** A composite of several fields, or a variant with its fields. */
export interface Struct {
  readonly variant: string | undefined;
  readonly names: readonly (string | undefined)[];
  readonly values: readonly Value[];
}

/** What is written: records for composites, `{ Name: value }` or `'Name'` for variants, bytes for anything encoded already. */
export type Input = boolean | number | bigint | string | Uint8Array | readonly Input[] | InputRecord;
export interface InputRecord {
  readonly [name: string]: Input;
}

export interface Codec {
  read(type: number, reader: ScaleReader): Value;
  /** Reads exactly these bytes. Throws `Refusal`. */
  decode(type: number, bytes: Uint8Array, what: string): Value;
  encode(type: number, input: Input): Uint8Array;
  entry(type: number): TypeEntry;
}

type ReadValue = (reader: ScaleReader, depth: number) => Value;
type ReadAt = (type: number, reader: ScaleReader, depth: number) => Value;

/** Real values nest a dozen deep; deeper ones are calls that somebody made to be deep. */
const DEPTH_MAX = 48;
/** Items of one sequence: three times the events of a full relay block. */
const ITEMS_MAX = 200_000;

export function createCodec(metadata: Metadata): Codec {
  const entry = (type: number): TypeEntry => {
    const found = metadata.types[type];
    if (found === undefined) throw new Refusal(`the metadata has no type ${type}`);
    return found;
  };
  const isByte = (type: number): boolean => {
    const { definition } = entry(type);
    return definition.kind === 'primitive' && definition.primitive === 'u8';
  };

  /** One for each type, made when it is first met: what a type is was looked up then, and never for a value. */
  const readers: (ReadValue | undefined)[] = [];
  const readAt: ReadAt = (type, reader, depth) => {
    if (depth > DEPTH_MAX) throw new Refusal('a value nests too deep');
    return (readers[type] ??= readerOf(type))(reader, depth);
  };

  /** The values of the fields, of which a refusal in the middle leaves nothing. */
  const fieldsReader = (fields: readonly Field[]): ((reader: ScaleReader, depth: number) => Value[]) => {
    const types = fields.map(({ type }) => type);
    return (reader, depth) => {
      const values: Value[] = [];
      for (const type of types) values.push(readAt(type, reader, depth));
      return values;
    };
  };

  const manyReader = (type: number): ((count: number, reader: ScaleReader, depth: number) => Value) => {
    if (isByte(type)) return (count, reader) => new Uint8Array(reader.bytes(count));
    return (count, reader, depth) => {
      const values: Value[] = [];
      for (let i = 0; i < count; i++) values.push(readAt(type, reader, depth));
      return values;
    };
  };

  function readerOf(type: number): ReadValue {
    const { definition } = entry(type);
    switch (definition.kind) {
      case 'composite': {
        const { fields } = definition;
        const names = fields.map(({ name }) => name);
        const [only] = fields;
        if (fields.length === 1 && only !== undefined) return (reader, depth) => readAt(only.type, reader, depth + 1);
        const readFields = fieldsReader(fields);
        return (reader, depth) => ({ variant: undefined, names, values: readFields(reader, depth + 1) });
      }
      case 'variant': {
        const known = [...definition.variants].map(([index, { name, fields }]) => {
          const names = fields.map((field) => field.name);
          return [index, { name, names, readFields: fieldsReader(fields) }] as const;
        });
        const variants = new Map(known);
        return (reader, depth) => {
          const index = reader.u8();
          const variant = variants.get(index);
          if (variant === undefined) throw new Refusal(`a variant has no index ${index}`);
          return { variant: variant.name, names: variant.names, values: variant.readFields(reader, depth + 1) };
        };
      }
      case 'sequence': {
        const readMany = manyReader(definition.type);
        const isBytes = isByte(definition.type);
        // Bytes are bounded by what is left.
        return (reader, depth) => readMany(reader.length(isBytes ? reader.remaining : ITEMS_MAX), reader, depth + 1);
      }
      case 'array': {
        const { length } = definition;
        const readMany = manyReader(definition.type);
        return (reader, depth) => readMany(length, reader, depth + 1);
      }
      case 'tuple': {
        const { types } = definition;
        return (reader, depth) => types.map((item) => readAt(item, reader, depth + 1));
      }
      case 'primitive': {
        const { primitive } = definition;
        return (reader) => readPrimitive(primitive, reader);
      }
      case 'compact':
        return readCompact;
      case 'bits': {
        const store = entry(definition.store).definition;
        const width = store.kind === 'primitive' ? Number(/\d+$/.exec(store.primitive)?.[0] ?? 8) : 8;
        return (reader) => new Uint8Array(reader.bytes(Math.ceil(reader.length(ITEMS_MAX) / width) * (width / 8)));
      }
    }
  }

  function write(type: number, input: Input): Uint8Array {
    const { definition, name } = entry(type);
    // A call in an opaque wrapper: its length stands before it.
    if (name === 'WrapperKeepOpaque' && input instanceof Uint8Array) return sizedBytes(input);
    switch (definition.kind) {
      case 'composite': {
        const { fields } = definition;
        const [only] = fields;
        if (fields.length === 1 && only !== undefined && only.name === undefined) return write(only.type, input);
        return writeFields(fields, input, name);
      }
      case 'variant': {
        const [wanted, inner] = variantOf(definition.variants, input);
        // Bytes for a variant that is no address: encoded already.
        if (wanted === undefined) return inner as Uint8Array;
        return joinBytes([Uint8Array.of(wanted.index), writeFields(wanted.fields, inner, wanted.name)]);
      }
      case 'sequence': {
        if (input instanceof Uint8Array && isByte(definition.type)) return sizedBytes(input);
        assert(Array.isArray(input), 'a list');
        const items = input as readonly Input[];
        return joinBytes([compactBytes(items.length), ...items.map((item) => write(definition.type, item))]);
      }
      case 'array':
        assert(input instanceof Uint8Array && input.length === definition.length, 'bytes of the length of the array');
        return input;
      case 'tuple': {
        assert(Array.isArray(input) && input.length === definition.types.length, 'an item for each of the tuple');
        return joinBytes(definition.types.map((item, index) => write(item, (input as readonly Input[])[index] ?? 0)));
      }
      case 'primitive':
        return writePrimitive(definition.primitive, input);
      case 'compact':
        assert(typeof input === 'number' || typeof input === 'bigint', 'a number');
        return writeCompact(BigInt(input));
      case 'bits':
        throw new Refusal('bit sequences are not written');
    }
  }

  function writeFields(fields: readonly Field[], input: Input, what: string): Uint8Array {
    if (Array.isArray(input)) {
      const items = input as readonly Input[];
      assert(items.length === fields.length, `${what}: a value for each field`);
      return joinBytes(fields.map(({ type }, index) => write(type, items[index] ?? 0)));
    }
    const [only] = fields;
    if (fields.length === 1 && only !== undefined && (only.name === undefined || !hasField(input, only.name))) {
      return write(only.type, input);
    }
    return joinBytes(
      fields.map(({ name, type }) => {
        const value = name === undefined ? undefined : (input as InputRecord)[name];
        assert(value !== undefined, `${what}: a value for ${name ?? 'a field'}`);
        return write(type, value);
      }),
    );
  }

  return {
    entry,
    read: (type, reader) => readAt(type, reader, 0),
    decode: (type, bytes, what) => {
      const reader = createScaleReader(bytes, what);
      const value = readAt(type, reader, 0);
      reader.end();
      return value;
    },
    encode: write,
  };
}

/** A field by its name, or by its place where the runtime names none. */
export function fieldOf(struct: Struct, name: string, position: number): Value | undefined {
  const index = struct.names.indexOf(name);
  if (index >= 0) return struct.values[index];
  return struct.names[position] === undefined ? struct.values[position] : undefined;
}

export function isStruct(value: Value | undefined): value is Struct {
  return typeof value === 'object' && !(value instanceof Uint8Array) && 'names' in value;
}

/** The 32 bytes of an account: as they are, or as `MultiAddress::Id`. Undefined for every other way to name one. */
export function accountOf(value: Value | undefined): Uint8Array | undefined {
  const bytes = isStruct(value) && value.variant === 'Id' ? value.values[0] : value;
  return bytes instanceof Uint8Array && bytes.length === 32 ? bytes : undefined;
}

/** An amount or id, whatever its width. */
export function integerOf(value: Value | undefined): bigint | undefined {
  return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : undefined;
}

function hasField(input: Input, name: string): boolean {
  return typeof input === 'object' && !(input instanceof Uint8Array) && name in input;
}

/** The variant that an input names; an account where addresses have variants is `Id`. */
function variantOf(variants: ReadonlyMap<number, Variant>, input: Input): [Variant | undefined, Input] {
  if (input instanceof Uint8Array) {
    const id = input.length === 32 ? variantNamed(variants, 'Id') : undefined;
    return [id, input];
  }
  if (typeof input === 'string') {
    const variant = variantNamed(variants, input);
    assert(variant?.fields.length === 0, `a variant ${input} without fields`);
    return [variant, []];
  }
  const [name, inner] = Object.entries(input as InputRecord)[0] ?? [];
  const variant = name === undefined ? undefined : variantNamed(variants, name);
  assert(variant !== undefined && inner !== undefined, `a variant ${name ?? ''}`);
  return [variant, inner];
}

function variantNamed(variants: ReadonlyMap<number, Variant>, name: string): Variant | undefined {
  for (const item of variants.values()) if (item.name === name) return item;
  return undefined;
}

function readPrimitive(primitive: Primitive, reader: ScaleReader): Value {
  switch (primitive) {
    case 'bool': {
      const byte = reader.u8();
      if (byte > 1) throw new Refusal('a bool is neither true nor false');
      return byte === 1;
    }
    case 'str':
      return new TextDecoder().decode(reader.sized(reader.remaining));
    case 'u8':
    case 'i8':
      return reader.u8();
    case 'u16':
    case 'i16':
      return reader.u16();
    case 'u32':
    case 'i32':
    case 'char':
      return reader.u32();
    case 'u64':
    case 'i64':
      return reader.u64();
    case 'u128':
    case 'i128':
      return fromLittleEndian(reader.bytes(16));
    case 'u256':
    case 'i256':
      return fromLittleEndian(reader.bytes(32));
  }
}

const WIDTHS: Readonly<Partial<Record<Primitive, number>>> = { u8: 1, u16: 2, u32: 4, u64: 8, u128: 16 };

function writePrimitive(primitive: Primitive, input: Input): Uint8Array {
  if (primitive === 'bool') return Uint8Array.of(input === true ? 1 : 0);
  const width = WIDTHS[primitive];
  assert(width !== undefined && (typeof input === 'number' || typeof input === 'bigint'), `a ${primitive}`);
  return littleEndian(BigInt(input), width);
}

/** A compact integer of up to 128 bits in its one spelling. */
export function readCompact(reader: ScaleReader): bigint {
  const first = reader.u8();
  const mode = first & 3;
  if (mode === 0) return BigInt(first >>> 2);
  if (mode < 3) {
    const bytes = Uint8Array.of(first, ...reader.bytes([0, 1, 3][mode] ?? 0));
    const value = fromLittleEndian(bytes) >> 2n;
    if (value < 1n << BigInt([0, 6, 14][mode] ?? 0)) throw new Refusal('a compact integer is not shortest');
    return value;
  }
  const count = (first >>> 2) + 4;
  if (count > 16) throw new Refusal('a compact integer is wider than 128 bits');
  const bytes = reader.bytes(count);
  const value = fromLittleEndian(bytes);
  if (bytes[count - 1] === 0 || value < 1n << 30n) throw new Refusal('a compact integer is not shortest');
  return value;
}

export function writeCompact(value: bigint): Uint8Array {
  if (value < 1n << 64n) return compactBytes(value);
  let count = 8;
  while (value >> BigInt(8 * count) !== 0n) count++;
  return joinBytes([Uint8Array.of(((count - 4) << 2) | 3), littleEndian(value, count)]);
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 16) return fromWords(bytes);
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/** Amounts are 128 bits, and the upper half of nearly all of them is empty. */
function fromWords(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const [low, high] = [view.getBigUint64(0, true), view.getBigUint64(8, true)];
  return high === 0n ? low : (high << 64n) | low;
}

export function littleEndian(value: bigint, width: number): Uint8Array {
  assert(value >= 0n && value < 1n << BigInt(8 * width), `an unsigned integer of ${width} bytes`);
  const bytes = new Uint8Array(width);
  const view = new DataView(bytes.buffer);
  if (width === 8) view.setBigUint64(0, value, true);
  else if (width === 16) {
    view.setBigUint64(0, value & 0xffff_ffff_ffff_ffffn, true);
    view.setBigUint64(8, value >> 64n, true);
  } else for (let i = 0, rest = value; i < width; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}
