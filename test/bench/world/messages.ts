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

const LENGTH_BYTES = 4;
const HEAD_BYTES = 11;

/** The payload is laid end to end from its parts, so that nothing large is copied to be sent. */
export function sendMessage(
  socket: Socket,
  { id, what, chain }: Omit<Message, 'payload'>,
  ...payload: readonly Uint8Array[]
): void {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32BE(HEAD_BYTES - LENGTH_BYTES + payload.reduce((sum, { length }) => sum + length, 0), 0);
  head.writeUInt32BE(id, 4);
  head.writeUInt8(what, 8);
  head.writeUInt16BE(chain, 9);
  socket.cork();
  socket.write(head);
  for (const part of payload) if (part.length > 0) socket.write(part);
  socket.uncork();
}

/** Takes what a socket gives, copies it, and cuts it into messages, each in memory of its own. */
export function createReceiver(take: (message: Message) => void): (bytes: Uint8Array) => void {
  const length = Buffer.alloc(LENGTH_BYTES);
  let lengthFilled = 0;
  let body: Buffer | undefined;
  let bodyFilled = 0;
  return (bytes) => {
    for (let at = 0; at < bytes.length;) {
      if (body === undefined) {
        length[lengthFilled++] = bytes[at++] as number;
        if (lengthFilled < LENGTH_BYTES) continue;
        lengthFilled = 0;
        // Not made of zeros first: all of it is written over.
        body = Buffer.allocUnsafe(length.readUInt32BE(0));
        bodyFilled = 0;
        continue;
      }
      const taken = bytes.subarray(at, at + body.length - bodyFilled);
      body.set(taken, bodyFilled);
      bodyFilled += taken.length;
      at += taken.length;
      if (bodyFilled < body.length) continue;
      const whole = body;
      body = undefined;
      take({
        id: whole.readUInt32BE(0),
        what: whole.readUInt8(4),
        chain: whole.readUInt16BE(5),
        payload: whole.subarray(HEAD_BYTES - LENGTH_BYTES),
      });
    }
  };
}
