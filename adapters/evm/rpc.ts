/**
 * JSON-RPC over HTTP to one endpoint, with bounds that a general client does not have: bytes of an answer, time, calls in
 * a batch. An endpoint is never trusted; this only makes its answers small, timely and well formed.
 *
 * What the endpoint says (`error` in a 200 answer) is a value; that it does not answer usefully is a `ViaductError`. A URL
 * appears in messages as scheme and host only, since keys live in its user part, path and query.
 */
import { abortedError, type Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { RPC_LIST_BYTES_MAX } from '../../relayer/core/limits.ts';
import type { EndpointHealth } from '../endpoints/health.ts';
import { createHttpEndpoint, type HttpEndpoint } from '../endpoints/http.ts';
import { parseQuantity } from './json.ts';
import { createListReader, type TakeObject } from './listReader.ts';

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

export type RpcAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly data: unknown };

export interface RpcEndpoint {
  /** Scheme and host: safe to show. */
  readonly name: string;
  /** How it fares, for whoever chooses among several. */
  readonly health?: EndpointHealth | undefined;
  call(method: string, params: readonly unknown[], signal: AbortSignal): Promise<RpcAnswer>;
  /** The result, or `ENDPOINT_FAILED` when the endpoint says it has none. */
  result(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown>;
  /** As `call`, for an answer with a long list: `take` gets its objects while they come, and the answer has none or all of them. */
  callList(call: RpcCall, key: 'result' | 'logs', take: TakeObject, signal: AbortSignal): Promise<RpcAnswer>;
  /** Several calls in one request; answers in the order of the calls. */
  batch(calls: readonly RpcCall[], signal: AbortSignal): Promise<readonly RpcAnswer[]>;
}

export interface RpcOptions {
  readonly url: string;
  readonly chainId: number;
  readonly timeoutMs?: number;
  readonly responseBytesMax?: number;
}

/** Calls in one request: the smallest maximum that public endpoints commonly allow. */
const BATCH_CALLS_MAX = 50;

export function createRpcEndpoint(deps: { readonly clock: Clock }, options: RpcOptions): RpcEndpoint {
  const http = createHttpEndpoint(deps, options);
  const { name, failed } = http;
  let chainChecked = false;
  let takesBatches = true;

  const post = async (calls: readonly RpcCall[], signal: AbortSignal): Promise<readonly RpcAnswer[]> => {
    const requests = calls.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params }));
    if (requests.length === 1 || takesBatches) {
      const parsed = await http.request(JSON.stringify(requests.length === 1 ? requests[0] : requests), signal);
      const list = requests.length === 1 ? [parsed] : parsed;
      if (Array.isArray(list)) return readAnswers(http, list, calls.length);
      // One answer to many calls: it takes no batches. From now on they go one by one.
      takesBatches = false;
    }
    const answers: RpcAnswer[] = [];
    for (const call of calls) answers.push(...(await post([call], signal)));
    return answers;
  };

  /** After the endpoint has said that it serves the chain. */
  const checked = async <T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    if (signal.aborted) throw abortedError(signal);
    try {
      if (!chainChecked) {
        const [answer] = await post([{ method: 'eth_chainId', params: [] }], signal);
        const chainId = answer?.kind === 'result' ? parseQuantity(answer.value) : undefined;
        if (chainId === undefined) throw failed('does not say its chain id');
        if (chainId !== BigInt(options.chainId)) throw wrongChain(name, options.chainId, chainId);
        chainChecked = true;
      }
      return await ask();
    } catch (error) {
      // Whatever answers next behind this address may be another node: ask it for its chain again.
      chainChecked = false;
      throw error;
    }
  };

  const endpoint: RpcEndpoint = {
    name,
    health: http.health,
    call: async (method, params, signal) => {
      const [answer] = await checked(async () => post([{ method, params }], signal), signal);
      if (answer === undefined) throw failed(`did not answer ${method}`);
      return answer;
    },
    result: async (method, params, signal) => {
      const answer = await endpoint.call(method, params, signal);
      if (answer.kind === 'result') return answer.value;
      throw failed(`refused ${method}`, `It says: ${answer.message} (${answer.code}).`);
    },
    callList: async ({ method, params }, key, take, signal) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method, params });
      const [answer] = await checked(async () => {
        const reader = createListReader(key, take);
        return readAnswers(http, [await http.request(body, signal, { reader, bytesMax: RPC_LIST_BYTES_MAX })], 1);
      }, signal);
      if (answer === undefined) throw failed(`did not answer ${method}`);
      return answer;
    },
    batch: async (calls, signal) => {
      const answers: RpcAnswer[] = [];
      for (let i = 0; i < calls.length; i += BATCH_CALLS_MAX) {
        const some = calls.slice(i, i + BATCH_CALLS_MAX);
        answers.push(...(await checked(async () => post(some, signal), signal)));
      }
      return answers;
    },
  };
  return endpoint;
}

function readAnswers(http: HttpEndpoint, list: readonly unknown[], count: number): RpcAnswer[] {
  const { failed, clean } = http;
  if (list.length !== count) throw failed('did not answer each call of a batch');
  const answers = new Array<RpcAnswer | undefined>(count).fill(undefined);
  for (const item of list) {
    const answer = item as {
      id?: unknown;
      result?: unknown;
      error?: { code?: unknown; message?: unknown; data?: unknown };
    } | null;
    const id = count === 1 ? 0 : answer?.id;
    if (typeof answer !== 'object' || answer === null || typeof id !== 'number' || !(id in answers)) {
      throw failed('answered something that is not JSON-RPC');
    }
    if (answer.error !== undefined && answer.error !== null) {
      const { code, message, data } = answer.error;
      // Some say in JSON what HTTP has a status for.
      if (code === 429) throw http.limited();
      answers[id] = {
        kind: 'error',
        code: typeof code === 'number' ? code : 0,
        message: typeof message === 'string' ? clean(message) : 'no message',
        data,
      };
    } else if ('result' in answer) {
      answers[id] = { kind: 'result', value: answer.result };
    }
  }
  return answers.map((answer) => {
    if (answer === undefined) throw failed('answered something that is not JSON-RPC');
    return answer;
  });
}

function wrongChain(name: string, expected: number, got: bigint): ViaductError {
  return new ViaductError({
    code: 'ENDPOINT_WRONG_CHAIN',
    shortMessage: `${name} serves chain ${got}, not ${expected}.`,
    metaMessages: ['Correct the endpoint in the configuration: it would be asked for the wrong chain for ever.'],
  });
}
