/** One e2e run: the local network, transfers, faults on the way, and the verdict. */
import type { Output } from '../../relayer/cli/output.ts';
import { type Clock, systemClock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type LocalNetwork, type LocalNetworkOptions, startLocalNetwork } from '../devnet/localNetwork.ts';
import { isHomeLane } from '../../relayer/manifest/index.ts';
import { EXTRA_CHAINS, FAMILIES, type LocalFamily, planFor } from '../devnet/networkPlan.ts';
import { createFaults } from './faults.ts';
import { type Heard, type Monitor, startMonitor } from './monitor.ts';
import { sendRefusals } from './refusals.ts';
import {
  createProgress,
  type Direction,
  judge,
  type Judgement,
  type Progress,
  sendMany,
  type SentTransfer,
  userWallet,
} from './scenario.ts';
import { createSupplyCheck } from './supply.ts';

export const FAULTS = ['kill', 'wipe'] as const;
export type Fault = (typeof FAULTS)[number];

export interface E2eOptions {
  readonly from: string;
  readonly to: string;
  /** In each direction. */
  readonly transfers: number;
  readonly faults: readonly Fault[];
  readonly seed: string;
  readonly dir: string;
  readonly lightClient?: LocalNetworkOptions['lightClient'];
  readonly cosmos?: LocalNetworkOptions['cosmos'];
  readonly substrate?: LocalNetworkOptions['substrate'];
}

export interface E2eResult {
  readonly transfers: number;
  readonly delivered: number;
  readonly refunded: number;
  readonly lost: number;
  readonly doubled: number;
  readonly supplyHolds: boolean;
  readonly directions: readonly string[];
  readonly faults: readonly string[];
  /** Messages that a monitor heard on the bus, by subject kind. */
  readonly heard: Heard;
  readonly seconds: number;
  readonly holds: boolean;
}

/** How long nothing may arrive before the rest counts as lost. */
const STALL_MS = 120_000;
const LOOK_MS = 500;

export function parseFaults(text: string): Fault[] {
  return text
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const fault = FAULTS.find((known) => known === name);
      if (fault !== undefined) return fault;
      throw new ViaductError({
        code: 'USAGE',
        shortMessage: `There is no fault ${JSON.stringify(name)}.`,
        metaMessages: [`Faults: ${FAULTS.join(', ')}.`],
      });
    });
}

export async function runE2e(options: E2eOptions, output: Output, signal: AbortSignal): Promise<E2eResult> {
  const clock = systemClock;
  const say = (line: string): void => {
    output.say(`e2e: ${line}`);
  };
  const { dir, lightClient, cosmos, substrate } = options;
  const kinds = {
    ...(lightClient === undefined ? {} : { lightClient }),
    ...(cosmos === undefined ? {} : { cosmos }),
    ...(substrate === undefined ? {} : { substrate }),
  };
  const families = familiesOf(options.from, options.to);
  const extraChains = extraChainsOf(options.from, options.to);
  const network = await startLocalNetwork({ dir, apiPort: 0, clock, say, families, extraChains, ...kinds }, signal);
  try {
    const monitor = await startMonitor(network, clock);
    try {
      return await run(network, monitor, options, output, clock, signal);
    } finally {
      // Twice is no harm; a connection left open would keep the process.
      await monitor.stop();
    }
  } finally {
    await network.stop();
  }
}

async function run(
  network: LocalNetwork,
  monitor: Monitor,
  options: E2eOptions,
  output: Output,
  clock: Clock,
  signal: AbortSignal,
): Promise<E2eResult> {
  const started = clock.now();
  const directions = directionsOf(network, options.from, options.to);
  const wallet = userWallet(network, clock);
  const supply = await createSupplyCheck(network, signal);
  const faults = createFaults(network, options.faults, (line) => {
    output.line(line);
  });
  const sent = new Map<Direction, SentTransfer[]>();
  const progress: Progress[] = [];
  const expected = options.transfers * directions.length;

  // Deposits go on while faults happen: each direction sends its own, one after the other, as users would.
  const sending = (async (): Promise<void> => {
    for (const direction of directions) {
      const all: SentTransfer[] = [];
      sent.set(direction, all);
      progress.push(createProgress(network, wallet, direction, all));
      await sendMany(network, wallet, direction, options.transfers, options.seed, all, signal);
      output.line(`${options.transfers} sent ${direction.from} -> ${direction.to}`);
    }
  })();

  let delivered = 0;
  let lastNewsMs = clock.now();
  let isSending = true;
  sending.then(
    () => (isSending = false),
    () => (isSending = false),
  );
  while (delivered < expected && clock.now() - lastNewsMs < STALL_MS) {
    await clock.sleep(LOOK_MS, signal);
    const before = delivered;
    delivered = 0;
    for (const one of [...progress]) delivered += await one.look(signal);
    if (delivered !== before || isSending) lastNewsMs = clock.now();
    if (delivered !== before) output.line(`${delivered} of ${expected} delivered`);
    await faults.maybe(delivered / expected);
  }
  await sending;
  await faults.rest();

  const refunds = await sendRefusals(network, wallet, directions, 'all', signal);
  for (const refund of refunds) {
    output.line(`${refund.what}: ${refund.cameBack ? 'came back to its sender' : 'did NOT come back'}`);
  }
  // A second look when all is quiet: a double would show now.
  const total = await judgeAll(network, wallet, sent, expected, signal);
  const holdsSupply = await supply.holds((line) => {
    output.line(line);
  }, signal);
  const refunded = refunds.filter(({ cameBack }) => cameBack).length;
  const heard = await monitor.stop();
  return {
    transfers: expected + refunds.length,
    delivered: total.delivered,
    refunded,
    lost: total.lost + (refunds.length - refunded),
    doubled: total.doubled,
    supplyHolds: holdsSupply,
    directions: directions.map(({ from, to }) => `${from} -> ${to}`),
    faults: faults.done,
    heard,
    seconds: Math.round((clock.now() - started) / 100) / 10,
    holds:
      total.delivered === expected &&
      total.doubled === 0 &&
      holdsSupply &&
      refunded === refunds.length &&
      heard.mon > 0 &&
      faults.done.length >= options.faults.length,
  };
}

async function judgeAll(
  network: LocalNetwork,
  wallet: ReturnType<typeof userWallet>,
  sent: ReadonlyMap<Direction, readonly SentTransfer[]>,
  expected: number,
  signal: AbortSignal,
): Promise<Judgement> {
  let [delivered, doubled] = [0, 0];
  for (const [direction, transfers] of sent) {
    const found = await judge(network, wallet, direction, transfers, signal);
    delivered += found.delivered;
    doubled += found.doubled;
  }
  return { delivered, doubled, lost: expected - delivered - doubled };
}

/** The families that a run needs; a network of fewer chains leaves more of the machine to it. */
function familiesOf(from: string, to: string): LocalFamily[] {
  const isMeant = (family: LocalFamily, names: readonly string[], wanted: string): boolean =>
    wanted === 'all' || wanted === family || names.includes(wanted);
  return FAMILIES.filter((family) => {
    const names = planFor([family], EXTRA_CHAINS).chains.map(({ name }) => name);
    return isMeant(family, names, from) || isMeant(family, names, to);
  });
}

/** Those that a run names, and those that a family needs to reach itself. */
function extraChainsOf(from: string, to: string): string[] {
  const { chains } = planFor(FAMILIES, EXTRA_CHAINS);
  return EXTRA_CHAINS.filter((name) => {
    const family = chains.find((chain) => chain.name === name)?.family;
    const isWithin = [from, to].every((wanted) => wanted === 'all' || wanted === family);
    return name === from || name === to || isWithin;
  });
}

/** One family reaches another by every pair of its chains; one family alone by its first chain to its second. */
function directionsOf(network: LocalNetwork, from: string, to: string): Direction[] {
  const { lanes, chains } = network.manifest;
  const isIn = (name: string, wanted: string): boolean =>
    wanted === 'all' || name === wanted || chains.some((chain) => chain.name === name && chain.family === wanted);
  const found = lanes
    .filter((lane) => !isHomeLane(lane) && isIn(lane.source, from) && isIn(lane.target, to))
    .map(({ source, target }) => ({ from: source, to: target }));
  if (found.length === 0) {
    throw new ViaductError({
      code: 'USAGE',
      shortMessage: `The local network has no lane from ${JSON.stringify(from)} to ${JSON.stringify(to)}.`,
      metaMessages: [
        `Give ${FAMILIES.join(', ')}, all, or a chain: ${planFor(FAMILIES, EXTRA_CHAINS)
          .chains.map(({ name }) => name)
          .join(', ')}.`,
      ],
    });
  }
  return from === to && from !== 'all' ? found.slice(0, 1) : found;
}
