/**
 * What every bus promises. An implementation's test hands in a factory of a shared server; each test works in a network
 * of its own, so that nothing is left for the next one.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { chainName, laneId, type LaneId } from '../../relayer/core/ids.ts';
import { BUS_MESSAGE_BYTES_MAX } from '../../relayer/core/limits.ts';
import { createSubjects, type Subjects } from '../../relayer/core/subjects.ts';
import type { Bus, BusEvent, DurableMessage, WorkItem } from '../../relayer/bus/index.ts';

export interface BusHarness {
  /** A new client of the one server. */
  readonly connect: (subjects: Subjects) => Promise<Bus>;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Everything the server stored is gone; it runs on. */
  readonly wipe: () => Promise<void>;
  /** Remembers what the server stores; the returned function puts it back, with a restart where that is needed. */
  readonly snapshot: () => Promise<() => Promise<void>>;
  readonly dispose: () => Promise<void>;
}

/** Both factories must use this: tests wait for it to pass. */
export const ACK_WAIT_MS = 500;

const LANES = ['aa', 'bb', 'cc'].map((byte) => laneId(byte.repeat(32))) as [LaneId, LaneId, LaneId];
const [LANE] = LANES;
const CHAIN = chainName('chain-a');

export function busSuite(name: string, create: () => Promise<BusHarness>): void {
  describe(`bus conformance: ${name}`, () => {
    let harness: BusHarness;
    let subjects: Subjects;
    let networks = 0;
    let stopping: AbortController;
    let signal: AbortSignal;
    const buses: Bus[] = [];

    beforeAll(async () => {
      harness = await create();
    });
    afterAll(async () => harness.dispose());

    const connect = async (): Promise<Bus> => {
      const bus = await harness.connect(subjects);
      buses.push(bus);
      await bus.ensureTopology();
      return bus;
    };
    const begin = async (): Promise<Bus> => {
      networks += 1;
      subjects = createSubjects(`net-${networks}`);
      stopping = new AbortController();
      signal = stopping.signal;
      return connect();
    };
    afterEach(async () => {
      stopping.abort();
      await Promise.all(buses.splice(0).map(async (bus) => bus.close()));
    });
    /** Everything this client sent before is with the server now. */
    const settled = async (bus: Bus): Promise<void> => bus.ensureTopology();
    const noPoison = (message: DurableMessage, error: unknown): never => {
      throw new Error(`unexpected poison ${message.subject}`, { cause: error });
    };
    const publishFrames = async (bus: Bus, from: number, to: number, lane = LANE): Promise<void> => {
      for (let n = from; n <= to; n++) {
        await bus.publishDurable(subjects.frame(lane), utf8(`${n}`), { id: `${lane.slice(0, 2)}-${n}` });
      }
    };
    const follow = (bus: Bus, into: Collector<string>, durable = 'reader'): void => {
      bus.consume(subjects.allFrames, ({ payload }) => into.add(textOf(payload)), {
        durable,
        signal,
        onPoison: noPoison,
      });
    };

    describe('core messages', () => {
      it('reach every matching subscriber of every client, in order', async () => {
        const [one, two] = [await begin(), await connect()];
        const [lane, all, other] = [collector<string>(), collector<string>(), collector<string>()];
        one.subscribe(subjects.attest(LANE), ({ payload }) => lane.add(textOf(payload)), { signal });
        two.subscribe(subjects.allAttest, ({ payload }) => all.add(textOf(payload)), { signal });
        two.subscribe(subjects.allMon, ({ payload }) => other.add(textOf(payload)), { signal });
        await Promise.all([settled(one), settled(two)]);
        for (let n = 0; n < 5; n++) one.publish(subjects.attest(LANE), utf8(`${n}`));
        one.publish(subjects.attest(LANES[1]), utf8('other lane'));
        one.publish(subjects.mon('lane', 'x'), utf8('end'));
        expect(await lane.take(5)).toEqual(['0', '1', '2', '3', '4']);
        expect(await all.take(6)).toEqual(['0', '1', '2', '3', '4', 'other lane']);
        expect(await other.take(1)).toEqual(['end']);
      });

      it('go on after a handler threw', async () => {
        const bus = await begin();
        const seen = collector<string>();
        const events = eventsOf(bus);
        bus.subscribe(
          subjects.attest(LANE),
          ({ payload }) => {
            seen.add(textOf(payload));
            if (textOf(payload) === 'bad') throw new Error('cannot');
          },
          { signal },
        );
        bus.publish(subjects.attest(LANE), utf8('bad'));
        bus.publish(subjects.attest(LANE), utf8('good'));
        expect(await seen.take(2)).toEqual(['bad', 'good']);
        await events.until(({ kind }) => kind === 'handlerFailed');
      });

      it('end when the signal fires', async () => {
        const bus = await begin();
        const [seen, end] = [collector<string>(), collector<string>()];
        const own = new AbortController();
        bus.subscribe(subjects.attest(LANE), ({ payload }) => seen.add(textOf(payload)), { signal: own.signal });
        bus.subscribe(subjects.attest(LANES[1]), ({ payload }) => end.add(textOf(payload)), { signal });
        bus.publish(subjects.attest(LANE), utf8('1'));
        await seen.take(1);
        own.abort();
        bus.publish(subjects.attest(LANE), utf8('2'));
        bus.publish(subjects.attest(LANES[1]), utf8('end'));
        await end.take(1);
        expect(seen.all).toEqual(['1']);
      });

      it('wait for a slow handler up to a bound, and are dropped visibly above it', async () => {
        const bus = await begin();
        const gate = deferred();
        const seen = collector<string>();
        const events = eventsOf(bus);
        bus.subscribe(
          subjects.attest(LANE),
          async ({ payload }) => {
            seen.add(textOf(payload));
            await gate.promise;
          },
          { signal, pendingMax: 4 },
        );
        bus.publish(subjects.attest(LANE), utf8('0'));
        await seen.take(1);
        for (let n = 1; n < 20; n++) bus.publish(subjects.attest(LANE), utf8(`${n}`));
        await events.until(() => bus.stats().dropped === 15);
        gate.resolve();
        expect(await seen.take(5)).toEqual(['0', '1', '2', '3', '4']);
        bus.publish(subjects.attest(LANE), utf8('last'));
        expect((await seen.take(6)).at(-1)).toBe('last');
      });

      it('are refused above the maximum size, however they are sent', async () => {
        const bus = await begin();
        const tooLarge = new Uint8Array(BUS_MESSAGE_BYTES_MAX + 1);
        const subject = subjects.frame(LANE);
        expect(() => bus.publish(subject, tooLarge)).toThrow(
          expect.objectContaining({ code: 'BUS_MESSAGE_TOO_LARGE' }),
        );
        const rejected = { code: 'BUS_MESSAGE_TOO_LARGE' };
        await expect(bus.publishDurable(subject, tooLarge, { id: 'x' })).rejects.toMatchObject(rejected);
        await expect(bus.request(subject, tooLarge, { timeoutMs: 100 })).rejects.toMatchObject(rejected);
        const largest = new Uint8Array(BUS_MESSAGE_BYTES_MAX).fill(7);
        expect(await bus.publishDurable(subject, largest, { id: 'x' })).toMatchObject({ duplicate: false });
        const got = collector<number>();
        bus.consume(subjects.allFrames, ({ payload }) => got.add(payload.length), {
          durable: 'r',
          signal,
          onPoison: noPoison,
        });
        expect(await got.take(1)).toEqual([BUS_MESSAGE_BYTES_MAX]);
      });
    });

    describe('request and respond', () => {
      it('answers, from another client', async () => {
        const [asker, answerer] = [await begin(), await connect()];
        answerer.respond(subjects.ctl('echo'), ({ payload }) => utf8(`heard ${textOf(payload)}`), { signal });
        await settled(answerer);
        const answers = await Promise.all(
          ['a', 'b', 'c'].map(async (word) => asker.request(subjects.ctl('echo'), utf8(word), { timeoutMs: 2_000 })),
        );
        expect(answers.map(textOf)).toEqual(['heard a', 'heard b', 'heard c']);
      });

      it('fails with BUS_UNAVAILABLE: nobody there, a failing responder, a silent one', async () => {
        const bus = await begin();
        const unavailable = { code: 'BUS_UNAVAILABLE' };
        bus.respond(subjects.ctl('fail'), async () => Promise.reject(new Error('secret detail')), { signal });
        bus.respond(subjects.ctl('silent'), async () => new Promise<Uint8Array>(() => undefined), { signal });
        await settled(bus);
        await expect(bus.request(subjects.ctl('nobody'), utf8(''), { timeoutMs: 2_000 })).rejects.toMatchObject(
          unavailable,
        );
        const failed = bus.request(subjects.ctl('fail'), utf8(''), { timeoutMs: 2_000 });
        await expect(failed).rejects.toMatchObject(unavailable);
        await expect(failed).rejects.not.toThrow('secret detail');
        await expect(bus.request(subjects.ctl('silent'), utf8(''), { timeoutMs: 50 })).rejects.toMatchObject(
          unavailable,
        );
      });

      it('stops waiting when the signal fires', async () => {
        const bus = await begin();
        const own = new AbortController();
        bus.respond(subjects.ctl('silent'), async () => new Promise<Uint8Array>(() => undefined), { signal });
        const asked = bus.request(subjects.ctl('silent'), utf8(''), { timeoutMs: 20_000, signal: own.signal });
        own.abort();
        await expect(asked).rejects.toMatchObject({ code: 'ABORTED' });
      });

      it('serves $SRV.PING, INFO and STATS', async () => {
        const bus = await begin();
        await bus.serve({ role: `verify-${networks}`, version: '1.2.3', stats: () => ({ heads: 7 }) });
        await settled(bus);
        const ask = async (verb: string): Promise<unknown> =>
          JSON.parse(textOf(await bus.request(`$SRV.${verb}.verify-${networks}`, utf8(''), { timeoutMs: 2_000 })));
        const identity = { name: `verify-${networks}`, version: '1.2.3' };
        expect(await ask('PING')).toMatchObject({ type: 'io.nats.micro.v1.ping_response', ...identity });
        expect(await ask('INFO')).toMatchObject({ type: 'io.nats.micro.v1.info_response', ...identity });
        const stats = await ask('STATS');
        expect(stats).toMatchObject({ type: 'io.nats.micro.v1.stats_response', ...identity });
        expect(JSON.stringify(stats)).toContain('"heads":7');
      });
    });

    describe('streams', () => {
      it('keep the order of every lane, with many publishes in flight', async () => {
        const [one, two, reader] = [await begin(), await connect(), await connect()];
        const publish = async (bus: Bus, lane: LaneId): Promise<unknown> =>
          Promise.all(
            Array.from({ length: 150 }, async (_, n) =>
              bus.publishDurable(subjects.frame(lane), utf8(`${n}`), { id: `${lane}-${n}` }),
            ),
          );
        const got = collector<{ lane: string; text: string }>();
        reader.consume(
          subjects.allFrames,
          async ({ subject, payload }) => {
            await Promise.resolve();
            got.add({ lane: subject, text: textOf(payload) });
          },
          { durable: 'reader', signal, onPoison: noPoison },
        );
        await Promise.all([publish(one, LANES[0]), publish(two, LANES[1]), publish(two, LANES[2])]);
        const all = await got.take(450);
        for (const lane of LANES) {
          const ofLane = all.filter((entry) => entry.lane === subjects.frame(lane)).map(({ text }) => text);
          expect(ofLane).toEqual(Array.from({ length: 150 }, (_, n) => `${n}`));
        }
      });

      it('store an id once', async () => {
        const bus = await begin();
        const publish = async (id: string): Promise<unknown> =>
          bus.publishDurable(subjects.frame(LANE), utf8(id), { id });
        expect(await publish('a')).toEqual({ streamSequence: 1, duplicate: false });
        expect(await publish('a')).toEqual({ streamSequence: 1, duplicate: true });
        expect(await publish('b')).toEqual({ streamSequence: 2, duplicate: false });
        const got = collector<string>();
        follow(bus, got);
        expect(await got.take(2)).toEqual(['a', 'b']);
      });

      it('give every durable name everything, and remember its position across clients', async () => {
        const bus = await begin();
        await publishFrames(bus, 1, 3);
        const [first, other, second] = [collector<string>(), collector<string>(), collector<string>()];
        const reader = await connect();
        follow(reader, first, 'one');
        follow(bus, other, 'two');
        expect(await first.take(3)).toEqual(['1', '2', '3']);
        expect(await other.take(3)).toEqual(['1', '2', '3']);
        await reader.close();
        await publishFrames(bus, 4, 5);
        follow(await connect(), second, 'one');
        expect(await second.take(2)).toEqual(['4', '5']);
      });

      it('give a message again after its handler failed, before anything later of its lane, without holding up others', async () => {
        const bus = await begin();
        const got = collector<string>();
        let failures = 2;
        bus.consume(
          subjects.allFrames,
          ({ payload, redeliveries }) => {
            const text = textOf(payload);
            if (text === 'a1' && failures > 0) {
              failures -= 1;
              throw new Error('not yet');
            }
            got.add(`${text}/${redeliveries}`);
          },
          { durable: 'reader', signal, onPoison: noPoison, retryMs: 50 },
        );
        await bus.publishDurable(subjects.frame(LANES[0]), utf8('a1'), { id: 'a1' });
        await bus.publishDurable(subjects.frame(LANES[0]), utf8('a2'), { id: 'a2' });
        await bus.publishDurable(subjects.frame(LANES[1]), utf8('b1'), { id: 'b1' });
        const all = await got.take(3);
        expect(all.filter((text) => text.startsWith('a'))).toEqual(['a1/2', 'a2/0']);
        expect(all).toContain('b1/0');
        expect(bus.stats().redelivered).toBe(2);
      });

      it('hand a message that always fails to onPoison, once, and go on', async () => {
        const bus = await begin();
        const events = eventsOf(bus);
        const [got, poison, tried] = [collector<string>(), collector<string>(), collector<number>()];
        bus.consume(
          subjects.allFrames,
          ({ payload, redeliveries }) => {
            if (textOf(payload) === '1') {
              tried.add(redeliveries);
              throw new Error('never');
            }
            got.add(textOf(payload));
          },
          {
            durable: 'reader',
            signal,
            onPoison: ({ payload }, error) => poison.add(`${textOf(payload)}: ${(error as Error).message}`),
            redeliveriesMax: 2,
            retryMs: 5,
          },
        );
        await publishFrames(bus, 1, 2);
        expect(await got.take(1)).toEqual(['2']);
        expect(poison.all).toEqual(['1: never']);
        expect(tried.all).toEqual([0, 1, 2]);
        await events.until(({ kind }) => kind === 'poison');
        expect(bus.stats().poisoned).toBe(1);
        await bus.close();
        const again = await connect();
        const after = collector<string>();
        follow(again, after);
        await publishFrames(again, 3, 3);
        expect(await after.take(1)).toEqual(['3']);
      });

      it('give to the next client what a crashed one did not finish, in order', async () => {
        const bus = await begin();
        await publishFrames(bus, 1, 6);
        const victim = await connect();
        const seen = collector<string>();
        victim.consume(
          subjects.allFrames,
          async ({ payload }) => {
            seen.add(textOf(payload));
            if (textOf(payload) === '3') await new Promise(() => undefined);
          },
          { durable: 'reader', signal, onPoison: noPoison },
        );
        expect(await seen.take(3)).toEqual(['1', '2', '3']);
        await settled(victim);
        await victim.close({ drain: false });
        const got = collector<string>();
        follow(await connect(), got);
        expect(await got.take(4)).toEqual(['3', '4', '5', '6']);
      });

      it('do not come again while a slow handler is at work', async () => {
        const bus = await begin();
        const got = collector<string>();
        bus.consume(
          subjects.allFrames,
          async ({ payload, redeliveries }) => {
            if (textOf(payload) === '1') await systemClock.sleep(ACK_WAIT_MS * 2);
            got.add(`${textOf(payload)}/${redeliveries}`);
          },
          { durable: 'reader', signal, onPoison: noPoison },
        );
        await publishFrames(bus, 1, 2);
        expect(await got.take(2)).toEqual(['1/0', '2/0']);
      });

      it('never have more in hand than maxInFlight', async () => {
        const bus = await begin();
        const lanes = Array.from({ length: 12 }, (_, n) => laneId(n.toString(16).padStart(2, '0').repeat(32)));
        for (const lane of lanes) await publishFrames(bus, 1, 3, lane);
        let running = 0;
        let most = 0;
        const done = collector<string>();
        bus.consume(
          subjects.allFrames,
          async ({ subject }) => {
            running += 1;
            most = Math.max(most, running);
            await systemClock.sleep(1);
            running -= 1;
            done.add(subject);
          },
          { durable: 'reader', signal, onPoison: noPoison, maxInFlight: 4 },
        );
        await done.take(36);
        expect(most).toBeGreaterThan(1);
        expect(most).toBeLessThanOrEqual(4);
      });

      it('let a running handler finish and be acknowledged when the bus closes', async () => {
        const bus = await begin();
        const reader = await connect();
        const [started, gate] = [deferred(), deferred()];
        const finished = collector<string>();
        reader.consume(
          subjects.allFrames,
          async ({ payload }) => {
            started.resolve();
            await gate.promise;
            finished.add(textOf(payload));
          },
          { durable: 'reader', signal, onPoison: noPoison },
        );
        await publishFrames(bus, 1, 2);
        await started.promise;
        const closing = reader.close();
        gate.resolve();
        await closing;
        expect(finished.all).toEqual(['1']);
        const rest = collector<string>();
        follow(bus, rest);
        expect(await rest.take(1)).toEqual(['2']);
        await expect(reader.publishDurable(subjects.frame(LANE), utf8('x'), { id: 'x' })).rejects.toMatchObject({
          code: 'BUS_UNAVAILABLE',
        });
      });
    });

    describe('work queue', () => {
      const fill = async (bus: Bus, count: number): Promise<void> => {
        for (let n = 1; n <= count; n++) {
          await bus.publishDurable(subjects.work(CHAIN), utf8(`${n}`), { id: `work-${n}` });
        }
      };
      const worker = (bus: Bus, maxInFlight: number): AsyncIterator<WorkItem> =>
        bus.pull(subjects.work(CHAIN), { durable: 'submit', maxInFlight, signal })[Symbol.asyncIterator]();

      it('gives each item to one of the processes that share it, and both get some', async () => {
        const [one, two] = [await begin(), await connect()];
        const taken = collector<string>();
        const work = async (bus: Bus, name: string): Promise<void> => {
          for await (const item of bus.pull(subjects.work(CHAIN), { durable: 'submit', maxInFlight: 4, signal })) {
            taken.add(`${name} ${textOf(item.payload)}`);
            await systemClock.sleep(1);
            item.ack();
          }
        };
        const workers = [work(one, 'one'), work(two, 'two')];
        await fill(one, 60);
        const all = await taken.take(60);
        expect(new Set(all.map((text) => text.split(' ')[1])).size).toBe(60);
        expect(new Set(all.map((text) => text.split(' ')[0])).size).toBe(2);
        stopping.abort();
        await Promise.all(workers);
        expect(taken.all.length).toBe(60);
      });

      it('hands out no more than maxInFlight before something is resolved', async () => {
        const bus = await begin();
        await fill(bus, 10);
        const items = worker(bus, 3);
        const inHand = [await take(items), await take(items), await take(items)];
        let fourth: string | undefined;
        const next = take(items).then((item) => {
          fourth = textOf(item.payload);
        });
        await settled(bus);
        await settled(bus);
        expect(fourth).toBeUndefined();
        inHand[1]?.ack();
        await next;
        expect(fourth).toBe('4');
      });

      it('gives an item again after nak, and never after reject or ack', async () => {
        const bus = await begin();
        await fill(bus, 3);
        const items = worker(bus, 1);
        (await take(items)).reject();
        const second = await take(items);
        expect([textOf(second.payload), second.redeliveries]).toEqual(['2', 0]);
        second.nak(0);
        const next = [await take(items)];
        next[0]?.ack();
        next.push(await take(items));
        next[1]?.ack();
        const got = next.map(({ payload, redeliveries }) => `${textOf(payload)}/${redeliveries}`).sort();
        expect(got).toEqual(['2/1', '3/0']);
      });

      it('gives the items of a crashed process to another one', async () => {
        const [one, two] = [await begin(), await connect()];
        await fill(one, 2);
        const items = worker(two, 2);
        await take(items);
        await take(items);
        await two.close({ drain: false });
        const rest = worker(one, 2);
        const got = [await take(rest), await take(rest)];
        expect(got.map(({ payload, redeliveries }) => `${textOf(payload)}/${redeliveries}`).sort()).toEqual([
          '1/1',
          '2/1',
        ]);
        for (const item of got) item.ack();
      });

      it('leaves an item with a process that says it is working', async () => {
        const [one, two] = [await begin(), await connect()];
        await fill(one, 1);
        const item = await take(worker(one, 1));
        const others = worker(two, 1);
        let stolen = false;
        const waiting = others.next().then(({ done }) => {
          stolen = done !== true;
        });
        for (let beat = 0; beat < 6; beat++) {
          await systemClock.sleep(ACK_WAIT_MS / 3);
          item.working();
        }
        expect(stolen).toBe(false);
        item.ack();
        await settled(one);
        stopping.abort();
        await waiting;
        expect(stolen).toBe(false);
      });

      it('drops an item that was announced twice under one id', async () => {
        const bus = await begin();
        await fill(bus, 2);
        expect(await bus.publishDurable(subjects.work(CHAIN), utf8('1'), { id: 'work-1' })).toMatchObject({
          duplicate: true,
        });
        const items = worker(bus, 2);
        expect([textOf((await take(items)).payload), textOf((await take(items)).payload)]).toEqual(['1', '2']);
      });
    });

    describe('outages', () => {
      it('rejects a durable publish in bounded time while the server is away, drops core ones, and goes on after', async () => {
        const bus = await begin();
        const events = eventsOf(bus);
        const got = collector<string>();
        follow(bus, got);
        await publishFrames(bus, 1, 1);
        await got.take(1);
        await settled(bus);
        await harness.stop();
        await events.until(({ kind }) => kind === 'disconnected');
        await expect(publishFrames(bus, 2, 2)).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
        const { dropped } = bus.stats();
        bus.publish(subjects.mon('x', 'y'), utf8('lost'));
        expect(bus.stats()).toMatchObject({ dropped: dropped + 1, connected: false });
        await harness.start();
        await events.until(({ kind }) => kind === 'connected');
        await publishFrames(bus, 2, 3);
        expect(await got.take(3)).toEqual(['1', '2', '3']);
      });

      it('keeps a publish that meets a short outage', async () => {
        const bus = await begin();
        const events = eventsOf(bus);
        const got = collector<string>();
        follow(bus, got);
        await harness.stop();
        await events.until(({ kind }) => kind === 'disconnected');
        const published = publishFrames(bus, 1, 2);
        await harness.start();
        await published;
        expect(await got.take(2)).toEqual(['1', '2']);
      });

      it('carries on through a wipe: readers, workers and publishers, and everybody is told', async () => {
        const [bus, reader] = [await begin(), await connect()];
        const [told, readerTold] = [eventsOf(bus), eventsOf(reader)];
        const got = collector<string>();
        follow(reader, got);
        const items = reader
          .pull(subjects.work(CHAIN), { durable: 'submit', maxInFlight: 2, signal })
          [Symbol.asyncIterator]();
        await publishFrames(bus, 1, 3);
        await bus.publishDurable(subjects.work(CHAIN), utf8('before'), { id: 'before' });
        const before = await take(items);
        await got.take(3);
        await harness.wipe();
        const frames = subjects.streams[0]?.name ?? '';
        const isWipe = (event: BusEvent): boolean => event.kind === 'wiped' && event.stream === frames;
        await Promise.all([told.until(isWipe), readerTold.until(isWipe)]);
        // An answer to an item of the old stream must not touch the new one that has its number.
        await bus.publishDurable(subjects.work(CHAIN), utf8('after'), { id: 'after' });
        before.ack();
        const after = await take(items);
        expect([textOf(after.payload), after.streamSequence]).toEqual(['after', 1]);
        after.ack();
        await publishFrames(bus, 1, 4);
        expect(await got.take(7)).toEqual(['1', '2', '3', '1', '2', '3', '4']);
      });

      it('carries on after the server came back with an old copy of its store', async () => {
        const bus = await begin();
        const events = eventsOf(bus);
        const got = collector<string>();
        follow(bus, got);
        await publishFrames(bus, 1, 3);
        await got.take(3);
        await settled(bus);
        const rollBack = await harness.snapshot();
        await publishFrames(bus, 4, 6);
        await got.take(6);
        await settled(bus);
        await rollBack();
        await events.until((event) => event.kind === 'wiped');
        await publishFrames(bus, 4, 8);
        const after = (await got.until((text) => text === '8')).slice(6);
        expect(after.slice(-5)).toEqual(['4', '5', '6', '7', '8']);
      });
    });
  });
}

async function take(items: AsyncIterator<WorkItem>): Promise<WorkItem> {
  const { value, done } = await items.next();
  if (done === true) throw new Error('the queue ended');
  return value;
}

function textOf(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}

interface Collector<T> {
  readonly all: readonly T[];
  readonly add: (value: T) => void;
  /** The first `count`, once they are there. */
  readonly take: (count: number) => Promise<readonly T[]>;
  /** Everything up to now, once a value matches that was not there at the call or before. */
  readonly until: (matches: (value: T) => boolean) => Promise<readonly T[]>;
}

function collector<T>(): Collector<T> {
  const all: T[] = [];
  const waiting = new Set<() => void>();
  const when = async (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return {
    all,
    add(value) {
      all.push(value);
      for (const check of [...waiting]) check();
    },
    async take(count) {
      await when(() => all.length >= count);
      return all.slice(0, count);
    },
    async until(matches) {
      await when(() => all.some(matches));
      return all.slice();
    },
  };
}

function eventsOf(bus: Bus): Collector<BusEvent> {
  const events = collector<BusEvent>();
  bus.watch(events.add);
  return events;
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
