/**
 * The Keccak-256 kernel as a WebAssembly module, made by this program: nothing of it is compiled elsewhere or committed.
 *
 * For one message (`1`), and with SIMD for two at once (`2`), which then take the same number of blocks:
 *
 * | function | parameters                         | does                                                            |
 * |----------|------------------------------------|-----------------------------------------------------------------|
 * | `absorb` | a message's addresses, blocks      | takes whole blocks of 136 bytes                                 |
 * | `end`    | addresses of the rest and digests  | takes the rest with its padding, writes digests, clears states  |
 * | `link`   | prefixes, records, digests         | keccak256(32 bytes ‖ record) of a fixed length, start to end    |
 *
 * `end` reads a whole block from where the rest is and cuts it by the mask and the padding that the caller put into the
 * memory. Between messages a state is zero.
 */
import { permutation, ROUNDS, roundConstants } from './permutation.ts';
import { type Code, encodeWasm, i32, local, op, type WasmFunction } from './wasmModule.ts';
import { oneState, twoStates, type Words } from './words.ts';

/** Bytes that Keccak-256 takes at a time: 1600 bits less twice the digest's. */
export const BLOCK_BYTES = 136;
export const DIGEST_BYTES = 32;
const BLOCK_WORDS = BLOCK_BYTES / 8;
const DIGEST_WORDS = DIGEST_BYTES / 8;
const STATE_WORDS = 25;
/** Bytes of one of two inputs: a chunk of 512 packets, in whole blocks. */
export const INPUT_BYTES = 512 * BLOCK_BYTES;

/** Addresses in the kernel's memory. */
export const KERNEL_AT = {
  constants: 0,
  /** 136 bytes each: what is kept of the last block, and what is added to it. */
  mask: 192,
  padding: 328,
  state: 512,
  /** 32 bytes each, the second one behind the first. */
  digests: 1_024,
  prefixes: 1_088,
  /** `INPUT_BYTES` and a block each: the last block is read whole. */
  inputs: 2_048,
} as const;
export const INPUT_STRIDE = INPUT_BYTES + BLOCK_BYTES;

const PAGE_BYTES = 65_536;

export interface KernelOptions {
  /** Two messages at once. */
  readonly simd: boolean;
  /** What `link` takes behind the 32 bytes. */
  readonly recordBytes: number;
}

export function generateKernel({ simd, recordBytes }: KernelOptions): Uint8Array {
  const functions: WasmFunction[] = [];
  for (const words of simd ? [oneState, twoStates] : [oneState]) {
    const permute = op.call(functions.length);
    functions.push(
      permutation(`permute${words.width}`, words, KERNEL_AT.state, KERNEL_AT.constants),
      absorb(words, permute),
      end(words, permute),
      link(words, permute, recordBytes),
    );
  }
  const constants = new BigUint64Array(roundConstants());
  const bytes = new Uint8Array(8 * ROUNDS);
  const view = new DataView(bytes.buffer);
  constants.forEach((constant, index) => {
    view.setBigUint64(8 * index, constant, true);
  });
  return encodeWasm({
    pages: Math.ceil((KERNEL_AT.inputs + 2 * INPUT_STRIDE) / PAGE_BYTES),
    data: [{ at: KERNEL_AT.constants, bytes }],
    functions,
  });
}

function absorb(words: Words, permute: Code): WasmFunction {
  const messages = parametersOf(words, 0);
  const blocks = words.width;
  const body = op.loop([
    ...addBlock(words, (index) => words.gather(messages, 8 * index)),
    ...permute,
    ...messages.flatMap((message) => [...local.get(message), ...i32(BLOCK_BYTES), ...op.i32Add, ...local.set(message)]),
    ...[...local.get(blocks), ...i32(-1), ...op.i32Add, ...local.tee(blocks)],
  ]);
  return { name: `absorb${words.width}`, parameters: words.width + 1, locals: [], body };
}

function end(words: Words, permute: Code): WasmFunction {
  const rests = parametersOf(words, 0);
  const digests = parametersOf(words, 1);
  const word = 2 * words.width;
  const body = [
    ...addBlock(words, (index) => [
      ...words.gather(rests, 8 * index),
      ...[...words.loadShared(i32(KERNEL_AT.mask), 8 * index), ...words.and],
      ...[...words.loadShared(i32(KERNEL_AT.padding), 8 * index), ...words.or],
    ]),
    ...permute,
    ...giveDigests(words, digests, word),
  ];
  return { name: `end${words.width}`, parameters: 2 * words.width, locals: [[1, words.type]], body };
}

/** The length is known here, so that masks are constants and whole blocks need none. */
function link(words: Words, permute: Code, recordBytes: number): WasmFunction {
  const [prefixes, records, digests] = [parametersOf(words, 0), parametersOf(words, 1), parametersOf(words, 2)];
  const length = DIGEST_BYTES + recordBytes;
  const body: number[] = [];
  for (let from = 0; from <= length; from += BLOCK_BYTES) {
    const read = (index: number): Code | undefined => {
      const offset = from + 8 * index;
      if (offset < DIGEST_BYTES) return words.gather(prefixes, offset);
      const left = length - offset;
      const padding = paddingAt(length - from, index);
      if (left <= 0) return padding === 0n ? undefined : words.constant(padding);
      const mask = (1n << BigInt(8 * left)) - 1n;
      return [
        ...words.gather(records, offset - DIGEST_BYTES),
        ...(left >= 8 ? [] : [...words.constant(mask), ...words.and]),
        ...(padding === 0n ? [] : [...words.constant(padding), ...words.or]),
      ];
    };
    body.push(...addBlock(words, read), ...permute);
  }
  body.push(...giveDigests(words, digests, 3 * words.width));
  return { name: `link${words.width}`, parameters: 3 * words.width, locals: [[1, words.type]], body };
}

/** Keccak's padding in the word `index` of a last block with `left` bytes: 0x01 behind them, 0x80 in the block's end. */
function paddingAt(left: number, index: number): bigint {
  let padding = 0n;
  if (left >= 8 * index && left < 8 * index + 8) padding |= 1n << BigInt(8 * (left - 8 * index));
  if (left < BLOCK_BYTES && index === BLOCK_WORDS - 1) padding |= 0x80n << 56n;
  return padding;
}

/** Adds 17 words to the state; a word that is undefined is zero. */
function addBlock(words: Words, read: (index: number) => Code | undefined): Code {
  const body: number[] = [];
  for (let index = 0; index < BLOCK_WORDS; index++) {
    const value = read(index);
    if (value === undefined) continue;
    const offset = index * words.bytes;
    body.push(...i32(KERNEL_AT.state), ...i32(KERNEL_AT.state), ...words.load(offset));
    body.push(...value, ...words.xor, ...words.store(offset));
  }
  return body;
}

function giveDigests(words: Words, digests: readonly number[], word: number): Code {
  const body: number[] = [];
  for (let index = 0; index < DIGEST_WORDS; index++) {
    body.push(...i32(KERNEL_AT.state), ...words.load(index * words.bytes), ...local.set(word));
    body.push(...words.scatter(digests, 8 * index, word));
  }
  for (let index = 0; index < STATE_WORDS; index++) {
    body.push(...i32(KERNEL_AT.state), ...words.constant(0n), ...words.store(index * words.bytes));
  }
  return body;
}

/** The locals of the group-th parameter, one for each message. */
function parametersOf(words: Words, group: number): number[] {
  return Array.from({ length: words.width }, (_, index) => group * words.width + index);
}
