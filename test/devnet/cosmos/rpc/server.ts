/**
 * JSON-RPC of one node over HTTP (POST single and batch, GET) and WebSocket, on loopback. Subscriptions to new blocks and
 * to transactions are served; `broadcast_tx_commit` waits for its block.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChainBlock, CosmosChain } from '../consensus/createChain.ts';
import { acceptWebSocket, type WebSocketPeer } from '../../rpc/webSocket.ts';
import { withLie } from '../../rpc/withLie.ts';
import { createFaults, type Faults } from './faults.ts';
import { blockIdJson, blockJson, base64, headerJson, hex, jsonBytes, resultJson, type Json } from './json.ts';
import { broadcast, commitAnswer, internal, METHODS, type Params, RpcError } from './methods.ts';
import { createNode, type Node } from './node.ts';
import { sha256 } from '../../../../light-clients/tendermint/index.ts';

export interface CosmosRpc {
  readonly url: string;
  readonly wsUrl: string;
  readonly faults: Faults;
  stop(): Promise<void>;
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: Params;
}

interface Subscription {
  readonly peer: WebSocketPeer;
  readonly id: unknown;
  readonly query: string;
}

/** `max_body_bytes` */
const BODY_BYTES_MAX = 1_000_000;
/** `max_request_batch_size` */
const BATCH_MAX = 10;

export async function startCosmosRpc(chain: CosmosChain, port = 0): Promise<CosmosRpc> {
  const faults = createFaults();
  const node = createNode(chain, faults);
  let subscriptions: Subscription[] = [];
  const peers = new Set<WebSocketPeer>();
  const answer = async (request: Request): Promise<unknown> => withFaults(faults, request, await call(node, request));

  const server = createServer((request, response) => {
    serveHttp(request, response, faults, answer).catch(() => response.destroy());
  });
  server.on('upgrade', (request, socket) => {
    const accepted = acceptWebSocket(request, socket, {
      message: (text, peer) => {
        const parsed = parseRequest(text);
        if (parsed === undefined) {
          peer.send(JSON.stringify(failure(null, new RpcError(-32700, 'Parse error', 'not JSON-RPC'))));
        } else if (parsed.method === 'subscribe') {
          subscriptions.push({ peer, id: parsed.id, query: String(parsed.params['query']) });
          peer.send(JSON.stringify({ jsonrpc: '2.0', id: parsed.id, result: {} }));
        } else if (parsed.method === 'unsubscribe' || parsed.method === 'unsubscribe_all') {
          const { query } = parsed.params;
          subscriptions = subscriptions.filter(
            (one) => one.peer !== peer || (query !== undefined && one.query !== query),
          );
          peer.send(JSON.stringify({ jsonrpc: '2.0', id: parsed.id, result: {} }));
        } else {
          reply(parsed, answer).then(
            (message) => {
              peer.send(jsonBytes(message).toString());
            },
            () => undefined,
          );
        }
      },
      closed: (peer) => {
        peers.delete(peer);
        subscriptions = subscriptions.filter((one) => one.peer !== peer);
      },
    });
    if (accepted !== undefined) peers.add(accepted);
  });
  const unlisten = chain.onBlock((block) => {
    if (faults.find('mute') !== undefined) return;
    for (const { peer, id, query } of subscriptions) {
      for (const result of eventsFor(query, block)) peer.send(jsonBytes({ jsonrpc: '2.0', id, result }).toString());
    }
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
      unlisten();
      for (const peer of peers) peer.close();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

async function serveHttp(
  request: IncomingMessage,
  response: ServerResponse,
  faults: Faults,
  answer: (request: Request) => Promise<unknown>,
): Promise<void> {
  const send = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(jsonBytes(value));
  };
  if (request.method === 'GET') {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const params = Object.fromEntries([...searchParams].map(([key, value]) => [key, value.replace(/^"(.*)"$/, '$1')]));
    send(200, await reply({ id: -1, method: pathname.slice(1), params }, answer));
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    send(500, failure(null, new RpcError(-32600, 'Invalid Request', 'http: request body too large')));
    return;
  }
  const list = parseRequests(body);
  if (list === undefined) {
    send(500, failure(null, new RpcError(-32700, 'Parse error', 'not JSON-RPC')));
    return;
  }
  if (list.requests.length > BATCH_MAX) {
    const words = `batch request exceeds maximum (${BATCH_MAX}) allowed number of requests`;
    send(200, failure(null, new RpcError(-32600, 'Invalid Request', words)));
    return;
  }
  if (list.requests.length === 0) {
    response.writeHead(200).end();
    return;
  }
  const status = faults.find('httpStatus');
  if (status !== undefined && list.requests.some(({ method }) => method === status.method)) {
    send(status.status, {});
    return;
  }
  const replies = [];
  for (const one of list.requests) replies.push(await reply(one, answer));
  send(200, list.batch ? replies : replies[0]);
}

async function reply(request: Request, answer: (request: Request) => Promise<unknown>): Promise<Json> {
  try {
    return { jsonrpc: '2.0', id: request.id, result: await answer(request) };
  } catch (error) {
    return failure(request.id, error instanceof RpcError ? error : internal('malformed'));
  }
}

async function call(node: Node, { method, params }: Request): Promise<unknown> {
  if (method === 'broadcast_tx_commit') return broadcastAndWait(node, params);
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (known === undefined) throw new RpcError(-32601, 'Method not found', '');
  return known(node, params);
}

async function broadcastAndWait(node: Node, params: Params): Promise<Json> {
  const { tx, checked } = broadcast(node, params);
  if (checked === undefined) throw internal('timed out waiting for tx to be included in a block');
  if (checked.code !== 0) return commitAnswer(tx, checked, undefined);
  const block = await new Promise<ChainBlock>((resolve) => {
    const unlisten = node.chain.onBlock((candidate) => {
      if (candidate.txs.every((one) => Buffer.compare(one, tx) !== 0)) return;
      unlisten();
      resolve(candidate);
    });
  });
  return commitAnswer(tx, checked, block);
}

function withFaults(faults: Faults, { method }: Request, answer: unknown): unknown {
  let told = answer;
  for (const fault of faults.all()) {
    if (fault.kind === 'lie' && fault.method === method) told = withLie(told, fault.path, fault.value);
  }
  return told;
}

/** The events of a block that a subscription asks for. */
function eventsFor(query: string, block: ChainBlock): Json[] {
  if (/tm\.event\s*=\s*'NewBlock'/.test(query)) {
    const value = { ...blockJson(block), result_finalize_block: { validator_updates: null } };
    return [{ query, data: { type: 'tendermint/event/NewBlock', value }, events: { 'tm.event': ['NewBlock'] } }];
  }
  if (/tm\.event\s*=\s*'NewBlockHeader'/.test(query)) {
    const value = { header: headerJson(block.header), block_id: blockIdJson(block.blockId) };
    return [{ query, data: { type: 'tendermint/event/NewBlockHeader', value }, events: {} }];
  }
  if (/tm\.event\s*=\s*'Tx'/.test(query)) {
    return block.txs.map((tx, index) => {
      const result = block.results[index];
      const shown = result === undefined ? null : resultJson(result);
      const TxResult = { height: block.header.height.toString(), index, tx: base64(tx), result: shown };
      const events = { 'tm.event': ['Tx'], 'tx.hash': [hex(sha256(tx))] };
      return { query, data: { type: 'tendermint/event/Tx', value: { TxResult } }, events };
    });
  }
  return [];
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

function parseRequests(text: string): { requests: Request[]; batch: boolean } | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const list = Array.isArray(parsed) ? (parsed as unknown[]) : [parsed];
    const requests = list.map(toRequest);
    return requests.every((one) => one !== undefined) ? { requests, batch: Array.isArray(parsed) } : undefined;
  } catch {
    return undefined;
  }
}

function parseRequest(text: string): Request | undefined {
  const parsed = parseRequests(text);
  return parsed?.batch === false ? parsed.requests[0] : undefined;
}

function toRequest(value: unknown): Request | undefined {
  const { id, method, params } = (value ?? {}) as { id?: unknown; method?: unknown; params?: unknown };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // Without a method it is a request for one that does not exist.
  const name = typeof method === 'string' ? method : '';
  return {
    id: id ?? -1,
    method: name,
    params: typeof params === 'object' && params !== null ? (params as Params) : {},
  };
}

function failure(id: unknown, { code, message, data }: RpcError): Json {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data === '' ? {} : { data }) } };
}
