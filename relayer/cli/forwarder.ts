/**
 * A leg through a chain in the middle: its receiver there is a forwarder whose address is computed here, from the terms and the
 * factory in the person's own config. A relayer is told the terms, so that it pokes the forwarder; it cannot change them.
 */
import { forwarderAddress } from '../../adapters/evm/index.ts';
import type { LoadedConfig } from '../config/index.ts';
import { bytesToHex } from '../core/bytes.ts';
import type { Clock, Randomness } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';
import { formatAccount, type ManifestChain } from '../manifest/index.ts';
import { createChainClock } from '../verify/chainClock.ts';
import type { ApiClient } from './apiClient.ts';
import type { Route } from './chainWallet.ts';
import type { TransferRequest, Wallet } from './wallet.ts';

export interface ForwarderDeps {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly wallet: Wallet;
  readonly api: ApiClient;
}

/** The terms of a forwarder as a relayer's API takes and gives them, and as the person keeps them. */
export interface ForwardTermsText {
  readonly chain: string;
  readonly target: string;
  readonly asset: number;
  readonly amount: string;
  readonly receiver: string;
  readonly recovery: string;
  readonly expiry: number;
  readonly nonce: string;
}

export interface ForwardedLeg {
  /** To the forwarder. */
  readonly route: Route;
  /** Of the forwarder, as people write it on the chain in the middle. */
  readonly forwarder: string;
  /** What makes the forwarder: whoever has them can poke it. */
  readonly terms: ForwardTermsText;
  /** From it. */
  readonly onward: Route;
}

/** Seconds of the chain in the middle after which what was not sent on goes to the recovery account. */
const OPEN_SECONDS = 2 * 86_400;

/** Checks both lanes and registers the forward with the relayer. Nothing is sent. */
export async function prepareForward(
  deps: ForwarderDeps,
  { config, manifest }: LoadedConfig,
  request: TransferRequest,
  via: string,
): Promise<ForwardedLeg> {
  const { wallet, api } = deps;
  const middle = manifest.chains.find(({ name }) => name === via);
  const row = middle && config.chains.get(middle.name);
  if (middle?.family !== 'evm' || row?.family !== 'evm' || row.forward === undefined) throw notThrough(via);
  const onward = await wallet.route({ ...request, from: via });
  const recovery = (await wallet.on(middle)).account;
  const terms = {
    gateway: middle.gateway.address,
    lane: onward.lane.id,
    asset: onward.asset.id,
    amount: onward.amount,
    receiver: onward.receiver,
    recovery,
    expirySeconds: BigInt(nowSeconds(middle, deps.clock) + OPEN_SECONDS),
    nonce: deps.randomness.bytes(32),
  };
  const forwarder = formatAccount(middle, forwarderAddress(row.forward.factory, terms));
  const route = await wallet.route({ ...request, to: via, receiver: forwarder });
  const text: ForwardTermsText = {
    chain: via,
    target: request.to,
    asset: terms.asset,
    amount: terms.amount.toString(),
    receiver: formatAccount(onward.target, terms.receiver),
    recovery: formatAccount(middle, recovery),
    expiry: Number(terms.expirySeconds),
    nonce: bytesToHex(terms.nonce),
  };
  const answer = (await api.post('/v1/forwards', text)) as { address?: unknown };
  if (answer.address !== forwarder) {
    throw new ViaductError({
      code: 'ENDPOINT_FAILED',
      shortMessage: `The relayer would poke another forwarder than ${forwarder}.`,
      metaMessages: [`Nothing was sent. Its config and yours name different factories for ${via}, or it lies.`],
    });
  }
  return { route, forwarder, terms: text, onward };
}

function nowSeconds({ lightClient }: ManifestChain, clock: Clock): number {
  const spec = lightClient.kind === 'confirmations' ? undefined : lightClient.chainClock;
  return Math.floor((spec === undefined ? clock : createChainClock(clock, spec)).now() / 1000);
}

function notThrough(via: string): ViaductError {
  return new ViaductError({
    code: 'USAGE',
    shortMessage: `Nothing can be sent on through ${JSON.stringify(via.slice(0, 40))}.`,
    metaMessages: [`An EVM chain is needed whose row in the config has forward.factory.`],
  });
}
