/**
 * The engine over the generated kernel. Its memory holds one piece of input at a time; longer messages go through in
 * several. Nothing here waits, so no two calls meet in that memory.
 */
import { PACKET_BYTES } from '../limits.ts';
import type { HashChain, KeccakEngine } from './engine.ts';
import { BLOCK_BYTES, DIGEST_BYTES, generateKernel, INPUT_BYTES, INPUT_STRIDE, KERNEL_AT } from './generateKernel.ts';

/** What hosts of WebAssembly offer, as far as it is used here. */
interface WebAssemblyHost {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

type Exports = OneMessage & Partial<TwoMessages> & { readonly memory: { readonly buffer: ArrayBuffer } };

interface OneMessage {
  absorb1(message: number, blocks: number): void;
  end1(rest: number, digest: number): void;
  link1(prefix: number, record: number, digest: number): void;
}

interface TwoMessages {
  absorb2(messageA: number, messageB: number, blocks: number): void;
  end2(restA: number, restB: number, digestA: number, digestB: number): void;
  link2(prefixA: number, prefixB: number, recordA: number, recordB: number, digestA: number, digestB: number): void;
}

const [INPUT_A, INPUT_B] = [KERNEL_AT.inputs, KERNEL_AT.inputs + INPUT_STRIDE];
const [DIGEST_A, DIGEST_B] = [KERNEL_AT.digests, KERNEL_AT.digests + DIGEST_BYTES];
const [PREFIX_A, PREFIX_B] = [KERNEL_AT.prefixes, KERNEL_AT.prefixes + DIGEST_BYTES];
/** Digests that the place of an input holds. */
const DIGESTS_MAX = Math.floor(INPUT_BYTES / DIGEST_BYTES);
/** Records of one piece of input. */
const RECORDS_MAX = Math.floor(INPUT_BYTES / PACKET_BYTES);

/** Throws when the host has no WebAssembly, or none with SIMD when that is asked for. */
export function createWasmEngine({ simd }: { readonly simd: boolean }): KeccakEngine {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyHost };
  const module = new WebAssembly.Module(generateKernel({ simd, recordBytes: PACKET_BYTES }));
  const { memory, ...kernel } = new WebAssembly.Instance(module).exports as Exports;
  const bytes = new Uint8Array(memory.buffer);
  const { absorb1, end1, link1, absorb2, end2, link2 } = kernel;
  const two = absorb2 && end2 && link2 ? { absorb2, end2, link2 } : undefined;
  let restLength = -1;

  /** Has `end` take so many bytes of what is there. */
  function setRest(length: number): void {
    if (length === restLength) return;
    restLength = length;
    bytes.fill(0xff, KERNEL_AT.mask, KERNEL_AT.mask + length);
    bytes.fill(0, KERNEL_AT.mask + length, KERNEL_AT.padding + BLOCK_BYTES);
    bytes[KERNEL_AT.padding + length] = 0x01;
    const last = KERNEL_AT.padding + BLOCK_BYTES - 1;
    bytes[last] = (bytes[last] as number) | 0x80;
  }

  function take(address: number): Uint8Array {
    return bytes.slice(address, address + DIGEST_BYTES);
  }

  /** Takes `length` bytes at input A as the message's end. */
  function endOne(length: number): void {
    const whole = Math.floor(length / BLOCK_BYTES);
    if (whole > 0) absorb1(INPUT_A, whole);
    setRest(length - whole * BLOCK_BYTES);
    end1(INPUT_A + whole * BLOCK_BYTES, DIGEST_A);
  }

  function hash(parts: readonly Uint8Array[]): Uint8Array {
    let used = 0;
    for (const part of parts) {
      let rest = part;
      while (used + rest.length > INPUT_BYTES) {
        const room = INPUT_BYTES - used;
        bytes.set(rest.subarray(0, room), INPUT_A + used);
        rest = rest.subarray(room);
        absorb1(INPUT_A, INPUT_BYTES / BLOCK_BYTES);
        used = 0;
      }
      bytes.set(rest, INPUT_A + used);
      used += rest.length;
    }
    endOne(used);
    return take(DIGEST_A);
  }

  /** Two messages of `length` bytes that begin at `a` and `b` of the input. */
  function hashPair(pair: TwoMessages, input: Uint8Array, a: number, b: number, length: number): void {
    let done = 0;
    for (; length - done > INPUT_BYTES; done += INPUT_BYTES) {
      bytes.set(input.subarray(a + done, a + done + INPUT_BYTES), INPUT_A);
      bytes.set(input.subarray(b + done, b + done + INPUT_BYTES), INPUT_B);
      pair.absorb2(INPUT_A, INPUT_B, INPUT_BYTES / BLOCK_BYTES);
    }
    bytes.set(input.subarray(a + done, a + length), INPUT_A);
    bytes.set(input.subarray(b + done, b + length), INPUT_B);
    const whole = Math.floor((length - done) / BLOCK_BYTES);
    if (whole > 0) pair.absorb2(INPUT_A, INPUT_B, whole);
    setRest(length - done - whole * BLOCK_BYTES);
    const rest = whole * BLOCK_BYTES;
    pair.end2(INPUT_A + rest, INPUT_B + rest, DIGEST_A, DIGEST_B);
  }

  function hashEach(input: Uint8Array, stride: number): Uint8Array {
    const count = Math.ceil(input.length / stride);
    const digests = new Uint8Array(count * DIGEST_BYTES);
    const whole = Math.floor(input.length / stride);
    const batch = Math.min(Math.floor(INPUT_BYTES / stride), DIGESTS_MAX);
    let index = 0;
    if (batch >= 2) {
      while (index < whole) {
        const held = Math.min(batch, whole - index);
        bytes.set(input.subarray(index * stride, (index + held) * stride), INPUT_A);
        hashHeld(held, stride);
        digests.set(bytes.subarray(INPUT_B, INPUT_B + held * DIGEST_BYTES), index * DIGEST_BYTES);
        index += held;
      }
    } else if (two !== undefined) {
      for (; index + 2 <= whole; index += 2) {
        hashPair(two, input, index * stride, (index + 1) * stride, stride);
        digests.set(bytes.subarray(DIGEST_A, DIGEST_B + DIGEST_BYTES), index * DIGEST_BYTES);
      }
    }
    for (; index < count; index++) {
      digests.set(hash([input.subarray(index * stride, (index + 1) * stride)]), index * DIGEST_BYTES);
    }
    return digests;
  }

  /** Hashes the slices at input A; the digests go to the other input's place. */
  function hashHeld(count: number, stride: number): void {
    const blocks = Math.floor(stride / BLOCK_BYTES);
    const skip = blocks * BLOCK_BYTES;
    setRest(stride - skip);
    let at: number = INPUT_A;
    let digest: number = INPUT_B;
    let left = count;
    if (two !== undefined) {
      for (; left >= 2; left -= 2, at += 2 * stride, digest += 2 * DIGEST_BYTES) {
        if (blocks > 0) two.absorb2(at, at + stride, blocks);
        two.end2(at + skip, at + stride + skip, digest, digest + DIGEST_BYTES);
      }
    }
    for (; left > 0; left--, at += stride, digest += DIGEST_BYTES) {
      if (blocks > 0) absorb1(at, blocks);
      end1(at + skip, digest);
    }
  }

  function hashPrefixed(prefix: Uint8Array, records: Uint8Array): Uint8Array {
    const count = records.length / PACKET_BYTES;
    const digests = new Uint8Array(count * DIGEST_BYTES);
    bytes.set(prefix, PREFIX_A);
    for (let base = 0; base < count; base += RECORDS_MAX) {
      const held = Math.min(RECORDS_MAX, count - base);
      bytes.set(records.subarray(base * PACKET_BYTES, (base + held) * PACKET_BYTES), INPUT_A);
      // Digests go to the other input's place.
      let index = 0;
      if (two !== undefined) {
        for (; index + 2 <= held; index += 2) {
          const [record, digest] = [INPUT_A + index * PACKET_BYTES, INPUT_B + index * DIGEST_BYTES];
          two.link2(PREFIX_A, PREFIX_A, record, record + PACKET_BYTES, digest, digest + DIGEST_BYTES);
        }
      }
      for (; index < held; index++) link1(PREFIX_A, INPUT_A + index * PACKET_BYTES, INPUT_B + index * DIGEST_BYTES);
      digests.set(bytes.subarray(INPUT_B, INPUT_B + held * DIGEST_BYTES), base * DIGEST_BYTES);
    }
    return digests;
  }

  /** Takes `count` records of a chain, from `from` on; its digest is at prefix A before and after. */
  function runOne(records: Uint8Array, from: number, count: number): void {
    for (let base = from; base < from + count; base += RECORDS_MAX) {
      const held = Math.min(RECORDS_MAX, from + count - base);
      bytes.set(records.subarray(base * PACKET_BYTES, (base + held) * PACKET_BYTES), INPUT_A);
      for (let index = 0; index < held; index++) link1(PREFIX_A, INPUT_A + index * PACKET_BYTES, PREFIX_A);
    }
  }

  /** As many of both chains' records as both have. */
  function runTwo(pair: TwoMessages, a: Uint8Array, fromA: number, b: Uint8Array, fromB: number, count: number): void {
    for (let base = 0; base < count; base += RECORDS_MAX) {
      const held = Math.min(RECORDS_MAX, count - base);
      bytes.set(a.subarray((fromA + base) * PACKET_BYTES, (fromA + base + held) * PACKET_BYTES), INPUT_A);
      bytes.set(b.subarray((fromB + base) * PACKET_BYTES, (fromB + base + held) * PACKET_BYTES), INPUT_B);
      for (let index = 0; index < held; index++) {
        const at = index * PACKET_BYTES;
        pair.link2(PREFIX_A, PREFIX_B, INPUT_A + at, INPUT_B + at, PREFIX_A, PREFIX_B);
      }
    }
  }

  function runChains(chains: readonly HashChain[]): Uint8Array[] {
    const results: Uint8Array[] = chains.map(({ first }) => first);
    const queue = chains
      .map(({ records }, index) => ({ index, records, next: 0, left: records.length / PACKET_BYTES }))
      .sort((a, b) => b.left - a.left);
    const digestOf = (index: number): Uint8Array => results[index] as Uint8Array;
    // The two with the most left go on together until one of them ends.
    while (two !== undefined && queue.length > 1) {
      const [a, b] = [queue.shift(), queue.shift()];
      if (a === undefined || b === undefined || b.left === 0) {
        if (a !== undefined) queue.unshift(a);
        break;
      }
      bytes.set(digestOf(a.index), PREFIX_A);
      bytes.set(digestOf(b.index), PREFIX_B);
      const count = b.left;
      runTwo(two, a.records, a.next, b.records, b.next, count);
      results[a.index] = take(PREFIX_A);
      results[b.index] = take(PREFIX_B);
      a.next += count;
      a.left -= count;
      queue.splice(queue.findIndex(({ left }) => left <= a.left) >>> 0, 0, a);
    }
    for (const { index, records, next, left } of queue) {
      if (left === 0) continue;
      bytes.set(digestOf(index), PREFIX_A);
      runOne(records, next, left);
      results[index] = take(PREFIX_A);
    }
    return results;
  }

  return { name: two === undefined ? 'wasm' : 'wasm simd', hash, hashEach, hashPrefixed, runChains };
}
