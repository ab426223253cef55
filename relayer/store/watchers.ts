/** Who wants to hear of commits. Shared by the stores so that both tell the same things in the same order. */
import type { Operation, WatchListener } from './port.ts';

export interface Watchers {
  add(prefix: string, listener: WatchListener): () => void;
  /** After a commit. */
  notify(operations: readonly Operation[]): void;
  clear(): void;
}

export function createWatchers(): Watchers {
  const entries = new Set<{ readonly prefix: string; readonly listener: WatchListener }>();
  return {
    add(prefix, listener) {
      const entry = { prefix, listener };
      entries.add(entry);
      return () => {
        entries.delete(entry);
      };
    },
    notify(operations) {
      for (const { prefix, listener } of [...entries]) {
        const matching = operations.filter((operation) => operation.key.startsWith(prefix));
        if (matching.length === 0) continue;
        try {
          listener(matching);
        } catch (error) {
          // The write is done and stays done; a listener's own bug must be loud and must not look like a broken disk.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    clear() {
      entries.clear();
    },
  };
}
