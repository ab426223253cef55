/**
 * `npm run demo`: the main job, seen by eye. Starts the local network, sends transfers between all families, shows each step and
 * the balances before and after, shows refused ones coming back, and ends. The last line of stdout is one JSON object.
 */
import { setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { type ApiTransfer, createApiClient, findSent, followTransfer } from '../../relayer/cli/apiClient.ts';
import { EXIT, exitCodeOf } from '../../relayer/cli/exitCodes.ts';
import { createOutput, type Output, table } from '../../relayer/cli/output.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { asViaductError } from '../../relayer/core/errors.ts';
import { formatUnits, parseUnits } from '../../relayer/core/units.ts';
import type { Asset } from '../../relayer/manifest/index.ts';
import { type LocalNetwork, startLocalNetwork } from '../devnet/localNetwork.ts';
import { EXTRA_CHAINS, FAMILIES, parseExtra, parseFamilies } from '../devnet/networkPlan.ts';
import { sendRefusals } from './refusals.ts';
import { balances, userWallet } from './scenario.ts';
import { createSupplyCheck } from './supply.ts';

interface DemoResult {
  readonly transfers: number;
  readonly delivered: number;
  readonly refunded: number;
  readonly lost: number;
  readonly doubled: number;
  readonly supplyHolds: boolean;
  readonly directions: readonly string[];
  readonly seconds: number;
}

/** Out and home again, in every direction between families. */
const STEPS = [
  { from: 'anvil-a', to: 'anvil-b', asset: 'TEST', amount: '1000' },
  { from: 'anvil-b', to: 'anvil-a', asset: 'TEST', amount: '400' },
  { from: 'anvil-a', to: 'cosmos-a', asset: 'ETH', amount: '2' },
  { from: 'cosmos-a', to: 'cosmos-b', asset: 'ETH', amount: '0.75' },
  { from: 'cosmos-b', to: 'anvil-a', asset: 'ETH', amount: '0.25' },
  { from: 'cosmos-a', to: 'anvil-b', asset: 'TOKA', amount: '250.5' },
  { from: 'anvil-b', to: 'cosmos-a', asset: 'TOKA', amount: '100' },
  { from: 'cosmos-b', to: 'cosmos-a', asset: 'TOKB', amount: '80' },
  { from: 'asset-hub', to: 'anvil-a', asset: 'HUB', amount: '50' },
  { from: 'anvil-a', to: 'asset-hub', asset: 'HUB', amount: '20' },
  { from: 'cosmos-a', to: 'asset-hub', asset: 'TOKA', amount: '75' },
  { from: 'asset-hub', to: 'cosmos-b', asset: 'HUB', amount: '12.5' },
  { from: 'asset-hub', to: 'asset-hub-b', asset: 'HUB', amount: '8' },
] as const;

/** One direction for each way in which a transfer comes back. */
const REFUSED = [
  { from: 'anvil-a', to: 'anvil-b' },
  { from: 'anvil-a', to: 'cosmos-a' },
  { from: 'cosmos-a', to: 'anvil-a' },
  { from: 'anvil-a', to: 'asset-hub' },
] as const;

const FOLLOW_MS_MAX = 120_000;

const stop = new AbortController();
setMaxListeners(0, stop.signal);
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    stop.abort();
  });
}

try {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: '.devnet-demo' },
      families: { type: 'string', default: FAMILIES.join(',') },
      with: { type: 'string', default: EXTRA_CHAINS.join(',') },
      json: { type: 'boolean', default: false },
    },
  });
  const output = createOutput(values.json);
  const say = (line: string): void => {
    output.say(`demo: ${line}`);
  };
  const clock = systemClock;
  const families = parseFamilies(values.families);
  const extraChains = parseExtra(values.with);
  const options = { dir: values.dir, apiPort: 0, clock, families, extraChains, say };
  const network = await startLocalNetwork(options, stop.signal);
  try {
    const result = await demo(network, output);
    process.stdout.write(`${JSON.stringify(result)}\n`);
    const holds = result.lost === 0 && result.doubled === 0 && result.supplyHolds;
    process.exitCode = holds ? EXIT.ok : EXIT.failed;
  } finally {
    await network.stop();
  }
} catch (thrown) {
  const error = asViaductError(thrown);
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = stop.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
}

async function demo(network: LocalNetwork, output: Output): Promise<DemoResult> {
  const { signal } = stop;
  const clock = systemClock;
  const started = clock.now();
  const wallet = userWallet(network, clock);
  const api = createApiClient(network.apiUrl);
  const supply = await createSupplyCheck(network, signal);
  const isThere = ({ from, to }: { from: string; to: string }): boolean =>
    [from, to].every((name) => network.chains.some((chain) => chain.name === name));
  const steps = STEPS.filter(isThere);
  await showBalances('Balances before');

  let [delivered, doubled] = [0, 0];
  for (const step of steps) {
    const request = { ...step, receiver: undefined, deadline: 0n };
    const route = await wallet.route(request);
    const before = await wallet.balance(route.target.name, route.asset, route.receiver, signal);
    const began = clock.now();
    const elapsed = (): string => `${((clock.now() - began) / 1000).toFixed(1).padStart(5)} s`;
    output.line(`\n${step.amount} ${step.asset}: ${step.from} -> ${step.to}`);
    const sent = await wallet.send(route, 0n, signal);
    output.line(`${elapsed()}  sent       ${sent.transaction}, block ${sent.height} of ${step.from}`);
    const onState = ({ state, targetTransaction, waitingFor }: ApiTransfer): void => {
      const detail =
        targetTransaction === undefined ? (waitingFor?.reason ?? '') : `${targetTransaction} on ${step.to}`;
      output.line(`${elapsed()}  ${state.padEnd(10)} ${detail}`);
    };
    const end = await followTransfer(findSent(api, sent, step.from), { clock, signal, onState }, FOLLOW_MS_MAX);
    const after = await wallet.balance(route.target.name, route.asset, route.receiver, signal);
    // The relayer pays the target's fees, so the receiver must have exactly what was sent more than before.
    const credited = after - before;
    const expected = parseUnits(step.amount, decimalsOn(route.target.name, route.asset));
    if (end.state === 'delivered' && credited === expected) delivered++;
    if (credited > expected) doubled++;
  }

  output.line('\nSome that must come back');
  const refusals = await sendRefusals(network, wallet, REFUSED.filter(isThere), 'some', signal);
  for (const { what, cameBack } of refusals) {
    output.line(`  ${what}: ${cameBack ? 'came back to its sender' : 'did NOT come back'}`);
  }
  await showBalances('Balances after');
  const holds = await supply.holds((line) => {
    output.line(line);
  }, signal);
  output.line(
    `\nWhat the gateways hold ${holds ? 'equals' : 'does NOT equal'} what exists on the other chains, for every asset.`,
  );
  const refunded = refusals.filter(({ cameBack }) => cameBack).length;
  return {
    transfers: steps.length + refusals.length,
    delivered,
    refunded,
    lost: steps.length - delivered - doubled + refusals.length - refunded,
    doubled,
    supplyHolds: holds,
    directions: [...new Set(steps.map(({ from, to }) => `${from} -> ${to}`))],
    seconds: Math.round((clock.now() - started) / 100) / 10,
  };

  async function showBalances(title: string): Promise<void> {
    const rows = await balances(network, wallet, signal);
    output.line(`\n${title}`);
    output.line(
      table(
        network.manifest.chains.map(({ name }) => [
          `  ${name}`,
          ...rows
            .filter(({ chain }) => chain === name)
            .map(({ symbol, decimals, amount }) => `${trimmed(formatUnits(amount, decimals))} ${symbol}`),
        ]),
      ),
    );
  }
}

function decimalsOn(chain: string, asset: Asset): number {
  return asset.representations.find((row) => row.chain === chain)?.decimals ?? asset.decimals;
}

/** Enough digits to see what changed. */
function trimmed(amount: string): string {
  const [whole, fraction = ''] = amount.split('.');
  return fraction === '' ? (whole ?? '') : `${whole}.${fraction.slice(0, 4)}`;
}
