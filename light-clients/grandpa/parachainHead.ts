/**
 * A parachain has no finality of its own: its blocks are final when the relay chain is, which keeps the newest included
 * head of each under `Paras.Heads(id)`. So a finalized relay state root proves a parachain header, and that one its state.
 *
 * Proven when valid: the header is the newest one included at that relay block. Not proven: the parachain headers between two
 * such heads; `linkHeaders` walks down to them.
 */
import { judge, must, Refusal } from '../refusal.ts';
import { createScaleReader } from '../scale.ts';
import { readTrie } from '../trie/readTrie.ts';
import { paraHeadKey } from '../trie/storageKey.ts';
import type { Verdict } from '../verdict.ts';
import { decodeHeader } from './header.ts';
import { HEADER_BYTES_MAX } from './limits.ts';

/** The encoded parachain header that the relay state holds for `paraId`. */
export function readParachainHead(
  relayStateRoot: Uint8Array,
  paraId: number,
  nodes: readonly Uint8Array[],
): Verdict<Uint8Array> {
  const answer = readTrie(relayStateRoot, nodes, { keys: [paraHeadKey(paraId)] });
  if (answer.kind !== 'valid') return answer;
  return judge(() => {
    const stored = answer.value.values[0];
    if (stored === undefined) throw new Refusal(`parachain ${paraId} has no head in this relay state`);
    // `HeadData` is a byte vector; for a Substrate parachain it holds the header.
    const reader = createScaleReader(stored, 'parachain head');
    const header = reader.sized(HEADER_BYTES_MAX);
    reader.end();
    must(header.length > 0, `parachain ${paraId} has an empty head`);
    decodeHeader(header);
    return header;
  });
}
