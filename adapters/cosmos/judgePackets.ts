/**
 * Which packets of a chunk the vault cannot pay, and why. Pure: every member comes to the same from the same packets, manifest
 * and time, since one message that fails would fail the whole transaction.
 *
 * What cannot be known beforehand is not judged: a chain's own rules that the manifest does not name (send restrictions of a
 * token, frozen accounts) make the transaction fail, and the chunk waits for an operator.
 */
import { bytesToHex } from '../../relayer/core/bytes.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, type Packet } from '../../relayer/core/packet.ts';
import { formatAccount } from './account.ts';
import type { CosmosGateway, VaultCoin } from './gateway.ts';
import type { VaultShard } from './shards.ts';

export type Refusal =
  'expired' | 'asset unknown' | 'receiver malformed' | 'receiver takes nothing' | 'amount not representable';

/** One payment of a release. */
export interface Payout {
  /** Position in the chunk. */
  readonly position: number;
  /** Bech32. */
  readonly receiver: string;
  readonly denom: string;
  /** In the coin's own units. */
  readonly amount: bigint;
  /** The shard makes the coins as it pays them. */
  readonly isMinted: boolean;
}

export interface Judgement {
  /** In packet order. */
  readonly payouts: readonly Payout[];
  /** In packet order. */
  readonly refusals: readonly { readonly position: number; readonly reason: Refusal }[];
}

export type PacketJudge = (packets: Uint8Array, asOf: bigint, shard: VaultShard) => Judgement;

/** Later than every deadline: what was refused is judged once more by it, for a reason to show. */
export const END_OF_TIME = (1n << 64n) - 1n;

export function createPacketJudge(gateway: CosmosGateway): PacketJudge {
  const { prefix, receiverLengths } = gateway;
  const coins = new Map(gateway.coins.map((coin) => [coin.asset, coin]));
  const takesNothing = new Set([...gateway.blocked, ...gateway.shards.map(({ account }) => account)].map(bytesToHex));
  const admins = new Map(gateway.coins.map((coin) => [coin.denom, mintingShard(coin)]));

  const refusalOf = (packet: Packet, asOf: bigint): Refusal | undefined => {
    const coin = coins.get(packet.asset);
    if (packet.kind === 'transfer' && packet.deadline !== 0n && packet.deadline < asOf) return 'expired';
    if (coin === undefined) return 'asset unknown';
    if (!receiverLengths.includes(packet.receiver.length)) return 'receiver malformed';
    if (takesNothing.has(bytesToHex(packet.receiver))) return 'receiver takes nothing';
    return toOwnUnits(coin, packet.amount) === undefined ? 'amount not representable' : undefined;
  };

  return (packets, asOf, shard) => {
    const own = formatAccount(shard.account, prefix);
    const payouts: Payout[] = [];
    const refusals: { position: number; reason: Refusal }[] = [];
    for (let position = 0; position * PACKET_BYTES < packets.length; position++) {
      const packet = decodePacket(packets, position * PACKET_BYTES);
      const reason = refusalOf(packet, asOf);
      const coin = coins.get(packet.asset);
      const amount = coin && toOwnUnits(coin, packet.amount);
      if (reason !== undefined) refusals.push({ position, reason });
      else if (coin !== undefined && amount !== undefined) {
        const isMinted = admins.get(coin.denom) === own;
        const receiver = formatAccount(packet.receiver, prefix);
        payouts.push({ position, receiver, denom: coin.denom, amount, isMinted });
      }
    }
    return { payouts, refusals };
  };
}

/** The account that makes a minted coin; undefined for any other. */
export function mintingShard({ custody, denom }: VaultCoin): string | undefined {
  return custody === 'mint' ? /^factory\/([^/]+)\//.exec(denom)?.[1] : undefined;
}

/** Undefined for what the coin cannot express, and for nothing. */
function toOwnUnits({ decimals, canonicalDecimals }: VaultCoin, amount: bigint): bigint | undefined {
  if (amount === 0n) return undefined;
  if (decimals >= canonicalDecimals) return amount * 10n ** BigInt(decimals - canonicalDecimals);
  const unit = 10n ** BigInt(canonicalDecimals - decimals);
  return amount % unit === 0n ? amount / unit : undefined;
}
