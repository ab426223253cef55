/**
 * A vault gateway from the manifest: what it takes, what it pays, and by whom. All of it decides what a deposit becomes and
 * which bytes a release has, so all members must have the same.
 */
import { ViaductError } from '../../relayer/core/errors.ts';
import type { AssetId, LaneId } from '../../relayer/core/ids.ts';
import type { VaultLane } from '../../relayer/core/vaultLane.ts';
import type { CostModel } from './fees.ts';
import type { VaultShard } from './shards.ts';

/** A coin of the chain that stands for an asset. */
export interface VaultCoin {
  readonly denom: string;
  readonly asset: AssetId;
  /** Decimals of the coin on this chain. */
  readonly decimals: number;
  /** Decimals of the asset's canonical units, which packets carry. */
  readonly canonicalDecimals: number;
  /** Below this, in the coin's own units, nothing goes back: it would cost more than it is. The vault keeps it. */
  readonly refundMinimum: bigint;
  /**
   * `lock`: paid from what the shards hold, deposits or a fund filled by hand. `mint`: a token that the shard in its name
   * (`factory/<shard>/<name>`) makes as it pays; the other shards pay from what they hold.
   */
  readonly custody: 'lock' | 'mint';
}

/** A lane whose target is this gateway. */
export interface InboundLane {
  readonly lane: LaneId;
  /** The lane the other way: on it refused transfers return. */
  readonly opposite: LaneId;
}

export interface CosmosGateway {
  readonly chainId: string;
  /** The first block that can hold anything of the gateway. */
  readonly startHeight: bigint;
  /** Of the chain's bech32 addresses. */
  readonly prefix: string;
  /** The accounts of the vault. The first one's bytes stand for the gateway in lane ids. */
  readonly shards: readonly VaultShard[];
  readonly coins: readonly VaultCoin[];
  readonly outbound: readonly VaultLane[];
  /** Lanes from other gateways. */
  readonly inbound: readonly InboundLane[];
  /**
   * The lane from this gateway to itself. A deposit that cannot travel goes back on it, as a packet of kind `return` whose
   * receiver is the sender: so a refund is signed, delivered once and settled as everything else is.
   */
  readonly home: LaneId;
  /** Lengths that an account can have on this chain: 20 bytes of a key, 32 of a module or contract. */
  readonly receiverLengths: readonly number[];
  /** Account bytes that the chain's bank pays nothing to (module accounts): one such message fails its transaction. */
  readonly blocked: readonly Uint8Array[];
  readonly costs: CostModel;
  /** How what is not minted is paid: one `MsgSend` each, or all of it in `MsgMultiSend`. */
  readonly lockForm: 'send' | 'multiSend';
  /** The coin that fees are paid in. */
  readonly feeDenom: string;
  /** Blocks after which a release that is not included cannot be any more. */
  readonly releaseExpiryBlocks: bigint;
}

/** Digits of a lane's id in a release memo. */
export const LANE_DIGITS = 16;

/** The lanes that a release can name, by the digits that name them. Throws `SETUP_FAILED` when they are not distinct. */
export function lanesByDigits(gateway: CosmosGateway): ReadonlyMap<string, InboundLane> {
  const lanes = new Map<string, InboundLane>();
  // What is refused on the way home is held and goes nowhere, so the opposite of that lane is never used.
  for (const inbound of [...gateway.inbound, { lane: gateway.home, opposite: gateway.home }]) {
    const digits = inbound.lane.slice(0, LANE_DIGITS);
    if (lanes.has(digits)) {
      throw new ViaductError({
        code: 'SETUP_FAILED',
        shortMessage: `Two lanes to ${gateway.chainId} begin with ${digits}: a release could not name its lane.`,
        metaMessages: ['Give the vault another first account: lane ids follow from it.'],
      });
    }
    lanes.set(digits, inbound);
  }
  return lanes;
}
