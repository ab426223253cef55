/**
 * Several endpoints of one chain, asked one after the other until one answers usefully. The one that answered last is
 * asked first next time; `reject` moves on from it.
 */
import { abortedError } from '../../relayer/core/clock.ts';
import { asViaductError, assert, ViaductError } from '../../relayer/core/errors.ts';
import type { RpcEndpoint } from './rpc.ts';

export interface EndpointRing {
  readonly all: readonly RpcEndpoint[];
  /** The answer of the first endpoint that gives one. Errors of an endpoint lead to the next; others are thrown. */
  ask<T>(work: (endpoint: RpcEndpoint) => Promise<T>, signal: AbortSignal): Promise<T>;
  reject(): void;
}

export function createEndpointRing(endpoints: readonly RpcEndpoint[]): EndpointRing {
  assert(endpoints.length > 0, 'at least one endpoint');
  let current = 0;
  return {
    all: endpoints,
    ask: async (work, signal) => {
      const failures: ViaductError[] = [];
      for (let i = 0; i < endpoints.length; i++) {
        if (signal.aborted) throw abortedError(signal);
        try {
          return await work(endpoints[current] as RpcEndpoint);
        } catch (error) {
          const failure = asViaductError(error);
          if (!isEndpointsFault(failure)) throw failure;
          failures.push(failure);
          current = (current + 1) % endpoints.length;
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
    reject: () => {
      current = (current + 1) % endpoints.length;
    },
  };
}

/** What another endpoint of the same chain may not suffer from. */
export function isEndpointsFault(error: ViaductError): boolean {
  return error.code === 'ENDPOINT_FAILED' || error.code === 'ENDPOINT_WRONG_CHAIN';
}
