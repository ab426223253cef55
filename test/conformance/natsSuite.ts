/** The bus suite over one real server of the version matrix. */
import { describe, it } from 'vitest';
import { createNatsBus } from '../../relayer/bus/index.ts';
import { systemClock as clock } from '../../relayer/core/clock.ts';
import { type MatrixRow, startNatsServer } from '../devnet/nats/index.ts';
import { ACK_WAIT_MS, type BusHarness, busSuite } from './busSuite.ts';
import { leaseSuite } from './leaseSuite.ts';

export function natsSuite({ name, server, reason }: MatrixRow): void {
  if (server === undefined) {
    describe.skip(`bus conformance: ${name} (${reason ?? 'not to be had'})`, () => {
      it('was not run', () => undefined);
    });
    return;
  }
  const create = async (): Promise<BusHarness> => {
    const nats = await startNatsServer({ binary: server.path, clock });
    return {
      connect: async (subjects) =>
        createNatsBus({
          servers: [nats.url],
          name: 'conformance',
          subjects,
          clock,
          publishTimeoutMs: 1_500,
          ackWaitMs: ACK_WAIT_MS,
          pullExpiresMs: 1_000,
          drainMs: 300,
        }),
      stop: nats.stop,
      start: nats.start,
      wipe: nats.wipe,
      async snapshot() {
        await nats.stop();
        const restore = await nats.snapshot();
        await nats.start();
        return async () => {
          await nats.stop();
          await restore();
          await nats.start();
        };
      },
      dispose: nats.dispose,
    };
  };
  busSuite(name, create);
  leaseSuite(name, create);
}
