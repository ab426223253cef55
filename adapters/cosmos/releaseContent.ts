/** What a slot is promised to, as 32 bytes: the same for every attempt in it, since fee and timeout are left out. */
import { concatBytes, utf8, writeU64 } from '../../relayer/core/bytes.ts';
import { chunkHash } from '../../relayer/core/checkpoint.ts';
import { idBytes } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import type { Delivery } from '../../relayer/core/ports.ts';
import { encodeBitmap } from './releaseMemo.ts';
import { firstSequenceOf } from './releaseTx.ts';

const RELEASE = utf8('viaduct cosmos release v1');
const BLANK = utf8('viaduct cosmos blank v1');

/** keccak256(domain ‖ lane ‖ first sequence ‖ chunk hash ‖ refused bitmap); the chunk's packets say their number. */
export function releaseContentHash(delivery: Delivery | undefined, refused: readonly number[]): Uint8Array {
  if (delivery === undefined) return keccak256(BLANK);
  const first = new Uint8Array(8);
  writeU64(first, 0, firstSequenceOf(delivery));
  const { checkpoint, packets } = delivery;
  return keccak256(concatBytes(RELEASE, idBytes(checkpoint.lane), first, chunkHash(packets), encodeBitmap(refused)));
}
