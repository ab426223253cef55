/**
 * A runtime as chain specs carry it: WebAssembly, mostly compressed with zstd behind eight marker bytes.
 * Compiled once per process and per code; two chains of one spec share the module, never an instance.
 */
import { decompress } from 'fzstd';
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import { hexOf, sameBytes } from '../../../../light-clients/scale.ts';
import { webAssembly, type WasmModule } from './webAssembly.ts';

export interface RuntimeBlob {
  /** Decompressed: what the relay chain calls a parachain's validation code. */
  readonly wasm: Uint8Array;
  readonly module: WasmModule;
  /** Pages of memory that the module asks its host for. */
  readonly memoryPages: number;
  /** The names of the host functions it calls. */
  readonly imports: readonly string[];
}

/** sp-maybe-compressed-blob `CODE_BLOB_PREFIX` */
const ZSTD_PREFIX = Uint8Array.of(82, 188, 83, 118, 70, 219, 142, 5);
const IMPORT_SECTION = 2;

const compiled = new Map<string, RuntimeBlob>();

export function compileRuntime(code: Uint8Array): RuntimeBlob {
  const id = hexOf(blake2b256(code));
  const known = compiled.get(id);
  if (known !== undefined) return known;
  const zipped = sameBytes(code.subarray(0, ZSTD_PREFIX.length), ZSTD_PREFIX);
  const wasm = new Uint8Array(zipped ? decompress(code.subarray(ZSTD_PREFIX.length)) : code);
  const module = new webAssembly.Module(wasm);
  const imports = webAssembly.Module.imports(module)
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => name);
  const blob = { wasm, module, memoryPages: importedMemoryPages(wasm), imports };
  compiled.set(id, blob);
  return blob;
}

/** V8 does not tell the limits of an imported memory, so they are read from the import section. */
function importedMemoryPages(wasm: Uint8Array): number {
  let at = 8;
  const u8 = (): number => wasm[at++] ?? 0;
  const leb = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  const skipLimits = (): number => {
    const bounded = u8() === 1;
    const least = leb();
    if (bounded) leb();
    return least;
  };
  while (at < wasm.length) {
    const section = u8();
    const size = leb();
    if (section !== IMPORT_SECTION) {
      at += size;
      continue;
    }
    for (let left = leb(); left > 0; left--) {
      for (let name = 0; name < 2; name++) {
        const length = leb();
        at += length;
      }
      const kind = u8();
      if (kind === 2) return skipLimits();
      if (kind === 0) leb();
      else if (kind === 1) {
        u8();
        skipLimits();
      } else at += 2;
    }
    break;
  }
  throw new Error('the runtime does not import its memory');
}
