/**
 * Several endpoints of one chain, asked one after the other until one answers usefully. The one that answered last is
 * asked first next time; `reject` moves on from it.
 */
import { abortedError } from '../../relayer/core/clock.ts';
import { assert, asViaductError, ViaductError } from '../../relayer/core/errors.ts';
import type { CometEndpoint } from './rpc.ts';

export interface EndpointRing {
  readonly all: readonly CometEndpoint[];
  /** The one that is asked first. */
  current(): CometEndpoint;
  /** The answer of the first endpoint that gives one. Errors of an endpoint lead to the next; others are thrown. */
  ask<T>(work: (endpoint: CometEndpoint) => Promise<T>, signal: AbortSignal): Promise<T>;
  reject(): void;
}

export function createEndpointRing(endpoints: readonly CometEndpoint[]): EndpointRing {
  assert(endpoints.length > 0, 'at least one endpoint');
  let place = 0;
  const current = (): CometEndpoint => endpoints[place] as CometEndpoint;
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
          if (failure.code !== 'ENDPOINT_FAILED') throw failure;
          failures.push(failure);
          moveOn();
        }
      }
      const [only] = failures;
      if (failures.length === 1 && only !== undefined) throw only;
      throw new ViaductError({
        code: 'ENDPOINT_FAILED',
        shortMessage: `None of ${endpoints.length} endpoints answered usefully.`,
        metaMessages: failures.map(({ message }) => message.replaceAll('\n', ' ')),
      });
    },
  };
}
