/**
 * What an asset hub does not pay: an asset to an account that does not exist, an asset that its owner froze, less of a token
 * than an account may hold. And money that comes to a hub's vault with a memo that leads nowhere.
 */
import { depositWithMemo } from '../../adapters/substrate/index.ts';
import { bytesToHex, utf8 } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { formatAccount, type SubstrateChain } from '../../relayer/manifest/index.ts';
import type { LocalNetwork, LocalSubstrateChain } from '../devnet/localNetwork.ts';
import { giveExistence, setFrozen, substrateSender } from '../devnet/substrateChains.ts';
import type { Refusal, Returns } from './returns.ts';
import { assetNamed, chainNamed, type Direction, homeAsset } from './scenario.ts';

export interface HubRefusals {
  /** Transfers to a hub. `some`: only what costs no further transfers. */
  into(direction: Direction, which: 'some' | 'all'): Promise<Refusal[]>;
  /** Payments to a hub's vault. */
  astray(direction: Direction): Promise<Refusal[]>;
}

/** One canonical unit of a hub's coin is less than its existential deposit. */
const DUST = '0.000001';
/** Of ETH, a tenth of what an account of a hub holds at least. */
const TOO_LITTLE = '0.0001';

export function createHubRefusals(network: LocalNetwork, returns: Returns, signal: AbortSignal): HubRefusals {
  const { manifest } = network;
  const { attempt, provide, settle, balance, isBack } = returns;
  const deps = { clock: systemClock };

  function hubOf(name: string): { readonly row: SubstrateChain; readonly local: LocalSubstrateChain } {
    const row = chainNamed(manifest, name);
    const local = network.chains.find((chain) => chain.name === name);
    if (row.family !== 'substrate' || local?.family !== 'substrate') throw new Error(`${name} is no asset hub`);
    return { row, local };
  }

  /** An account that is not on the chain yet, by what it is for. */
  function nobody(what: string): Uint8Array {
    return keccak256(utf8(`${what} at ${network.apiUrl}`));
  }

  /** An asset cannot be paid to an account that does not exist for want of the chain's own coin. */
  async function homeless(direction: Direction): Promise<Refusal> {
    const receiver = formatAccount(hubOf(direction.to).row, nobody('an asset'));
    const { symbol } = homeAsset(manifest, direction.from);
    return attempt({ what: 'an asset for an account without native coin', direction, symbol, receiver });
  }

  /** The receiver would be paid but for the owner of the asset, who froze it. */
  async function frozen(direction: Direction): Promise<Refusal> {
    const { row, local } = hubOf(direction.to);
    const { symbol } = homeAsset(manifest, direction.from);
    const token = assetNamed(manifest, symbol).representations.find(({ chain }) => chain === row.name);
    if (token?.family !== 'substrate' || token.assetId === undefined) throw new Error(`${symbol} is no asset there`);
    const [shard] = row.gateway.shards;
    if (shard === undefined) throw new Error('a vault without accounts');
    const asset = { id: token.assetId, team: shard.account, ownerSeed: network.deployer };
    await setFrozen(deps, local.node, asset, true, signal);
    try {
      return await attempt({ what: 'an asset that its owner froze', direction, symbol });
    } finally {
      await setFrozen(deps, local.node, asset, false, signal);
    }
  }

  /** The hub's own coin, sent home to an account that does not exist. */
  async function dust(direction: Direction): Promise<Refusal> {
    const { symbol } = homeAsset(manifest, direction.to);
    await provide(direction.from, symbol, '1');
    const receiver = formatAccount(hubOf(direction.to).row, nobody('dust'));
    const what = 'an amount below the existential deposit';
    return attempt({ what, direction, symbol, receiver, amount: DUST });
  }

  /** From where the asset is not the coin that fees are paid in. The account exists, and has none of the asset. */
  async function tooLittle(from: string, to: string): Promise<Refusal> {
    const { row, local } = hubOf(to);
    await provide(from, 'ETH', '1');
    const account = nobody('too little');
    await giveExistence(deps, local.node, [account], signal);
    const what = 'an amount below the least balance of the asset';
    const receiver = formatAccount(row, account);
    return attempt({ what, direction: { from, to }, symbol: 'ETH', receiver, amount: TOO_LITTLE });
  }

  async function payWithMemo(name: string, what: string, memo: string): Promise<Refusal> {
    const { row, local } = hubOf(name);
    const { symbol } = homeAsset(manifest, name);
    const [vault] = row.gateway.shards;
    if (vault === undefined) throw new Error('a vault without accounts');
    const before = await balance(name, symbol);
    const sender = substrateSender(deps, local.node, network.user.key);
    const amount = 5n * 10n ** 11n;
    const terms = { vault: vault.account, token: { kind: 'native' } as const, amount };
    const { receipt } = await depositWithMemo(sender, terms, memo, signal);
    const { height, index } = receipt;
    const { state } = await settle({ transaction: `${height}-${index}`, height, places: [] }, name);
    const cameBack = state === 'refunded' && (await isBack(name, symbol, before, amount));
    return { what: `${what}, to the vault on ${name}`, reason: '', cameBack };
  }

  return {
    async into(direction, which) {
      const refusals = [await homeless(direction)];
      if (which === 'some') return refusals;
      refusals.push(await frozen(direction), await dust(direction));
      const eth = manifest.assets.find(({ symbol }) => symbol === 'ETH');
      const away = eth?.representations.find(({ family, custody }) => family !== 'substrate' && custody === 'mint');
      if (away !== undefined) refusals.push(await tooLittle(away.chain, direction.to));
      return refusals;
    },

    async astray({ from, to }) {
      const short = bytesToHex(new Uint8Array(19).fill(7));
      return [
        await payWithMemo(from, 'a payment with a memo that is none of ours', 'thanks for all the fish'),
        await payWithMemo(from, 'a receiver of 19 bytes', `v1|${to}|${short}|0`),
      ];
    },
  };
}
