import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeNetwork } from '../../test/sim/fakeNetwork.ts';
import type { ChainName } from '../core/ids.ts';
import { systemClock } from '../core/clock.ts';
import { silentLogger } from '../core/log.ts';
import { ViaductError } from '../core/errors.ts';
import { createLaneMeter } from '../spread/laneMeter.ts';
import { createQuotes } from '../spread/quotes.ts';
import { createMemoryStore } from '../store/index.ts';
import { createJournal } from '../store/journal.ts';
import { type ApiServer, startApi } from './server.ts';
import { createTransfers } from './transfers.ts';

const { manifest, lane } = createFakeNetwork();
const [nameA, nameB] = manifest.chains.map(({ name }) => name) as [ChainName, ChainName];
const RECEIVER = `0x${'22'.repeat(20)}`;
const asked: unknown[] = [];
let server: ApiServer;
let problem: ViaductError | undefined;

beforeAll(async () => {
  const journal = createJournal(createMemoryStore());
  const meter = createLaneMeter({ journal, clock: systemClock, chainClock: () => undefined }, manifest.lanes);
  const finality = new Map([[nameA, '2 confirmations']]);
  const blocked = () => undefined;
  const transfers = createTransfers({ manifest, journal, sources: new Map(), finality, blocked });
  const quotes = createQuotes({
    clock: systemClock,
    manifest,
    journal,
    meter,
    blocked,
    roomNow: async () => Promise.resolve(undefined),
    unpayable: async (...all) => {
      asked.push(all.slice(0, 4));
      return Promise.resolve(undefined);
    },
    costOf: () => undefined,
    middles: [],
  });
  server = await startApi(
    {
      manifest,
      journal,
      transfers,
      log: silentLogger,
      finality,
      assurance: new Map(),
      blocked,
      busConnected: () => true,
      quote: async (request, signal) => (problem === undefined ? quotes(request, signal) : Promise.reject(problem)),
    },
    '127.0.0.1',
    0,
  );
});
afterAll(async () => server.close());

async function get(query: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}/v1/quote${query}`);
  return { status: response.status, body: await response.json() };
}
const GOOD = `?source=fake-a&target=fake-b&asset=TST&amount=1500000000000000000`;

describe('GET /v1/quote', () => {
  it('answers legs with times, amounts and reasons', async () => {
    expect(await get(`${GOOD}&receiver=${RECEIVER}`)).toEqual({
      status: 200,
      body: {
        source: 'fake-a',
        asset: 1,
        symbol: 'TST',
        decimals: 18,
        amount: '1500000000000000000',
        quotes: [
          {
            targets: ['fake-b'],
            seconds: 84,
            fee: '0',
            legs: [
              {
                target: 'fake-b',
                lanes: [lane.aToB],
                amount: '1500000000000000000',
                arrives: '1500000000000000000',
                seconds: 84,
              },
            ],
            explanation: ['1.5 TST from fake-a to fake-b: about 84 s, no fee; nothing waits before it.'],
          },
        ],
        notes: ['fake-a to fake-b: nothing was delivered lately; its time is a rule of thumb.'],
      },
    });
    expect(asked).toEqual([[nameB, 1, 1_500_000_000_000_000_000n, new Uint8Array(20).fill(0x22)]]);
  });

  it('takes the asset by number, several targets once each, and any way', async () => {
    for (const more of ['&split=true', '&split=false', '&via=any', '&via=fake-b']) {
      expect((await get(`?source=fake-a&target=fake-b&asset=1&amount=5${more}`)).status).toBe(200);
    }
  });

  it.each([
    ['', 'BAD_CHAIN'],
    ['?source=nowhere&target=fake-b&asset=TST&amount=1', 'BAD_CHAIN'],
    ['?source=fake-a&target=fake-a&asset=TST&amount=1', 'BAD_CHAIN'],
    ['?source=fake-a&asset=TST&amount=1', 'BAD_CHAIN'],
    ['?source=fake-a&source=fake-b&target=fake-b&asset=TST&amount=1', 'BAD_CHAIN'],
    ['?source=fake-a&target=fake-b&target=fake-b&asset=TST&amount=1', 'BAD_CHAIN'],
    ['?source=fake-a&target=__proto__&asset=TST&amount=1', 'BAD_CHAIN'],
    [`?source=fake-a${'&target=fake-b'.repeat(17)}&asset=TST&amount=1`, 'BAD_CHAIN'],
    ['?source=fake-a&target=fake-b&asset=GOLD&amount=1', 'BAD_ASSET'],
    ['?source=fake-a&target=fake-b&amount=1', 'BAD_ASSET'],
    ['?source=fake-a&target=fake-b&asset=TST', 'BAD_AMOUNT'],
    ['?source=fake-a&target=fake-b&asset=TST&amount=0', 'BAD_AMOUNT'],
    ['?source=fake-a&target=fake-b&asset=TST&amount=-1', 'BAD_AMOUNT'],
    ['?source=fake-a&target=fake-b&asset=TST&amount=1.5', 'BAD_AMOUNT'],
    ['?source=fake-a&target=fake-b&asset=TST&amount=1e9', 'BAD_AMOUNT'],
    [`?source=fake-a&target=fake-b&asset=TST&amount=${1n << 128n}`, 'BAD_AMOUNT'],
    [`?source=fake-a&target=fake-b&asset=TST&amount=${'9'.repeat(5000)}`, 'BAD_AMOUNT'],
    [`${GOOD}&receiver=0x12`, 'BAD_RECEIVER'],
    [`${GOOD}&receiver=${RECEIVER}&receiver=${RECEIVER}`, 'BAD_RECEIVER'],
    [`${GOOD}&split=maybe`, 'BAD_QUERY'],
    [`${GOOD}&via=nowhere`, 'BAD_CHAIN'],
    [`${GOOD}&endpoint=http://127.0.0.1:1/`, 'BAD_QUERY'],
  ])('refuses %s with %s', async (query, code) => {
    const { status, body } = await get(query);
    expect([status, (body as { error: { code: string } }).error.code]).toEqual([400, code]);
    expect(JSON.stringify(body).length).toBeLessThan(400);
  });

  it('says that it cannot answer now', async () => {
    problem = new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'No endpoint answers.' });
    expect((await get(GOOD)).status).toBe(503);
    problem = undefined;
  });

  it('takes no other method', async () => {
    expect((await fetch(`${server.url}/v1/quote${GOOD}`, { method: 'POST' })).status).toBe(404);
  });
});
