/**
 * What Keccak's 64-bit words are made of in WebAssembly: one state in i64, or two states side by side in v128, so that one
 * instruction works on both. The emitters in this folder are written once over this.
 */
import { type Code, i32, i64, local, op, type ValueType } from './wasmModule.ts';

export interface Words {
  readonly type: ValueType;
  /** Bytes of a word in the state's memory: one state's, or both. */
  readonly bytes: number;
  /** How many messages it works on. */
  readonly width: 1 | 2;
  readonly xor: Code;
  readonly and: Code;
  readonly or: Code;
  /** `[address] -> [word]` of a state. */
  load(offset: number): Code;
  /** `[address, word] -> []` of a state. */
  store(offset: number): Code;
  /** The same number for every state. */
  loadShared(address: Code, offset: number): Code;
  constant(value: bigint): Code;
  /** The word at an offset of each message; `messages` are the locals that hold their addresses. */
  gather(messages: readonly number[], offset: number): Code;
  /** Writes the word in local `word` to an offset of each of the addresses. */
  scatter(addresses: readonly number[], offset: number, word: number): Code;
  /** `[word] -> [word]`, to the left; `scratch` is a local that it may use. */
  rotate(bits: number, scratch: number): Code;
  /** Pushes ~a & b. */
  notAnd(a: number, b: number): Code;
}

export const oneState: Words = {
  type: 'i64',
  bytes: 8,
  width: 1,
  xor: op.i64Xor,
  and: op.i64And,
  or: op.i64Or,
  load: op.i64Load,
  store: op.i64Store,
  loadShared: (address, offset) => [...address, ...op.i64Load(offset)],
  constant: i64,
  gather: ([a], offset) => [...local.get(known(a)), ...op.i64Load(offset)],
  scatter: ([a], offset, word) => [...local.get(known(a)), ...local.get(word), ...op.i64Store(offset)],
  rotate: (bits) => (bits === 0 ? [] : [...i64(BigInt(bits)), ...op.i64Rotl]),
  notAnd: (a, b) => [...local.get(a), ...i64(-1n), ...op.i64Xor, ...local.get(b), ...op.i64And],
};

export const twoStates: Words = {
  type: 'v128',
  bytes: 16,
  width: 2,
  xor: op.v128Xor,
  and: op.v128And,
  or: op.v128Or,
  load: op.v128Load,
  store: op.v128Store,
  loadShared: (address, offset) => [...address, ...op.v128Load64Splat(offset)],
  constant: (value) => op.v128Const([...littleEndian(value), ...littleEndian(value)]),
  gather: ([a, b], offset) => [
    ...local.get(known(b)),
    ...[...local.get(known(a)), ...op.v128Load64Zero(offset)],
    ...op.v128Load64Lane(offset, 1),
  ],
  scatter: ([a, b], offset, word) => [
    ...[...local.get(known(a)), ...local.get(word), ...op.v128Store64Lane(offset, 0)],
    ...[...local.get(known(b)), ...local.get(word), ...op.v128Store64Lane(offset, 1)],
  ],
  rotate: (bits, scratch) => {
    if (bits === 0) return [];
    // Whole bytes: one instruction instead of three.
    if (bits % 8 === 0) return [...local.tee(scratch), ...local.get(scratch), ...op.i8x16Shuffle(byteTurn(bits / 8))];
    return [
      ...[...local.tee(scratch), ...i32(bits), ...op.i64x2Shl],
      ...[...local.get(scratch), ...i32(64 - bits), ...op.i64x2ShrU],
      ...op.v128Or,
    ];
  },
  notAnd: (a, b) => [...local.get(b), ...local.get(a), ...op.v128AndNot],
};

function byteTurn(bytes: number): Code {
  return Array.from({ length: 16 }, (_, place) => (place & 8) | ((place - bytes) & 7));
}

function littleEndian(value: bigint): Code {
  return Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

function known(index: number | undefined): number {
  return index ?? Number.NaN;
}
