import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeNetwork, TOKEN } from '../../test/sim/fakeNetwork.ts';
import { hashOf, packetsFrom, stepAt } from '../../test/sim/statements.ts';
import { ViaductError } from '../core/errors.ts';
import { type ChainName, idBytes, laneId } from '../core/ids.ts';
import { PACKET_BYTES } from '../core/limits.ts';
import { silentLogger } from '../core/log.ts';
import { PACKET_OFFSETS, transferIdOf } from '../core/packet.ts';
import type { ChainSource, DepositPosition } from '../core/ports.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { createApi, type ApiDeps, startApi } from './server.ts';
import { createTransfers } from './transfers.ts';

const { manifest, lane } = createFakeNetwork();
const [nameA, nameB] = manifest.chains.map(({ name }) => name) as [ChainName, ChainName];
const packets = packetsFrom(0n, 5, { asset: TOKEN, amount: 7n });
const idOf = (index: number): string => transferIdOf(lane.aToB, packets, index * PACKET_BYTES);
const TX = 'ab'.repeat(32);

let journal: Journal;
let deps: ApiDeps;
let app: FastifyInstance;
let isBusConnected: boolean;
let blocked: { step: string; reason: string } | undefined;
let deposits: Map<ChainName, readonly DepositPosition[] | ViaductError | undefined>;

beforeEach(() => {
  journal = createJournal(createMemoryStore());
  isBusConnected = true;
  blocked = undefined;
  deposits = new Map();
  const source = (name: ChainName): ChainSource => ({
    pullBootstrap: async () => Promise.resolve(new Uint8Array(0)),
    pullUpdate: async () => Promise.resolve(undefined),
    pullEvidence: async () => Promise.resolve(new Uint8Array(0)),
    reject: () => undefined,
    watch: () => undefined,
    findDeposits: async () => {
      const found = deposits.get(name);
      if (found instanceof ViaductError) throw found;
      return Promise.resolve(found);
    },
    close: async () => Promise.resolve(),
  });
  const transfers = createTransfers({
    manifest,
    journal,
    sources: new Map([nameA, nameB].map((name) => [name, source(name)])),
    finality: new Map([[nameA, '2 confirmations']]),
    blocked: () => blocked,
  });
  deps = {
    manifest,
    journal,
    transfers,
    log: silentLogger,
    finality: new Map([[nameA, '2 confirmations']]),
    assurance: new Map([[nameA, 'light client']]),
    blocked: () => blocked,
    busConnected: () => isBusConnected,
    quote: async () => Promise.resolve({ quotes: [], notes: [] }),
  };
  app = createApi(deps);
});
afterEach(async () => app.close());

async function verified(): Promise<void> {
  await journal.putStep(nameA, stepAt(1n));
  const outbound = [{ lane: lane.aToB, firstSequence: 0n, packets }];
  const derivation = { cursor: new Uint8Array(0), height: 1n, outbound, settlements: [] };
  await journal.putDerivation(nameA, stepAt(1n).head, derivation);
}

async function get(url: string): Promise<{ status: number; body: unknown }> {
  const response = await app.inject({ method: 'GET', url });
  return { status: response.statusCode, body: response.json() };
}

describe('GET /livez and /readyz', () => {
  it('live at once, ready when every chain is derived and the bus is there', async () => {
    expect(await get('/livez')).toEqual({ status: 200, body: { live: true } });
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { chains: { 'fake-a': { state: 'starting' } } } });
    for (const name of [nameA, nameB]) {
      await journal.putStep(name, stepAt(3n));
      expect((await get('/readyz')).status).toBe(503);
      const derivation = { cursor: new Uint8Array(0), height: 3n, outbound: [], settlements: [] };
      await journal.putDerivation(name, stepAt(3n).head, derivation);
    }
    const following = { state: 'following', derivedHeight: '3' };
    expect(await get('/readyz')).toEqual({
      status: 200,
      body: { ready: true, busConnected: true, chains: { 'fake-a': following, 'fake-b': following } },
    });
    isBusConnected = false;
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { ready: false, busConnected: false } });
    isBusConnected = true;
    await journal.freeze(nameB, 'conflict');
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { chains: { 'fake-b': { state: 'frozen' } } } });
  });
});

describe('GET /v1/lanes', () => {
  it('shows watermarks, assurance and what blocks', async () => {
    await verified();
    blocked = { step: 'attest', reason: 'one attester is away' };
    const { body } = await get('/v1/lanes');
    expect((body as { lanes: unknown[] }).lanes[0]).toEqual({
      id: lane.aToB,
      opposite: lane.bToA,
      source: nameA,
      target: nameB,
      enabled: true,
      assurance: 'light client',
      finality: '2 confirmations',
      derived: '5',
      attested: '0',
      accepted: '0',
      delivered: '0',
      blocked,
    });
    expect((body as { lanes: unknown[] }).lanes[1]).toMatchObject({ assurance: 'unknown', derived: '0' });
  });
});

describe('GET /v1/transfers/{id}', () => {
  it('finds a transfer by id, with 0x, in capitals and by place', async () => {
    await verified();
    const { status, body } = await get(`/v1/transfers/${idOf(3)}`);
    expect([status, body]).toEqual([
      200,
      {
        id: idOf(3),
        place: `${lane.aToB}-3`,
        lane: lane.aToB,
        sequence: '3',
        source: nameA,
        target: nameB,
        state: 'verified',
        settled: false,
        waitingFor: { step: 'attest', reason: 'waiting for a threshold of attesters to sign' },
        kind: 'transfer',
        asset: 1,
        symbol: 'TST',
        decimals: 18,
        amount: '7',
        sender: `0x${'01'.repeat(20)}`,
        receiver: `0x${'02'.repeat(20)}`,
      },
    ]);
    for (const id of [`0x${idOf(3)}`, idOf(3).toUpperCase(), `${lane.aToB}-3`, `0x${lane.aToB}-3`]) {
      expect((await get(`/v1/transfers/${id}`)).body).toEqual(body);
    }
  });

  it('follows one to its delivery, and another one back to its sender', async () => {
    await verified();
    await journal.putStep(nameB, stepAt(1n));
    const back = packetsFrom(0n, 1, { kind: 'return', asset: TOKEN });
    back.set(idBytes(transferIdOf(lane.aToB, packets, PACKET_BYTES)), PACKET_OFFSETS.sourceReference);
    await journal.putDerivation(nameB, stepAt(1n).head, {
      cursor: hashOf(1n),
      height: 1n,
      outbound: [{ lane: lane.bToA, firstSequence: 0n, packets: back }],
      settlements: [
        {
          lane: lane.aToB,
          acceptedSequence: 5n,
          accepted: [],
          delivered: [{ firstSequence: 0n, count: 5, transaction: '0xdd' }],
          refused: [{ sequence: 1n, reason: 'the receiver reverts', transaction: '0xdd' }],
        },
      ],
    });
    expect((await get(`/v1/transfers/${idOf(0)}`)).body).toMatchObject({
      state: 'delivered',
      settled: true,
      targetTransaction: '0xdd',
    });
    expect((await get(`/v1/transfers/${idOf(1)}`)).body).toMatchObject({
      state: 'refused',
      settled: false,
      refusal: 'the receiver reverts',
      return: `${lane.bToA}-0`,
    });
    const delivered = [{ firstSequence: 0n, count: 1, transaction: '0xee' }];
    const settlements = [{ lane: lane.bToA, acceptedSequence: 1n, accepted: [], delivered, refused: [] }];
    const derivation = { cursor: hashOf(2n), height: 2n, outbound: [], settlements };
    await journal.putDerivation(nameA, stepAt(2n).head, derivation);
    expect((await get(`/v1/transfers/${idOf(1)}`)).body).toMatchObject({ state: 'refunded', settled: true });
  });

  it('knows none that is nowhere', async () => {
    await verified();
    const unknown = [
      `/v1/transfers/${'00'.repeat(32)}`,
      `/v1/transfers/${'00'.repeat(32)}-1`,
      `/v1/transfers/${lane.aToB}-18446744073709551615`,
      `/v1/transfers/${lane.aToB}-99999999999999999999`,
    ];
    for (const url of unknown) expect((await get(url)).status).toBe(404);
    expect((await get(unknown[0]!)).body).toMatchInlineSnapshot(`
      {
        "error": {
          "code": "TRANSFER_UNKNOWN",
          "message": "No such transfer among the newest; ask by ?txHash= of its source transaction.",
        },
      }
    `);
  });

  it.each([
    'x',
    'ab',
    `${'00'.repeat(32)}-`,
    `${'00'.repeat(32)}--1`,
    `${'00'.repeat(32)}-1e3`,
    `${'00'.repeat(32)}-${'1'.repeat(21)}`,
    `${'00'.repeat(32)}%0d%0aX-Evil:%201`,
    `${'00'.repeat(31)}.*`,
    '%3E',
    'viaduct.v1.fake.ctl.stop',
    '..%2f..%2fetc%2fpasswd',
    '%00',
  ])('refuses the id %s', async (id) => {
    const { status, body } = await get(`/v1/transfers/${id}`);
    expect(status).toBe(400);
    expect(body).toEqual({
      error: { code: 'BAD_ID', message: 'A transfer id is 64 hex digits, or <lane id>-<sequence>.' },
    });
  });
});

describe('GET /v1/transfers?txHash=', () => {
  const at = (sequence: bigint): DepositPosition => ({ lane: lane.aToB, sequence, height: 1n });

  it('lists the transfers of a transaction, verified or not, of lanes that we know', async () => {
    await verified();
    deposits.set(nameA, [at(4n), at(5n), { ...at(0n), lane: laneId('00'.repeat(32)) }, at((1n << 64n) - 1n)]);
    const { status, body } = await get(`/v1/transfers?txHash=0x${TX}`);
    expect(status).toBe(200);
    const { transfers } = body as { transfers: { sequence: string; state: string }[] };
    expect(transfers.map(({ sequence, state }) => [sequence, state])).toEqual([
      ['4', 'verified'],
      ['5', 'observed'],
    ]);
  });

  it('finds it though another chain is away, and says so when nobody has it', async () => {
    deposits.set(nameA, new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'No endpoint answers.' }));
    deposits.set(nameB, [{ lane: lane.bToA, sequence: 0n, height: 1n }]);
    expect((await get(`/v1/transfers?txHash=${TX}`)).body).toMatchObject({ transfers: [{ lane: lane.bToA }] });
    deposits.delete(nameB);
    expect(await get(`/v1/transfers?txHash=${TX}`)).toEqual({
      status: 503,
      body: { error: { code: 'ENDPOINT_FAILED', message: 'No endpoint answers.' } },
    });
    expect(await get(`/v1/transfers?txHash=${TX}&chain=fake-b`)).toEqual({ status: 200, body: { transfers: [] } });
    deposits.set(nameA, new ViaductError({ code: 'ABORTED', shortMessage: 'Stopped on request.' }));
    expect((await get(`/v1/transfers?txHash=${TX}`)).status).toBe(503);
  });

  it.each([
    ['', 'BAD_TX_HASH'],
    ['?txHash=', 'BAD_TX_HASH'],
    ['?txHash=xyz', 'BAD_TX_HASH'],
    [`?txHash=${TX}&txHash=${TX}`, 'BAD_TX_HASH'],
    [`?txHash=${TX}%0d%0aHost:evil`, 'BAD_TX_HASH'],
    [`?txHash=http://127.0.0.1:1/`, 'BAD_TX_HASH'],
    [`?txHash=${TX}&chain=`, 'BAD_CHAIN'],
    [`?txHash=${TX}&chain=nowhere`, 'BAD_CHAIN'],
    [`?txHash=${TX}&chain=fake-a.%3E`, 'BAD_CHAIN'],
    [`?txHash=${TX}&chain=fake-a&chain=fake-b`, 'BAD_CHAIN'],
    [`?txHash=${TX}&chain=__proto__`, 'BAD_CHAIN'],
  ])('refuses %s with %s', async (query, code) => {
    const { status, body } = await get(`/v1/transfers${query}`);
    expect([status, (body as { error: { code: string } }).error.code]).toEqual([400, code]);
  });
});

describe('anything else', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const)('%s is not there', async (method) => {
    for (const url of ['/v1/transfers', '/v1/lanes', '/readyz']) {
      expect((await app.inject({ method, url })).statusCode).toBe(404);
    }
  });

  it('is not found, without its text beyond measure', async () => {
    const { status, body } = await get(`/${'a'.repeat(5000)}`);
    expect(status).toBe(404);
    expect(JSON.stringify(body).length).toBeLessThan(300);
    expect((await get('/nothing/here')).body).toMatchInlineSnapshot(`
      {
        "error": {
          "code": "NOT_FOUND",
          "message": "Nothing is at /nothing/here.",
        },
      }
    `);
  });

  it('with a body too large or not JSON is refused', async () => {
    const big = await app.inject({ method: 'POST', url: '/v1/lanes', payload: { a: 'x'.repeat(20_000) } });
    expect([404, 413]).toContain(big.statusCode);
    const headers = { 'content-type': 'application/json' };
    const bad = await app.inject({ method: 'POST', url: '/v1/lanes', payload: '{', headers });
    expect([400, 404]).toContain(bad.statusCode);
  });

  it('that fails in the journal is an answer, and names no path and no stack', async () => {
    const failing = createApi({
      ...deps,
      transfers: { ...deps.transfers, find: async () => Promise.reject(new TypeError('boom at /secret/path')) },
    });
    const response = await failing.inject({ method: 'GET', url: `/v1/transfers/${TX}` });
    expect(response.statusCode).toBe(500);
    expect(response.json()).toEqual({
      error: { code: 'BUG', message: 'A fault of this relayer; its log says more.' },
    });
    await failing.close();
  });
});

describe('a taken port', () => {
  it('is said with the setting to change', async () => {
    const first = await startApi(deps, '127.0.0.1', 0);
    const port = Number(new URL(first.url).port);
    await expect(startApi(deps, '127.0.0.1', port)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      shortMessage: `The API cannot listen on 127.0.0.1:${port}: the port is taken.`,
    });
    await first.close();
  });
});
