/**
 * Several endpoints of one chain, asked one after the other until one answers usefully. The one that answered last is
 * asked first next time; `reject` moves on from it.
 */
import { abortedError } from '../../relayer/core/clock.ts';
import { assert, asViaductError, ViaductError } from '../../relayer/core/errors.ts';

export interface EndpointRing<Endpoint> {
  readonly all: readonly Endpoint[];
  /** The one that is asked first. */
  current(): Endpoint;
  /** The answer of the first endpoint that gives one. Errors of an endpoint lead to the next; others are thrown. */
  ask<T>(work: (endpoint: Endpoint) => Promise<T>, signal: AbortSignal): Promise<T>;
  reject(): void;
}

export function createEndpointRing<Endpoint>(endpoints: readonly Endpoint[]): EndpointRing<Endpoint> {
  assert(endpoints.length > 0, 'at least one endpoint');
  let place = 0;
  const current = (): Endpoint => endpoints[place] as Endpoint;
  const moveOn = (): void => {
    place = (place + 1) % endpoints.length;
  };
  return {
    all: endpoints,
    current,
    reject: moveOn,
    ask: async (work, signal) => {
      const failures: ViaductError[] = [];
      while (failures.length < endpoints.length) {
        if (signal.aborted) throw abortedError(signal);
        try {
          return await work(current());
        } catch (error) {
          const failure = asViaductError(error);
          if (!isEndpointsFault(failure)) throw failure;
          failures.push(failure);
          moveOn();
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
