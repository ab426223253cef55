/**
 * Several endpoints of one chain, asked one after the other until one answers usefully. The one that answered last is
 * asked first next time; `reject` moves on from it. One that is much faster, or whose learned rate is not used up, is asked
 * before it, where endpoints say how they fare (`health`). What was learned belongs to the endpoint: rings that
 * share one share it, a refusal of its evidence included.
 */
import { abortedError } from '../../relayer/core/clock.ts';
import { assert, asViaductError, ViaductError } from '../../relayer/core/errors.ts';
import { chooseEndpoint } from './chooseEndpoint.ts';
import { FRESH_STATS } from './endpointStats.ts';
import type { EndpointHealth } from './health.ts';

export interface EndpointRing<Endpoint> {
  readonly all: readonly Endpoint[];
  /** The one that is asked first. */
  current(): Endpoint;
  /** The answer of the first endpoint that gives one. Errors of an endpoint lead to the next; others are thrown. */
  ask<T>(work: (endpoint: Endpoint) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** What the endpoint answered was refused: others are asked first for a while. Without one: the one that answered last. */
  reject(endpoint?: Endpoint): void;
}

/** An endpoint may say how it fares; one that does not counts as never asked. */
interface MayHaveHealth {
  readonly health?: EndpointHealth | undefined;
}

export interface EndpointRingOptions {
  /** Default true. False: the order of the list, from the one that answered last, whatever the others' health. */
  readonly learns?: boolean | undefined;
}

export function createEndpointRing<Endpoint>(
  endpoints: readonly Endpoint[],
  { learns = true }: EndpointRingOptions = {},
): EndpointRing<Endpoint> {
  assert(endpoints.length > 0, 'at least one endpoint');
  const healthOf = (place: number): EndpointHealth | undefined =>
    learns ? (endpoints[place] as MayHaveHealth).health : undefined;
  const isLearning = endpoints.some((_, place) => healthOf(place) !== undefined);
  let place = 0;
  const nextOf = (from: number): number => (from + 1) % endpoints.length;
  /** Everybody once, best first. */
  const order = (): number[] => {
    const all = endpoints.map((_, index) => healthOf(index)?.stats ?? FRESH_STATS);
    const now = endpoints.map((_, index) => healthOf(index)?.now()).find((ms) => ms !== undefined);
    if (isLearning && now !== undefined) return chooseEndpoint(all, place, now);
    return endpoints.map((_, index) => (place + index) % endpoints.length);
  };
  const at = (index: number): Endpoint => endpoints[index] as Endpoint;
  return {
    all: endpoints,
    current: () => at(order()[0] ?? place),
    reject: (endpoint) => {
      const named = endpoint === undefined ? -1 : endpoints.indexOf(endpoint);
      const wrong = named < 0 ? place : named;
      healthOf(wrong)?.wrong();
      if (wrong === place) place = nextOf(place);
    },
    ask: async (work, signal) => {
      const failures: ViaductError[] = [];
      for (const index of order()) {
        if (signal.aborted) throw abortedError(signal);
        try {
          const answer = await work(at(index));
          place = index;
          return answer;
        } catch (error) {
          const failure = asViaductError(error);
          if (!isEndpointsFault(failure)) throw failure;
          if (failure.code === 'ENDPOINT_WRONG_CHAIN') healthOf(index)?.wrong();
          failures.push(failure);
          place = nextOf(index);
        }
      }
      const [first] = failures;
      // Stopping is right only where no endpoint is left that serves the chain.
      const isSame = failures.every(({ code }) => code === 'ENDPOINT_WRONG_CHAIN') || failures.length === 1;
      if (first !== undefined && isSame) throw first;
      throw new ViaductError({
        code: 'ENDPOINT_FAILED',
        shortMessage: `None of ${endpoints.length} endpoints answered usefully.`,
        metaMessages: failures.map(({ message }) => message.replaceAll('\n', ' ')),
      });
    },
  };
}

/** What another endpoint of the same chain may not suffer from. */
export function isEndpointsFault(error: ViaductError): boolean {
  return error.code === 'ENDPOINT_FAILED' || error.code === 'ENDPOINT_WRONG_CHAIN';
}
