/**
 * One HTTP exchange over a connection that is kept open. `node:http` and not `fetch`: what `fetch` puts around an exchange (web
 * streams, signals, events) takes more CPU time than a small answer itself.
 */
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

export interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Posted; undefined gets. */
  readonly body: string | undefined;
}

/** What is done with an answer. Either function may throw, which ends the exchange. */
export interface Receiver {
  /** Told first. A redirect is an answer like any other. */
  head(status: number, retryAfter: string | undefined): void;
  /** The body's bytes as they come. */
  take(bytes: Buffer): void;
}

export type Exchange = (asked: Asked, receiver: Receiver, signal: AbortSignal) => Promise<void>;

/** Shorter than servers keep an idle connection, which is 5 seconds with many. */
const IDLE_MS = 4_000;
/** Asked for with TLS only: a node that is reached without it is near, and packing would cost both sides more than bytes do. */
const PACKED = { 'accept-encoding': 'gzip, deflate, br' } as const;
const UNPACK: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
/** What a server does to a connection that it no longer wants. */
const CLOSED: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

export function createExchange(): Exchange {
  const options = { keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo' } as const;
  const near = new HttpAgent(options);
  const far = new HttpsAgent(options);
  const open = ({ url, headers, body }: Asked): ClientRequest => {
    const method = body === undefined ? 'GET' : 'POST';
    return url.startsWith('https:')
      ? httpsRequest(url, { method, headers: { ...PACKED, ...headers }, agent: far })
      : httpRequest(url, { method, headers, agent: near });
  };
  const exchange: Exchange = async (asked, receiver, signal) => {
    const request = open(asked);
    let isAnswered = false;
    const noting: Receiver = {
      ...receiver,
      head: (status, retryAfter) => {
        isAnswered = true;
        receiver.head(status, retryAfter);
      },
    };
    try {
      await run(request, asked.body, noting, signal);
    } catch (error) {
      const wasStale = request.reusedSocket && !isAnswered && CLOSED.has((error as { code?: unknown }).code);
      if (!wasStale || signal.aborted) throw error;
      // The server closed an idle connection just as it was used. It is gone from the pool: another, or at last a new one.
      await exchange(asked, receiver, signal);
    }
  };
  return exchange;
}

async function run(
  request: ClientRequest,
  body: string | undefined,
  receiver: Receiver,
  signal: AbortSignal,
): Promise<void> {
  const stop = (): void => {
    request.destroy(new Error('stopped'));
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        request.destroy();
        reject(error);
      };
      request.on('error', fail);
      request.on('response', (response) => {
        receive(response, receiver, resolve, fail);
      });
      request.end(body);
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function receive(
  response: IncomingMessage,
  { head, take }: Receiver,
  done: () => void,
  fail: (error: Error) => void,
): void {
  const guarded = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      fail(error as Error);
    }
  };
  guarded(() => {
    head(response.statusCode ?? 0, response.headers['retry-after']);
    const unpack = UNPACK[response.headers['content-encoding'] ?? ''];
    const bytes: Readable = unpack === undefined ? response : response.pipe(unpack());
    for (const part of new Set([response, bytes])) part.on('error', fail);
    response.on('aborted', () => fail(new Error('the answer broke off')));
    bytes.on('data', (chunk: Buffer) => guarded(() => take(chunk)));
    bytes.on('end', () => (response.complete ? done() : fail(new Error('the answer broke off'))));
  });
}
