/**
 * A genesis state from a published chain spec: its raw storage, with development keys and funds written over the live
 * ones. What differs from runtime to runtime is in `relay/genesis.ts` and `assetHub/genesis.ts`.
 */
import { decodeAddress } from '@polkadot/util-crypto';
import { compactBytes, joinBytes, u32Bytes, u64Bytes } from '../../../../light-clients/scale.ts';
import { type State, stateFrom } from '../state/state.ts';
import { bytesOf } from './block.ts';
import type { Runtime } from './runtime.ts';

export interface RawSpec {
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly top: Readonly<Record<string, string>>;
}

export interface GenesisHolder {
  /** SS58, any prefix. */
  readonly address: string;
  readonly amount: bigint;
}

export type Patch = (key: Uint8Array, value: Uint8Array | undefined) => void;

/** `0x` of `:code` */
const CODE_KEY = '0x3a636f6465';
/** AccountData's flag of accounts that use the newer bookkeeping. */
const NEW_LOGIC_FLAG = 1n << 127n;

export function parseSpec(text: string): RawSpec {
  const spec = JSON.parse(text) as {
    readonly name: string;
    readonly properties: Readonly<Record<string, unknown>> | null;
    readonly genesis: { readonly raw?: { readonly top: Readonly<Record<string, string>> } };
  };
  if (spec.genesis.raw === undefined) throw new Error(`the spec of ${spec.name} has no raw genesis`);
  return { name: spec.name, properties: spec.properties ?? {}, top: spec.genesis.raw.top };
}

export function specCode(spec: RawSpec): Uint8Array {
  return bytesOf(spec.top[CODE_KEY] ?? '') ?? new Uint8Array(0);
}

export function specState(spec: RawSpec, version: State['version']): State {
  const entries = Object.entries(spec.top).map(
    ([key, value]) => [bytesOf(key) ?? new Uint8Array(0), bytesOf(value) ?? new Uint8Array(0)] as const,
  );
  return stateFrom(entries, version);
}

/** The state after `write` has written over it. */
export function patchState(state: State, write: (patch: Patch) => void): State {
  const changes: [Uint8Array, Uint8Array | undefined][] = [];
  write((key, value) => void changes.push([key, value]));
  return state.apply(changes);
}

export function removePrefix(state: State, prefix: Uint8Array, patch: Patch): void {
  for (const key of state.keys(prefix)) patch(key, undefined);
}

/** Only these accounts exist, each with its amount. */
export function patchBalances(
  runtime: Runtime,
  state: State,
  holders: readonly { readonly publicKey: Uint8Array; readonly amount: bigint }[],
  patch: Patch,
): void {
  removePrefix(state, runtime.storageKey('System', 'Account'), patch);
  const modern = runtime.metadata.fieldsWithin('System', 'Account', 'data').includes('flags');
  let issued = 0n;
  for (const { publicKey, amount } of holders) {
    const data = [amount, 0n, 0n, modern ? NEW_LOGIC_FLAG : 0n].map(u128Bytes);
    // nonce, consumers, providers, sufficients
    const info = joinBytes([u32Bytes(0), u32Bytes(0), u32Bytes(1), u32Bytes(0), ...data]);
    patch(runtime.storageKey('System', 'Account', publicKey), info);
    issued += amount;
  }
  patch(runtime.storageKey('Balances', 'TotalIssuance'), u128Bytes(issued));
}

export function publicKeyOf({ address }: GenesisHolder): Uint8Array {
  return decodeAddress(address);
}

export function u128Bytes(value: bigint): Uint8Array {
  return joinBytes([u64Bytes(value & 0xffff_ffff_ffff_ffffn), u64Bytes(value >> 64n)]);
}

/** SCALE `Vec` of items already encoded. */
export function vectorBytes(items: readonly Uint8Array[]): Uint8Array {
  return joinBytes([compactBytes(items.length), ...items]);
}
