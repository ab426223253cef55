/**
 * Headers, whole blocks and their results by height, as evidence for `derive`. Decoded, since the evidence is bytes, and not
 * judged: an endpoint that hides or changes something makes evidence that does not verify.
 */
import {
  dataHash,
  decodeBlockAnswer,
  decodeBlockchainAnswer,
  decodeBlockResultsAnswer,
  type Header,
} from '../../light-clients/tendermint/index.ts';
import { equalBytes } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type BlockContent, type Evidence, EVIDENCE_HEADERS_MAX } from './evidence.ts';
import type { CometCall, CometEndpoint } from './rpc.ts';

/** Headers in one answer of `blockchain`: CometBFT's own maximum. */
const METAS_MAX = 20n;
/** Tags, lengths and numbers of a transaction or a result. */
const FIELDS_BYTES = 16;
const EMPTY: BlockContent = { txs: [], results: [] };
const EMPTY_DATA_HASH = dataHash([]);

/** From the block after `from` to the one before `head`; of the contents as much as `bytesMax`, and at least one block. */
export async function pullBlocks(
  endpoint: CometEndpoint,
  from: bigint,
  head: bigint,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Omit<Evidence, 'chunks'>> {
  const headers = await pullHeaders(endpoint, from + 1n, head - 1n, signal);
  const blocks: BlockContent[] = [];
  let bytes = 0;
  for (const header of headers) {
    if (bytes >= bytesMax) break;
    const block = await pullContent(endpoint, header, signal);
    blocks.push(block);
    bytes += sizeOf(block);
  }
  return { headers, blocks };
}

/** About what a block adds to the evidence. */
function sizeOf({ txs, results }: BlockContent): number {
  const content = txs.reduce((sum, tx) => sum + tx.length, 0) + results.reduce((sum, { data }) => sum + data.length, 0);
  return content + FIELDS_BYTES * (txs.length + results.length);
}

async function pullHeaders(
  endpoint: CometEndpoint,
  first: bigint,
  last: bigint,
  signal: AbortSignal,
): Promise<readonly Header[]> {
  if (last - first >= BigInt(EVIDENCE_HEADERS_MAX)) throw tooFar(last - first);
  const calls: CometCall[] = [];
  for (let at = first; at <= last; at += METAS_MAX) {
    const end = at + METAS_MAX - 1n < last ? at + METAS_MAX - 1n : last;
    calls.push({ method: 'blockchain', params: { minHeight: at.toString(), maxHeight: end.toString() } });
  }
  const headers = (await endpoint.results(calls, signal)).flatMap((value) => {
    const answer = decodeBlockchainAnswer(value);
    if (answer.kind !== 'valid') throw endpoint.failed(`answered nonsense to blockchain: ${answer.reason}`);
    return answer.value.toReversed();
  });
  const complete = headers.every(({ height }, index) => height === first + BigInt(index));
  if (!complete || BigInt(headers.length) !== last - first + 1n) throw endpoint.failed('does not show all headers');
  return headers;
}

/** Nothing is asked about a block whose header says that it is empty. */
async function pullContent(endpoint: CometEndpoint, header: Header, signal: AbortSignal): Promise<BlockContent> {
  if (equalBytes(header.dataHash, EMPTY_DATA_HASH)) return EMPTY;
  const params = { height: header.height.toString() };
  const [blockValue, resultsValue] = await endpoint.results(
    [
      { method: 'block', params },
      { method: 'block_results', params },
    ],
    signal,
  );
  const block = decodeBlockAnswer(blockValue);
  if (block.kind !== 'valid') throw endpoint.failed(`answered nonsense to block: ${block.reason}`);
  const results = decodeBlockResultsAnswer(resultsValue);
  if (results.kind !== 'valid') throw endpoint.failed(`answered nonsense to block_results: ${results.reason}`);
  return { txs: block.value.txs, results: results.value.results };
}

function tooFar(blocks: bigint): ViaductError {
  return new ViaductError({
    code: 'SETUP_FAILED',
    shortMessage: `The light client is ${blocks} blocks ahead of what is derived.`,
    metaMessages: ['Rebuild the journal, with a trusted block in the manifest that is nearer to the start height.'],
  });
}
