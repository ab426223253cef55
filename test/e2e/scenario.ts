/**
 * What e2e, demo and benches do with a local network: send many transfers with a receiver and an amount of their own
 * each, wait until they are settled, and judge by the chains alone whether anything was lost or doubled.
 */
import type { Payment, Route } from '../../relayer/cli/chainWallet.ts';
import { createWallet, type Wallet } from '../../relayer/cli/wallet.ts';
import { utf8 } from '../../relayer/core/bytes.ts';
import { type Clock, systemClock } from '../../relayer/core/clock.ts';
import { asViaductError } from '../../relayer/core/errors.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import {
  accountLengths,
  type Asset,
  chainByName,
  type Manifest,
  type ManifestChain,
  type Representation,
} from '../../relayer/manifest/index.ts';
import type { LocalNetwork } from '../devnet/localNetwork.ts';
import { giveExistence } from '../devnet/substrateChains.ts';

export interface Direction {
  readonly from: string;
  readonly to: string;
}

export interface SentTransfer {
  readonly receiver: Uint8Array;
  /** Units of the token on the target. */
  readonly expected: bigint;
}

export interface Judgement {
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
}

/** Transfers in one deposit transaction: some 100 kgas each way of the block limit. */
const BATCH = 100;
export function userWallet(network: LocalNetwork, clock: Clock = systemClock): Wallet {
  return createWallet(
    { clock },
    { manifest: network.manifest, key: () => network.user.key, endpoint: (name) => urlOf(network, name) },
  );
}

export function urlOf(network: LocalNetwork, name: string): string {
  return network.chains.find((chain) => chain.name === name)?.url ?? '';
}

export function chainNamed(manifest: Manifest, name: string): ManifestChain {
  const chain = chainByName(manifest, chainName(name));
  if (chain === undefined) throw new Error(`no chain ${name}`);
  return chain;
}

export function assetNamed(manifest: Manifest, symbol: string): Asset {
  const asset = manifest.assets.find((row) => row.symbol === symbol);
  if (asset === undefined) throw new Error(`no asset ${symbol}`);
  return asset;
}

/** The token that can leave a chain at once: one that is at home there. */
export function homeAsset(manifest: Manifest, chain: string): Asset {
  const found = manifest.assets.find(({ representations }) =>
    representations.some((row) => row.chain === chain && (row.custody === 'lock' || isCoinOfVault(row))),
  );
  if (found === undefined) throw new Error(`no asset is at home on ${chain}`);
  return found;
}

/** A native coin that is at home in a vault; that of an EVM chain pays for gas as well, which blurs balances. */
function isCoinOfVault({ family, custody }: Representation): boolean {
  return family === 'substrate' && custody === 'native';
}

/**
 * Sends `count` transfers in batches and adds each to `all` once it is included; receiver and amount follow from the seed
 * and the number of the transfer.
 */
export async function sendMany(
  network: LocalNetwork,
  wallet: Wallet,
  direction: Direction,
  count: number,
  seed: string,
  all: SentTransfer[],
  signal: AbortSignal,
): Promise<void> {
  const asset = homeAsset(network.manifest, direction.from);
  const request = { ...direction, asset: asset.symbol, amount: '1', receiver: undefined, deadline: 0n };
  const route = await wallet.route(request);
  const units = unitsOf(route);
  const [accountBytes] = accountLengths(route.target);
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => {
      const number = first + i;
      const text = `${seed} ${direction.from} ${direction.to} ${number}`;
      const receiver = keccak256(utf8(text)).slice(0, accountBytes);
      return { receiver, canonical: BigInt(number + 1) };
    });
    const payments: Payment[] = batch.map(({ receiver, canonical }) => {
      return { receiver, amount: canonical * units.source };
    });
    await prepareReceivers(
      network,
      route.target,
      payments.map(({ receiver }) => receiver),
      signal,
    );
    await wallet.sendBatch(route, payments, signal);
    all.push(...batch.map(({ receiver, canonical }) => ({ receiver, expected: canonical * units.target })));
  }
}

/** On a Substrate chain an account has to exist before an asset can be paid to it. */
async function prepareReceivers(
  network: LocalNetwork,
  target: ManifestChain,
  receivers: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<void> {
  const chain = network.chains.find(({ name }) => name === target.name);
  if (chain?.family !== 'substrate') return;
  await giveExistence({ clock: systemClock }, chain.node, receivers, signal);
}

/** Units of the token on each side per canonical unit. */
function unitsOf({ asset, source, target }: Route): { source: bigint; target: bigint } {
  const scale = (chain: string): bigint => {
    const decimals = asset.representations.find((row) => row.chain === chain)?.decimals ?? asset.decimals;
    return 10n ** BigInt(decimals - asset.decimals);
  };
  return { source: scale(source.name), target: scale(target.name) };
}

/** Reads what each receiver has: less than expected is lost (so far), more is doubled. */
export async function judge(
  network: LocalNetwork,
  wallet: Wallet,
  direction: Direction,
  sent: readonly SentTransfer[],
  signal: AbortSignal,
): Promise<Judgement> {
  let [delivered, lost, doubled] = [0, 0, 0];
  for (let first = 0; first < sent.length; first += BATCH) {
    const some = sent.slice(first, first + BATCH);
    const balances = await persistently(async () => balancesOf(network, wallet, direction, some, signal), signal);
    balances.forEach((balance, i) => {
      const expected = some[i]?.expected ?? 0n;
      if (balance === expected) delivered++;
      else if (balance < expected) lost++;
      else doubled++;
    });
  }
  return { delivered, lost, doubled };
}

/** Follows one direction: looks only at what was not delivered yet, in the order in which it was sent. */
export interface Progress {
  /** Delivered so far. Not the last word: `judge` looks at all of it when it is quiet. */
  look(signal: AbortSignal): Promise<number>;
}

export function createProgress(
  network: LocalNetwork,
  wallet: Wallet,
  direction: Direction,
  sent: readonly SentTransfer[],
): Progress {
  const pending: SentTransfer[] = [];
  let [known, delivered] = [0, 0];
  return {
    async look(signal) {
      pending.push(...sent.slice(known));
      known = sent.length;
      for (let isMoving = true; isMoving && pending.length > 0;) {
        const some = pending.slice(0, BATCH);
        const balances = await balancesOf(network, wallet, direction, some, signal).catch(passing);
        if (balances === undefined) return delivered;
        const waiting = some.filter(({ expected }, i) => (balances[i] ?? 0n) < expected);
        pending.splice(0, some.length, ...waiting);
        delivered += some.length - waiting.length;
        isMoving = waiting.length < some.length;
      }
      return delivered;
    },
  };
}

const TRIES_MAX = 10;
const TRY_AGAIN_MS = 500;

/** Reads again what a node under load does not answer in time, or on a connection that it has just closed. */
export async function persistently<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
    } catch (error) {
      if (tries >= TRIES_MAX || asViaductError(error).disposition !== 'retry') throw error;
      await systemClock.sleep(TRY_AGAIN_MS, signal);
    }
  }
}

/** A chain under load may be late to answer: the next look will tell. */
function passing(error: unknown): undefined {
  if (asViaductError(error).disposition === 'retry') return undefined;
  throw error;
}

async function balancesOf(
  network: LocalNetwork,
  wallet: Wallet,
  direction: Direction,
  sent: readonly SentTransfer[],
  signal: AbortSignal,
): Promise<bigint[]> {
  const asset = homeAsset(network.manifest, direction.from);
  const target = chainName(direction.to);
  return Promise.all(sent.map(async ({ receiver }) => wallet.balance(target, asset, receiver, signal)));
}

export interface Balance {
  readonly chain: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly amount: bigint;
}

/** What the wallet's own accounts have on every chain. */
export async function balances(network: LocalNetwork, wallet: Wallet, signal: AbortSignal): Promise<Balance[]> {
  const rows: Balance[] = [];
  for (const asset of network.manifest.assets) {
    for (const { chain, decimals } of asset.representations) {
      const { account } = await wallet.on(chainNamed(network.manifest, chain));
      rows.push({ chain, symbol: asset.symbol, decimals, amount: await wallet.balance(chain, asset, account, signal) });
    }
  }
  return rows;
}
