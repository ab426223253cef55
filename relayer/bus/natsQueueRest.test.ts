import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentNats, type NatsServer, startNatsServer } from '../../test/devnet/nats/index.ts';
import { utf8 } from '../core/bytes.ts';
import { systemClock as clock } from '../core/clock.ts';
import { chainName } from '../core/ids.ts';
import { createSubjects } from '../core/subjects.ts';
import { type Bus, createNatsBus } from './index.ts';

/** Longer than any test: what waits for it is lost to this one. */
const ACK_WAIT_MS = 600_000;
const ROUNDS = 30;
const subjects = createSubjects('rest');
const WORK = subjects.work(chainName('target'));
const text = new TextDecoder();

const { server, reason } = await currentNats((line) => process.stderr.write(`${line}\n`));

// Where no server is to be had, the reason stands in the name.
describe.skipIf(server === undefined)(`a reader of a queue that comes to its end ${reason ?? ''}`, () => {
  let nats: NatsServer;
  let bus: Bus;

  beforeAll(async () => {
    nats = await startNatsServer({ binary: server?.path ?? '', clock });
    bus = await createNatsBus({ servers: [nats.url], name: 'rest', subjects, clock, ackWaitMs: ACK_WAIT_MS });
    await bus.ensureTopology();
  });
  afterAll(async () => {
    await bus?.close({ drain: false });
    await nats?.dispose();
  });

  it('leaves what is on its way to it to others, at once', async () => {
    const done = new Set<string>();
    const publish = async (id: string): Promise<unknown> => bus.publishDurable(WORK, utf8(id), { id });
    await publish('first');
    for (let round = 0; round < ROUNDS; round++) {
      const end = new AbortController();
      const published: Promise<unknown>[] = [];
      for await (const item of bus.pull(WORK, { durable: 'submit', maxInFlight: 16, signal: end.signal })) {
        done.add(text.decode(item.payload));
        item.ack();
        // More is on its way while this one stops.
        for (let n = 0; n < 4; n++) published.push(publish(`${round}.${n}`));
        await Promise.race(published);
        end.abort();
      }
      await Promise.all(published);
    }
    const stop = new AbortController();
    for await (const item of bus.pull(WORK, { durable: 'submit', maxInFlight: 16, signal: stop.signal })) {
      done.add(text.decode(item.payload));
      item.ack();
      if (done.size === 1 + ROUNDS * 4) stop.abort();
    }
    expect(done.size).toBe(1 + ROUNDS * 4);
  });
});
