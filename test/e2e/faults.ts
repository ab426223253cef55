/** Faults on the way: real processes killed, the bus emptied, each once and in the middle of the transfers. */
import type { LocalNetwork } from '../devnet/localNetwork.ts';
import type { Fault } from './runE2e.ts';

export interface Faults {
  /** Does what is due at this share of the transfers delivered. */
  maybe(share: number): Promise<void>;
  /** Does what is left, so that no run passes without its faults. */
  rest(): Promise<void>;
  readonly done: readonly string[];
}

export function createFaults(network: LocalNetwork, wanted: readonly Fault[], tell: (line: string) => void): Faults {
  const done: string[] = [];
  const kill = async (): Promise<void> => {
    const victims = [network.relayer, ...network.attesters.slice(0, 1)];
    tell(`killing ${victims.map(({ name, pid }) => `${name} (${pid})`).join(' and ')} with SIGKILL`);
    await Promise.all(victims.map(async (victim) => victim.kill()));
    await Promise.all(victims.map(async (victim) => victim.start()));
    tell('killed processes are up again');
    done.push('kill');
  };
  const wipe = async (): Promise<void> => {
    tell('wiping JetStream: nats-server restarts with an empty store');
    await network.nats.wipe();
    done.push('wipe');
  };
  const plan = [
    { name: 'kill', share: 0.05, run: kill },
    { name: 'wipe', share: 0.3, run: wipe },
  ].filter(({ name }) => wanted.some((fault) => fault === name));

  return {
    done,
    async maybe(share) {
      for (const { name, share: due, run } of plan) {
        if (share >= due && !done.includes(name)) await run();
      }
    },
    async rest() {
      for (const { name, run } of plan) if (!done.includes(name)) await run();
    },
  };
}
