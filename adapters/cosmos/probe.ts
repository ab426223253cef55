/**
 * What an endpoint can serve: its chain, how far down and up it has blocks, and whether it keeps their results, without
 * which no deposit can be derived. Nothing of it is proven; it spares waiting for an endpoint that never will.
 */
import { nodeMeaning } from './errors.ts';
import { asRecord, parseHeight } from './json.ts';
import type { CometEndpoint } from './rpc.ts';

export interface EndpointProbe {
  readonly latestHeight: bigint;
  readonly earliestHeight: bigint;
  readonly catchingUp: boolean;
  /** The results of the block at the height that was asked for. */
  readonly results: 'kept' | 'discarded' | 'pruned' | 'unknown';
}

/** `height`: the first block that derivation needs; the latest when it is not there yet. */
export async function probeEndpoint(
  endpoint: CometEndpoint,
  height: bigint,
  signal: AbortSignal,
): Promise<EndpointProbe> {
  const sync = asRecord(asRecord(await endpoint.result('status', {}, signal))?.['sync_info']);
  const latestHeight = parseHeight(sync?.['latest_block_height']);
  if (latestHeight === undefined) throw endpoint.failed('does not say its height');
  const earliestHeight = parseHeight(sync?.['earliest_block_height']) ?? 1n;
  const asked = height < latestHeight ? height : latestHeight;
  // The latest results are kept by all nodes, so a block below the tip is asked for where there is one.
  const at = asked === latestHeight && asked > earliestHeight ? asked - 1n : asked;
  const answer = await endpoint.call({ method: 'block_results', params: { height: at.toString() } }, signal);
  return {
    latestHeight,
    earliestHeight,
    catchingUp: sync?.['catching_up'] === true,
    results: answer.kind === 'result' ? 'kept' : meaningOf(answer.message),
  };
}

function meaningOf(message: string): EndpointProbe['results'] {
  const meaning = nodeMeaning(message);
  return meaning === 'noResults' ? 'discarded' : meaning === 'pruned' ? 'pruned' : 'unknown';
}
