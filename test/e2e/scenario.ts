/**
 * What e2e, demo and benches do with a local network: send many transfers with a receiver and an amount of their own
 * each, wait until they are settled, and judge by the chains alone whether anything was lost or doubled.
 */
import { balanceOf, createRpcEndpoint, totalSupply } from '../../adapters/evm/index.ts';
import { createWallet, type Route, type Wallet } from '../../relayer/cli/wallet.ts';
import { toHex, utf8 } from '../../relayer/core/bytes.ts';
import { type Clock, systemClock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { type Asset, chainByName, type Manifest } from '../../relayer/manifest/index.ts';
import type { LocalNetwork } from '../devnet/localNetwork.ts';

export interface Direction {
  readonly from: string;
  readonly to: string;
}

export interface SentTransfer {
  /** Where to ask the API for it. */
  readonly place: string;
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
    {
      manifest: network.manifest,
      key: network.user.key,
      endpoint: (name) => network.chains.find((chain) => chain.name === name)?.anvil.url ?? '',
    },
  );
}

export function assetNamed(manifest: Manifest, symbol: string): Asset {
  const asset = manifest.assets.find((row) => row.symbol === symbol);
  if (asset === undefined) throw new Error(`no asset ${symbol}`);
  return asset;
}

/** The token that can leave a chain at once: one that is at home there. */
export function homeAsset(manifest: Manifest, chain: string): Asset {
  const found = manifest.assets.find(({ representations }) =>
    representations.some((row) => row.chain === chain && row.custody === 'lock'),
  );
  if (found === undefined) throw new Error(`no asset is at home on ${chain}`);
  return found;
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
  const route = wallet.route({ ...direction, asset: asset.symbol, amount: '1', receiver: undefined, deadline: 0n });
  const units = unitsOf(route);
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => {
      const number = first + i;
      const receiver = keccak256(utf8(`${seed} ${direction.from} ${direction.to} ${number}`)).slice(0, 20);
      return { receiver, canonical: BigInt(number + 1) };
    });
    const transfers = batch.map(({ receiver, canonical }) => ({ receiver, amount: canonical * units.source }));
    const sent = await wallet.sendBatch(route, transfers, signal);
    batch.forEach(({ receiver, canonical }, i) => {
      all.push({ place: sent.transfers[i]?.place ?? '', receiver, expected: canonical * units.target });
    });
  }
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
  const asset = homeAsset(network.manifest, direction.from);
  let [delivered, lost, doubled] = [0, 0, 0];
  for (let first = 0; first < sent.length; first += BATCH) {
    const balances = await Promise.all(
      sent
        .slice(first, first + BATCH)
        .map(async ({ receiver }) => wallet.balance(chainName(direction.to), asset, receiver, signal)),
    );
    balances.forEach((balance, i) => {
      const expected = sent[first + i]?.expected ?? 0n;
      if (balance === expected) delivered++;
      else if (balance < expected) lost++;
      else doubled++;
    });
  }
  return { delivered, lost, doubled };
}

/** True when, for every asset, the gateway at home holds exactly what exists elsewhere. */
export async function supplyHolds(network: LocalNetwork, signal: AbortSignal): Promise<boolean> {
  const { manifest } = network;
  for (const asset of manifest.assets) {
    let [locked, minted] = [0n, 0n];
    for (const row of asset.representations) {
      const chain = chainByName(manifest, row.chain);
      const url = network.chains.find(({ name }) => name === row.chain)?.anvil.url;
      if (chain === undefined || url === undefined) throw new Error(`no chain ${row.chain}`);
      const endpoint = createRpcEndpoint({ clock: systemClock }, { url, chainId: chain.chainId });
      const scale = 10n ** BigInt(row.decimals - asset.decimals);
      if (row.custody === 'mint') minted += (await totalSupply(endpoint, row.token, signal)) / scale;
      else {
        const token = row.custody === 'native' ? undefined : row.token;
        locked += (await balanceOf(endpoint, token, chain.gateway.address, signal)) / scale;
      }
    }
    if (locked !== minted) return false;
  }
  return true;
}

export interface Balance {
  readonly chain: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly amount: bigint;
}

/** The account's tokens on every chain. */
export async function balances(
  network: LocalNetwork,
  wallet: Wallet,
  account: Uint8Array,
  signal: AbortSignal,
): Promise<Balance[]> {
  const rows: Balance[] = [];
  for (const asset of network.manifest.assets) {
    for (const { chain, decimals } of asset.representations) {
      rows.push({ chain, symbol: asset.symbol, decimals, amount: await wallet.balance(chain, asset, account, signal) });
    }
  }
  return rows;
}

export function shortHex(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}..${hex.slice(-4)}`;
}
