/**
 * One runtime of a chain as its metadata describes it: reading its extrinsics, events and storage, and writing its calls.
 *
 * Reading untrusted bytes throws a `Refusal` where they do not decode. What a runtime lacks is a `ViaductError`.
 */
import { must, Refusal } from '../../light-clients/refusal.ts';
import { createScaleReader, joinBytes } from '../../light-clients/scale.ts';
import { blake2Concat128, storagePrefix, twox64Concat } from '../../light-clients/trie/index.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import {
  accountOf,
  type Codec,
  createCodec,
  type Input,
  type InputRecord,
  isStruct,
  readCompact,
  type Struct,
  type Value,
} from './codec.ts';
import { decodeMetadata, type Metadata, type Variant } from './metadata.ts';

export interface Weight {
  readonly refTime: bigint;
  /** Left out by runtimes that know no proofs. */
  readonly proofSize: bigint;
}

export interface CallValue extends Struct {
  readonly pallet: string;
  /** As the runtime spells it: `transfer_keep_alive`. */
  readonly variant: string;
}

export interface RuntimeEvent extends Struct {
  readonly pallet: string;
  readonly variant: string;
  /** The position of the extrinsic that it happened in; undefined outside of extrinsics. */
  readonly extrinsic: number | undefined;
}

export interface SignedExtrinsic {
  /** Undefined when unsigned, or signed by something that is no plain account. */
  readonly signer: Uint8Array | undefined;
  /** The encoded call, a view of the extrinsic. */
  readonly call: Uint8Array;
}

export interface Runtime {
  readonly metadata: Metadata;
  readonly codec: Codec;
  /** Of an extrinsic with its length in front, as blocks hold it. */
  readExtrinsic(bytes: Uint8Array): SignedExtrinsic;
  /** The value of `System.Events`. */
  readEvents(bytes: Uint8Array): readonly RuntimeEvent[];
  /** Pallet and name of an encoded call, without reading its arguments; undefined for one that there is not. */
  callName(bytes: Uint8Array): { readonly pallet: string; readonly name: string } | undefined;
  readCall(bytes: Uint8Array): CallValue;
  /** An encoded call. Arguments that the runtime's call does not have are left out. */
  call(pallet: string, name: string, args: InputRecord): Uint8Array;
  /** The bytes of a call that another call carries as its argument. */
  callArgument(bytes: Uint8Array, argument: string): Uint8Array | undefined;
  hasCall(pallet: string, name: string): boolean;
  /** A weight as the argument of a call takes it. */
  weightFor(pallet: string, name: string, argument: string, weight: Weight): Input;
  storageKey(pallet: string, item: string, ...keys: readonly Uint8Array[]): Uint8Array;
  readStorage(pallet: string, item: string, bytes: Uint8Array): Value;
  constant(pallet: string, name: string): Value;
  /** `Pallet.Error` of a dispatch error as events carry it. */
  errorName(error: Value | undefined): string;
}

const EXTRINSIC_BYTES_MAX = 16 * 1024 * 1024;
/** Version 4 with a signature; and without. */
const SIGNED = 0x84;
const UNSIGNED = 0x04;

export function createRuntime(metadataBytes: Uint8Array): Runtime {
  const metadata = decodeMetadata(metadataBytes);
  const codec = createCodec(metadata);
  const palletNames = new Map([...metadata.pallets.values()].map(({ index, name }) => [index, name]));
  const parameters = codec.entry(metadata.extrinsic.type).parameters;
  const parameter = (name: string): number => {
    const type = parameters.get(name);
    if (type === undefined)
      throw new ViaductError({ code: 'CONFIG_INVALID', shortMessage: `The runtime's extrinsics have no ${name}.` });
    return type;
  };
  const storageItems = new Map<string, { prefix: Uint8Array; value: number; hashers: readonly number[] }>();
  const storageItem = (
    pallet: string,
    item: string,
  ): { prefix: Uint8Array; value: number; hashers: readonly number[] } => {
    const known = storageItems.get(`${pallet}.${item}`);
    if (known !== undefined) return known;
    const holder = metadata.pallets.get(pallet);
    const found = holder?.storage.get(item);
    if (holder === undefined || found === undefined) throw lacks(`storage ${pallet}.${item}`);
    const { value, hashers } = found;
    const made = { prefix: storagePrefix(holder.prefix, item), value, hashers };
    storageItems.set(`${pallet}.${item}`, made);
    return made;
  };
  const variantsOf = (type: number | undefined): readonly Variant[] => {
    if (type === undefined) return [];
    const { definition } = codec.entry(type);
    return definition.kind === 'variant' ? [...definition.variants.values()] : [];
  };
  const callsByName = new Map<string, ReadonlyMap<string, Variant>>();
  const findCall = (pallet: string, name: string): Variant | undefined => {
    let calls = callsByName.get(pallet);
    if (calls === undefined) {
      const variants = variantsOf(metadata.pallets.get(pallet)?.calls);
      calls = new Map(variants.map((variant) => [variant.name, variant]));
      if (metadata.pallets.has(pallet)) callsByName.set(pallet, calls);
    }
    return calls.get(name);
  };

  const readExtrinsic: Runtime['readExtrinsic'] = (bytes) => {
    must(bytes.length <= EXTRINSIC_BYTES_MAX, 'extrinsic: too long');
    const reader = createScaleReader(bytes, 'extrinsic');
    must(readCompact(reader) === BigInt(reader.remaining), 'extrinsic: its length is not what it says');
    const version = reader.u8();
    if (version === UNSIGNED) return { signer: undefined, call: reader.bytes(reader.remaining) };
    must(version === SIGNED, `extrinsic: version ${version} is not read`);
    const address = codec.read(parameter('Address'), reader);
    codec.read(parameter('Signature'), reader);
    codec.read(parameter('Extra'), reader);
    return { signer: accountOf(address), call: reader.bytes(reader.remaining) };
  };

  const readEvents: Runtime['readEvents'] = (bytes) => {
    const records = codec.decode(storageItem('System', 'Events').value, bytes, 'events');
    must(Array.isArray(records), 'events: not a list');
    return (records as readonly Value[]).map((record): RuntimeEvent => {
      const [phase, outer] = isStruct(record) ? record.values : [];
      const event = isStruct(outer) ? outer.values[0] : undefined;
      must(isStruct(phase) && isStruct(outer) && isStruct(event), 'events: not a record');
      must(outer.variant !== undefined && event.variant !== undefined, 'events: not an event');
      const at = phase.variant === 'ApplyExtrinsic' ? phase.values[0] : undefined;
      const extrinsic = typeof at === 'number' ? at : undefined;
      return { pallet: outer.variant, variant: event.variant, names: event.names, values: event.values, extrinsic };
    });
  };

  const callName: Runtime['callName'] = (bytes) => {
    const pallet = palletNames.get(bytes[0] ?? -1);
    const calls = pallet === undefined ? undefined : metadata.pallets.get(pallet)?.calls;
    const variant = variantsOf(calls).find(({ index }) => index === bytes[1]);
    return pallet === undefined || variant === undefined ? undefined : { pallet, name: variant.name };
  };

  return {
    metadata,
    codec,
    readExtrinsic,
    readEvents,
    callName,
    readCall: (bytes) => {
      const outer = codec.decode(parameter('Call'), bytes, 'call');
      const inner = isStruct(outer) ? outer.values[0] : undefined;
      must(isStruct(outer) && outer.variant !== undefined, 'call: not a call');
      must(isStruct(inner) && inner.variant !== undefined, 'call: not a call of a pallet');
      return { pallet: outer.variant, variant: inner.variant, names: inner.names, values: inner.values };
    },
    call: (pallet, name, args) => {
      const index = metadata.pallets.get(pallet)?.index;
      const variant = findCall(pallet, name);
      if (index === undefined || variant === undefined) throw lacks(`call ${pallet}.${name}`);
      const parts = variant.fields.map((field) => {
        const input = args[field.name ?? ''];
        if (input === undefined) throw lacks(`call ${pallet}.${name} without the argument ${field.name ?? ''}`);
        return codec.encode(field.type, input);
      });
      return joinBytes([Uint8Array.of(index, variant.index), ...parts]);
    },
    callArgument: (bytes, argument) => {
      const name = callName(bytes);
      const variant = name === undefined ? undefined : findCall(name.pallet, name.name);
      const reader = createScaleReader(bytes, 'call');
      reader.bytes(2);
      for (const field of variant?.fields ?? []) {
        const isOpaque = codec.entry(field.type).name === 'WrapperKeepOpaque';
        const start = reader.offset;
        if (field.name === argument && isOpaque) return reader.sized(reader.remaining);
        codec.read(field.type, reader);
        if (field.name === argument) return reader.since(start);
      }
      return undefined;
    },
    hasCall: (pallet, name) => findCall(pallet, name) !== undefined,
    weightFor: (pallet, name, argument, { refTime, proofSize }) => {
      const type = findCall(pallet, name)?.fields.find((field) => field.name === argument)?.type;
      if (type === undefined) throw lacks(`argument ${argument} of ${pallet}.${name}`);
      const { kind } = codec.entry(type).definition;
      return kind === 'composite' ? { ref_time: refTime, proof_size: proofSize } : refTime;
    },
    storageKey: (pallet, item, ...keys) => {
      const { prefix, hashers } = storageItem(pallet, item);
      // Fewer keys than hashers make the prefix of all that begin with them.
      const parts = keys.map((key, index) => {
        const hasher = HASHERS[hashers[index] ?? -1];
        if (hasher === undefined) throw lacks(`known hasher for ${pallet}.${item}`);
        return hasher(key);
      });
      return joinBytes([prefix, ...parts]);
    },
    readStorage: (pallet, item, bytes) => codec.decode(storageItem(pallet, item).value, bytes, `${pallet}.${item}`),
    constant: (pallet, name) => {
      const found = metadata.pallets.get(pallet)?.constants.get(name);
      if (found === undefined) throw lacks(`constant ${pallet}.${name}`);
      return codec.decode(found.type, found.value, `${pallet}.${name}`);
    },
    errorName: (error) => {
      if (!isStruct(error)) return 'unknown';
      const [inner] = error.values;
      if (error.variant !== 'Module') {
        return isStruct(inner) && inner.variant !== undefined
          ? `${error.variant}.${inner.variant}`
          : `${error.variant}`;
      }
      // Either { index, error } or the two laid out in the variant itself.
      const parts = isStruct(inner) ? inner.values : error.values;
      const [index, code] = parts;
      const place = Number(index);
      const number = Number(code instanceof Uint8Array ? code[0] : code);
      const pallet = palletNames.get(place);
      const names = variantsOf(pallet === undefined ? undefined : metadata.pallets.get(pallet)?.errors);
      return `${pallet ?? `pallet ${place}`}.${names.find((variant) => variant.index === number)?.name ?? `error ${number}`}`;
    },
  };
}

/** `StorageHasher` by its index: Blake2_128Concat, Twox64Concat, Identity. Others name no key that can be read back. */
const HASHERS: Readonly<Record<number, (key: Uint8Array) => Uint8Array>> = {
  2: blake2Concat128,
  5: twox64Concat,
  6: (key) => key,
};

function lacks(what: string): ViaductError {
  return new ViaductError({ code: 'CONFIG_INVALID', shortMessage: `The chain's runtime has no ${what}.` });
}

/** Runs a reader of untrusted bytes: undefined where they do not decode. */
export function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Refusal) return undefined;
    throw thrown;
  }
}
