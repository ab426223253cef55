/**
 * Transfers that change lanes on a third chain, by the command line against a running local network: sent on by a forwarder that
 * the relayer pokes, delivered at the end, and back with the person when the second lane refuses them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { forward } from '../../relayer/cli/forward.ts';
import type { Output } from '../../relayer/cli/output.ts';
import { quote } from '../../relayer/cli/quote.ts';
import { transfer, type TransferOptions } from '../../relayer/cli/transfer.ts';
import { userKey } from '../../relayer/cli/userKey.ts';
import { createWallet, type Wallet } from '../../relayer/cli/wallet.ts';
import { systemClock as clock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { formatAccount } from '../../relayer/manifest/index.ts';
import { type LocalNetwork, startLocalNetwork } from '../devnet/localNetwork.ts';
import { LANE_MAX_TOKENS } from '../devnet/networkPlan.ts';
import { chainNamed, urlOf } from './scenario.ts';
import { createSupplyCheck, type SupplyCheck } from './supply.ts';

const TEST_MS_MAX = 300_000;
const stop = new AbortController();
const { signal } = stop;
const dir = mkdtempSync(join(tmpdir(), 'viaduct-via-'));
let network: LocalNetwork;
let wallet: Wallet;
let supply: SupplyCheck;

beforeAll(async () => {
  const options = { dir, apiPort: 0, clock, families: ['evm', 'cosmos'] as const, say: () => undefined };
  network = await startLocalNetwork(options, signal);
  const key = userKey({ config: network.config });
  wallet = createWallet({ clock }, { manifest: network.manifest, key, endpoint: (chain) => urlOf(network, chain) });
  supply = await createSupplyCheck(network, signal);
}, TEST_MS_MAX);
afterAll(async () => {
  stop.abort();
  await network.stop();
  rmSync(dir, { recursive: true, force: true });
}, TEST_MS_MAX);

const silent: Output = { json: false, line: () => undefined, say: () => undefined, result: () => undefined };

async function run(more: Partial<TransferOptions>): Promise<{ code: number; result: Record<string, unknown> }> {
  let result: Record<string, unknown> = {};
  const lines: string[] = [];
  const output: Output = {
    json: false,
    line: (text) => lines.push(text),
    say: (text) => lines.push(text),
    result: (value) => (result = { ...value }),
  };
  const options = {
    config: network.config,
    from: 'cosmos-a',
    to: ['anvil-b'],
    asset: 'TOKA',
    amount: '2.5',
    timeout: '240',
    ...more,
  };
  try {
    return { code: await transfer(options, { clock, output }, signal), result };
  } catch (error) {
    throw new Error(`${String(error)}\n${lines.join('\n')}`);
  }
}

/** Whole millionths of TOKA, which all its tokens can show. */
async function balance(chain: string): Promise<bigint> {
  const asset = network.manifest.assets.find(({ symbol }) => symbol === 'TOKA')!;
  const { decimals } = asset.representations.find((row) => row.chain === chain)!;
  const { account } = await wallet.on(chainNamed(network.manifest, chainName(chain)));
  return (await wallet.balance(chainName(chain), asset, account, signal)) / 10n ** BigInt(decimals - 6);
}

it.each(['anvil-b', 'cosmos-b'])(
  'cosmos-a to %s through anvil-a',
  async (target) => {
    const before = await balance(target);
    const { code, result } = await run({ to: [target], via: 'anvil-a' });
    expect([code, result['state']]).toEqual([0, 'delivered']);
    expect(result['onward']).toMatchObject({ state: 'delivered', source: 'anvil-a', target, amount: '2500000' });
    expect((await balance(target)) - before).toBe(2_500_000n);
    // By hand, with the terms that were printed: it was done before.
    const terms = JSON.stringify(result['terms']);
    expect(await forward({ config: network.config, terms }, { clock, output: silent }, signal)).toBe(0);
    expect(await balance('anvil-a')).toBe(0n);
  },
  TEST_MS_MAX,
);

it(
  'what the second lane refuses ends with the person in the middle',
  async () => {
    const chain = chainNamed(network.manifest, chainName('anvil-b'));
    if (chain.family !== 'evm') throw new Error('an EVM chain');
    // A gateway pays nothing to itself.
    const receiver = [formatAccount(chain, chain.gateway.address)];
    const { code, result } = await run({ via: 'anvil-a', receiver });
    expect(code).toBe(1);
    expect(result['onward']).toMatchObject({ state: 'refunded' });
    // The relayer pokes the forwarder once more, after the return is verified.
    for (let tries = 0; (await balance('anvil-a')) === 0n && tries < 240; tries++) await clock.sleep(250, signal);
    expect(await balance('anvil-a')).toBe(2_500_000n);
  },
  TEST_MS_MAX,
);

it(
  'a quote knows what was measured, and any of two targets will do',
  async () => {
    let answer: Record<string, unknown> = {};
    const output: Output = {
      json: true,
      line: () => undefined,
      say: () => undefined,
      result: (value) => (answer = { ...value }),
    };
    const question = { config: network.config, from: 'cosmos-a', asset: 'TOKA', amount: '2.5', via: 'any' };
    expect(await quote({ ...question, to: ['anvil-b', 'cosmos-b'] }, output)).toBe(0);
    const quotes = answer['quotes'] as { seconds: number; legs: { via?: string }[]; explanation: string[] }[];
    const through = quotes.find(({ legs }) => legs[0]?.via === 'anvil-a');
    expect(through?.explanation.join(' ')).toMatch(/pays about \d+ gas and .* A forwarder on anvil-a sends it on/);
    expect(quotes.map(({ legs }) => legs[0]?.via)).toContain('anvil-a');
    for (const [index, { seconds }] of quotes.slice(1).entries()) {
      expect(quotes[index]!.seconds).toBeLessThanOrEqual(seconds * 1.1 + 1);
    }

    const [evm, cosmos] = [await balance('anvil-a'), await balance('cosmos-b')];
    const { code, result } = await run({ to: ['anvil-a', 'cosmos-b'], amount: '5' });
    expect([code, result['state']]).toEqual([0, 'delivered']);
    expect((await balance('anvil-a')) - evm + (await balance('cosmos-b')) - cosmos).toBe(5_000_000n);
  },
  TEST_MS_MAX,
);

it(
  'more than one transfer may carry is split, and all of it arrives',
  async () => {
    const ends = ['anvil-a', 'cosmos-b'];
    const held = async (): Promise<bigint> => (await Promise.all(ends.map(balance))).reduce((a, b) => a + b, 0n);
    const before = await held();
    const tokens = LANE_MAX_TOKENS + 1n;
    const { code, result } = await run({ to: ends, amount: `${tokens}`, split: true });
    expect(code).toBe(0);
    const legs = result['legs'] as { state: string; amount: string }[];
    expect(legs.length).toBeGreaterThan(1);
    expect(legs.map(({ state }) => state)).toEqual(legs.map(() => 'delivered'));
    expect(legs.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(tokens * 1_000_000n);
    expect((await held()) - before).toBe(tokens * 1_000_000n);
    // Without leave to split it is refused before anything is sent.
    await expect(run({ to: ends, amount: `${tokens}` })).rejects.toThrow(/at most/);
  },
  TEST_MS_MAX,
);

it(
  'the books are even after all of it',
  async () => {
    const told: string[] = [];
    for (let tries = 0; !(await supply.holds((line) => told.push(line), signal)) && tries < 120; tries++) {
      await clock.sleep(500, signal);
    }
    expect(await supply.holds((line) => told.push(line), signal), told.slice(-5).join('\n')).toBe(true);
  },
  TEST_MS_MAX,
);
