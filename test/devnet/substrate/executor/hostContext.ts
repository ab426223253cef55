/** What the host functions of one runtime share while a call runs. */
import type { GuestMemory } from './guestMemory.ts';
import type { Overlay } from './overlay.ts';

export interface HostContext {
  memory(): GuestMemory;
  overlay(): Overlay;
  /** Storage of the node itself, outside the state: the MMR's nodes live there. */
  readonly local: Map<string, Uint8Array>;
  log(level: number, target: string, message: string): void;
  readonly logLevelMax: number;
}

/** Arguments are i32 as numbers and i64 as bigints; which ones a function gets says its name. */
export type HostFunction = (...args: never[]) => number | bigint | void;
export type HostFunctions = Readonly<Record<string, HostFunction>>;

/** SCALE `Option<Vec<u8>>`. */
export function optionOfBytes(value: Uint8Array | undefined): Uint8Array {
  if (value === undefined) return Uint8Array.of(0);
  const prefix = value.length < 64 ? 1 : value.length < 16_384 ? 2 : 4;
  const out = new Uint8Array(1 + prefix + value.length);
  out[0] = 1;
  const tag = value.length * 4 + (prefix >> 1);
  for (let i = 0; i < prefix; i++) out[1 + i] = Math.floor(tag / 256 ** i) & 255;
  out.set(value, 1 + prefix);
  return out;
}
