/** Transactions that wait for a block, in the order they came, each checked by the application as a node does. */
import { sha256 } from '../../../../light-clients/tendermint/index.ts';
import type { AppTxResult, CosmosApp } from '../app/createApp.ts';

/** `max_tx_bytes` of a node's mempool. */
export const TX_BYTES_MAX = 1_048_576;
/** `cache_size`: hashes remembered, so that the same transaction is not taken twice. */
const CACHE_MAX = 10_000;
/** Bytes of transactions in a block: `max_bytes` less room for header, commit and evidence. */
const BLOCK_TX_BYTES_MAX = 20_000_000;

export type MempoolAnswer =
  | { readonly kind: 'checked'; readonly result: AppTxResult }
  /** Refused before the application saw it; the words are CometBFT's. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface Mempool {
  add(tx: Uint8Array): MempoolAnswer;
  reap(): readonly Uint8Array[];
  waiting(): readonly Uint8Array[];
  afterBlock(included: readonly Uint8Array[]): void;
}

export function createMempool(app: CosmosApp, nextHeight: () => bigint): Mempool {
  let waiting = new Map<string, Uint8Array>();
  const cache = new Set<string>();

  return {
    add: (tx) => {
      if (tx.length > TX_BYTES_MAX) {
        return { kind: 'refused', reason: `Tx too large. Max size is ${TX_BYTES_MAX}, but got ${tx.length}` };
      }
      const hash = txHash(tx);
      if (cache.has(hash)) return { kind: 'refused', reason: 'tx already exists in cache' };
      const result = app.checkTx(tx, nextHeight());
      if (result.code === 0) {
        waiting.set(hash, tx);
        cache.add(hash);
        if (cache.size > CACHE_MAX) cache.delete(cache.values().next().value ?? '');
      }
      return { kind: 'checked', result };
    },
    reap: () => {
      let bytes = 0;
      return [...waiting.values()].filter((tx) => (bytes += tx.length) <= BLOCK_TX_BYTES_MAX);
    },
    waiting: () => [...waiting.values()],
    afterBlock: (included) => {
      for (const tx of included) waiting.delete(txHash(tx));
      app.resetCheck();
      // What no longer holds on the new state is dropped, and may be sent again.
      const kept = [...waiting].filter(([hash, tx]) => {
        const holds = app.recheckTx(tx, nextHeight()).code === 0;
        if (!holds) cache.delete(hash);
        return holds;
      });
      waiting = new Map(kept);
    },
  };
}

/** In lower-case hex. */
export function txHash(tx: Uint8Array): string {
  return Buffer.from(sha256(tx)).toString('hex');
}
