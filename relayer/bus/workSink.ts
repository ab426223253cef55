/** Turns deliveries of a work queue into an async iterable of items, each resolved once by whoever took it. */
import type { Delivery, DeliverySink } from './deliveries.ts';
import type { WorkItem } from './port.ts';
import type { BusReport } from './report.ts';

export interface WorkSink extends DeliverySink {
  readonly items: AsyncIterable<WorkItem>;
}

export interface WorkSinkOptions {
  readonly signal: AbortSignal;
  readonly report: BusReport;
  readonly release: () => void;
}

export function createWorkSink({ signal, report, release }: WorkSinkOptions): WorkSink {
  let generation = 0;
  const waiting: { readonly delivery: Delivery; readonly generation: number }[] = [];
  let wake: (() => void) | undefined;
  signal.addEventListener(
    'abort',
    () => {
      // Nobody will take these; others may have them at once.
      for (const entry of waiting.splice(0)) if (entry.generation === generation) entry.delivery.nak(0);
      wake?.();
    },
    { once: true },
  );

  function itemOf(delivery: Delivery, born: number): WorkItem {
    let resolved = false;
    const resolve = (answer: () => void): void => {
      if (resolved) return;
      resolved = true;
      if (born === generation) answer();
      release();
    };
    return {
      subject: delivery.subject,
      payload: delivery.payload,
      streamSequence: delivery.streamSequence,
      redeliveries: delivery.redeliveries,
      ack: () => resolve(() => delivery.ack()),
      nak: (delayMs) => resolve(() => delivery.nak(delayMs)),
      reject: () => resolve(() => delivery.term()),
      working: () => {
        if (!resolved && born === generation) delivery.working();
      },
    };
  }

  return {
    accept(delivery) {
      if (signal.aborted) {
        delivery.nak(0);
        return;
      }
      waiting.push({ delivery, generation });
      wake?.();
    },
    forget() {
      generation += 1;
    },
    items: {
      async *[Symbol.asyncIterator]() {
        while (!signal.aborted) {
          const next = waiting.shift();
          if (next === undefined) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
            wake = undefined;
            continue;
          }
          report.count('delivered');
          if (next.delivery.redeliveries > 0) report.count('redelivered');
          yield itemOf(next.delivery, next.generation);
        }
      },
    },
  };
}
