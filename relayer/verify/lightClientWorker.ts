/**
 * Light clients that cost more than a millisecond an update, on a thread of their own: a sync committee's signature is 2
 * to 10 ms of curve arithmetic, a commit of a hundred validators as much, and both would hold up everything else. One thread serves all chains of a process; it starts
 * with the first call and again after a crash, which fails the calls under way with `WORKER_FAILED`. It holds no state:
 * the trusted state comes with each call.
 */
import { Worker } from 'node:worker_threads';
import type { EthereumParameters } from '../../light-clients/ethereum/index.ts';
import type { BootstrapClientOptions } from '../../light-clients/grandpa/bootstrap.ts';
import type { TendermintParameters } from '../../light-clients/tendermint/index.ts';
import { abortedError } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';
import type { LightClient, LightClientStep, Verdict } from '../core/ports.ts';

/** What a light client is made from, in values that can be sent to a thread. */
export type LightClientRow =
  | { readonly kind: 'ethereum'; readonly parameters: EthereumParameters }
  | { readonly kind: 'tendermint'; readonly parameters: TendermintParameters }
  | { readonly kind: 'grandpa'; readonly parameters: BootstrapClientOptions };

export type WorkerCall =
  | { readonly kind: 'open'; readonly client: number; readonly row: LightClientRow }
  | { readonly kind: 'start'; readonly client: number; readonly id: number; readonly bootstrap: Uint8Array }
  | {
      readonly kind: 'update';
      readonly client: number;
      readonly id: number;
      readonly state: Uint8Array;
      readonly update: Uint8Array;
      readonly nowSeconds: bigint;
    };

export type WorkerAnswer =
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: Verdict<LightClientStep> }
  /** Our own bug: a light client answers hostile bytes with a verdict. */
  | { readonly kind: 'thrown'; readonly id: number; readonly message: string };

export interface LightClientWorker {
  open(row: LightClientRow): LightClient;
  close(): Promise<void>;
}

interface Waiting {
  resolve(verdict: Verdict<LightClientStep>): void;
  reject(error: ViaductError): void;
}

const ENTRY = new URL('./workerEntry.mjs', import.meta.url);

export function createLightClientWorker(entry: URL = ENTRY): LightClientWorker {
  const rows: LightClientRow[] = [];
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let calls = 0;
  let closed = false;

  function running(): Worker {
    if (thread !== undefined) return thread;
    const started = new Worker(entry);
    thread = started;
    // A process that has nothing else to do ends, whether this was closed or not.
    started.unref();
    let detail: string | undefined;
    started.on('message', onAnswer);
    started.on('error', (error) => {
      detail = error instanceof Error ? error.message : undefined;
    });
    started.on('exit', (code) => {
      if (thread === started) thread = undefined;
      failAll(detail ?? `exit code ${code}`);
    });
    rows.forEach((row, client) => {
      send(started, { kind: 'open', client, row });
    });
    return started;
  }

  function onAnswer(answer: WorkerAnswer): void {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.kind === 'verdict') call?.resolve(answer.verdict);
    else call?.reject(new ViaductError({ code: 'BUG', shortMessage: `A light client threw: ${answer.message}` }));
  }

  function failAll(detail: string): void {
    const failed = [...waiting.values()];
    waiting.clear();
    for (const { reject } of failed) reject(closed ? abortedError() : crashed(detail));
  }

  async function call(make: (id: number) => WorkerCall): Promise<Verdict<LightClientStep>> {
    if (closed) throw abortedError();
    const id = calls++;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      send(running(), make(id));
    });
  }

  return {
    open(row) {
      const client = rows.push(row) - 1;
      if (thread !== undefined) send(thread, { kind: 'open', client, row });
      return {
        kind: row.kind,
        assurance: 'light client',
        start: async (bootstrap) => call((id) => ({ kind: 'start', client, id, bootstrap })),
        update: async (state, update, nowSeconds) =>
          call((id) => ({ kind: 'update', client, id, state, update, nowSeconds })),
      };
    },
    async close() {
      closed = true;
      await thread?.terminate();
      failAll('closed');
    },
  };
}

function send(thread: Worker, message: WorkerCall): void {
  thread.postMessage(message);
}

function crashed(detail: string): ViaductError {
  return new ViaductError({
    code: 'WORKER_FAILED',
    shortMessage: 'The thread of the light clients ended by itself; the next call starts it again.',
    metaMessages: [detail],
  });
}
