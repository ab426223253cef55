import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createExchange } from './exchange.ts';

const signal = new AbortController().signal;

/** What comes of some exchanges, one after the other. */
async function exchanges(count: number, listener: RequestListener, stop = signal): Promise<string[]> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const exchange = createExchange();
  const answers: string[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const parts: Buffer[] = [];
      let seen = 0;
      const receiver = {
        head: (status: number) => {
          seen = status;
        },
        take: (bytes: Buffer) => {
          parts.push(Buffer.from(bytes));
        },
      };
      const asked = { url: `http://127.0.0.1:${port}/`, headers: {}, body: `${index}` };
      const failed = await exchange(asked, receiver, stop).catch(String);
      answers.push(failed ?? `${seen} ${Buffer.concat(parts).toString()}`);
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return answers;
}

describe('an exchange', () => {
  it('keeps its connection, and takes another when the server closed it just then', async () => {
    const uses = new Map<Socket, number>();
    let asked = 0;
    const answers = await exchanges(4, (request, response) => {
      asked++;
      const use = (uses.get(request.socket) ?? 0) + 1;
      uses.set(request.socket, use);
      if (use === 3) request.socket.destroy();
      else response.end(`use ${use}`);
    });
    expect(answers).toEqual(['200 use 1', '200 use 2', '200 use 1', '200 use 2']);
    expect([asked, uses.size]).toEqual([5, 2]);
  });

  it('that a new connection refuses has failed', async () => {
    let asked = 0;
    const [answer] = await exchanges(1, (request) => {
      asked++;
      request.socket.destroy();
    });
    expect(answer).toMatch(/socket hang up/);
    expect(asked).toBe(1);
  });

  it('unpacks what is packed, and fails where that is broken', async () => {
    const text = 'x'.repeat(200_000);
    const packed = [
      ['gzip', gzipSync(text)],
      ['deflate', deflateSync(text)],
      ['br', brotliCompressSync(text)],
      ['identity', Buffer.from(text)],
      ['gzip', Buffer.from('not packed at all')],
      ['gzip', gzipSync(text).subarray(0, 50)],
    ] as const;
    const answers = await exchanges(packed.length, (request, response) => {
      request.on('data', (body: Buffer) => {
        const [encoding, bytes] = packed[Number(body.toString())]!;
        response.writeHead(200, { 'content-encoding': encoding }).end(bytes);
      });
    });
    expect(answers.slice(0, 4)).toEqual(packed.slice(0, 4).map(() => `200 ${text}`));
    expect(answers.slice(4).map((answer) => answer.startsWith('Error'))).toEqual([true, true]);
  });

  it('of which only a part comes has failed, and so has one that is stopped', async () => {
    const [broken] = await exchanges(1, (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    expect(broken).toMatch(/Error/);
    const stop = new AbortController();
    const [stopped] = await exchanges(1, () => stop.abort(), stop.signal);
    expect(stopped).toMatch(/stopped/);
  });
});
