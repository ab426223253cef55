/** A lane: a one-way numbered stream of packets from one gateway to another. Two-way traffic is two lanes. */
import { concatBytes, utf8, word } from './bytes.ts';
import { type Caip2, laneId, type LaneId } from './ids.ts';
import { keccak256 } from './keccak.ts';

/** One end of a lane: the chain and the gateway's native account bytes on it. */
export interface LaneEnd {
  readonly chain: Caip2;
  readonly gateway: Uint8Array;
}

const LANE_TAG = keccak256(utf8('viaduct.lane.v1'));

/**
 * laneId = keccak256(abi.encode(bytes32 tag, bytes32 keccak256(source CAIP-2), bytes source gateway,
 * bytes32 keccak256(target CAIP-2), bytes target gateway)), the tag being keccak256("viaduct.lane.v1").
 */
export function laneIdOf(source: LaneEnd, target: LaneEnd): LaneId {
  const sourceTail = encodeBytes(source.gateway);
  const head = concatBytes(
    LANE_TAG,
    keccak256(utf8(source.chain)),
    word(5 * 32),
    keccak256(utf8(target.chain)),
    word(5 * 32 + sourceTail.length),
  );
  return laneId(keccak256(head, sourceTail, encodeBytes(target.gateway)));
}

/** `bytes` in Solidity's ABI: length word, then the data padded to whole words. */
function encodeBytes(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 32) * 32);
  padded.set(bytes);
  return concatBytes(word(bytes.length), padded);
}
