/**
 * Headers below a verified one, by the hash of the last block that each header carries. One hash per header instead of a
 * commit. Proves that they are ancestors of the verified header; needs no validators and no trusting period, since a hash
 * does not expire.
 * Source: CometBFT spec/light-client/verification, light/client.go `backwards`.
 */
import { headerHash } from './canonical.ts';
import { checkHeader } from './checkBlock.ts';
import { sameBytes } from '../protobuf.ts';
import type { Verdict } from '../verdict.ts';
import type { Header } from './types.ts';

/** Checks headers that follow `verified` downwards without a gap, the highest first. */
export function walkBack(verified: Header, headers: readonly Header[]): Verdict<readonly Header[]> {
  let upper = verified;
  for (const header of headers) {
    const problem = checkHeader(header, verified.chainId) ?? checkLink(upper, header);
    if (problem !== undefined) return { kind: 'invalid', reason: `header ${header.height}: ${problem}` };
    upper = header;
  }
  return { kind: 'valid', value: headers };
}

/** Why `lower` is not the parent of `upper`, or undefined. */
export function checkLink(upper: Header, lower: Header): string | undefined {
  if (lower.height !== upper.height - 1n) return 'height is not one below';
  if (lower.timeNanos >= upper.timeNanos) return 'time is not before that of the header above';
  return sameBytes(headerHash(lower), upper.lastBlockId.hash)
    ? undefined
    : 'hash is not the one the header above names';
}
