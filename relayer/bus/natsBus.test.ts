import { describe, it } from 'vitest';
import { ACK_WAIT_MS, busSuite } from '../../test/conformance/busSuite.ts';
import { natsMatrix, startNatsServer } from '../../test/devnet/nats/index.ts';
import { systemClock as clock } from '../core/clock.ts';
import { createNatsBus } from './natsBus.ts';

const rows = await natsMatrix((line) => process.stderr.write(`${line}\n`));

for (const { name, server, reason } of rows) {
  if (server === undefined) {
    describe.skip(`bus conformance: ${name} (${reason ?? 'not to be had'})`, () => {
      it('was not run', () => undefined);
    });
    continue;
  }
  busSuite(name, async () => {
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
  });
}
