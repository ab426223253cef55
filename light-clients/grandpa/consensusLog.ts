/**
 * GRANDPA's messages to its light clients: the `FRNK` consensus logs of a header's digest.
 *
 * They mean something only in a header that is finalized. `onDisabled`, `pause` and `resume` do not change who may sign
 * finality, and the node's own client ignores them; so does this one.
 *
 * Source: sp-consensus-grandpa `ConsensusLog`. DIFF FROM SPEC: the node skips a log that does not decode and takes the
 * first of two scheduled changes; a client that cannot ask a runtime must not guess, so here the caller learns of both.
 */
import { Refusal } from '../refusal.ts';
import { createScaleReader } from '../scale.ts';
import { type Authority, readAuthorities } from './authoritySet.ts';
import type { Header } from './header.ts';

export type ConsensusLog =
  /** The named set takes over once block `number + delay` is finalized. */
  | { readonly kind: 'scheduledChange'; readonly next: readonly Authority[]; readonly delay: number }
  /** The chain is stuck and changes its set without finality: nothing a light client could follow. */
  | {
      readonly kind: 'forcedChange';
      readonly medianLastFinalized: number;
      readonly next: readonly Authority[];
      readonly delay: number;
    }
  | { readonly kind: 'onDisabled'; readonly authorityIndex: bigint }
  | { readonly kind: 'pause'; readonly delay: number }
  | { readonly kind: 'resume'; readonly delay: number };

/** The GRANDPA logs of a header, in order. Throws `Refusal` when one does not decode. */
export function consensusLogs(header: Header): readonly ConsensusLog[] {
  const logs: ConsensusLog[] = [];
  for (const item of header.digest) {
    if (item.kind === 'consensus' && item.engine === 'FRNK') logs.push(decodeConsensusLog(item.data));
  }
  return logs;
}

/** Throws `Refusal`. */
export function decodeConsensusLog(data: Uint8Array): ConsensusLog {
  const reader = createScaleReader(data, 'GRANDPA log');
  const log = readLog(reader.u8(), reader);
  reader.end();
  return log;
}

function readLog(index: number, reader: ReturnType<typeof createScaleReader>): ConsensusLog {
  switch (index) {
    case 1:
      return { kind: 'scheduledChange', next: readAuthorities(reader), delay: reader.u32() };
    case 2: {
      const medianLastFinalized = reader.u32();
      return { kind: 'forcedChange', medianLastFinalized, next: readAuthorities(reader), delay: reader.u32() };
    }
    case 3:
      return { kind: 'onDisabled', authorityIndex: reader.u64() };
    case 4:
      return { kind: 'pause', delay: reader.u32() };
    case 5:
      return { kind: 'resume', delay: reader.u32() };
    default:
      throw new Refusal(`GRANDPA log: unknown kind ${index}`);
  }
}
