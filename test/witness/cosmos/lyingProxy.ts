/**
 * A node between the asker and a real node that changes what the real one says. Requests over HTTP (single and batch) are
 * passed on, answers rewritten; WebSockets are passed through untouched.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface RpcCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The result to answer with; the same object for the truth. */
export type Lie = (call: RpcCall, result: unknown) => unknown;

export interface LyingProxy {
  readonly url: string;
  /** From now on. */
  lie(lie: Lie | undefined): void;
  stop(): Promise<void>;
}

interface Answer {
  readonly id: unknown;
  readonly result?: unknown;
}

export async function startLyingProxy(target: string): Promise<LyingProxy> {
  const { hostname, port } = new URL(target);
  let lie: Lie | undefined;
  const sockets = new Set<Socket>();

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const headers = { 'content-type': 'application/json' };
    const isPost = request.method === 'POST';
    const answer = await fetch(`${target}${request.url ?? '/'}`, isPost ? { method: 'POST', headers, body } : {});
    const text = await answer.text();
    const told = lie === undefined ? text : rewrite(lie, isPost ? body : '', request.url ?? '/', text);
    response.writeHead(answer.status, headers).end(told);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    const upstream = connect(Number(port), hostname, () => {
      const lines = [`GET ${request.url ?? '/'} HTTP/1.1`];
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
      }
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      socket.pipe(upstream);
      upstream.pipe(socket);
    });
    const end = (): void => {
      upstream.destroy();
      socket.destroy();
    };
    for (const one of [upstream, socket]) one.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie: (next) => {
      lie = next;
    },
    stop: async () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Answers are matched to calls by their ids; what is no JSON-RPC passes as it is. */
function rewrite(lie: Lie, body: string, path: string, text: string): string {
  const answers = JSON.parse(text) as Answer | Answer[];
  const calls = body === '' ? [callOf(path)] : ([JSON.parse(body)].flat() as (RpcCall & { id: unknown })[]);
  const told = [answers].flat().map((answer, index) => {
    const call = calls.find((one) => 'id' in one && one.id === answer.id) ?? calls[index];
    return call === undefined || answer.result === undefined
      ? answer
      : { ...answer, result: lie({ method: call.method, params: call.params }, answer.result) };
  });
  return JSON.stringify(Array.isArray(answers) ? told : told[0]);
}

function callOf(path: string): RpcCall {
  const { pathname, searchParams } = new URL(path, 'http://localhost');
  const params = Object.fromEntries([...searchParams].map(([key, value]) => [key, value.replace(/^"(.*)"$/, '$1')]));
  return { method: pathname.slice(1), params };
}
