/**
 * Transactions that a shard signed, from verified bytes: which slot they used, and what they released.
 *
 * Trusts: that the transaction is in a verified block with code 0, so that the chain checked its signatures against the key
 * it carries, and its sequence. The key has to be the shard's, byte for byte, and the only signer's. What k members signed
 * under a release memo counts as paid as it says: a contract's checks are here the members' own.
 *
 * Only code 0 proves that a slot was used. A transaction in a block may have failed before its sequence was taken (its fee
 * could not be paid, its sequence was not the next) or after (a message failed): results carry no codespace and no root
 * covers events, so the two cannot be told apart. The next one with code 0 settles it: sequences leave nothing out, so every
 * slot below its own was used.
 */
import { decoding, readMessage } from '../../light-clients/protobuf.ts';
import { bytesToHex } from '../../relayer/core/bytes.ts';
import { formatAccount } from './account.ts';
import { type CosmosGateway, type InboundLane, lanesByDigits } from './gateway.ts';
import { decodeReleaseMemo, type ReleaseMemo } from './releaseMemo.ts';
import { multisigKeyAny, type VaultShard } from './shards.ts';

export interface Release {
  readonly lane: InboundLane;
  readonly memo: ReleaseMemo;
}

export interface ShardTx {
  readonly shard: VaultShard;
  /** The shard's address. */
  readonly holder: string;
  readonly slot: bigint;
  /** Undefined: it paid no packets. */
  readonly release: Release | undefined;
}

/** Total: undefined for what no shard signed alone. */
export type ShardTxReader = (tx: Uint8Array) => ShardTx | undefined;

const TX_RAW = { 1: 'bytes', 2: 'bytes', 3: 'repeatedBytes' } as const;
/** 4 and 5 are `unordered` and its timeout, of SDK 0.53: such a transaction uses no sequence. */
const TX_BODY = {
  1: 'repeatedBytes',
  2: 'bytes',
  3: 'varint',
  4: 'varint',
  5: 'bytes',
  1023: 'repeatedBytes',
  2047: 'repeatedBytes',
} as const;
const AUTH_INFO = { 1: 'repeatedBytes', 2: 'bytes', 3: 'bytes' } as const;
const SIGNER_INFO = { 1: 'bytes', 2: 'bytes', 3: 'varint' } as const;
const ANY = { 1: 'bytes', 2: 'bytes' } as const;

export function createShardTxReader(gateway: CosmosGateway): ShardTxReader {
  const lanes = lanesByDigits(gateway);
  const shards = new Map(
    gateway.shards.map((shard) => {
      const { typeUrl, value } = multisigKeyAny(shard);
      const holder = formatAccount(shard.account, gateway.prefix);
      return [keyText(typeUrl, value), { shard, holder }];
    }),
  );

  return (tx) => {
    const verdict = decoding('transaction', (): ShardTx | undefined => {
      const raw = readMessage(tx, TX_RAW, 'TxRaw');
      const signers = readMessage(raw.bytes(2), AUTH_INFO, 'AuthInfo').repeated(1);
      if (signers[0] === undefined || signers.length !== 1) return undefined;
      const signer = readMessage(signers[0], SIGNER_INFO, 'SignerInfo');
      const any = readMessage(signer.bytes(1), ANY, 'Any');
      const known = shards.get(keyText(any.text(1), any.bytes(2)));
      if (known === undefined) return undefined;
      const body = readMessage(raw.bytes(1), TX_BODY, 'TxBody');
      if (body.bool(4)) return undefined;
      const memo = decodeReleaseMemo(body.text(2));
      const lane = memo && lanes.get(memo.laneDigits);
      return { ...known, slot: signer.uint64(3), release: memo && lane && { lane, memo } };
    });
    return verdict.kind === 'valid' ? verdict.value : undefined;
  };
}

function keyText(typeUrl: string, value: Uint8Array): string {
  return `${typeUrl} ${bytesToHex(value)}`;
}
