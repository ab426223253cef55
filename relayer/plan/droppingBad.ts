/** A handler of messages that may be anything: what does not decode is dropped and said, anything else that fails is ours. */
import type { BusMessage } from '../bus/index.ts';
import { asViaductError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';

export function droppingBad(
  log: Logger,
  handle: (payload: Uint8Array) => Promise<void> | void,
): (message: BusMessage) => Promise<void> {
  return async ({ subject, payload }) => {
    try {
      await handle(payload);
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (error.disposition !== 'drop') throw error;
      log.warn({ subject, code: error.code, detail: error.shortMessage }, 'dropped a message');
    }
  };
}
