/**
 * A WebSocket that is only listened to: it subscribes to new blocks, and whatever then comes in is a hint that there may be
 * one. Nothing is decoded or kept, so a hostile endpoint can wake, and no more. Node 20 has no WebSocket client of its own,
 * and that of cosmjs does not subscribe again after a reconnect.
 *
 * Masks and the key are fixed: they guard against scripts that choose what is sent, and here nothing is chosen.
 */
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../../relayer/core/clock.ts';

const RECONNECT_MS = 5_000;
const KEY = Buffer.alloc(16, 7).toString('base64');
const PING = 0x89;
/** An empty pong, masked. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const SUBSCRIBE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'subscribe',
  params: { query: "tm.event='NewBlockHeader'" },
});

/** Listens until the signal fires, connecting again after each loss. Never throws. */
export async function listenForBlocks(
  wsUrl: string,
  wake: () => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await listenOnce(wsUrl, wake, signal);
    if (!signal.aborted) await clock.sleep(RECONNECT_MS, signal).catch(() => undefined);
  }
}

/** Resolves when the connection is over, or did not come about. */
async function listenOnce(wsUrl: string, wake: () => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const url = new URL(wsUrl);
    const secure = url.protocol === 'wss:';
    const options: RequestOptions = {
      host: url.hostname,
      port: url.port === '' ? (secure ? 443 : 80) : url.port,
      path: `${url.pathname.replace(/\/$/, '')}/websocket${url.search}`,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': KEY,
      },
      ...(url.username === ''
        ? {}
        : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` }),
      signal,
    };
    const request = secure ? httpsRequest(options) : httpRequest(options);
    request.on('error', () => {
      resolve();
    });
    request.on('response', (response) => {
      response.destroy();
      resolve();
    });
    request.on('upgrade', (_, socket: Socket) => {
      const stop = (): void => {
        socket.destroy();
      };
      signal.addEventListener('abort', stop, { once: true });
      socket.on('error', stop);
      socket.on('close', () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      socket.on('data', (chunk: Buffer) => {
        if (chunk[0] === PING) socket.write(PONG);
        else wake();
      });
      socket.write(maskedText(SUBSCRIBE));
      if (signal.aborted) stop();
    });
    request.end();
  });
}

/** A final text frame under the mask of zeros; shorter than 65,536 bytes. */
function maskedText(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), payload]);
}
