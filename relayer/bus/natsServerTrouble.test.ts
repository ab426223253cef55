/** What only a real server shows: how it is misconfigured, what it forbids, and streams deleted by somebody else. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { type NatsServer, obtainNatsServer, startNatsServer } from '../../test/devnet/nats/index.ts';
import { utf8 } from '../core/bytes.ts';
import { systemClock as clock } from '../core/clock.ts';
import { laneId } from '../core/ids.ts';
import { createSubjects } from '../core/subjects.ts';
import { createNatsBus, type NatsBusOptions } from './natsBus.ts';
import { withoutCredentials } from './natsLink.ts';
import { parseAckSubject } from './natsSource.ts';
import { firstDifference } from './natsTopology.ts';
import type { Bus, BusEvent } from './port.ts';

const { path: binary } = await obtainNatsServer({ say: (line) => process.stderr.write(`${line}\n`) });
const subjects = createSubjects('trouble');
const LANE = laneId('aa'.repeat(32));
const servers: NatsServer[] = [];
const buses: Bus[] = [];

async function serverWith(config = ''): Promise<NatsServer> {
  const server = await startNatsServer({ binary, clock, config });
  servers.push(server);
  return server;
}

async function busTo(url: string, more: Partial<NatsBusOptions> = {}): Promise<Bus> {
  const bus = await createNatsBus({
    servers: [url],
    name: 'trouble',
    subjects,
    clock,
    publishTimeoutMs: 3_000,
    pullExpiresMs: 1_000,
    connectTimeoutMs: 1_000,
    drainMs: 300,
    ...more,
  });
  buses.push(bus);
  return bus;
}

async function eventOf(bus: Bus, matches: (event: BusEvent) => boolean): Promise<BusEvent> {
  return new Promise((resolve) => {
    bus.watch((event) => {
      if (matches(event)) resolve(event);
    });
  });
}

afterEach(async () => {
  await Promise.all(buses.splice(0).map(async (bus) => bus.close()));
  await Promise.all(servers.splice(0).map(async (server) => server.dispose()));
});

async function messageOf(work: Promise<unknown>, server: NatsServer): Promise<string> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return (error as Error).message.replaceAll(server.url, '<server>');
}

describe('a NATS server in trouble', () => {
  it('without JetStream is named as misconfigured', async () => {
    const server = await serverWith('accounts { A { users: [{user: a, password: b}] } }\nno_auth_user: a');
    const bus = await busTo(server.url);
    expect(await messageOf(bus.ensureTopology(), server)).toMatchInlineSnapshot(`
      "The bus is misconfigured: jetstream.
      JetStream not enabled for account
      Start nats-server with JetStream (-js), or enable it for this account."
    `);
  });

  it('with too small messages is named as misconfigured', async () => {
    const server = await serverWith('max_payload: 64KB');
    const bus = await busTo(server.url);
    expect(await messageOf(bus.ensureTopology(), server)).toMatchInlineSnapshot(`
      "The bus is misconfigured: max_payload.
      The server takes messages of 65536 bytes, 1000000 are needed.
      Set max_payload in the server configuration to its default of 1 MB or more."
    `);
  });

  it('with a stream of the same name and another nature is named as misconfigured', async () => {
    const server = await serverWith();
    const bus = await busTo(server.url);
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const [frames] = subjects.streams;
    await manager.streams.add({ name: frames!.name, subjects: ['something.else'], retention: 'workqueue' });
    expect(await messageOf(bus.ensureTopology(), server)).toMatchInlineSnapshot(`
      "The bus is misconfigured: VIADUCT_V1_trouble_FRAMES.
      The server refused the stream: stream configuration update can not change retention policy to/from workqueue.
      Delete the stream that is in the way; everything in a stream of ours can be rebuilt."
    `);
    await manager.streams.delete(frames!.name);
    await manager.streams.add({ name: 'OTHER', subjects: [frames!.subjects[0]!] });
    expect(await messageOf(bus.ensureTopology(), server)).toMatchInlineSnapshot(`
      "The bus is misconfigured: VIADUCT_V1_trouble_FRAMES.
      The server refused the stream: subjects overlap with an existing stream.
      Delete the stream that is in the way; everything in a stream of ours can be rebuilt."
    `);
    await connection.close();
  });

  it('that answers with another value than asked for is caught field by field', () => {
    const wanted = { name: 'S', subjects: ['a'], max_age: 5 };
    expect(firstDifference(wanted, { ...wanted, extra: true })).toBeUndefined();
    expect(firstDifference(wanted, { name: 'S', subjects: ['a'] })).toEqual({
      field: 'max_age',
      wanted: '5',
      got: 'nothing',
    });
    expect(firstDifference(wanted, { ...wanted, subjects: ['a', 'b'] })).toMatchObject({ field: 'subjects' });
  });

  it('that is not there is named without its credentials', async () => {
    const server = await serverWith();
    await server.stop();
    const url = server.url.replace('//', '//operator:secret@');
    const text = await messageOf(busTo(url), server);
    expect(text).toContain('No NATS server answered at <server>');
    expect(text).not.toContain('secret');
    expect(withoutCredentials('nats://t0ken@host:4222')).toBe('nats://host:4222');
  });

  it('takes credentials from the URL and from the options, and says what an account may not do', async () => {
    const server = await serverWith(`
      authorization {
        users: [
          { user: relayer, password: "p@ss" }
          { user: monitor, password: watch, permissions: { publish: ["_INBOX.>"], subscribe: ["${subjects.allMon}", "_INBOX.>"] } }
        ]
      }`);
    const relayer = await busTo(server.url.replace('//', '//relayer:p%40ss@'));
    await relayer.ensureTopology();
    const monitor = await busTo(server.url, {
      credentials: { kind: 'userPassword', user: 'monitor', password: 'watch' },
    });
    const denied = eventOf(monitor, ({ kind }) => kind === 'denied');
    monitor.publish(subjects.ctl('pause'), utf8(''));
    expect(await denied).toEqual({ kind: 'denied', detail: `publish ${subjects.ctl('pause')}` });
    await expect(busTo(server.url)).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
  });

  it('whose streams somebody deletes is filled again, and readers go on', async () => {
    const server = await serverWith();
    const bus = await busTo(server.url);
    await bus.ensureTopology();
    const stopping = new AbortController();
    const got: string[] = [];
    let arrived: () => void = () => undefined;
    bus.consume(
      subjects.allFrames,
      ({ payload }) => {
        got.push(new TextDecoder().decode(payload));
        arrived();
      },
      { durable: 'reader', signal: stopping.signal, onPoison: () => undefined },
    );
    const until = async (count: number): Promise<void> =>
      new Promise((resolve) => {
        arrived = () => {
          if (got.length >= count) resolve();
        };
        arrived();
      });
    const publish = async (n: number): Promise<unknown> =>
      bus.publishDurable(subjects.frame(LANE), utf8(`${n}`), { id: `${n}` });
    await publish(1);
    await publish(2);
    await until(2);
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const frames = subjects.streams[0]!.name;

    // The consumer alone: the position is known here, so nothing comes twice.
    await manager.consumers.delete(frames, 'reader');
    await publish(3);
    await until(3);

    const wiped = eventOf(bus, ({ kind }) => kind === 'wiped');
    await manager.streams.delete(frames);
    expect(await publish(4)).toMatchObject({ streamSequence: 1 });
    expect(await wiped).toEqual({ kind: 'wiped', stream: frames });
    await until(4);

    // A killed server with its store intact.
    await server.kill();
    await server.start();
    await publish(5);
    await until(5);
    expect(got).toEqual(['1', '2', '3', '4', '5']);
    stopping.abort();
    await connection.close();
  });

  it('numbers deliveries in old and new acknowledgement subjects', () => {
    const expected = { deliveries: 2, streamSequence: 7, storedNanos: 1_700_000_000_000_000_001n };
    expect(parseAckSubject('$JS.ACK.S.c.2.7.5.1700000000000000001.3')).toEqual(expected);
    expect(parseAckSubject('$JS.ACK.hub.hash.S.c.2.7.5.1700000000000000001.3')).toEqual(expected);
    expect(parseAckSubject('$JS.ACK._.hash.S.c.2.7.5.1700000000000000001.3.random')).toEqual(expected);
  });
});
