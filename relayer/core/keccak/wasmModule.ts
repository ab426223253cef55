/**
 * Writes a WebAssembly binary module (the format's core specification, version 1, with SIMD): as much of it as one kernel
 * needs. Functions take addresses, give nothing back, and share one memory. It proves nothing about what they compute.
 */

/** Bytes of instructions. */
export type Code = readonly number[];

export interface WasmFunction {
  /** The name that it is exported by. */
  readonly name: string;
  /** How many i32 parameters. */
  readonly parameters: number;
  /** Runs of locals after the parameters. */
  readonly locals: readonly (readonly [count: number, type: ValueType])[];
  readonly body: Code;
}

export interface WasmModule {
  /** Pages of 64 KiB of its memory, exported as `memory`. */
  readonly pages: number;
  readonly data: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  /** A call names a function by its place in this list. */
  readonly functions: readonly WasmFunction[];
}

export const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const;
export type ValueType = keyof typeof VALUE_TYPES;

const SECTIONS = { type: 1, function: 3, memory: 5, export: 7, code: 10, data: 11 } as const;
const EXPORTED = { function: 0, memory: 2 } as const;
const FUNCTION_TYPE = 0x60;
const END = 0x0b;

export function encodeWasm({ pages, data, functions }: WasmModule): Uint8Array {
  const type = ({ parameters }: WasmFunction): Code => {
    return [FUNCTION_TYPE, ...list(Array.from({ length: parameters }, () => [VALUE_TYPES.i32])), 0];
  };
  const exported = ({ name }: WasmFunction, index: number): Code => {
    return [...text(name), EXPORTED.function, ...unsigned(index)];
  };
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(SECTIONS.type, functions.map(type)),
    ...section(
      SECTIONS.function,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(SECTIONS.memory, [[0, ...unsigned(pages)]]),
    ...section(SECTIONS.export, [[...text('memory'), EXPORTED.memory, 0], ...functions.map(exported)]),
    ...section(SECTIONS.code, functions.map(encodeBody)),
    ...section(
      SECTIONS.data,
      data.map(({ at, bytes }) => [0, ...i32(at), END, ...unsigned(bytes.length), ...bytes]),
    ),
  );
}

function encodeBody({ locals, body }: WasmFunction): Code {
  const runs = locals.map(([count, type]) => [...unsigned(count), VALUE_TYPES[type]]);
  const code = [...list(runs), ...body, END];
  return [...unsigned(code.length), ...code];
}

function section(id: number, entries: readonly Code[]): Code {
  const content = list(entries);
  return [id, ...unsigned(content.length), ...content];
}

function list(entries: readonly Code[]): Code {
  return [...unsigned(entries.length), ...entries.flat()];
}

function text(name: string): Code {
  return [...unsigned(name.length), ...new TextEncoder().encode(name)];
}

/** LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function signed(value: bigint): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    const next = rest >> 7n;
    if ((next === 0n && low < 0x40) || (next === -1n && low >= 0x40)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** Where bytes are read or written, beside the address on the stack. Nothing is assumed about alignment. */
function at(offset: number): Code {
  return [0, ...unsigned(offset)];
}

const SIMD = 0xfd;

/** Pushes a constant. */
export function i32(value: number): Code {
  return [0x41, ...signed(BigInt(value))];
}

export function i64(value: bigint): Code {
  return [0x42, ...signed(BigInt.asIntN(64, value))];
}

export const local = {
  get: (index: number): Code => [0x20, ...unsigned(index)],
  set: (index: number): Code => [0x21, ...unsigned(index)],
  tee: (index: number): Code => [0x22, ...unsigned(index)],
};

/** Instructions by the specification's names, `.` left out. */
export const op = {
  call: (index: number): Code => [0x10, ...unsigned(index)],
  /** Runs `body` until it leaves zero on the stack. */
  loop: (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, END],
  i32Add: [0x6a],
  i32LtU: [0x49],
  i64Load: (offset: number): Code => [0x29, ...at(offset)],
  i64Store: (offset: number): Code => [0x37, ...at(offset)],
  i64And: [0x83],
  i64Or: [0x84],
  i64Xor: [0x85],
  i64Rotl: [0x89],
  v128Load: (offset: number): Code => [SIMD, 0x00, ...at(offset)],
  v128Load64Splat: (offset: number): Code => [SIMD, 0x0a, ...at(offset)],
  v128Store: (offset: number): Code => [SIMD, 0x0b, ...at(offset)],
  v128Load64Lane: (offset: number, lane: number): Code => [SIMD, 0x57, ...at(offset), lane],
  v128Store64Lane: (offset: number, lane: number): Code => [SIMD, 0x5b, ...at(offset), lane],
  v128Load64Zero: (offset: number): Code => [SIMD, 0x5d, ...at(offset)],
  v128Const: (bytes: Code): Code => [SIMD, 0x0c, ...bytes],
  i8x16Shuffle: (places: Code): Code => [SIMD, 0x0d, ...places],
  v128And: [SIMD, 0x4e],
  /** a & ~b, b on top. */
  v128AndNot: [SIMD, 0x4f],
  v128Or: [SIMD, 0x50],
  v128Xor: [SIMD, 0x51],
  i64x2Shl: [SIMD, 0xcb, 0x01],
  i64x2ShrU: [SIMD, 0xcd, 0x01],
} as const;
