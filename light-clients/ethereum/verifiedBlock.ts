/**
 * What the light client hands out: a finalized beacon block and the execution block it carries, as flat bytes
 * (`VerifiedHead.header`), so that whoever derives packets reads the roots from here and asks no endpoint for them.
 *
 * Layout: version 1 (1), slot (8), beacon root (32), block hash (32), number (8), timestamp (8), state root (32),
 * receipts root (32); integers big-endian.
 */
export interface VerifiedBlock {
  readonly slot: bigint;
  /** hash_tree_root of the beacon header. 32 bytes. */
  readonly beaconRoot: Uint8Array;
  readonly blockHash: Uint8Array;
  /** Execution block number. */
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly stateRoot: Uint8Array;
  readonly receiptsRoot: Uint8Array;
}

export const VERIFIED_BLOCK_BYTES = 153;
const VERSION = 1;

export function encodeVerifiedBlock(block: VerifiedBlock): Uint8Array {
  const bytes = new Uint8Array(VERIFIED_BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  view.setBigUint64(1, block.slot);
  bytes.set(block.beaconRoot, 9);
  bytes.set(block.blockHash, 41);
  view.setBigUint64(73, block.number);
  view.setBigUint64(81, block.timestamp);
  bytes.set(block.stateRoot, 89);
  bytes.set(block.receiptsRoot, 121);
  return bytes;
}

/** Undefined when the bytes are not of this layout. */
export function decodeVerifiedBlock(bytes: Uint8Array): VerifiedBlock | undefined {
  if (bytes.length !== VERIFIED_BLOCK_BYTES || bytes[0] !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    slot: view.getBigUint64(1),
    beaconRoot: bytes.slice(9, 41),
    blockHash: bytes.slice(41, 73),
    number: view.getBigUint64(73),
    timestamp: view.getBigUint64(81),
    stateRoot: bytes.slice(89, 121),
    receiptsRoot: bytes.slice(121, 153),
  };
}
