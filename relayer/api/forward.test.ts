import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFakeNetwork } from '../../test/sim/fakeNetwork.ts';
import { bytesToHex } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { silentLogger } from '../core/log.ts';
import { checksumAddress } from '../manifest/fields.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal } from '../store/journal.ts';
import { type Forward, FORWARD_SECONDS_MAX, type ForwardsPort } from './forwardRequest.ts';
import { type ApiServer, startApi } from './server.ts';
import { createTransfers } from './transfers.ts';

const { manifest, lane } = createFakeNetwork();
const nameB = manifest.chains[1]!.name;
const NOW = 1_700_000_000;
const ADDRESS = new Uint8Array(20).fill(0xfa);
const GOOD = {
  chain: 'fake-b',
  target: 'fake-a',
  asset: 1,
  amount: '5000000000000000000',
  receiver: `0x${'22'.repeat(20)}`,
  recovery: `0x${'33'.repeat(20)}`,
  expiry: NOW + 3600,
  nonce: 'ab'.repeat(32),
};

let server: ApiServer;
let registered: Forward | undefined;
let failure: ViaductError | undefined;
beforeEach(() => {
  registered = undefined;
  failure = undefined;
});

beforeAll(async () => {
  const journal = createJournal(createMemoryStore());
  const base = { finality: new Map(), assurance: new Map(), blocked: () => undefined, log: silentLogger };
  const transfers = createTransfers({ manifest, journal, sources: new Map(), ...base });
  const forwards: ForwardsPort = {
    chain: nameB,
    nowSeconds: () => NOW,
    register: async (terms) => {
      if (failure !== undefined) throw failure;
      const more = { place: undefined, transaction: undefined, reason: undefined };
      registered = { chain: nameB, address: ADDRESS, terms, state: 'waiting', ...more };
      return Promise.resolve(registered);
    },
    find: (address) =>
      registered !== undefined && bytesToHex(address) === bytesToHex(ADDRESS)
        ? { ...registered, state: 'forwarded', place: { lane: lane.bToA, sequence: 7n }, transaction: '0xaa' }
        : undefined,
  };
  const quote = async () => Promise.resolve({ quotes: [], notes: [] });
  const deps = { ...base, manifest, journal, transfers, busConnected: () => true, quote, forwards: [forwards] };
  server = await startApi(deps, '127.0.0.1', 0);
});
afterAll(async () => server.close());

async function post(body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}/v1/forwards`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

describe('POST /v1/forwards', () => {
  it('registers the terms with gateway and lane of the manifest, and answers the forwarder', async () => {
    const { status, body } = await post(GOOD);
    expect([status, body]).toEqual([
      200,
      {
        chain: 'fake-b',
        address: checksumAddress(ADDRESS),
        state: 'waiting',
        target: 'fake-a',
        lane: lane.bToA,
        asset: 1,
        amount: GOOD.amount,
        receiver: GOOD.receiver,
        recovery: GOOD.recovery,
        expiry: GOOD.expiry,
        nonce: GOOD.nonce,
      },
    ]);
    expect(registered?.terms).toEqual({
      gateway: (manifest.chains[1]!.gateway as { address: Uint8Array }).address,
      lane: lane.bToA,
      asset: 1,
      amount: 5n * 10n ** 18n,
      receiver: new Uint8Array(20).fill(0x22),
      recovery: new Uint8Array(20).fill(0x33),
      expirySeconds: BigInt(GOOD.expiry),
      nonce: new Uint8Array(32).fill(0xab),
    });
    const found = await fetch(`${server.url}/v1/forwards/0x${bytesToHex(ADDRESS)}`);
    expect([found.status, await found.json()]).toMatchObject([
      200,
      { state: 'forwarded', place: `${lane.bToA}-7`, transaction: '0xaa' },
    ]);
  });

  it.each<[string, unknown]>([
    ['BAD_BODY', []],
    ['BAD_BODY', 'null'],
    ['BAD_BODY', { ...GOOD, gateway: `0x${'11'.repeat(20)}` }],
    ['BAD_CHAIN', {}],
    ['BAD_CHAIN', { ...GOOD, chain: 'fake-a', target: 'fake-b' }],
    ['BAD_CHAIN', { ...GOOD, target: 'fake-b' }],
    ['BAD_CHAIN', { ...GOOD, target: '__proto__' }],
    ['BAD_AMOUNT', { ...GOOD, asset: 2 }],
    ['BAD_AMOUNT', { ...GOOD, asset: '1' }],
    ['BAD_AMOUNT', { ...GOOD, amount: 5 }],
    ['BAD_AMOUNT', { ...GOOD, amount: '0' }],
    ['BAD_AMOUNT', { ...GOOD, amount: '-5' }],
    ['BAD_AMOUNT', { ...GOOD, amount: '9'.repeat(9_000) }],
    ['BAD_RECEIVER', { ...GOOD, receiver: '0x12' }],
    ['BAD_RECEIVER', { ...GOOD, receiver: undefined }],
    ['BAD_RECEIVER', { ...GOOD, recovery: `0x${'00'.repeat(20)}` }],
    ['BAD_RECEIVER', { ...GOOD, recovery: 'me' }],
    ['BAD_EXPIRY', { ...GOOD, expiry: NOW }],
    ['BAD_EXPIRY', { ...GOOD, expiry: NOW + FORWARD_SECONDS_MAX + 1 }],
    ['BAD_EXPIRY', { ...GOOD, expiry: String(NOW + 60) }],
    ['BAD_EXPIRY', { ...GOOD, expiry: 1e300 }],
    ['BAD_NONCE', { ...GOOD, nonce: 'ab' }],
    ['BAD_NONCE', { ...GOOD, nonce: 7 }],
  ])('refuses with %s what is not one: %j', async (code, body) => {
    const answer = await post(body);
    expect([answer.status, (answer.body as { error: { code: string } }).error.code]).toEqual([400, code]);
    expect(registered).toBeUndefined();
  });

  it('takes no body that is too large or not JSON', async () => {
    expect((await post({ ...GOOD, receiver: 'x'.repeat(20_000) })).status).toBe(413);
    expect((await post('{')).status).toBe(400);
  });

  it('says when there are too many', async () => {
    failure = new ViaductError({ code: 'USAGE', shortMessage: 'This relayer sends 3 transfers on already.' });
    expect(await post(GOOD)).toEqual({
      status: 503,
      body: { error: { code: 'FORWARDS_FULL', message: 'This relayer sends 3 transfers on already.' } },
    });
  });
});

describe('GET /v1/forwards/{address}', () => {
  it.each(['x', '0x12', `0x${'zz'.repeat(20)}`])('refuses %s', async (address) => {
    expect((await fetch(`${server.url}/v1/forwards/${address}`)).status).toBe(400);
  });

  it('knows none that is not registered', async () => {
    expect((await fetch(`${server.url}/v1/forwards/0x${'11'.repeat(20)}`)).status).toBe(404);
  });
});
