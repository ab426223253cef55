/**
 * Transfers that must come back to their sender, by what the chains of a run are able to refuse: a receiver that reverts or that
 * the chain pays nothing to, a deadline that passes on the way, a memo that leads nowhere; of asset hubs in `hubRefusals.ts`.
 */
import { createCosmosSender } from '../../adapters/cosmos/index.ts';
import type { Wallet } from '../../relayer/cli/wallet.ts';
import { bytesToHex, toHex } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { formatAccount, type ManifestChain } from '../../relayer/manifest/index.ts';
import { blockedAccount } from '../devnet/cosmosChains.ts';
import { chainSeconds, SUBSTRATE_SPEED } from '../devnet/substrateChains.ts';
import type { LocalNetwork } from '../devnet/localNetwork.ts';
import { createHubRefusals } from './hubRefusals.ts';
import { createReturns, type Refusal } from './returns.ts';
import { assetNamed, chainNamed, type Direction, homeAsset, urlOf } from './scenario.ts';

export type { Refusal } from './returns.ts';

/** Seconds of the wall clock in which the deposit must be included; the relayer is stopped until it is over. */
const EXPIRES_IN_SECONDS = 15n;
const LOOK_MS = 200;

/** `which`: one of each kind, or all that there are. */
export async function sendRefusals(
  network: LocalNetwork,
  wallet: Wallet,
  directions: readonly Direction[],
  which: 'some' | 'all',
  signal: AbortSignal,
): Promise<Refusal[]> {
  const { manifest } = network;
  const returns = createReturns(network, wallet, signal);
  const { attempt, settle, balance } = returns;
  const hubs = createHubRefusals(network, returns, signal);
  const familyOf = (name: string): ManifestChain['family'] => chainNamed(manifest, name).family;

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
      attempt({ what: 'a transfer that expires', direction, symbol, deadline, ready: waiting }),
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
    await returns.provide(away, 'ETH', '1');
    const token = assetNamed(manifest, 'TEST').representations.find(({ chain }) => chain === home);
    const reverting = token === undefined || !('token' in token) ? undefined : toHex(token.token);
    const direction = { from: away, to: home };
    return attempt({
      what: 'a receiver that reverts',
      direction,
      symbol: 'ETH',
      ...(reverting && { receiver: reverting }),
    });
  }

  async function blocked(direction: Direction): Promise<Refusal> {
    const receiver = formatAccount(chainNamed(manifest, direction.to), blockedAccount());
    const { symbol } = homeAsset(manifest, direction.from);
    return attempt({ what: 'a receiver that the chain pays nothing to', direction, symbol, receiver });
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
    refusals.push(...(await hubs.into(intoHub, which)));
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
  const outOfHub = directions.find(({ from }) => familyOf(from) === 'substrate');
  if (outOfHub !== undefined && which === 'all') refusals.push(...(await hubs.astray(outOfHub)));
  return refusals;
}
