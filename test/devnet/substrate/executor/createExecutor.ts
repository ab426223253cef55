/**
 * Runs a FRAME runtime in V8's WebAssembly, with Substrate's host functions written here. Every call starts on memory
 * as it was after instantiation, as in a node. Synchronous: nothing else runs in between.
 *
 * Trusts V8. Does not meter anything: limits of weight and length are the runtime's own.
 */
import { createGuestMemory, type GuestMemory } from './guestMemory.ts';
import type { HostContext, HostFunction, HostFunctions } from './hostContext.ts';
import { hashingFunctions } from './host/hashing.ts';
import { miscFunctions } from './host/misc.ts';
import { signatureFunctions } from './host/signatures.ts';
import { storageFunctions } from './host/storage.ts';
import type { Overlay } from './overlay.ts';
import { compileRuntime } from './runtimeBlob.ts';
import { webAssembly, type WasmInstance } from './webAssembly.ts';

export interface Executor {
  /** Decompressed code. */
  readonly wasm: Uint8Array;
  /** Calls an exported function with its SCALE-encoded arguments. Throws `RuntimeTrap` when the runtime panics. */
  call(overlay: Overlay, method: string, argument: Uint8Array): Uint8Array;
  /** The node's own storage. */
  readonly local: Map<string, Uint8Array>;
  has(method: string): boolean;
}

/** The runtime panicked or asked its host for something that it does not have. */
export class RuntimeTrap extends Error {
  constructor(method: string, reason: string) {
    super(`${method}: ${reason}`);
    this.name = 'RuntimeTrap';
  }
}

interface Live {
  readonly instance: WasmInstance;
  readonly memory: GuestMemory;
}

const LOG_LINES_MAX = 20;
const LOG_ERROR = 1;

export function createExecutor(code: Uint8Array): Executor {
  const blob = compileRuntime(code);
  let live: Live | undefined;
  let running: { readonly overlay: Overlay; readonly memory: GuestMemory } | undefined;
  let logs: string[] = [];

  const now = (): NonNullable<typeof running> => {
    if (running === undefined) throw new Error('a host function outside a call');
    return running;
  };
  const host: HostContext = {
    memory: () => now().memory,
    overlay: () => now().overlay,
    local: new Map(),
    logLevelMax: LOG_ERROR,
    log: (level, target, message) => {
      if (level <= LOG_ERROR && logs.length < LOG_LINES_MAX) logs.push(`${target}: ${message}`);
    },
  };
  const env = bindImports(blob.imports, {
    ...storageFunctions(host),
    ...hashingFunctions(host),
    ...signatureFunctions(host),
    ...miscFunctions(host),
  });
  const methods = new Set(webAssembly.Module.exports(blob.module).map(({ name }) => name));

  const instantiate = (): Live => {
    const memory = createGuestMemory(blob.memoryPages);
    const instance = new webAssembly.Instance(blob.module, { env: { ...env, memory: memory.memory } });
    memory.snapshot((instance.exports['__heap_base'] as { readonly value: number }).value);
    return { instance, memory };
  };

  return {
    wasm: blob.wasm,
    local: host.local,
    has: (method) => methods.has(method),
    call: (overlay, method, argument) => {
      if (running !== undefined) throw new Error('a call within a call');
      live ??= instantiate();
      const { instance, memory } = live;
      const entry = instance.exports[method];
      if (typeof entry !== 'function') throw new RuntimeTrap(method, 'the runtime has no such function');
      running = { overlay, memory };
      logs = [];
      try {
        const result = memory.copySpan((entry as RuntimeEntry)(memory.put(argument), argument.length));
        memory.reset();
        return result;
      } catch (error) {
        // A trap leaves the module's stack pointer where it was.
        live = undefined;
        throw new RuntimeTrap(method, [error instanceof Error ? error.message : 'trap', ...logs].join(' | '));
      } finally {
        running = undefined;
      }
    },
  };
}

type RuntimeEntry = (pointer: number, length: number) => bigint;

/** A function that is imported and not there traps only when it is called. */
function bindImports(imports: readonly string[], functions: HostFunctions): Record<string, HostFunction> {
  return Object.fromEntries(
    imports.map((name) => [
      name,
      functions[name] ??
        ((): never => {
          throw new Error(`the host has no ${name}`);
        }),
    ]),
  );
}
