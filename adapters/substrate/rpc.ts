/**
 * JSON-RPC of one Substrate node over HTTP, with bounds that a general client does not have. A node is never trusted; this only
 * makes its answers small, timely, well formed and of the expected chain.
 *
 * What the node says (`error` in an answer) is a value; that it does not answer usefully is a `ViaductError`.
 */
import { abortedError } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { EndpointHealth, HttpEndpoint } from '../endpoints/index.ts';
import { asRecord } from './json.ts';

export interface SubstrateCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

export type SubstrateAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly data: string };

export interface SubstrateEndpoint {
  /** Scheme and host: safe to show. */
  readonly name: string;
  /** How it fares, for whoever chooses among several. */
  readonly health?: EndpointHealth | undefined;
  call(method: string, params: readonly unknown[], signal: AbortSignal): Promise<SubstrateAnswer>;
  /** The result, or `ENDPOINT_FAILED` when the node says it has none. */
  result(method: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown>;
  /** The results of several calls, in their order; `ENDPOINT_FAILED` when one has none. */
  results(calls: readonly SubstrateCall[], signal: AbortSignal): Promise<readonly unknown[]>;
  failed(what: string, ...metaMessages: string[]): ViaductError;
}

export interface SubstrateRpcOptions {
  /** Of the expected chain, `0x` and 64 hex digits. */
  readonly genesisHash: string;
}

/** Calls in one request. No specific reason: nodes take many, and their answers have to fit into one. */
const BATCH_CALLS_MAX = 20;

export function createSubstrateEndpoint(http: HttpEndpoint, options: SubstrateRpcOptions): SubstrateEndpoint {
  const { name, failed } = http;
  let chainChecked = false;
  let takesBatches = true;

  const post = async (calls: readonly SubstrateCall[], signal: AbortSignal): Promise<SubstrateAnswer[]> => {
    const requests = calls.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params }));
    if (requests.length === 1 || takesBatches) {
      const parsed = await http.request(JSON.stringify(requests.length === 1 ? requests[0] : requests), signal);
      const list = requests.length === 1 ? [parsed] : parsed;
      if (Array.isArray(list)) return readAnswers(http, list, calls.length);
      // One answer to many calls: it takes no batches. From now on they go one by one.
      takesBatches = false;
    }
    const answers: SubstrateAnswer[] = [];
    for (const call of calls) answers.push(...(await post([call], signal)));
    return answers;
  };

  const checked = async (calls: readonly SubstrateCall[], signal: AbortSignal): Promise<SubstrateAnswer[]> => {
    if (signal.aborted) throw abortedError(signal);
    try {
      if (!chainChecked) {
        const [answer] = await post([{ method: 'chain_getBlockHash', params: [0] }], signal);
        const genesis = answer?.kind === 'result' ? answer.value : undefined;
        if (typeof genesis !== 'string') throw failed('does not say its genesis block');
        if (genesis.toLowerCase() !== options.genesisHash.toLowerCase()) throw wrongChain(http, genesis);
        chainChecked = true;
      }
      return await post(calls, signal);
    } catch (error) {
      // Whatever answers next behind this address may be another node: ask it for its chain again.
      chainChecked = false;
      throw error;
    }
  };

  const valueOf = (answer: SubstrateAnswer | undefined, method: string): unknown => {
    if (answer?.kind === 'result') return answer.value;
    if (answer === undefined) throw failed(`did not answer ${method}`);
    throw failed(`refused ${method}`, `It says: ${answer.message} (${answer.code}) ${answer.data}`.trim());
  };

  return {
    name,
    health: http.health,
    failed,
    call: async (method, params, signal) => {
      const [answer] = await checked([{ method, params }], signal);
      if (answer === undefined) throw failed(`did not answer ${method}`);
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

function readAnswers(http: HttpEndpoint, list: readonly unknown[], count: number): SubstrateAnswer[] {
  const nonsense = (): ViaductError => http.failed('answered something that is not JSON-RPC');
  if (list.length !== count) throw http.failed('did not answer each call of a batch');
  const answers = new Map<number, SubstrateAnswer>();
  for (const item of list) {
    const answer = asRecord(item);
    const id = count === 1 ? 0 : answer?.['id'];
    if (answer === undefined || typeof id !== 'number' || id < 0 || id >= count) throw nonsense();
    const error = asRecord(answer['error']);
    if (error !== undefined) {
      const { code, message, data } = error;
      answers.set(id, {
        kind: 'error',
        code: typeof code === 'number' ? code : 0,
        message: http.clean(typeof message === 'string' ? message : ''),
        data: http.clean(typeof data === 'string' ? data : ''),
      });
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

function wrongChain(http: HttpEndpoint, genesis: string): ViaductError {
  return new ViaductError({
    code: 'ENDPOINT_WRONG_CHAIN',
    shortMessage: `${http.name} serves the chain of genesis block ${http.clean(genesis)}, not the expected one.`,
    metaMessages: ['Correct the endpoint in the configuration: it would be asked for the wrong chain for ever.'],
  });
}
