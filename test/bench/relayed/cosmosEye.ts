/** A Cosmos chain by its node: payments are transactions whose memo names a chunk. A block is final once the next one proves it. */
import { balanceOf, createCometEndpoint, formatAccount } from '../../../adapters/cosmos/index.ts';
import { readTip, readTx } from '../../../adapters/cosmos/chainQueries.ts';
import { createHttpEndpoint } from '../../../adapters/endpoints/index.ts';
import { sha256 } from '../../../light-clients/tendermint/index.ts';
import { bytesToHex } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import type { CosmosChain } from '../../../relayer/manifest/index.ts';
import { type ChainEye, namedChunk, overlapsOne, type PaidChunk } from './chainEye.ts';

/** Of a lane's id, in a memo. */
const LANE_DIGITS = 16;

export function createCosmosEye({ name, chainId, prefix, gateway }: CosmosChain, url: string): ChainEye {
  const endpoint = createCometEndpoint(createHttpEndpoint({ clock: systemClock }, { url }), { chainId });
  const byLane = new Map<string, PaidChunk[]>();
  let next = gateway.startHeight;

  const head: ChainEye['head'] = async (signal) => (await readTip(endpoint, signal)).height;

  async function readBlock(height: bigint, signal: AbortSignal): Promise<void> {
    const block = (await endpoint.result('block', { height: height.toString() }, signal)) as {
      readonly block: { readonly data: { readonly txs: readonly string[] | null } };
    };
    for (const text of block.block.data.txs ?? []) {
      const raw = Buffer.from(text, 'base64');
      const named = namedChunk(raw);
      if (named === undefined) continue;
      const transaction = bytesToHex(sha256(raw)).toUpperCase();
      const chunks = byLane.get(named.lane) ?? [];
      byLane.set(named.lane, chunks);
      const { firstSequence, count, refused } = named;
      const chunk = { firstSequence, count, refused, height, transaction };
      // What fails is tried again: only what is there twice needs a look at its results.
      if (overlapsOne(chunks, chunk)) {
        const held = await Promise.all(
          [...chunks, chunk].map(async (one) => ((await succeeded(one, signal)) ? one : [])),
        );
        chunks.splice(0, chunks.length, ...held.flat());
      } else {
        chunks.push(chunk);
      }
    }
  }

  async function succeeded({ transaction }: PaidChunk, signal: AbortSignal): Promise<boolean> {
    return (await readTx(endpoint, transaction, signal))?.code === 0;
  }

  return {
    name,
    head,
    finalized: async (signal) => (await head(signal)) - 1n,
    async paid(lane, signal) {
      const last = await head(signal);
      for (; next <= last; next++) await readBlock(next, signal);
      return byLane.get(lane.slice(0, LANE_DIGITS)) ?? [];
    },
    async balances(token, accounts, signal) {
      if (token.family !== 'cosmos') throw new Error('a coin of a Cosmos chain');
      const balances: bigint[] = [];
      for (const account of accounts) {
        balances.push(await balanceOf(endpoint, token.denom, formatAccount(account, prefix), signal));
      }
      return balances;
    },
  };
}
