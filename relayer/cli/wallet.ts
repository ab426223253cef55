/**
 * The user's side of a network: one key that sends deposits and reads balances on the chains of a manifest, each family in a
 * file beside this one. It needs an endpoint per chain; it has nothing to do with the relayer's own accounts.
 */
import type { Clock } from '../core/clock.ts';
import { assert, asViaductError, ViaductError } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import { parseUnits } from '../core/units.ts';
import {
  accountLengths,
  type Asset,
  chainByName,
  isHomeLane,
  laneBetween,
  laneGranularity,
  type Manifest,
  type ManifestChain,
  parseAccount,
} from '../manifest/index.ts';
import type { ChainWallet, Payment, Route, Sent } from './chainWallet.ts';
import { createCosmosWallet } from './cosmosWallet.ts';
import { createEvmWallet } from './evmWallet.ts';
import { createSubstrateWallet } from './substrateWallet.ts';
import type { UserKey } from './userKey.ts';

export interface WalletOptions {
  readonly manifest: Manifest;
  readonly key: UserKey;
  /** An HTTP endpoint of each chain that is used. */
  endpoint(chain: ChainName): string;
}

/** What a person asks for, as text. */
export interface TransferRequest {
  readonly from: string;
  readonly to: string;
  /** Symbol or number of the asset. */
  readonly asset: string;
  /** In whole tokens, such as `1.5`. */
  readonly amount: string;
  /** Native account on the target, as people write it there; the sender's own when left out. */
  readonly receiver: string | undefined;
  /** Unix seconds; 0n = none. */
  readonly deadline: bigint;
}

export interface Wallet {
  on(chain: ManifestChain): Promise<ChainWallet>;
  /** Checks a request against the manifest. Throws `USAGE` saying what is there instead. */
  route(request: TransferRequest): Promise<Route>;
  send(route: Route, deadline: bigint, signal: AbortSignal): Promise<Sent>;
  /** Many at once, all by the same route. */
  sendBatch(route: Route, payments: readonly Payment[], signal: AbortSignal): Promise<readonly Sent[]>;
  /** Units of the asset's token on the chain. */
  balance(chain: ChainName, asset: Asset, account: Uint8Array, signal: AbortSignal): Promise<bigint>;
}

export function createWallet(deps: { readonly clock: Clock }, options: WalletOptions): Wallet {
  const { manifest, key } = options;
  const chains = new Map<ChainName, Promise<ChainWallet>>();

  async function on(chain: ManifestChain): Promise<ChainWallet> {
    const known = chains.get(chain.name);
    if (known !== undefined) return known;
    const made = createChainWallet(deps, chain, key(chain.family), options.endpoint(chain.name));
    chains.set(chain.name, made);
    return made;
  }

  return {
    on,

    async route(request) {
      const source = namedChain(manifest, request.from);
      const target = namedChain(manifest, request.to);
      const lane = laneBetween(manifest, source.name, target.name);
      if (lane === undefined || !lane.enabled || isHomeLane(lane)) {
        const lanes = manifest.lanes.filter((row) => row.enabled && !isHomeLane(row));
        throw usage(`There is no open lane from ${source.name} to ${target.name}.`, [
          `Open lanes: ${lanes.map((row) => `${row.source} to ${row.target}`).join(', ')}.`,
        ]);
      }
      const asset = manifest.assets.find(({ id, symbol }) => symbol === request.asset || String(id) === request.asset);
      const terms = asset && lane.assets.find(({ id }) => id === asset.id);
      const local = asset?.representations.find(({ chain }) => chain === source.name);
      if (asset === undefined || terms === undefined || local === undefined) {
        const symbols = lane.assets.map(({ id }) => manifest.assets.find((row) => row.id === id)?.symbol ?? String(id));
        throw usage(`The lane does not carry ${JSON.stringify(request.asset)}.`, [`It carries ${symbols.join(', ')}.`]);
      }
      const canonical = canonicalUnits(request.amount, asset);
      if (canonical < terms.minAmount || (terms.maxAmount !== undefined && canonical > terms.maxAmount)) {
        throw usage(`${request.amount} ${asset.symbol} is outside what the lane takes.`, [
          `From ${terms.minAmount} to ${terms.maxAmount ?? 'any number of'} canonical units of 10^-${asset.decimals}.`,
        ]);
      }
      const granularity = laneGranularity(asset, lane) ?? 1n;
      if (canonical % granularity !== 0n) {
        throw usage(`${request.amount} ${asset.symbol} is finer than both ends of the lane can represent.`, [
          `Give a multiple of ${granularity} canonical units of 10^-${asset.decimals}.`,
        ]);
      }
      const amount = parseUnits(request.amount, local.decimals);
      const receiver = await receiverOf(request, source, target);
      return { source, target, lane, asset, local, amount, receiver };
    },

    async send(route, deadline, signal) {
      const { amount, receiver } = route;
      const [sent] = await (await on(route.source)).send(route, [{ amount, receiver }], deadline, signal);
      assert(sent !== undefined, 'a payment has its transaction');
      return sent;
    },

    sendBatch: async (route, payments, signal) => (await on(route.source)).send(route, payments, 0n, signal),

    async balance(name, asset, account, signal) {
      const chain = chainByName(manifest, name);
      const local = asset.representations.find((row) => row.chain === name);
      if (chain === undefined || local === undefined) throw usage(`${asset.symbol} is not on ${name}.`, []);
      return (await on(chain)).balance(local, account, signal);
    },
  };

  /** The sender's own account on the target is that of the same key, as the target's family makes it. */
  async function receiverOf(
    { receiver: text }: TransferRequest,
    source: ManifestChain,
    target: ManifestChain,
  ): Promise<Uint8Array> {
    if (text === undefined) return (await on(target)).account;
    const read = parseAccount(target, text);
    if (read.kind === 'invalid') {
      throw usage(`Not an account of ${target.name}: ${JSON.stringify(text.slice(0, 80))}: ${read.reason}.`, [
        read.hint,
      ]);
    }
    // A contract registers one length for all receivers of a lane.
    const [usual] = accountLengths(target);
    if (source.gateway.kind === 'contract' && read.bytes.length !== usual) {
      throw usage(`Receivers on ${target.name} have ${usual} bytes for transfers from ${source.name}.`, [
        `This one has ${read.bytes.length}.`,
      ]);
    }
    return read.bytes;
  }
}

async function createChainWallet(
  deps: { readonly clock: Clock },
  chain: ManifestChain,
  key: Uint8Array,
  url: string,
): Promise<ChainWallet> {
  switch (chain.family) {
    case 'evm':
      return createEvmWallet(deps, { chain, key, url });
    case 'cosmos':
      return createCosmosWallet(deps, { chain, key, url });
    case 'substrate':
      return createSubstrateWallet(deps, { chain, key, url });
  }
}

function canonicalUnits(amount: string, { symbol, decimals }: Asset): bigint {
  try {
    return parseUnits(amount, decimals);
  } catch (error) {
    throw usage(
      `Not an amount of ${symbol}: ${JSON.stringify(amount.slice(0, 80))}.`,
      asViaductError(error).metaMessages,
    );
  }
}

function namedChain(manifest: Manifest, name: string): ManifestChain {
  const chain = manifest.chains.find((row) => row.name === name);
  if (chain !== undefined) return chain;
  const names = manifest.chains.map((row) => row.name).join(', ');
  throw usage(`There is no chain ${JSON.stringify(name)} in the manifest.`, [`It has ${names}.`]);
}

function usage(shortMessage: string, metaMessages: readonly string[]): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage, metaMessages });
}
