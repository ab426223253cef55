/**
 * A queue of bounded length in front of a handler of core messages: one message at a time, and what does not fit is
 * dropped, counted and reported. So a slow role costs its own messages, never the process's memory.
 */
import type { BusReport } from './report.ts';

export interface BoundedHandler<M> {
  accept(message: M): void;
  idle(): Promise<void>;
}

export interface BoundedHandlerOptions {
  readonly pattern: string;
  readonly pendingMax: number;
  readonly signal: AbortSignal;
  readonly report: BusReport;
}

export function createBoundedHandler<M extends { readonly subject: string }>(
  handle: (message: M) => void | Promise<void>,
  { pattern, pendingMax, signal, report }: BoundedHandlerOptions,
): BoundedHandler<M> {
  const waiting: M[] = [];
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    for (let message = waiting.shift(); message !== undefined && !signal.aborted; message = waiting.shift()) {
      report.count('delivered');
      try {
        await handle(message);
      } catch (error) {
        report.emit({ kind: 'handlerFailed', subject: message.subject, error });
      }
    }
    waiting.length = 0;
    running = undefined;
  }

  return {
    accept(message) {
      if (signal.aborted) return;
      if (waiting.length >= pendingMax) {
        report.count('dropped');
        report.emit({ kind: 'slowConsumer', pattern, dropped: 1 });
        return;
      }
      waiting.push(message);
      running ??= run();
    },
    idle: async () => running,
  };
}
