/** A Substrate chain by its node: payments are extrinsics that carry out a call whose remark names a chunk. */
import { fieldOf, integerOf, isStruct } from '../../../adapters/substrate/codec.ts';
import { assetKey, balanceOf } from '../../../adapters/substrate/user.ts';
import { blake2b256 } from '../../../light-clients/blake2b.ts';
import { toHex } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import type { SubstrateChain } from '../../../relayer/manifest/index.ts';
import { openSubstrate } from '../../load/substrateLoad.ts';
import { type ChainEye, namedChunk, type PaidChunk } from './chainEye.ts';

export function createSubstrateEye(chain: SubstrateChain, url: string): ChainEye {
  const { view } = openSubstrate({ clock: systemClock }, chain, url);
  const byLane = new Map<string, PaidChunk[]>();
  /** The extrinsic that opened the payment of a chunk: that is what was submitted. */
  const opened = new Map<string, string>();
  let next = Number(chain.gateway.startHeight);

  async function readBlock(number: number, signal: AbortSignal): Promise<void> {
    const hash = await view.hashAt(number, signal);
    if (hash === undefined) throw new Error('a finalized block without a hash');
    const extrinsics = await view.extrinsics(hash, signal);
    for (const [index, raw] of extrinsics.entries()) {
      const named = namedChunk(raw);
      if (named === undefined) continue;
      const { lane, firstSequence, count, refused, pays } = named;
      const key = `${lane}/${firstSequence}`;
      if (!pays) {
        if (!opened.has(key)) opened.set(key, toHex(blake2b256(raw)));
        continue;
      }
      if (!(await executed(hash, index, signal))) continue;
      const chunks = byLane.get(lane) ?? [];
      byLane.set(lane, chunks);
      const transaction = opened.get(key) ?? '';
      chunks.push({ firstSequence, count, refused, height: BigInt(number), transaction });
    }
  }

  /** A multisig hides what failed inside of it in an event. */
  async function executed(hash: string, index: number, signal: AbortSignal): Promise<boolean> {
    const { runtime } = await view.now(signal);
    return (await view.events(runtime, hash, signal)).some((event) => {
      if (event.extrinsic !== index || event.pallet !== 'Multisig' || event.variant !== 'MultisigExecuted')
        return false;
      const result = fieldOf(event, 'result', 4);
      return isStruct(result) && result.variant === 'Ok';
    });
  }

  return {
    name: chain.name,
    head: async (signal) => BigInt((await view.best(signal)).number),
    finalized: async (signal) => BigInt((await view.now(signal)).finalized.number),
    async paid(lane, signal) {
      const { finalized } = await view.now(signal);
      for (; next <= finalized.number; next++) await readBlock(next, signal);
      return byLane.get(lane) ?? [];
    },
    async balances(token, accounts, signal) {
      if (token.family !== 'substrate') throw new Error('a token of a Substrate chain');
      const { assetId } = token;
      if (assetId === undefined) {
        const own: bigint[] = [];
        for (const account of accounts) own.push(await balanceOf(view, { kind: 'native' }, account, signal));
        return own;
      }
      const { runtime, finalized } = await view.now(signal);
      const id = assetKey(runtime, assetId);
      const keys = accounts.map((account) => runtime.storageKey('Assets', 'Account', id, account));
      const values = await view.storages(keys, finalized.hash, signal);
      return values.map((bytes) => {
        const held = bytes === undefined ? undefined : runtime.readStorage('Assets', 'Account', bytes);
        return (isStruct(held) ? integerOf(fieldOf(held, 'balance', 0)) : undefined) ?? 0n;
      });
    },
  };
}
