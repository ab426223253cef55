/**
 * Updates for the `confirmations` light client: from every endpoint its own headers above the trusted block. Endpoints
 * are asked at the same time and apart from each other; one that fails has simply shown nothing.
 */
import {
  decodeTrustedBlock,
  encodeConfirmationsUpdate,
  UPDATE_HEADERS_MAX,
} from '../../light-clients/confirmations/index.ts';
import { asViaductError, assert } from '../../relayer/core/errors.ts';
import type { ViaductError } from '../../relayer/core/errors.ts';
import { headerFromRpc } from './headerFromRpc.ts';
import { parseQuantity, quantity } from './json.ts';
import { isEndpointsFault } from '../endpoints/endpointRing.ts';
import type { RpcEndpoint } from './rpc.ts';

/** As `ChainSource.pullUpdate`. */
export type PullUpdate = (state: Uint8Array, signal: AbortSignal) => Promise<Uint8Array | undefined>;

export interface HeaderUpdatesOptions {
  /** In the order that the light client knows them by. */
  readonly endpoints: readonly RpcEndpoint[];
  readonly confirmations: number;
  readonly quorum: number;
}

interface Tip {
  readonly endpoint: RpcEndpoint;
  readonly height: bigint | undefined;
}

export function createHeaderUpdates(options: HeaderUpdatesOptions): PullUpdate {
  const { endpoints, confirmations, quorum } = options;
  return async (state, signal) => {
    const trusted = decodeTrustedBlock(state);
    assert(trusted !== undefined, 'a trusted state of the confirmations client');
    const failures: ViaductError[] = [];
    const note = (thrown: unknown): undefined => {
      const error = asViaductError(thrown);
      if (!isEndpointsFault(error)) throw error;
      failures.push(error);
      return undefined;
    };

    const tips: Tip[] = await Promise.all(
      endpoints.map(async (endpoint) => ({ endpoint, height: await tipOf(endpoint, signal).catch(note) })),
    );
    const answered = tips.filter(({ height }) => height !== undefined);
    if (answered.length < quorum && failures[0] !== undefined) throw failures[0];
    const enough = trusted.height + BigInt(confirmations) + 1n;
    if (answered.filter(({ height }) => (height ?? 0n) >= enough).length < quorum) return undefined;

    const chains = await Promise.all(
      tips.map(async ({ endpoint, height }) =>
        height === undefined ? [] : ((await headersOf(endpoint, trusted.height, height, signal).catch(note)) ?? []),
      ),
    );
    return encodeConfirmationsUpdate(chains);
  };
}

async function tipOf(endpoint: RpcEndpoint, signal: AbortSignal): Promise<bigint | undefined> {
  return parseQuantity(await endpoint.result('eth_blockNumber', [], signal));
}

/** The headers above `trusted`, as far as the endpoint has them in one piece. */
async function headersOf(
  endpoint: RpcEndpoint,
  trusted: bigint,
  tip: bigint,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const available = tip > trusted ? tip - trusted : 0n;
  const count = Number(available < BigInt(UPDATE_HEADERS_MAX) ? available : BigInt(UPDATE_HEADERS_MAX));
  const calls = Array.from({ length: count }, (_, i) => ({
    method: 'eth_getBlockByNumber',
    params: [quantity(trusted + 1n + BigInt(i)), false],
  }));
  const headers: Uint8Array[] = [];
  for (const answer of await endpoint.batch(calls, signal)) {
    const header = answer.kind === 'result' ? headerFromRpc(answer.value) : undefined;
    if (header === undefined) break;
    headers.push(header.rlp);
  }
  return headers;
}
