/**
 * Updates for the `ethereum` light client: light-client objects from the REST API of beacon nodes.
 * https://ethereum.github.io/beacon-APIs (light_client routes)
 *
 * An endpoint is not trusted: what it serves is signed by the sync committee or refused by the light client. This only
 * chooses what to ask for next: the update of a period whose committee is not known yet, else the newest finality update.
 */
import {
  type EthereumParameters,
  messageFromJson,
  periodAtSlot,
  summarizeTrustedState,
} from '../../light-clients/ethereum/index.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import { abortedError } from '../../relayer/core/clock.ts';
import { asViaductError, assert, type ViaductError } from '../../relayer/core/errors.ts';
import type { PullUpdate } from './headerUpdates.ts';
import type { HttpEndpoint } from './http.ts';
import { asList, asRecord } from './json.ts';

export interface BeaconUpdatesOptions {
  /** `createHttpEndpoint` of each beacon node. */
  readonly endpoints: readonly HttpEndpoint[];
  readonly parameters: EthereumParameters;
}

export interface BeaconUpdates {
  readonly pullUpdate: PullUpdate;
  /** The message for the light client's `start`: the bootstrap of the trusted block root. */
  pullBootstrap(signal: AbortSignal): Promise<Uint8Array>;
}

const ROUTES = '/eth/v1/beacon/light_client';

export function createBeaconUpdates({ endpoints, parameters }: BeaconUpdatesOptions): BeaconUpdates {
  assert(endpoints.length > 0, 'at least one beacon endpoint');

  /** The first endpoint that answers usefully. The light client checks what it says. */
  const ask = async <T>(signal: AbortSignal, work: (endpoint: HttpEndpoint) => Promise<T>): Promise<T> => {
    let failure: ViaductError | undefined;
    for (const endpoint of endpoints) {
      if (signal.aborted) throw abortedError(signal);
      try {
        return await work(endpoint);
      } catch (error) {
        failure = asViaductError(error);
        if (failure.code !== 'ENDPOINT_FAILED') throw failure;
      }
    }
    throw failure ?? abortedError(signal);
  };

  const pullBootstrap = async (signal: AbortSignal): Promise<Uint8Array> =>
    ask(signal, async (endpoint) => {
      const path = `${ROUTES}/bootstrap/${toHex(parameters.trustedBlockRoot)}`;
      return encoded(endpoint, parameters, 'bootstrap', await endpoint.request(undefined, signal, path));
    });

  const pullUpdate: PullUpdate = async (state, signal) => {
    const trusted = summarizeTrustedState(parameters, state);
    assert(trusted !== undefined, 'a trusted state of the ethereum client');
    return ask(signal, async (endpoint) => {
      const newest = await endpoint.request(undefined, signal, `${ROUTES}/finality_update`);
      const { signatureSlot, finalizedSlot } = slotsOf(endpoint, newest);
      const signedIn = periodAtSlot(parameters.preset, signatureSlot);
      const reach = trusted.knowsNextCommittee ? trusted.period + 1n : trusted.period;
      // The next committee first: without it the chain is lost sight of when the period ends.
      if (!trusted.knowsNextCommittee || signedIn > reach) {
        const path = `${ROUTES}/updates?start_period=${reach}&count=1`;
        const [first] = asList(await endpoint.request(undefined, signal, path)) ?? [];
        // Early in a period the best update may still finalize a block of the period before, which proves no committee.
        const provesIt =
          first !== undefined && periodAtSlot(parameters.preset, slotsOf(endpoint, first).finalizedSlot) === reach;
        if (provesIt) return encoded(endpoint, parameters, 'update', first);
      }
      const isNews = finalizedSlot > trusted.finalizedSlot && signedIn <= reach;
      return isNews ? encoded(endpoint, parameters, 'finalityUpdate', newest) : undefined;
    });
  };

  return { pullUpdate, pullBootstrap };
}

function encoded(
  endpoint: HttpEndpoint,
  parameters: EthereumParameters,
  kind: 'bootstrap' | 'update' | 'finalityUpdate',
  answer: unknown,
): Uint8Array {
  const { version, data } = asRecord(answer) ?? {};
  const message = typeof version === 'string' ? messageFromJson(parameters, kind, version, data) : undefined;
  if (message === undefined) throw endpoint.failed(`served a ${kind} of the light client that does not decode`);
  return message;
}

function slotsOf(endpoint: HttpEndpoint, answer: unknown): { signatureSlot: bigint; finalizedSlot: bigint } {
  const data = asRecord(asRecord(answer)?.['data']);
  const finalized = asRecord(asRecord(data?.['finalized_header'])?.['beacon'])?.['slot'];
  const signature = data?.['signature_slot'];
  if (!isSlot(finalized) || !isSlot(signature)) throw endpoint.failed('served a light-client update without its slots');
  return { signatureSlot: BigInt(signature), finalizedSlot: BigInt(finalized) };
}

function isSlot(value: unknown): value is string {
  return typeof value === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(value);
}
