/**
 * Requests to the simulated chains over a socket, as an endpoint would be asked over one, but flat: a real one speaks JSON,
 * whose cost is measured on its own.
 *
 * | size | field                                    |
 * |------|------------------------------------------|
 * | 4    | length of what follows                   |
 * | 4    | id of the request; 0 is news, unasked    |
 * | 1    | what: a request, or how it was answered  |
 * | 2    | chain                                    |
 * | n    | payload                                  |
 */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';

export const ASK = { update: 1, evidence: 2, lanes: 3, prepare: 4, nextSlot: 5, broadcast: 6, outcome: 7 } as const;
export const ANSWER = { ok: 100, failed: 101, news: 102 } as const;

export interface Message {
  readonly id: number;
  readonly what: number;
  readonly chain: number;
  readonly payload: Uint8Array;
}

const HEAD_BYTES = 11;

/** The payload may go on in `more`, so that nothing large is copied to be sent. */
export function sendMessage(socket: Socket, { id, what, chain, payload }: Message, more?: Uint8Array): void {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(HEAD_BYTES - 4 + payload.length + (more?.length ?? 0), 0);
  head.writeUInt32BE(id, 4);
  head.writeUInt8(what, 8);
  head.writeUInt16BE(chain, 9);
  socket.cork();
  socket.write(head);
  if (payload.length > 0) socket.write(payload);
  if (more !== undefined) socket.write(more);
  socket.uncork();
}

/** Cuts what a socket gives into messages; payloads are views into it. */
export function receiveMessages(socket: Socket, take: (message: Message) => void): void {
  let held: Buffer[] = [];
  let size = 0;
  let wanted = 4;
  socket.on('data', (chunk: Buffer) => {
    held.push(chunk);
    size += chunk.length;
    if (size < wanted) return;
    let bytes = held.length === 1 ? chunk : Buffer.concat(held, size);
    for (;;) {
      wanted = bytes.length < 4 ? 4 : 4 + bytes.readUInt32BE(0);
      if (bytes.length < wanted || bytes.length < HEAD_BYTES) break;
      take({
        id: bytes.readUInt32BE(4),
        what: bytes.readUInt8(8),
        chain: bytes.readUInt16BE(9),
        payload: bytes.subarray(HEAD_BYTES, wanted),
      });
      bytes = bytes.subarray(wanted);
    }
    held = [bytes];
    size = bytes.length;
  });
}
