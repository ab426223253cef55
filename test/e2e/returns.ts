/** What sends a transfer that must come back, and judges by the chains whether it did: paid to nobody, returned in full. */
import { type ApiTransfer, createApiClient, findSent, followTransfer } from '../../relayer/cli/apiClient.ts';
import type { Sent } from '../../relayer/cli/chainWallet.ts';
import type { Wallet } from '../../relayer/cli/wallet.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import type { ManifestChain } from '../../relayer/manifest/index.ts';
import type { LocalNetwork } from '../devnet/localNetwork.ts';
import { assetNamed, chainNamed, type Direction, persistently } from './scenario.ts';

export interface Refusal {
  readonly what: string;
  readonly reason: string;
  /** Nobody was paid, and the sender has it again. */
  readonly cameBack: boolean;
}

export interface Attempt {
  readonly what: string;
  readonly direction: Direction;
  readonly symbol: string;
  /** In whole tokens. */
  readonly amount?: string;
  /** As people write it; the sender's own account when left out. */
  readonly receiver?: string;
  readonly deadline?: bigint;
  /** To be waited for between sending and following. */
  readonly ready?: Promise<void>;
}

export interface Returns {
  /** Sends a transfer that the target must refuse. */
  attempt(attempt: Attempt): Promise<Refusal>;
  /** Follows to its end what was sent on a chain. */
  settle(sent: Sent, chain: string): Promise<ApiTransfer>;
  /** What the sender has. */
  balance(chain: string, symbol: string): Promise<bigint>;
  /**
   * Whether the sender has again what it had. Where a coin pays for its own transaction the fee is missing, which is far less
   * than what was sent.
   */
  isBack(chain: string, symbol: string, before: bigint, sent: bigint): Promise<boolean>;
  /** Brings some of an asset from its home to a chain, if the sender has too little there. */
  provide(chain: string, symbol: string, amount: string): Promise<void>;
}

const SETTLE_MS_MAX = 90_000;
const AMOUNT = '0.5';
/** Of what was sent, a part that a fee may be. */
const FEE_SHARE = 10n;

export function createReturns(network: LocalNetwork, wallet: Wallet, signal: AbortSignal): Returns {
  const { manifest } = network;
  const api = createApiClient(network.apiUrl);

  const settle: Returns['settle'] = async (sent, chain) =>
    followTransfer(findSent(api, sent, chain), { clock: systemClock, signal, onState: () => undefined }, SETTLE_MS_MAX);

  const balance: Returns['balance'] = async (chain, symbol) => {
    const { account } = await wallet.on(chainNamed(manifest, chain));
    return balanceOf(chain, symbol, account);
  };

  async function balanceOf(chain: string, symbol: string, account: Uint8Array): Promise<bigint> {
    const asset = assetNamed(manifest, symbol);
    return persistently(async () => wallet.balance(chainName(chain), asset, account, signal), signal);
  }

  const isBack: Returns['isBack'] = async (chain, symbol, before, sent) => {
    const missing = before - (await balance(chain, symbol));
    return paysFees(chainNamed(manifest, chain), symbol) ? missing >= 0n && missing * FEE_SHARE < sent : missing === 0n;
  };

  function paysFees({ name, family }: ManifestChain, symbol: string): boolean {
    const row = assetNamed(manifest, symbol).representations.find(({ chain }) => chain === name);
    return family === 'substrate' && row?.custody === 'native';
  }

  return {
    settle,
    balance,
    isBack,

    async attempt({ what, direction, symbol, amount = AMOUNT, receiver, deadline = 0n, ready }) {
      const { from, to } = direction;
      const route = await wallet.route({ ...direction, asset: symbol, amount, receiver, deadline });
      const before = await balance(from, symbol);
      const heldBefore = await balanceOf(to, symbol, route.receiver);
      const sent = await wallet.send(route, deadline, signal);
      await ready;
      const { state, refusal: reason = '' } = await settle(sent, from);
      const isPaid = (await balanceOf(to, symbol, route.receiver)) !== heldBefore;
      const cameBack = state === 'refunded' && !isPaid && (await isBack(from, symbol, before, route.amount));
      return { what: `${what}, ${from} to ${to} (${reason})`, reason, cameBack };
    },

    async provide(chain, symbol, amount) {
      const asset = assetNamed(manifest, symbol);
      const home = asset.representations.find(({ custody }) => custody !== 'mint')?.chain ?? '';
      const request = { from: home, to: chain, asset: symbol, amount, receiver: undefined, deadline: 0n };
      if ((await balance(chain, symbol)) > 0n) return;
      await settle(await wallet.send(await wallet.route(request), 0n, signal), home);
    },
  };
}
