/**
 * Updates for the `ethereum` light client: light-client objects from the REST API of beacon nodes, and the execution
 * headers between two finalized blocks from execution nodes.
 * https://ethereum.github.io/beacon-APIs (light_client routes)
 *
 * No endpoint is trusted: what one serves is signed by the sync committee or refused by the light client. This only
 * chooses whose update to offer next, and never rests on one endpoint: all are asked for their newest finality, one whose
 * offer did not move the trusted state goes to the end of the queue, and one that shows another block where a finalized
 * one is known is heard as well, since if its signatures hold the chain must freeze.
 */
import {
  BUNDLE_HEADERS_MAX,
  BUNDLE_MESSAGES_MAX,
  decodeExecutionHeader,
  encodeUpdateBundle,
  type EthereumParameters,
  messageFromJson,
  periodAtSlot,
} from '../../light-clients/ethereum/index.ts';
import { decodeTrustedState, type TrustedState } from '../../light-clients/ethereum/trustedState.ts';
import { equalBytes, toHex } from '../../relayer/core/bytes.ts';
import { asViaductError, assert, ViaductError } from '../../relayer/core/errors.ts';
import type { RpcEndpoint } from './rpc.ts';
import type { EndpointRing } from '../endpoints/endpointRing.ts';
import { headerFromRpc } from './headerFromRpc.ts';
import type { PullUpdate } from './headerUpdates.ts';
import type { HttpEndpoint } from '../endpoints/http.ts';
import { asList, quantity } from './json.ts';
import { type LightJson, readLightJson } from './lightJson.ts';

export interface BeaconUpdatesOptions {
  /** `createHttpEndpoint` of each beacon node. */
  readonly endpoints: readonly HttpEndpoint[];
  /** Nodes of the execution layer, for headers. */
  readonly execution: EndpointRing<RpcEndpoint>;
  readonly parameters: EthereumParameters;
}

export interface BeaconUpdates {
  readonly pullUpdate: PullUpdate;
  /** The message for the light client's `start`: the bootstrap of the trusted block root. */
  pullBootstrap(signal: AbortSignal): Promise<Uint8Array>;
}

interface Offer {
  readonly endpoint: HttpEndpoint;
  readonly newest: LightJson;
  readonly contradicts: boolean;
}

const ROUTES = '/eth/v1/beacon/light_client';

export function createBeaconUpdates({ endpoints, execution, parameters }: BeaconUpdatesOptions): BeaconUpdates {
  assert(endpoints.length > 0, 'at least one beacon endpoint');
  const { preset } = parameters;
  /** Offers in a row that did not move the trusted state. */
  const misses = new Map<HttpEndpoint, number>();
  let last: { readonly endpoint: HttpEndpoint; readonly state: Uint8Array } | undefined;
  let bootstraps = 0;

  async function pullBootstrap(signal: AbortSignal): Promise<Uint8Array> {
    const failures: ViaductError[] = [];
    // Each try starts at the next endpoint: one that serves a wrong bootstrap is not the first again.
    const first = bootstraps++ % endpoints.length;
    for (const endpoint of [...endpoints.slice(first), ...endpoints.slice(0, first)]) {
      try {
        const path = `${ROUTES}/bootstrap/${toHex(parameters.trustedBlockRoot)}`;
        const answer = readLightJson('bootstrap', await endpoint.request(undefined, signal, { path }));
        const message = answer && (await encoded(answer, signal));
        if (message === undefined) throw endpoint.failed('served a bootstrap of the light client that does not decode');
        return message;
      } catch (thrown) {
        failures.push(endpointFailure(thrown));
      }
    }
    const [failure] = failures;
    assert(failure !== undefined, 'each endpoint answered or failed');
    throw failure;
  }

  const pullUpdate: PullUpdate = async (state, signal) => {
    const trusted = decodeTrustedState(parameters, state);
    assert(trusted !== undefined, 'a trusted state of the ethereum client');
    judgeLast(state);
    const [offer] = (await offers(trusted, signal)).sort(
      (a, b) =>
        (misses.get(a.endpoint) ?? 0) - (misses.get(b.endpoint) ?? 0) ||
        Number(b.contradicts) - Number(a.contradicts) ||
        (a.newest.finalizedSlot < b.newest.finalizedSlot ? 1 : -1),
    );
    if (offer === undefined) return undefined;
    last = { endpoint: offer.endpoint, state };
    const path = offer.contradicts ? [] : await periodUpdates(offer, trusted, signal);
    const end = reachesNewest(offer, trusted, path) ? offer.newest : path.at(-1);
    const steps = end === offer.newest ? [...path, end] : path;
    const messages = await Promise.all(steps.map(async (step) => encoded(step, signal)));
    const whole = messages.filter((message) => message !== undefined);
    if (end === undefined || whole.length < messages.length || whole.length === 0) {
      misses.set(offer.endpoint, (misses.get(offer.endpoint) ?? 0) + 1);
      return undefined;
    }
    const headers = offer.contradicts ? [] : await ancestors(end, trusted.finalized.number, signal);
    return encodeUpdateBundle({ messages: whole, headers });
  };

  function judgeLast(state: Uint8Array): void {
    if (last === undefined) return;
    const moved = !equalBytes(last.state, state);
    misses.set(last.endpoint, moved ? 0 : (misses.get(last.endpoint) ?? 0) + 1);
    last = undefined;
  }

  /** What each endpoint says is finalized, where it is news or contradicts what is known. */
  async function offers(trusted: TrustedState, signal: AbortSignal): Promise<Offer[]> {
    const failures: ViaductError[] = [];
    const found = await Promise.all(
      endpoints.map(async (endpoint): Promise<Offer | undefined> => {
        try {
          const answer = await endpoint.request(undefined, signal, { path: `${ROUTES}/finality_update` });
          const newest = readLightJson('finalityUpdate', answer);
          if (newest === undefined) throw endpoint.failed('served a finality update without its slots');
          const known = trusted.finalizedRoots.find(({ slot }) => slot === newest.finalizedSlot);
          const contradicts = known !== undefined && !equalBytes(known.root, newest.finalizedRoot);
          const isNews = newest.finalizedSlot > trusted.finalized.slot;
          return contradicts || isNews ? { endpoint, newest, contradicts } : undefined;
        } catch (thrown) {
          failures.push(endpointFailure(thrown));
          return undefined;
        }
      }),
    );
    if (failures[0] !== undefined && failures.length === endpoints.length) throw failures[0];
    return found.filter((offer) => offer !== undefined);
  }

  /** The updates of the periods on the way, in order: each proves the committee of the period after it. */
  async function periodUpdates(offer: Offer, trusted: TrustedState, signal: AbortSignal): Promise<LightJson[]> {
    const first = firstWanted(trusted);
    const lastPeriod = periodAtSlot(preset, offer.newest.signatureSlot);
    if (lastPeriod < first) return [];
    const missing = Number(lastPeriod - first) + 1;
    const count = Math.min(missing, BUNDLE_MESSAGES_MAX - 1);
    const path = `${ROUTES}/updates?start_period=${first}&count=${count}`;
    const answer = asList(await offer.endpoint.request(undefined, signal, { path })) ?? [];
    const updates: LightJson[] = [];
    for (const [index, item] of answer.slice(0, count).entries()) {
      const update = readLightJson('update', item);
      const period = first + BigInt(index);
      // Early in a period the best update may still finalize a block of the period before, which proves no committee.
      if (update === undefined || periodAtSlot(preset, update.finalizedSlot) !== period) break;
      updates.push(update);
    }
    return updates;
  }

  /** Whether the newest finality is news after the updates of `path`, and signed by a committee that they prove. */
  function reachesNewest({ newest, contradicts }: Offer, trusted: TrustedState, path: readonly LightJson[]): boolean {
    if (contradicts) return true;
    const isNews = newest.finalizedSlot > (path.at(-1)?.finalizedSlot ?? trusted.finalized.slot);
    return isNews && periodAtSlot(preset, newest.signatureSlot) <= firstWanted(trusted) + BigInt(path.length);
  }

  /** The first period whose update proves a committee that is not known yet. */
  function firstWanted({ finalized, nextCommittee }: TrustedState): bigint {
    return periodAtSlot(preset, finalized.slot) + (nextCommittee === undefined ? 0n : 1n);
  }

  /** Headers from the block that `end` finalizes down to above `bottom`, as far as a node has them. */
  async function ancestors(end: LightJson, bottom: bigint, signal: AbortSignal): Promise<Uint8Array[]> {
    const top = end.executionNumber;
    if (top === undefined || top <= bottom) return [];
    const wanted = top - bottom;
    const count = Number(wanted < BigInt(BUNDLE_HEADERS_MAX) ? wanted : BigInt(BUNDLE_HEADERS_MAX));
    const calls = Array.from({ length: count }, (_, i) => ({
      method: 'eth_getBlockByNumber',
      params: [quantity(top - BigInt(i)), false],
    }));
    try {
      return await execution.ask(async (node) => {
        const headers: Uint8Array[] = [];
        let expected = end.blockHash;
        for (const answer of await node.batch(calls, signal)) {
          const header = answer.kind === 'result' ? headerFromRpc(answer.value) : undefined;
          const decoded = header && decodeExecutionHeader(header.rlp);
          if (header === undefined || decoded?.kind !== 'header' || !equalBytes(header.hash, expected)) break;
          headers.push(header.rlp);
          expected = decoded.header.parentHash;
        }
        if (headers.length < count) {
          const shortMessage = `${node.name} does not have the blocks below a finalized one.`;
          throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage });
        }
        return headers;
      }, signal);
    } catch (thrown) {
      endpointFailure(thrown);
      return [];
    }
  }

  /** As a message; in the Gloas layout with the execution header that the block hash needs beside it. */
  async function encoded(json: LightJson, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { kind, version, data } = json;
    if (json.executionNumber !== undefined) return messageFromJson(parameters, kind, version, data);
    const block = await execution.ask(
      async (node) => node.result('eth_getBlockByHash', [toHex(json.blockHash), false], signal),
      signal,
    );
    return messageFromJson(parameters, kind, version, data, headerFromRpc(block)?.rlp);
  }

  return { pullUpdate, pullBootstrap };
}

/** Failures of endpoints are counted; anything else is not theirs. */
function endpointFailure(thrown: unknown): ViaductError {
  const error = asViaductError(thrown);
  if (error.code !== 'ENDPOINT_FAILED') throw error;
  return error;
}
