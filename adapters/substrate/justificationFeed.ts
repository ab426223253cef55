/**
 * The newest justification that a node shows to its subscribers. Nodes prove finality on request only up to what they stored,
 * and some do not prove it at all; to subscribers they show every round. Untrusted until the light client says otherwise;
 * without it everything works, later.
 *
 * A WebSocket of its own: Node 20 has none, and that of the usual library writes to the console.
 */
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { decodeJustification } from '../../light-clients/grandpa/index.ts';
import { concatBytes, toHex } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { asBytes, asRecord } from './json.ts';
import { tryRead } from './runtime.ts';

export interface ShownJustification {
  /** Of the block that it is for, `0x` text. */
  readonly hash: string;
  readonly number: number;
  readonly bytes: Uint8Array;
}

export interface JustificationFeed {
  newest(): ShownJustification | undefined;
  /** Forgets what was shown: it did not verify. */
  drop(): void;
}

const RECONNECT_MS = 5_000;
/** Hex of the largest justification of the largest known set (1,000 voters), ten times over. */
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** Guards against scripts that choose what is sent; here nothing is chosen. */
const KEY = Buffer.alloc(16, 7).toString('base64');
const SUBSCRIBE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'grandpa_subscribeJustifications',
  params: [],
});
const OPCODES = { more: 0x0, text: 0x1, close: 0x8, ping: 0x9 } as const;
/** An empty pong, masked. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** Listens until the signal fires, connecting again after each loss. `wake` is called for each justification. */
export function followJustifications(
  wsUrl: string,
  wake: () => void,
  clock: Clock,
  signal: AbortSignal,
): JustificationFeed {
  let newest: ShownJustification | undefined;
  const onMessage = (text: string): void => {
    const bytes = justificationIn(text);
    const read = bytes === undefined ? undefined : tryRead(() => decodeJustification(bytes));
    if (bytes === undefined || read === undefined) return;
    newest = { hash: toHex(read.target.hash), number: read.target.number, bytes };
    wake();
  };
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await listenOnce(wsUrl, onMessage, signal);
      if (!signal.aborted) await clock.sleep(RECONNECT_MS, signal).catch(() => undefined);
    }
  };
  loop().catch(() => undefined);
  return {
    newest: () => newest,
    drop: () => {
      newest = undefined;
    },
  };
}

function justificationIn(text: string): Uint8Array | undefined {
  try {
    const message = asRecord(JSON.parse(text) as unknown);
    return message?.['method'] === 'grandpa_justifications'
      ? asBytes(asRecord(message['params'])?.['result'])
      : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves when the connection is over, or did not come about. */
async function listenOnce(wsUrl: string, onMessage: (text: string) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      resolve();
    };
    const url = new URL(wsUrl);
    const secure = url.protocol === 'wss:';
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    const options: RequestOptions = {
      host: url.hostname,
      port: url.port === '' ? (secure ? 443 : 80) : url.port,
      path: `${url.pathname}${url.search}`,
      headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': KEY },
      ...(url.username === '' ? {} : { auth: user }),
      signal,
    };
    const request = secure ? httpsRequest(options) : httpRequest(options);
    request.on('error', end);
    request.on('response', (response) => {
      response.destroy();
      resolve();
    });
    request.on('upgrade', (_, socket: Socket, head: Buffer) => {
      const stop = (): void => {
        socket.destroy();
      };
      signal.addEventListener('abort', stop, { once: true });
      socket.on('error', stop);
      socket.on('close', () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      const read = createFrameReader(onMessage, (frame) => void socket.write(frame), stop);
      socket.on('data', read);
      socket.write(maskedText(SUBSCRIBE));
      if (head.length > 0) read(head);
      if (signal.aborted) stop();
    });
    request.end();
  });
}

/** Takes bytes as they come; a message that is too long, masked or of an unknown kind ends the connection. */
export function createFrameReader(
  onMessage: (text: string) => void,
  write: (frame: Buffer) => void,
  stop: () => void,
): (chunk: Uint8Array) => void {
  let waiting: Uint8Array = new Uint8Array(0);
  let message: Uint8Array = new Uint8Array(0);

  const next = (): boolean => {
    const size = frameSize(waiting);
    if (size === 'tooLong') stop();
    if (size === 'tooLong' || size === undefined || waiting.length < size.header + size.payload) return false;
    const first = waiting[0] as number;
    const payload = waiting.slice(size.header, size.header + size.payload);
    waiting = waiting.slice(size.header + size.payload);
    switch (first & 0x0f) {
      case OPCODES.more:
      case OPCODES.text:
        message = concatBytes(message, payload);
        if (message.length > MESSAGE_BYTES_MAX) {
          stop();
          return false;
        }
        if ((first & 0x80) !== 0) {
          onMessage(Buffer.from(message).toString('utf8'));
          message = new Uint8Array(0);
        }
        return true;
      case OPCODES.ping:
        write(PONG);
        return true;
      default:
        stop();
        return false;
    }
  };
  return (chunk) => {
    waiting = concatBytes(waiting, chunk);
    while (next());
  };
}

function frameSize(bytes: Uint8Array): { readonly header: number; readonly payload: number } | 'tooLong' | undefined {
  const short = bytes[1];
  if (short === undefined) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // The mask bit makes it above 127: servers do not mask.
  if (short > 127) return 'tooLong';
  if (short < 126) return { header: 2, payload: short };
  const header = short === 126 ? 4 : 10;
  if (bytes.length < header) return undefined;
  const payload = short === 126 ? view.readUInt16BE(2) : Number(view.readBigUInt64BE(2));
  return payload > MESSAGE_BYTES_MAX ? 'tooLong' : { header, payload };
}

/** A final text frame under the mask of zeros; shorter than 126 bytes. */
function maskedText(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x80 | OPCODES.text, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
