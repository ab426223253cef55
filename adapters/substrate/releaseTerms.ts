/**
 * What a submitter tells the members beside the chunk: which operation it is about, and which packets it refuses. All of it is
 * on the chain as well; a member takes nothing from here that it does not find there.
 *
 *   height u32 ‖ index u32 ‖ bitmap of the refused packets (see `releaseRemark.ts`)
 */
import { judge, must } from '../../light-clients/refusal.ts';
import { createScaleReader, joinBytes, u32Bytes } from '../../light-clients/scale.ts';
import type { Verdict } from '../../relayer/core/ports.ts';
import type { Timepoint } from './cursor.ts';
import { fromBitmap, toBitmap } from './releaseRemark.ts';

export interface ReleaseTerms {
  readonly timepoint: Timepoint;
  /** Positions in the chunk, ascending. */
  readonly refused: readonly number[];
}

export function encodeTerms({ timepoint, refused }: ReleaseTerms, count: number): Uint8Array {
  return joinBytes([u32Bytes(timepoint.height), u32Bytes(timepoint.index), toBitmap(refused, count)]);
}

export function decodeTerms(bytes: Uint8Array, count: number): Verdict<ReleaseTerms> {
  return judge(() => {
    const reader = createScaleReader(bytes, 'terms');
    const timepoint = { height: reader.u32(), index: reader.u32() };
    const refused = fromBitmap(reader.bytes(reader.remaining), count);
    must(refused !== undefined, 'terms: the bitmap is not one of this chunk');
    return { timepoint, refused };
  });
}
