/**
 * Transfers that must come back to their sender, by what the chains of a run are able to refuse: a receiver that reverts or that
 * the chain pays nothing to, a deadline that passes on the way, a memo that leads nowhere.
 */
import { createCosmosSender } from '../../adapters/cosmos/index.ts';
import { createApiClient, findSent, followTransfer } from '../../relayer/cli/apiClient.ts';
import type { Sent, Wallet } from '../../relayer/cli/wallet.ts';
import { bytesToHex, toHex, utf8 } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { formatAccount, type ManifestChain } from '../../relayer/manifest/index.ts';
import { blockedAccount } from '../devnet/cosmosChains.ts';
import { chainSeconds, SUBSTRATE_SPEED } from '../devnet/substrateChains.ts';
import type { LocalNetwork } from '../devnet/localNetwork.ts';
import { assetNamed, chainNamed, type Direction, homeAsset, persistently, urlOf } from './scenario.ts';

export interface Refusal {
  readonly what: string;
  readonly reason: string;
  readonly cameBack: boolean;
}

const SETTLE_MS_MAX = 90_000;
/** Seconds of the wall clock in which the deposit must be included; the relayer is stopped until it is over. */
const EXPIRES_IN_SECONDS = 15n;
const LOOK_MS = 200;

export async function sendRefusals(
  network: LocalNetwork,
  wallet: Wallet,
  directions: readonly Direction[],
  signal: AbortSignal,
): Promise<Refusal[]> {
  const { manifest } = network;
  const api = createApiClient(network.apiUrl);
  const familyOf = (name: string): ManifestChain['family'] => chainNamed(manifest, name).family;

  async function settle(sent: Sent, chain: string): Promise<{ state: string; refusal: string }> {
    const end = await followTransfer(
      findSent(api, sent, chain),
      { clock: systemClock, signal, onState: () => undefined },
      SETTLE_MS_MAX,
    );
    return { state: end.state, refusal: end.refusal ?? '' };
  }

  async function balance(chain: string, symbol: string): Promise<bigint> {
    const { account } = await wallet.on(chainNamed(manifest, chain));
    const asset = assetNamed(manifest, symbol);
    return persistently(async () => wallet.balance(chainName(chain), asset, account, signal), signal);
  }

  async function sendAndReturn(
    what: string,
    direction: Direction,
    symbol: string,
    receiver: string | undefined,
    deadline: bigint,
    ready: Promise<void> = Promise.resolve(),
  ): Promise<Refusal> {
    const route = await wallet.route({ ...direction, asset: symbol, amount: '0.5', receiver, deadline });
    const before = await balance(direction.from, symbol);
    const sent = await wallet.send(route, deadline, signal);
    await ready;
    const { state, refusal } = await settle(sent, direction.from);
    const after = await balance(direction.from, symbol);
    const named = `${what}, ${direction.from} to ${direction.to} (${refusal})`;
    // Where the coin pays for its own transaction, the fee is missing, which is far less than what was sent.
    const missing = before - after;
    const isPaidInIt = familyOf(direction.from) === 'substrate' && route.local.custody === 'native';
    const isBack = isPaidInIt ? missing >= 0n && missing * 10n < route.amount : missing === 0n;
    return { what: named, reason: refusal, cameBack: state === 'refunded' && isBack };
  }

  /** Unix seconds of the newest block. */
  async function chainTime(name: string): Promise<bigint> {
    const chain = network.chains.find((one) => one.name === name);
    if (chain?.family === 'evm') {
      const block = (await chain.anvil.rpc('eth_getBlockByNumber', ['latest', false])) as { timestamp: string };
      return BigInt(block.timestamp);
    }
    if (chain?.family === 'substrate') return chainSeconds(chain.node);
    const answer = (await (await fetch(`${urlOf(network, name)}/status`)).json()) as {
      result: { sync_info: { latest_block_time: string } };
    };
    return BigInt(Math.floor(Date.parse(answer.result.sync_info.latest_block_time) / 1000));
  }

  /** Seconds of chain time in one of the wall clock. */
  function speedOf(name: string): number {
    switch (familyOf(name)) {
      case 'evm':
        return network.speed;
      case 'cosmos':
        return 1;
      case 'substrate':
        return SUBSTRATE_SPEED;
    }
  }

  /** Nobody delivers while the relayer is stopped, so it is over before anybody can. */
  async function expire(direction: Direction): Promise<Refusal> {
    await network.relayer.stop();
    const speed = speedOf(direction.to);
    const deadline = (await chainTime(direction.to)) + EXPIRES_IN_SECONDS * BigInt(speed);
    const waiting = (async (): Promise<void> => {
      while ((await chainTime(direction.to)) <= deadline) await systemClock.sleep(LOOK_MS, signal);
      await network.relayer.start();
    })();
    const symbol = homeAsset(manifest, direction.from).symbol;
    const [refusal] = await Promise.all([
      sendAndReturn('a transfer that expires', direction, symbol, undefined, deadline, waiting),
      waiting,
    ]);
    return refusal;
  }

  /** A coin paid to a contract without a receive function reverts: A's coin is bridged to B first, then sent home to one. */
  async function revert(): Promise<Refusal> {
    const eth = assetNamed(manifest, 'ETH');
    const evm = eth.representations.filter(({ family }) => family === 'evm');
    const home = evm.find(({ custody }) => custody === 'native')?.chain ?? '';
    const away = evm.find(({ custody }) => custody === 'mint')?.chain ?? '';
    const request = { from: home, to: away, asset: 'ETH', amount: '1', receiver: undefined, deadline: 0n };
    await settle(await wallet.send(await wallet.route(request), 0n, signal), home);
    const token = assetNamed(manifest, 'TEST').representations.find(({ chain }) => chain === home);
    const reverting = token === undefined || !('token' in token) ? undefined : toHex(token.token);
    return sendAndReturn('a receiver that reverts', { from: away, to: home }, 'ETH', reverting, 0n);
  }

  async function blocked(direction: Direction): Promise<Refusal> {
    const receiver = formatAccount(chainNamed(manifest, direction.to), blockedAccount());
    const { symbol } = homeAsset(manifest, direction.from);
    return sendAndReturn('a receiver that the chain pays nothing to', direction, symbol, receiver, 0n);
  }

  /** Money that comes to a vault by a plain payment, without words or with the wrong ones. */
  async function astray(from: string, what: string, memo: string): Promise<Refusal> {
    const chain = chainNamed(manifest, from);
    const { symbol, representations } = homeAsset(manifest, from);
    const coin = representations.find((row) => row.chain === from);
    const [shard] = chain.gateway.kind === 'vault' ? chain.gateway.shards : [];
    if (chain.family !== 'cosmos' || coin?.family !== 'cosmos' || shard === undefined) throw new Error('no vault');
    const before = await balance(from, symbol);
    const { chainId, prefix, feeDenom } = chain;
    const url = urlOf(network, from);
    const sender = await createCosmosSender(
      { clock: systemClock },
      { url, chainId, prefix, privateKey: network.user.key, feeDenom },
    );
    const value = {
      fromAddress: sender.address,
      toAddress: formatAccount(chain, shard.account),
      amount: [{ denom: coin.denom, amount: '500000' }],
    };
    const { transaction, height } = await sender.send(
      [{ typeUrl: '/cosmos.bank.v1beta1.MsgSend', value }],
      memo,
      signal,
    );
    sender.close();
    const { state } = await settle({ transaction, height, places: [] }, from);
    const after = await balance(from, symbol);
    return { what: `${what}, to the vault on ${from}`, reason: '', cameBack: state === 'refunded' && after === before };
  }

  /** An asset cannot be paid to an account that does not exist for want of the chain's own coin. */
  async function homeless(direction: Direction): Promise<Refusal> {
    const receiver = formatAccount(chainNamed(manifest, direction.to), keccak256(utf8(`nobody at ${network.apiUrl}`)));
    const symbol = homeAsset(manifest, direction.from).symbol;
    return sendAndReturn('an asset for an account without native coin', direction, symbol, receiver, 0n);
  }

  const refusals: Refusal[] = [];
  const [first] = directions;
  if (first !== undefined) refusals.push(await expire(first));
  if (directions.some(({ from, to }) => familyOf(from) === 'evm' && familyOf(to) === 'evm')) {
    refusals.push(await revert());
  }
  const intoVault = directions.find(({ to }) => familyOf(to) === 'cosmos');
  if (intoVault !== undefined) {
    if (first !== intoVault) refusals.push(await expire(intoVault));
    refusals.push(await blocked(intoVault));
  }
  const intoHub = directions.find(({ to }) => familyOf(to) === 'substrate');
  if (intoHub !== undefined) {
    if (first !== intoHub) refusals.push(await expire(intoHub));
    refusals.push(await homeless(intoHub));
  }
  const outOfVault = directions.find(({ from }) => familyOf(from) === 'cosmos');
  if (outOfVault !== undefined) {
    const short = bytesToHex(new Uint8Array(19).fill(7));
    refusals.push(await astray(outOfVault.from, 'a payment without a memo', ''));
    refusals.push(
      await astray(outOfVault.from, 'a payment with a memo that is none of ours', 'thanks for all the fish'),
    );
    refusals.push(await astray(outOfVault.from, 'a receiver of 19 bytes', `v1|${outOfVault.to}|${short}|0`));
  }
  return refusals;
}
