/** The asset hub's genesis: the published one with development collators and funds. */
import { createScaleReader, joinBytes, sizedBytes, u32Bytes } from '../../../../light-clients/scale.ts';
import type { DevAccount } from '../accounts.ts';
import { patchBalances, patchState, removePrefix, vectorBytes } from '../chain/genesis.ts';
import type { Runtime } from '../chain/runtime.ts';
import type { State } from '../state/state.ts';

export interface AssetHubGenesis {
  /** The published one when not said. */
  readonly paraId?: number | undefined;
  readonly collators: readonly DevAccount[];
  readonly holders: readonly { readonly publicKey: Uint8Array; readonly amount: bigint }[];
}

const AURA = new TextEncoder().encode('aura');

export function assetHubGenesis(
  runtime: Runtime,
  state: State,
  { paraId, collators, holders }: AssetHubGenesis,
): State {
  const key = runtime.storageKey;
  return patchState(state, (patch) => {
    const keys = collators.map(({ pair }) => pair.publicKey);
    const list = vectorBytes(keys);
    patch(key('Aura', 'Authorities'), list);
    patch(key('AuraExt', 'Authorities'), list);
    patch(key('Session', 'Validators'), list);
    patch(key('CollatorSelection', 'Invulnerables'), list);
    // A collator's account and its Aura key are one.
    patch(key('Session', 'QueuedKeys'), vectorBytes(keys.map((one) => joinBytes([one, one]))));
    removePrefix(state, key('Session', 'NextKeys'), patch);
    removePrefix(state, key('Session', 'KeyOwner'), patch);
    for (const one of keys) {
      patch(key('Session', 'NextKeys', one), one);
      patch(key('Session', 'KeyOwner', joinBytes([AURA, sizedBytes(one)])), one);
    }
    patchBalances(runtime, state, holders, patch);
    if (paraId !== undefined) patch(key('ParachainInfo', 'ParachainId'), u32Bytes(paraId));
  });
}

export function paraIdOf(runtime: Runtime, state: State): number {
  const bytes = state.get(runtime.storageKey('ParachainInfo', 'ParachainId'));
  if (bytes === undefined) throw new Error('the spec is not that of a parachain');
  return createScaleReader(bytes, 'parachain id').u32();
}
