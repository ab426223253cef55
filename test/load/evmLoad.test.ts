/** The load driver of EVM chains on a real node with the real gateway. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  balanceOf,
  createEvmSender,
  createRpcEndpoint,
  deployGateway,
  deployTestToken,
  mintTestToken,
  registerAsset,
  registerLane,
  type RpcEndpoint,
  setLaneAsset,
} from '../../adapters/evm/index.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { assetId, caip2, type LaneId } from '../../relayer/core/ids.ts';
import { type Anvil, startAnvil } from '../devnet/anvil.ts';
import { createEvmLoad, type EvmLoad } from './evmLoad.ts';
import { runLoad } from './load.ts';
import { createReceivers } from './receivers.ts';

const deps = { clock: systemClock };
const signal = new AbortController().signal;
const asset = assetId(1);
const receivers = createReceivers({ seed: 's', holders: 40, freshPercent: 20, per: 'deposit', length: 20 });
/** The token is finer than the canonical unit. */
const UNIT = 1_000n;

let anvil: Anvil;
let endpoint: RpcEndpoint;
let gateway: Uint8Array;
let token: Uint8Array;
let lane: LaneId;

beforeAll(async () => {
  anvil = await startAnvil({ chainId: 31_501 });
  endpoint = createRpcEndpoint(deps, { url: anvil.url, chainId: anvil.chainId });
  const privateKey = anvil.accounts[0]!.privateKey;
  const owner = createEvmSender(deps, { endpoint, chainId: anvil.chainId, privateKey });
  const signerSet = { epoch: 1n, threshold: 1, members: [owner.address] };
  gateway = (await deployGateway(owner, { signerSet }, signal)).address;
  token = await deployTestToken(owner, { name: 'T', symbol: 'T', decimals: 9 }, signal);
  await mintTestToken(owner, token, owner.address, 10n ** 12n, signal);
  const remote = { remoteChain: caip2('eip155:31502'), remoteGateway: new Uint8Array(20).fill(7) };
  ({ outgoing: lane } = await registerLane(
    owner,
    gateway,
    { ...remote, receiverLength: 20, chunkSizeMax: 128 },
    signal,
  ));
  await registerAsset(owner, gateway, { asset, token, custody: 'lock', canonicalDecimals: 6 }, signal);
  const terms = { minAmount: 1n, maxAmount: 10n ** 9n, granularity: 1n };
  await setLaneAsset(owner, gateway, { outgoing: lane, asset, enabled: true, ...terms }, signal);
});

afterAll(async () => {
  await anvil.stop();
});

function load(seed: string): EvmLoad {
  return createEvmLoad(deps, {
    url: anvil.url,
    chainId: anvil.chainId,
    gateway,
    lane,
    asset,
    token,
    needsApproval: true,
    unit: UNIT,
    receivers,
    funder: anvil.accounts[0]!.privateKey,
    senders: 2,
    seed,
  });
}

describe('load on an EVM chain', () => {
  it('deposits exactly what it says, in as many transactions', async () => {
    const plan = { perSecond: undefined, count: 330, seconds: undefined, batch: 100 };
    const driver = load('one');
    const report = await runLoad(driver, plan, deps, signal);
    expect(report).toMatchObject({ included: 330, failed: 0, transactions: 4 });
    expect(report.batches.map(({ count }) => count)).toEqual([100, 100, 100, 30]);
    expect(await driver.nextSequence(signal)).toBe(330n);
    expect(await balanceOf(endpoint, token, gateway, signal)).toBe(receivers.total(0, 330) * UNIT);
  });

  it('tells its own from the deposits of others on the lane', async () => {
    const plan = { perSecond: undefined, count: 60, seconds: undefined, batch: 20 };
    const [first, second] = [load('two'), load('three')];
    // The funder is one account: its gifts go out one after the other.
    await first.prepare(60, 20, signal);
    await second.prepare(60, 20, signal);
    const prepared = (driver: EvmLoad): EvmLoad => ({ ...driver, prepare: async () => Promise.resolve() });
    const reports = await Promise.all([first, second].map(async (one) => runLoad(prepared(one), plan, deps, signal)));
    for (const report of reports) expect(report).toMatchObject({ included: 60, failed: 0 });
    expect(await first.nextSequence(signal)).toBe(330n + 120n);
  });
});
