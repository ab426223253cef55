/**
 * The answer of a node's `grandpa_proveFinality(block)`: the justification of the last block of the set that `block` lies
 * in (or of the best justified block in the newest set), and the headers from the one after `block` to that block.
 * Decoding only; `unknownHeaders` and `justification` make one step of an update.
 *
 *   FinalityProof: block hash ‖ justification as Vec<u8> ‖ Vec<Header>
 *
 * The node sends at most 100,000 headers, the lowest ones, so for an older block the list may end below the target.
 */
import { judge, must } from '../refusal.ts';
import { createScaleReader } from '../scale.ts';
import type { Verdict } from '../verdict.ts';
import { readHeader } from './header.ts';
import { JUSTIFICATION_BYTES_MAX, UNKNOWN_HEADERS_MAX, UPDATE_BYTES_MAX } from './limits.ts';

export interface FinalityProof {
  /** The hash of the justified block. */
  readonly block: Uint8Array;
  readonly justification: Uint8Array;
  /** Encoded headers, ascending; views of the given bytes. */
  readonly unknownHeaders: readonly Uint8Array[];
}

export function decodeFinalityProof(bytes: Uint8Array): Verdict<FinalityProof> {
  return judge(() => {
    must(bytes.length <= UPDATE_BYTES_MAX, 'finality proof: too many bytes');
    const reader = createScaleReader(bytes, 'finality proof');
    const block = reader.bytes(32);
    const justification = reader.sized(JUSTIFICATION_BYTES_MAX);
    const unknownHeaders: Uint8Array[] = [];
    for (let left = reader.length(UNKNOWN_HEADERS_MAX); left > 0; left--) {
      const start = reader.offset;
      readHeader(reader);
      unknownHeaders.push(reader.since(start));
    }
    reader.end();
    return { block, justification, unknownHeaders };
  });
}
