/**
 * The server's end of a WebSocket (RFC 6455) over an upgraded HTTP connection: text messages, fragments, ping and close.
 * Small enough to spare a dependency; no extensions, and what breaks the rules closes the connection.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export interface WebSocketPeer {
  send(text: string): void;
  close(): void;
}

export interface WebSocketHandlers {
  readonly message: (text: string, peer: WebSocketPeer) => void;
  readonly closed: (peer: WebSocketPeer) => void;
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MESSAGE_BYTES_MAX = 2_000_000;
const OPCODES = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;

export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  handlers: WebSocketHandlers,
): WebSocketPeer | undefined {
  const key = request.headers['sec-websocket-key'];
  if (key === undefined || request.headers['upgrade']?.toLowerCase() !== 'websocket') {
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    return undefined;
  }
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n' +
      `sec-websocket-accept: ${accept}\r\n\r\n`,
  );

  let buffered = Buffer.alloc(0);
  let fragments: Buffer[] = [];
  const peer: WebSocketPeer = {
    send: (text) => {
      if (socket.writable) socket.write(frame(OPCODES.text, Buffer.from(text)));
    },
    close: () => {
      if (socket.writable) socket.end(frame(OPCODES.close, Buffer.from([0x03, 0xe8])), () => socket.destroy());
    },
  };
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const next = readFrame(buffered);
      if (next === 'incomplete') return;
      if (next === 'broken') {
        peer.close();
        return;
      }
      buffered = buffered.subarray(next.size);
      if (next.opcode === OPCODES.ping) socket.write(frame(OPCODES.pong, next.payload));
      else if (next.opcode === OPCODES.close) peer.close();
      else if (next.opcode === OPCODES.text || next.opcode === OPCODES.continuation) {
        fragments.push(next.payload);
        if (!next.final) continue;
        const text = Buffer.concat(fragments).toString('utf8');
        fragments = [];
        handlers.message(text, peer);
      }
    }
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    handlers.closed(peer);
  });
  return peer;
}

interface Frame {
  readonly opcode: number;
  readonly final: boolean;
  readonly payload: Buffer;
  readonly size: number;
}

function readFrame(bytes: Buffer): Frame | 'incomplete' | 'broken' {
  if (bytes.length < 2) return 'incomplete';
  const [first = 0, second = 0] = bytes;
  // A client masks, and extensions were not agreed on.
  if ((second & 0x80) === 0 || (first & 0x70) !== 0) return 'broken';
  let length = second & 0x7f;
  let offset = 2;
  if (length === 126) {
    if (bytes.length < 4) return 'incomplete';
    length = bytes.readUInt16BE(2);
    offset = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return 'incomplete';
    const long = bytes.readBigUInt64BE(2);
    if (long > BigInt(MESSAGE_BYTES_MAX)) return 'broken';
    length = Number(long);
    offset = 10;
  }
  if (bytes.length < offset + 4 + length) return 'incomplete';
  const mask = bytes.subarray(offset, offset + 4);
  const payload = Buffer.from(bytes.subarray(offset + 4, offset + 4 + length));
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] as number) ^ (mask[i & 3] as number);
  return { opcode: first & 0x0f, final: (first & 0x80) !== 0, payload, size: offset + 4 + length };
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, length])
      : length < 65_536
        ? Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([0x80 | opcode, 127]), eightBytes(length)]);
  return Buffer.concat([head, payload]);
}

function eightBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
