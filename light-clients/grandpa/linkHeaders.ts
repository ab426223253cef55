/**
 * From a verified block down to any block below it, by parent hashes: a header is an ancestor exactly when each header
 * names the hash of the one before. Nothing is trusted but the hash at the top.
 */
import { judge, must } from '../refusal.ts';
import { sameBytes } from '../scale.ts';
import type { Verdict } from '../verdict.ts';
import { decodeHeader, hashHeader, type Header } from './header.ts';
import { UNKNOWN_HEADERS_MAX } from './limits.ts';

export interface LinkedHeader {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly header: Header;
}

/**
 * Checks that `headers` (encoded, ascending, without gaps) end in the block with hash `top`, and returns them decoded.
 * An empty list links nothing and is refused.
 */
export function linkHeaders(headers: readonly Uint8Array[], top: Uint8Array): Verdict<readonly LinkedHeader[]> {
  return judge(() => {
    must(headers.length <= UNKNOWN_HEADERS_MAX, `headers: more than ${UNKNOWN_HEADERS_MAX}`);
    const linked: LinkedHeader[] = [];
    walkDown(headers, top, (header) => linked.push(header));
    return linked.reverse();
  });
}

/** As `linkHeaders`, visiting from the top down and keeping nothing. Throws `Refusal`. */
export function walkDown(headers: readonly Uint8Array[], top: Uint8Array, visit: (header: LinkedHeader) => void): void {
  must(headers.length > 0, 'headers: none given');
  let expected = top;
  let above: number | undefined;
  for (let i = headers.length - 1; i >= 0; i--) {
    const bytes = headers[i] as Uint8Array;
    const hash = hashHeader(bytes);
    must(sameBytes(hash, expected), 'headers: a hash is not the one that the block above names');
    const header = decodeHeader(bytes);
    must(above === undefined || header.number === above - 1, 'headers: the numbers do not follow each other');
    visit({ hash, bytes, header });
    expected = header.parentHash;
    above = header.number;
  }
}
