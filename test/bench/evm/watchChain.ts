/** When a chain showed what: its heads and the transactions that entered its pool, by the host's clock, over a WebSocket. */
import { performance } from 'node:perf_hooks';
import { createPublicClient, webSocket } from 'viem';
import { asRecord, parseQuantity } from '../../../adapters/evm/json.ts';

export interface ChainWatch {
  /** Milliseconds at which a height was first seen. */
  readonly heads: ReadonlyMap<bigint, number>;
  /** Milliseconds at which a transaction entered the pool. */
  readonly pending: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export async function watchChain(wsUrl: string): Promise<ChainWatch> {
  const heads = new Map<bigint, number>();
  const pending = new Map<string, number>();
  const client = createPublicClient({ transport: webSocket(wsUrl, { retryCount: 0 }) });
  const note = <Key>(seen: Map<Key, number>, key: Key): void => {
    if (!seen.has(key)) seen.set(key, performance.now());
  };
  const onError = (): void => undefined;
  await client.transport.subscribe({
    params: ['newHeads'],
    onData: ({ result }: { result?: unknown }) => {
      const height = parseQuantity(asRecord(result)?.['number']);
      if (height !== undefined) note(heads, height);
    },
    onError,
  });
  await client.transport.subscribe({
    params: ['newPendingTransactions'],
    onData: ({ result }: { result?: unknown }) => {
      if (typeof result === 'string') note(pending, result);
    },
    onError,
  });
  return {
    heads,
    pending,
    stop: async () => {
      (await client.transport.getRpcClient()).close();
    },
  };
}
