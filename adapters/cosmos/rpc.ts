/**
 * JSON-RPC of one CometBFT node over HTTP, with bounds that a general client does not have. A node is never trusted; this
 * only makes its answers small, timely, well formed and of the expected chain.
 *
 * What the node says (`error` in an answer) is a value; that it does not answer usefully is a `ViaductError`. The HTTP
 * endpoint is given: bounds of bytes and time, and messages without credentials, are its part.
 */
import { abortedError } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { EndpointHealth } from '../endpoints/health.ts';
import type { AnswerReader } from '../endpoints/http.ts';
import { createEventCutter } from './eventCutter.ts';
import { asRecord } from './json.ts';

/** HTTP to one endpoint, bounded in bytes and time. */
export interface HttpPort {
  /** Scheme and host: safe to show. */
  readonly name: string;
  /** How it fares, for whoever chooses among several. */
  readonly health?: EndpointHealth | undefined;
  /** Posts a JSON body; the answer is parsed JSON. */
  request(
    body: string | undefined,
    signal: AbortSignal,
    options?: { readonly reader?: AnswerReader | undefined },
  ): Promise<unknown>;
  /** An error of this endpoint. */
  failed(what: string, ...metaMessages: string[]): ViaductError;
  /** The endpoint's own words: short, printable, without secrets. */
  clean(words: string): string;
}

export interface CometCall {
  readonly method: string;
  /** CometBFT takes parameters by name, and 64-bit numbers as strings. */
  readonly params: Readonly<Record<string, string | boolean>>;
}

export type CometAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

export interface CometEndpoint {
  /** Scheme and host: safe to show. */
  readonly name: string;
  readonly health?: EndpointHealth | undefined;
  call(call: CometCall, signal: AbortSignal): Promise<CometAnswer>;
  /** The result, or `ENDPOINT_FAILED` when the node says it has none. */
  result(method: string, params: CometCall['params'], signal: AbortSignal): Promise<unknown>;
  /** The results of several calls, in their order; `ENDPOINT_FAILED` when one has none. */
  results(calls: readonly CometCall[], signal: AbortSignal): Promise<readonly unknown[]>;
  failed(what: string, ...metaMessages: string[]): ViaductError;
}

export interface CometOptions {
  readonly chainId: string;
}

/** Calls in one request: CometBFT's default `max_request_batch_size`. */
const BATCH_CALLS_MAX = 10;

export function createCometEndpoint(http: HttpPort, options: CometOptions): CometEndpoint {
  const { name, failed } = http;
  let chainChecked = false;
  let takesBatches = true;

  const post = async (calls: readonly CometCall[], signal: AbortSignal): Promise<CometAnswer[]> => {
    const requests = calls.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params }));
    if (requests.length === 1 || takesBatches) {
      const parsed = await http.request(JSON.stringify(requests.length === 1 ? requests[0] : requests), signal, {
        reader: createEventCutter(),
      });
      const list = requests.length === 1 ? [parsed] : parsed;
      if (Array.isArray(list)) return readAnswers(http, list, calls.length);
      // One answer to many calls: it takes no batches. From now on they go one by one.
      takesBatches = false;
    }
    const answers: CometAnswer[] = [];
    for (const call of calls) answers.push(...(await post([call], signal)));
    return answers;
  };

  const checked = async (calls: readonly CometCall[], signal: AbortSignal): Promise<CometAnswer[]> => {
    if (signal.aborted) throw abortedError(signal);
    try {
      if (!chainChecked) {
        const [answer] = await post([{ method: 'status', params: {} }], signal);
        const chainId = answer?.kind === 'result' ? networkOf(answer.value) : undefined;
        if (chainId === undefined) throw failed('does not say its chain id');
        if (chainId !== options.chainId) throw wrongChain(http, options.chainId, chainId);
        chainChecked = true;
      }
      return await post(calls, signal);
    } catch (error) {
      // Whatever answers next behind this address may be another node: ask it for its chain again.
      chainChecked = false;
      throw error;
    }
  };

  const valueOf = (answer: CometAnswer | undefined, method: string): unknown => {
    if (answer?.kind === 'result') return answer.value;
    if (answer === undefined) throw failed(`did not answer ${method}`);
    throw failed(`refused ${method}`, `It says: ${answer.message} (${answer.code}).`);
  };

  return {
    name,
    health: http.health,
    failed,
    call: async (call, signal) => {
      const [answer] = await checked([call], signal);
      if (answer === undefined) throw failed(`did not answer ${call.method}`);
      return answer;
    },
    result: async (method, params, signal) => valueOf((await checked([{ method, params }], signal))[0], method),
    results: async (calls, signal) => {
      const values: unknown[] = [];
      for (let i = 0; i < calls.length; i += BATCH_CALLS_MAX) {
        const part = calls.slice(i, i + BATCH_CALLS_MAX);
        const answers = await checked(part, signal);
        values.push(...part.map(({ method }, index) => valueOf(answers[index], method)));
      }
      return values;
    },
  };
}

function readAnswers(http: HttpPort, list: readonly unknown[], count: number): CometAnswer[] {
  const nonsense = (): ViaductError => http.failed('answered something that is not JSON-RPC');
  if (list.length !== count) throw http.failed('did not answer each call of a batch');
  const answers = new Map<number, CometAnswer>();
  for (const item of list) {
    const answer = asRecord(item);
    const id = count === 1 ? 0 : answer?.['id'];
    if (answer === undefined || typeof id !== 'number' || id < 0 || id >= count) throw nonsense();
    const error = asRecord(answer['error']);
    if (error !== undefined) {
      const { code, message, data } = error;
      const words = [message, data].filter((word) => typeof word === 'string').join(': ');
      answers.set(id, { kind: 'error', code: typeof code === 'number' ? code : 0, message: http.clean(words) });
    } else if ('result' in answer) {
      answers.set(id, { kind: 'result', value: answer['result'] });
    }
  }
  return Array.from({ length: count }, (_, id) => {
    const answer = answers.get(id);
    if (answer === undefined) throw nonsense();
    return answer;
  });
}

function networkOf(status: unknown): string | undefined {
  const network = asRecord(asRecord(status)?.['node_info'])?.['network'];
  return typeof network === 'string' ? network : undefined;
}

function wrongChain(http: HttpPort, expected: string, got: string): ViaductError {
  return new ViaductError({
    code: 'ENDPOINT_WRONG_CHAIN',
    shortMessage: `${http.name} serves chain ${http.clean(got)}, not ${expected}.`,
    metaMessages: ['Correct the endpoint in the configuration: it would be asked for the wrong chain for ever.'],
  });
}
