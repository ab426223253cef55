/** Writes what happens on a bus into a log. Handler failures and poison are the roles' own to explain, so: once each. */
import type { Logger } from '../core/log.ts';
import type { Bus } from './port.ts';

/** Returns the function that ends it. */
export function logBusEvents(bus: Bus, logger: Logger): () => void {
  return bus.watch((event) => {
    switch (event.kind) {
      case 'connected':
        logger.info({}, 'bus connected');
        break;
      case 'disconnected':
        logger.warn({}, 'bus disconnected, reconnecting');
        break;
      case 'wiped':
        logger.warn({ stream: event.stream }, 'stream was wiped or rolled back, announcing anew');
        break;
      case 'slowConsumer':
        logger.warn({ subject: event.pattern, dropped: event.dropped }, 'bus messages dropped by a slow handler');
        break;
      case 'handlerFailed':
        logger.warn({ subject: event.subject, error: event.error }, 'bus handler failed, trying again');
        break;
      case 'poison':
        logger.error(
          { subject: event.subject, streamSequence: event.streamSequence, error: event.error },
          'bus message given up after too many failures',
        );
        break;
      case 'denied':
        logger.error({ detail: event.detail }, 'bus account lacks a permission');
        break;
      case 'trouble':
        logger.warn({ error: event.error }, 'bus is in trouble, retrying');
        break;
    }
  });
}
