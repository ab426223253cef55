/** Counters and events of one bus client. A listener that throws hurts nobody but itself. */
import type { BusEvent, BusStats } from './port.ts';

export type BusCounter = Exclude<keyof BusStats, 'connected' | 'publishesInFlight'>;

export interface BusReport {
  count(counter: BusCounter, by?: number): void;
  emit(event: BusEvent): void;
  watch(listener: (event: BusEvent) => void): () => void;
  counters(): Readonly<Record<BusCounter, number>>;
}

export function createBusReport(): BusReport {
  const counters: Record<BusCounter, number> = {
    published: 0,
    delivered: 0,
    redelivered: 0,
    dropped: 0,
    poisoned: 0,
    reconnects: 0,
    wipes: 0,
  };
  const listeners = new Set<(event: BusEvent) => void>();
  return {
    count(counter, by = 1) {
      counters[counter] += by;
    },
    emit(event) {
      for (const listener of [...listeners]) {
        try {
          listener(event);
        } catch {
          // A broken listener must not stop the transport, and there is nobody else to tell.
        }
      }
    },
    watch(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    counters: () => ({ ...counters }),
  };
}
