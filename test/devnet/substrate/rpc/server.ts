/** JSON-RPC of one node over HTTP (single and batch) and WebSocket (with subscriptions), on loopback. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { acceptWebSocket, type WebSocketPeer } from '../../rpc/webSocket.ts';
import type { Chain } from '../chain/createChain.ts';
import type { Grandpa } from '../relay/grandpa.ts';
import { answer, failureText, parseRequests, type Request, successText, withLies } from './answer.ts';
import { createFaults, type Faults } from './faults.ts';
import { createNode, type Node } from './node.ts';
import { RpcError } from './rpcError.ts';
import { type SubscriptionKind, SUBSCRIPTIONS } from './subscriptions.ts';

export interface SubstrateRpc {
  readonly url: string;
  readonly wsUrl: string;
  readonly faults: Faults;
  stop(): Promise<void>;
}

/** One connection's subscriptions: from id to how to stop. */
interface Connection {
  readonly peer: WebSocketPeer;
  readonly open: Map<string, { readonly kind: SubscriptionKind; readonly stop: () => void }>;
}

/** `--rpc-max-request-size` */
const BODY_BYTES_MAX = 15 * 1024 * 1024;
/** `--rpc-max-connections` */
const CONNECTIONS_MAX = 100;
/** `--rpc-max-subscriptions-per-connection` */
const SUBSCRIPTIONS_MAX = 1_024;

export async function startSubstrateRpc(chain: Chain, grandpa: Grandpa | undefined, port = 0): Promise<SubstrateRpc> {
  const faults = createFaults();
  const node = createNode(chain, grandpa, faults);
  const connections = new Map<WebSocketPeer, Connection>();
  let subscribed = 0;

  const subscribe = ({ peer, open }: Connection, { id, method, params }: Request, kind: SubscriptionKind): void => {
    if (open.size >= SUBSCRIPTIONS_MAX) {
      const limit = `Exceeded max limit of ${SUBSCRIPTIONS_MAX}`;
      throw new RpcError(-32006, 'Too many subscriptions on the connection', limit);
    }
    subscribed += 1;
    const subscription = `viaduct${subscribed.toString().padStart(9, '0')}`;
    // The answer with the id goes before everything that the subscription sends.
    let waiting: unknown[] | undefined = [];
    let first = true;
    const send = (result: unknown): void => {
      const told = { subscription, result: withLies(node, method, result) };
      peer.send(JSON.stringify({ jsonrpc: '2.0', method: kind.notification, params: told }));
    };
    const push = (result: unknown): void => {
      if (!first && faults.find('mute') !== undefined) return;
      first = false;
      if (waiting === undefined) send(result);
      else waiting.push(result);
    };
    const stop = kind.start(node, params, push);
    open.set(subscription, { kind, stop });
    peer.send(successText(id, subscription));
    const early = waiting;
    waiting = undefined;
    for (const result of early) send(result);
  };
  const unsubscribe = ({ open }: Connection, { method, params }: Request): boolean => {
    const id = String(params[0]);
    const found = open.get(id);
    if (found?.kind.unsubscribe !== method) return false;
    found.stop();
    return open.delete(id);
  };

  const serveMessage = (connection: Connection, request: Request): void => {
    try {
      const kind = Object.hasOwn(SUBSCRIPTIONS, request.method) ? SUBSCRIPTIONS[request.method] : undefined;
      if (kind !== undefined && (kind.grandpa !== true || grandpa !== undefined)) {
        subscribe(connection, request, kind);
      } else if (UNSUBSCRIBERS.has(request.method)) {
        connection.peer.send(successText(request.id, unsubscribe(connection, request)));
      } else {
        connection.peer.send(successText(request.id, answer(node, request)));
      }
    } catch (error) {
      connection.peer.send(failureText(request.id, error));
    }
  };
  const closeConnection = (peer: WebSocketPeer): void => {
    for (const { stop } of connections.get(peer)?.open.values() ?? []) stop();
    connections.delete(peer);
  };

  const server = createServer((request, response) => {
    serveHttp(node, request, response).catch(() => response.destroy());
  });
  // A block may take longer than an idle connection would live, and a client that just then asks again is cut off.
  server.keepAliveTimeout = 0;
  server.on('upgrade', (request, socket) => {
    if (connections.size >= CONNECTIONS_MAX) {
      socket.end('HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\n\r\n');
      return;
    }
    const accepted = acceptWebSocket(request, socket, {
      message: (text, peer) => {
        const connection = connections.get(peer);
        if (connection === undefined) return;
        try {
          const { requests, batch } = parseRequests(text);
          if (batch) peer.send(`[${requests.map((one) => reply(node, one)).join(',')}]`);
          else for (const one of requests) serveMessage(connection, one);
        } catch (error) {
          peer.send(failureText(null, error));
        }
      },
      closed: closeConnection,
    });
    if (accepted !== undefined) connections.set(accepted, { peer: accepted, open: new Map() });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    wsUrl: `ws://${host}`,
    faults,
    stop: async () => {
      for (const peer of [...connections.keys()]) {
        closeConnection(peer);
        peer.close();
      }
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

const UNSUBSCRIBERS = new Set(Object.values(SUBSCRIPTIONS).map(({ unsubscribe }) => unsubscribe));

async function serveHttp(node: Node, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(text);
  };
  if (request.method !== 'POST') {
    send(405, 'Used HTTP Method is not allowed. POST is required\n');
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    send(413, failureText(null, new RpcError(-32007, 'Request is too big', `Exceeded max limit of ${BODY_BYTES_MAX}`)));
    return;
  }
  try {
    const { requests, batch } = parseRequests(body);
    const status = node.faults
      .all('httpStatus')
      .find((fault) => requests.some(({ method }) => method === fault.method));
    if (status !== undefined) {
      send(status.status, '');
      return;
    }
    const replies = requests.map((one) => reply(node, one));
    send(200, batch ? `[${replies.join(',')}]` : (replies[0] ?? ''));
  } catch (error) {
    send(200, failureText(null, error));
  }
}

function reply(node: Node, request: Request): string {
  try {
    return successText(request.id, answer(node, request));
  } catch (error) {
    return failureText(request.id, error);
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return size > BODY_BYTES_MAX ? undefined : Buffer.concat(chunks).toString('utf8');
}
