import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createTestClock } from '../../test/sim/testClock.ts';
import { utf8, word } from '../core/bytes.ts';
import { systemClock } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';
import { loadManifest } from '../manifest/index.ts';
import type { ApiClient, ApiForward, ApiTransfer } from './apiClient.ts';
import { legResult, runLegs } from './legs.ts';
import type { Output } from './output.ts';
import type { Route, Sent } from './chainWallet.ts';
import { createWallet, type Wallet } from './wallet.ts';

const EXAMPLE = readFileSync(new URL('../../configs/example-cosmos/manifest.json', import.meta.url), 'utf8');
const manifest = loadManifest(utf8(EXAMPLE), 'manifest.json');
const { signal } = new AbortController();
const options = { deadline: 0n, timeoutMs: 60_000 };

/** A wallet that sends nothing, an API that knows what was sent, and what was printed. */
async function setUp(
  failsAt?: number,
  forwards: ApiForward[] = [{ state: 'waiting' }],
  held: bigint = 75n * 10n ** 16n,
) {
  const clock = createTestClock();
  const printed: string[] = [];
  const output: Output = {
    json: false,
    line: (text) => printed.push(text),
    result: () => undefined,
    say: (text) => printed.push(text),
  };
  const real = createWallet(
    { clock: systemClock },
    { manifest, key: () => word(0x5ec2e7n), endpoint: () => 'http://127.0.0.1:1' },
  );
  const sent: { route: Route; sent: Sent }[] = [];
  const wallet: Wallet = {
    ...real,
    balance: async () => Promise.resolve(held),
    send: async (route) => {
      if (sent.length === failsAt) {
        throw new ViaductError({ code: 'ACCOUNT_OUT_OF_FUNDS', shortMessage: 'The account has too little.' });
      }
      const one = { transaction: `0x${sent.length}`, height: 5n, places: [`place-${sent.length}`] };
      sent.push({ route, sent: one });
      return Promise.resolve(one);
    },
  };
  const transfers = new Map<string, ApiTransfer[]>([
    [
      'place-0',
      [
        { place: 'place-0', state: 'verified', settled: false, waitingFor: { step: 'attest', reason: 'two are away' } },
        { place: 'place-0', state: 'delivered', settled: true, targetTransaction: '0xaa' },
      ],
    ],
    ['place-1', [{ place: 'place-1', state: 'refunded', settled: true, return: 'place-2', refusal: 'no room' }]],
    ['place-2', [{ place: 'place-2', state: 'delivered', settled: true, targetTransaction: '0xbb' }]],
  ]);
  const api: ApiClient = {
    get: async () => Promise.resolve({}),
    post: async () => Promise.resolve({}),
    forward: async () => Promise.resolve(forwards.length > 1 ? forwards.shift()! : forwards[0]!),
    transfersOf: async () => Promise.resolve([]),
    transfer: async (id) => {
      const states = transfers.get(id)!;
      return Promise.resolve(states.length > 1 ? states.shift()! : states[0]!);
    },
  };
  const request = { from: 'sepolia', to: 'cosmos-testnet', asset: 'ETH', receiver: undefined, deadline: 0n };
  const receiver = 'cosmos1zdma98pp8fj5szuzcv8yu6prcyeqam7qa2wjpv';
  const routes = await Promise.all(
    ['0.5', '0.25'].map(async (amount) => wallet.route({ ...request, amount, receiver })),
  );
  return { clock, printed, sent, routes, deps: { clock, output, wallet, api } };
}

describe('the legs of a transfer', () => {
  it('are sent one after the other and followed to their ends, each by its number', async () => {
    const { clock, printed, routes, deps, sent } = await setUp();
    const run = runLegs(
      deps,
      routes.map((route) => ({ route })),
      options,
      signal,
    );
    await clock.advance(1_000);
    const ends = await run;
    expect(sent.map(({ route }) => route.amount)).toEqual([5n * 10n ** 17n, 25n * 10n ** 16n]);
    expect(ends.map(({ end }) => end.state)).toEqual(['delivered', 'refunded']);
    expect(printed.filter((line) => !line.includes('  from '))).toMatchInlineSnapshot(`
      [
        "[1] 0.5 ETH: sepolia -> cosmos-testnet",
        "[2] 0.25 ETH: sepolia -> cosmos-testnet",
        "[1]    0.0 s  sent       0x0 in block 5",
        "[2]    0.0 s  sent       0x1 in block 5",
        "[1]    0.0 s  verified  , waiting for attest: two are away",
        "[2]    0.0 s  refunded   (no room)",
        "[2]    0.0 s  back with its sender 0xbb",
        "[1]    0.3 s  delivered  0xaa",
      ]
    `);
    expect(legResult(ends[1]!)).toMatchObject({
      sourceTransaction: '0x1',
      returnTransaction: '0xbb',
      state: 'refunded',
    });
  });

  it('are not begun by an account that has too little for all of them', async () => {
    const { routes, deps, sent } = await setUp(undefined, undefined, 75n * 10n ** 16n - 1n);
    const legs = routes.map((route) => ({ route }));
    await expect(runLegs(deps, legs, options, signal)).rejects.toThrow(
      /has 0\.749999999999999999 ETH, and 0\.75 ETH is to be sent\.\nNothing was sent\./,
    );
    expect(sent).toEqual([]);
  });

  it('has no numbers when it is one', async () => {
    const { clock, printed, routes, deps } = await setUp();
    const run = runLegs(deps, [{ route: routes[0]! }], options, signal);
    await clock.advance(1_000);
    await run;
    expect(printed.some((line) => line.startsWith('['))).toBe(false);
  });

  it('says which were sent when another one fails', async () => {
    const { routes, deps } = await setUp(1);
    await expect(
      runLegs(
        deps,
        routes.map((route) => ({ route })),
        options,
        signal,
      ),
    ).rejects.toMatchObject({
      code: 'ACCOUNT_OUT_OF_FUNDS',
      message: [
        'Only 1 of 2 legs were sent.',
        'Leg 2: The account has too little.',
        'Leg 1 is on its way: 0x0',
        'Send only what is missing.',
      ].join('\n'),
    });
    const first = await setUp(0);
    await expect(
      runLegs(
        first.deps,
        first.routes.map((route) => ({ route })),
        options,
        signal,
      ),
    ).rejects.toMatchObject({
      message: 'The account has too little.',
    });
  });

  const terms = {
    ...{ chain: 'sepolia', target: 'cosmos-testnet', asset: 2, amount: '5', receiver: 'cosmos1', recovery: '0x2e' },
    ...{ expiry: 7, nonce: '00' },
  };

  it('through a chain in the middle are followed to their second end', async () => {
    const states = [
      { state: 'waiting' },
      { state: 'arrived', reason: 'GatewayIsPaused()' },
      { state: 'sent', transaction: '0xcc' },
      { state: 'forwarded', transaction: '0xcc', place: 'place-2' },
    ];
    const { clock, printed, routes, deps } = await setUp(undefined, states);
    const forward = { forwarder: '0xf0', terms, onward: routes[1]! };
    const run = runLegs(deps, [{ route: routes[0]!, forward }], options, signal);
    await clock.advance(3_000);
    const [end] = await run;
    expect([end?.isDelivered, end?.onward?.state]).toEqual([true, 'delivered']);
    expect(legResult(end!)).toMatchObject({
      state: 'delivered',
      forwarder: '0xf0',
      terms,
      onward: { place: 'place-2' },
    });
    // Whoever has the terms needs no relayer.
    expect(printed.some((line) => line.includes(JSON.stringify(terms)))).toBe(true);
    expect(printed.slice(-4)).toMatchInlineSnapshot(`
      [
        "   0.5 s  arrived    (GatewayIsPaused())",
        "   0.8 s  sent       0xcc",
        "   1.0 s  forwarded  0xcc",
        "   1.0 s  delivered  0xbb",
      ]
    `);
  });

  it.each<[string, ApiForward[], object]>([
    ['recovered in the middle', [{ state: 'recovered', transaction: '0xbb' }], { onward: undefined }],
    ['refused at the end', [{ state: 'forwarded', place: 'place-1' }], { onward: { state: 'refunded' } }],
  ])('are not delivered when they are %s', async (_, states, expected) => {
    const { clock, routes, deps } = await setUp(undefined, states);
    const forward = { forwarder: '0xf0', terms, onward: routes[1]! };
    const run = runLegs(deps, [{ route: routes[0]!, forward }], options, signal);
    await clock.advance(3_000);
    const [end] = await run;
    expect(end).toMatchObject({ isDelivered: false, end: { state: 'delivered' }, ...expected });
  });

  it('say how to help oneself when nobody pokes', async () => {
    const { clock, routes, deps } = await setUp(undefined, [{ state: 'arrived', reason: 'no gas' }]);
    const forward = { forwarder: '0xf0', terms, onward: routes[1]! };
    const run = runLegs(deps, [{ route: routes[0]!, forward }], options, signal);
    const failed = expect(run).rejects.toMatchObject({
      shortMessage: 'Not sent on by 0xf0 in time: no gas.',
      metaMessages: [expect.stringMatching(/viaduct forward.*--recover/)],
    });
    await clock.advance(70_000);
    await failed;
  });
});
