/**
 * A runtime's linear memory with the allocator that Substrate's host owns: powers of two from 8 bytes, a free list for
 * each, an 8-byte header before every allocation (here it holds the order), a bump pointer from `__heap_base`.
 *
 * A pointer and a length travel as one u64: pointer in the low half. The memory grows under the views, so they are
 * renewed whenever the buffer has changed.
 */
import { webAssembly, type WasmMemory } from './webAssembly.ts';

const PAGE = 65_536;
const HEADER = 8;
const SMALLEST_ORDER = 3;
const ORDERS = 32;
/** Substrate's own limit is 32 MiB for one allocation; a proof of a full block comes close. */
const ALLOCATION_MAX = 64 * 1024 * 1024;

export interface GuestMemory {
  readonly memory: WasmMemory;
  allocate(size: number): number;
  free(pointer: number): void;
  /** A view; gone when the runtime runs on. */
  view(pointer: number, size: number): Uint8Array;
  /** A view of what a packed pointer and length mean. */
  viewSpan(span: bigint): Uint8Array;
  copySpan(span: bigint): Uint8Array;
  /** Puts bytes into newly allocated memory and gives the pointer. */
  put(bytes: Uint8Array): number;
  /** As `put`, packed with the length. */
  putSpan(bytes: Uint8Array): bigint;
  /** Back to the image taken at instantiation, so that the next call starts as on a fresh instance. */
  reset(): void;
  /** Remembers the memory as it is now, and where the heap begins. */
  snapshot(heapBase: number): void;
}

export function createGuestMemory(pages: number): GuestMemory {
  const memory = new webAssembly.Memory({ initial: pages });
  let bytes = new Uint8Array(memory.buffer);
  let heapBase = 0;
  let bump = 0;
  let image = new Uint8Array(0);
  let freed: number[][] = [];

  const renew = (): void => {
    if (bytes.length === 0) bytes = new Uint8Array(memory.buffer);
  };

  const allocate = (size: number): number => {
    renew();
    if (size > ALLOCATION_MAX) throw new Error(`runtime: an allocation of ${size} bytes`);
    const order = Math.max(SMALLEST_ORDER, 32 - Math.clz32(Math.max(1, size) - 1));
    const reused = freed[order]?.pop();
    if (reused !== undefined) return reused;
    const pointer = bump + HEADER;
    bump = pointer + 2 ** order;
    if (bump > bytes.length) {
      // In steps, because every growth gives up the views.
      memory.grow(Math.max(Math.ceil((bump - bytes.length) / PAGE), Math.min(256, memory.buffer.byteLength / PAGE)));
      bytes = new Uint8Array(memory.buffer);
    }
    bytes[pointer - HEADER] = order;
    return pointer;
  };

  const view = (pointer: number, size: number): Uint8Array => {
    renew();
    if (pointer + size > bytes.length) throw new Error('runtime: a pointer beyond its memory');
    return bytes.subarray(pointer, pointer + size);
  };
  const viewSpan = (span: bigint): Uint8Array => {
    const packed = BigInt.asUintN(64, span);
    return view(Number(packed & 0xffff_ffffn), Number(packed >> 32n));
  };
  const put = (data: Uint8Array): number => {
    const pointer = allocate(data.length);
    bytes.set(data, pointer);
    return pointer;
  };

  return {
    memory,
    allocate,
    free: (pointer) => {
      renew();
      freed[bytes[pointer - HEADER] ?? 0]?.push(pointer);
    },
    view,
    viewSpan,
    copySpan: (span) => viewSpan(span).slice(),
    put,
    putSpan: (data) => BigInt(put(data)) | (BigInt(data.length) << 32n),
    snapshot: (base) => {
      renew();
      heapBase = (base + 7) & ~7;
      bump = heapBase;
      freed = Array.from({ length: ORDERS }, () => []);
      image = bytes.slice();
    },
    reset: () => {
      renew();
      bytes.set(image);
      if (bump > image.length) bytes.fill(0, image.length, Math.min(bump, bytes.length));
      bump = heapBase;
      freed = Array.from({ length: ORDERS }, () => []);
    },
  };
}
