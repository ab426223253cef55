/**
 * The user's side of a network: one account that sends deposits and reads balances on the chains of a manifest. It needs
 * an endpoint per chain and a key; it has nothing to do with the relayer's own accounts.
 */
import {
  balanceOf,
  createEvmSender,
  createRpcEndpoint,
  deposit,
  depositBatch,
  type EvmSender,
} from '../../adapters/evm/index.ts';
import { fromHex, toHex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';
import type { ChainName, TransferId } from '../core/ids.ts';
import { readSequence, transferIdOf } from '../core/packet.ts';
import { parseUnits } from '../core/units.ts';
import {
  type Asset,
  chainByName,
  checksumAddress,
  laneBetween,
  type Manifest,
  type ManifestChain,
  type ManifestLane,
  type Representation,
} from '../manifest/index.ts';

export interface WalletOptions {
  readonly manifest: Manifest;
  /** 32 bytes. */
  readonly key: Uint8Array;
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
  /** Native account on the target; the sender's own when left out. */
  readonly receiver: string | undefined;
  /** Unix seconds; 0n = none. */
  readonly deadline: bigint;
}

export interface Route {
  readonly source: ManifestChain;
  readonly target: ManifestChain;
  readonly lane: ManifestLane;
  readonly asset: Asset;
  /** Of the asset on the source. */
  readonly local: Representation;
  /** Units of the token on the source. */
  readonly amount: bigint;
  readonly receiver: Uint8Array;
}

export interface SentTransfer {
  readonly id: TransferId;
  readonly place: string;
}

export interface Sent {
  readonly transaction: string;
  readonly height: bigint;
  readonly transfers: readonly SentTransfer[];
}

export interface Wallet {
  /** Its account on every EVM chain, 20 bytes. */
  readonly address: Uint8Array;
  /** Checks a request against the manifest. Throws `USAGE` saying what is there instead. */
  route(request: TransferRequest): Route;
  send(route: Route, deadline: bigint, signal: AbortSignal): Promise<Sent>;
  /** Many at once in one transaction, all by the same route. */
  sendBatch(
    route: Route,
    transfers: readonly { readonly amount: bigint; readonly receiver: Uint8Array }[],
    signal: AbortSignal,
  ): Promise<Sent>;
  /** Units of the asset's token on the chain. */
  balance(chain: ChainName, asset: Asset, account: Uint8Array, signal: AbortSignal): Promise<bigint>;
}

export function createWallet(deps: { readonly clock: Clock }, options: WalletOptions): Wallet {
  const { manifest, key } = options;
  const senders = new Map<ChainName, EvmSender>();

  function senderOn(chain: ManifestChain): EvmSender {
    const known = senders.get(chain.name);
    if (known !== undefined) return known;
    const { chainId } = chain;
    const endpoint = createRpcEndpoint(deps, { url: options.endpoint(chain.name), chainId });
    const sender = createEvmSender(deps, { endpoint, chainId, privateKey: key });
    senders.set(chain.name, sender);
    return sender;
  }

  function terms({ source, lane, asset, local }: Route) {
    const token = local.custody === 'native' ? undefined : local.token;
    return { gateway: source.gateway.address, lane: lane.id, asset: asset.id, token };
  }

  function sent(
    route: Route,
    receipt: { transaction: string; height: bigint },
    packets: readonly { packet: Uint8Array }[],
  ): Sent {
    return {
      transaction: receipt.transaction,
      height: receipt.height,
      transfers: packets.map(({ packet }) => ({
        id: transferIdOf(route.lane.id, packet),
        place: `${route.lane.id}-${readSequence(packet)}`,
      })),
    };
  }

  const firstChain = manifest.chains[0];
  if (firstChain === undefined) throw usage('The manifest has no chains.', []);
  const { address } = senderOn(firstChain);

  return {
    address,

    route(request) {
      const source = namedChain(manifest, request.from);
      const target = namedChain(manifest, request.to);
      const lane = laneBetween(manifest, source.name, target.name);
      if (lane === undefined || !lane.enabled) {
        const lanes = manifest.lanes.filter(({ enabled }) => enabled).map((row) => `${row.source} to ${row.target}`);
        throw usage(`There is no open lane from ${source.name} to ${target.name}.`, [
          `Open lanes: ${lanes.join(', ')}.`,
        ]);
      }
      const asset = manifest.assets.find(({ id, symbol }) => symbol === request.asset || String(id) === request.asset);
      const terms = asset && lane.assets.find(({ id }) => id === asset.id);
      const local = asset?.representations.find(({ chain }) => chain === source.name);
      if (asset === undefined || terms === undefined || local === undefined) {
        const symbols = lane.assets.map(({ id }) => manifest.assets.find((row) => row.id === id)?.symbol ?? String(id));
        throw usage(`The lane does not carry ${JSON.stringify(request.asset)}.`, [`It carries ${symbols.join(', ')}.`]);
      }
      const canonical = parseUnits(request.amount, asset.decimals);
      if (canonical < terms.minAmount || (terms.maxAmount !== undefined && canonical > terms.maxAmount)) {
        throw usage(`${request.amount} ${asset.symbol} is outside what the lane takes.`, [
          `From ${terms.minAmount} to ${terms.maxAmount ?? 'any number of'} canonical units of 10^-${asset.decimals}.`,
        ]);
      }
      const amount = parseUnits(request.amount, local.decimals);
      const receiver = request.receiver === undefined ? address : evmAccount(request.receiver);
      return { source, target, lane, asset, local, amount, receiver };
    },

    async send(route, deadline, signal) {
      const { amount, receiver } = route;
      const { receipt, packets } = await deposit(
        senderOn(route.source),
        { ...terms(route), amount, receiver, deadline },
        signal,
      );
      return sent(route, receipt, packets);
    },

    async sendBatch(route, transfers, signal) {
      const { receipt, packets } = await depositBatch(senderOn(route.source), { ...terms(route), transfers }, signal);
      return sent(route, receipt, packets);
    },

    async balance(chain, asset, account, signal) {
      const on = chainByName(manifest, chain);
      const local = asset.representations.find((row) => row.chain === chain);
      if (on === undefined || local === undefined) throw usage(`${asset.symbol} is not on ${chain}.`, []);
      return balanceOf(senderOn(on).endpoint, local.custody === 'native' ? undefined : local.token, account, signal);
    },
  };
}

function namedChain(manifest: Manifest, name: string): ManifestChain {
  const chain = manifest.chains.find((row) => row.name === name);
  if (chain !== undefined) return chain;
  const names = manifest.chains.map((row) => row.name).join(', ');
  throw usage(`There is no chain ${JSON.stringify(name)} in the manifest.`, [`It has ${names}.`]);
}

/** 20 bytes from hex; a mixed-case address must carry its checksum. */
function evmAccount(text: string): Uint8Array {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw usage(`Not an EVM account: ${JSON.stringify(text.slice(0, 80))}.`, ['0x and 40 hex digits were expected.']);
  }
  const bytes = fromHex(text, 20);
  const digits = text.slice(2);
  if (digits !== digits.toLowerCase() && digits !== digits.toUpperCase() && checksumAddress(bytes) !== text) {
    throw usage(`The checksum of ${text} is wrong.`, [`The bytes are ${toHex(bytes)}: check each digit.`]);
  }
  return bytes;
}

function usage(shortMessage: string, metaMessages: readonly string[]): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage, metaMessages });
}
