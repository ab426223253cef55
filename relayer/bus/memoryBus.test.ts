import { ACK_WAIT_MS, type BusHarness, busSuite } from '../../test/conformance/busSuite.ts';
import { leaseSuite } from '../../test/conformance/leaseSuite.ts';
import { systemClock as clock } from '../core/clock.ts';
import { createMemoryBroker } from './memoryBroker.ts';
import { createMemoryBus } from './memoryBus.ts';

const create = async (): Promise<BusHarness> => {
  await Promise.resolve();
  const broker = createMemoryBroker({ clock, ackWaitMs: ACK_WAIT_MS });
  return {
    connect: async (subjects) =>
      createMemoryBus({ broker, clock, subjects, publishTimeoutMs: 300, ackWaitMs: ACK_WAIT_MS, drainMs: 300 }),
    stop: async () => broker.stop(),
    start: async () => broker.start(),
    wipe: async () => broker.wipe(),
    snapshot: async () => {
      const restore = broker.snapshot();
      return async () => restore();
    },
    dispose: async () => undefined,
  };
};

busSuite('memory', create);
leaseSuite('memory', create);
