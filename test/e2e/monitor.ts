/** A monitor as anybody may run one: it reads `mon` and `alert` over NATS and knows nothing else of the network. */
import { createNatsBus } from '../../relayer/bus/index.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { createSubjects } from '../../relayer/core/subjects.ts';
import type { LocalNetwork } from '../devnet/localNetwork.ts';

export interface Heard {
  readonly mon: number;
  readonly alert: number;
}

export interface Monitor {
  stop(): Promise<Heard>;
}

/** Counts what it hears; a message that is no JSON object with `node` and `atMs` does not count. */
export async function startMonitor(network: LocalNetwork, clock: Clock): Promise<Monitor> {
  const subjects = createSubjects(network.manifest.network);
  const bus = await createNatsBus({ servers: [network.natsUrl], name: 'e2e monitor', subjects, clock });
  const stop = new AbortController();
  const heard = { mon: 0, alert: 0 };
  const listen = (pattern: string, kind: keyof Heard): void => {
    bus.subscribe(
      pattern,
      ({ payload }) => {
        const message = JSON.parse(new TextDecoder().decode(payload)) as { node?: unknown; atMs?: unknown };
        if (typeof message.node === 'string' && typeof message.atMs === 'number') heard[kind]++;
      },
      { signal: stop.signal },
    );
  };
  listen(subjects.allMon, 'mon');
  listen(subjects.allAlerts, 'alert');
  return {
    async stop() {
      stop.abort();
      await bus.close();
      return heard;
    },
  };
}
