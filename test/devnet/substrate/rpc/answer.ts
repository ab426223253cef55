/** One JSON-RPC request to its answer, faults included. Bounds are those of a node with default settings. */
import { withLie } from '../../rpc/withLie.ts';
import { methodsOf } from './methods.ts';
import type { Node } from './node.ts';
import { RpcError } from './rpcError.ts';
import { SUBSCRIPTIONS } from './subscriptions.ts';

export interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

const BATCH_MAX = 1_000;
/** `--rpc-max-response-size` */
const RESPONSE_BYTES_MAX = 15 * 1024 * 1024;

/** The requests in a text; an `RpcError` when there is none to answer. */
export function parseRequests(text: string): { readonly requests: readonly Request[]; readonly batch: boolean } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new RpcError(-32700, 'Parse error');
  }
  const batch = Array.isArray(parsed);
  const list = batch ? (parsed as readonly unknown[]) : [parsed];
  if (list.length === 0 || list.length > BATCH_MAX) throw new RpcError(-32600, 'Invalid request');
  return { requests: list.map(toRequest), batch };
}

export function answer(node: Node, { method, params }: Request): unknown {
  const failing = node.faults.all('error').find((fault) => fault.method === method);
  if (failing !== undefined) throw new RpcError(failing.code, failing.message);
  if (method === 'rpc_methods') return { methods: allMethods(node).sort() };
  const methods = methodsOf(node);
  const known = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (known === undefined) throw new RpcError(-32601, 'Method not found');
  return withLies(node, method, known(node, params));
}

export function withLies(node: Node, method: string, told: unknown): unknown {
  return node.faults
    .all('lie')
    .filter((fault) => fault.method === method)
    .reduce((answered, { path, value }) => withLie(answered, path, value), told);
}

export function successText(id: unknown, result: unknown): string {
  const text = JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null });
  if (text.length <= RESPONSE_BYTES_MAX) return text;
  return failureText(id, new RpcError(-32008, 'Response is too big', `Exceeded max limit of ${RESPONSE_BYTES_MAX}`));
}

export function failureText(id: unknown, error: unknown): string {
  const { code, message, data } =
    error instanceof RpcError ? error : new RpcError(-32603, 'Internal error', text(error));
  return JSON.stringify({
    jsonrpc: '2.0',
    id: id ?? null,
    error: { code, message, ...(data === undefined ? {} : { data }) },
  });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : 'not an error';
}

function allMethods(node: Node): string[] {
  const kinds = Object.entries(SUBSCRIPTIONS).filter(
    ([, { grandpa }]) => grandpa !== true || node.grandpa !== undefined,
  );
  return [
    'rpc_methods',
    ...Object.keys(methodsOf(node)),
    ...kinds.flatMap(([subscribe, { unsubscribe }]) => [subscribe, unsubscribe]),
  ];
}

function toRequest(value: unknown): Request {
  const { id, method, params } = (value ?? {}) as { id?: unknown; method?: unknown; params?: unknown };
  if (typeof method !== 'string') throw new RpcError(-32600, 'Invalid request');
  // Named parameters are not taken.
  return { id: id ?? null, method, params: Array.isArray(params) ? (params as readonly unknown[]) : [] };
}
