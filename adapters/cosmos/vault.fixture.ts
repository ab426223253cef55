/** A vault gateway for tests: the coin `utoken` with 6 decimals stands for asset 1 with 18, lanes lead to two chains. */
import { caip2, chainName, assetId } from '../../relayer/core/ids.ts';
import { laneIdOf } from '../../relayer/core/lane.ts';
import { SDK_053_COSTS } from './fees.ts';
import type { CosmosGateway } from './gateway.ts';
import { memberKey } from './memberKeys.ts';
import { makeShard, type VaultShard } from './shards.ts';

export const CHAIN_ID = 'viaduct-local-1';
/** Canonical units in one `utoken`. */
export const SCALE = 10n ** 12n;
export const ASSET = assetId(1);
export const COARSE = assetId(2);

const source = { chain: caip2(`cosmos:${CHAIN_ID}`), gateway: new Uint8Array(20).fill(1) };
export const EVM_LANE = laneIdOf(source, { chain: caip2('eip155:31337'), gateway: new Uint8Array(20).fill(2) });
export const SUB_LANE = laneIdOf(source, { chain: caip2('polkadot:abc'), gateway: new Uint8Array(32).fill(3) });
export const FROM_EVM = laneIdOf({ chain: caip2('eip155:31337'), gateway: new Uint8Array(20).fill(2) }, source);
export const HOME_LANE = laneIdOf(source, source);

const STRANGER = makeShard([memberKey(new Uint8Array(32).fill(9), CHAIN_ID, 0).publicKey], 1);

/** Accounts alone stand for shards where nothing is paid out: their keys are others'. */
export function makeGateway(shards: readonly (Uint8Array | VaultShard)[], startHeight = 1n): CosmosGateway {
  const coarse = { asset: COARSE, minAmount: 1n, maxAmount: undefined, granularity: 1n };
  return {
    chainId: CHAIN_ID,
    startHeight,
    prefix: 'cosmos',
    shards: shards.map((shard) => (shard instanceof Uint8Array ? { ...STRANGER, account: shard } : shard)),
    coins: [
      { denom: 'utoken', asset: ASSET, decimals: 6, canonicalDecimals: 18, refundMinimum: 5n, custody: 'lock' },
      { denom: 'fine', asset: COARSE, decimals: 8, canonicalDecimals: 6, refundMinimum: 0n, custody: 'lock' },
    ],
    outbound: [
      {
        lane: EVM_LANE,
        target: chainName('anvil-a'),
        enabled: true,
        receiverLengths: [20],
        assets: [{ asset: ASSET, minAmount: 10n * SCALE, maxAmount: 1_000_000n * SCALE, granularity: 1n }, coarse],
      },
      {
        lane: SUB_LANE,
        target: chainName('asset-hub'),
        enabled: true,
        receiverLengths: [32],
        assets: [{ asset: ASSET, minAmount: 1n, maxAmount: undefined, granularity: 100n * SCALE }],
      },
      {
        lane: laneIdOf(source, { chain: caip2('eip155:1'), gateway: new Uint8Array(20).fill(4) }),
        target: chainName('closed'),
        enabled: false,
        receiverLengths: [20],
        assets: [coarse],
      },
    ],
    inbound: [{ lane: FROM_EVM, opposite: EVM_LANE }],
    home: HOME_LANE,
    receiverLengths: [20, 32],
    blocked: [],
    costs: SDK_053_COSTS,
    lockForm: 'send',
    feeDenom: 'utoken',
    releaseExpiryBlocks: 20n,
  };
}
