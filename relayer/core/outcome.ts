/**
 * What a submitter tells the planner about a chunk: a hint that frees a place or asks for another try. Nothing is settled
 * by it: settlement is what the target chain's verified blocks say. A lost outcome costs a timeout.
 */
import { utf8 } from './bytes.ts';
import { DecodeError } from './errors.ts';
import { laneId, type LaneId } from './ids.ts';

export const OUTCOME_KINDS = ['done', 'again', 'refused'] as const;

export interface ChunkOutcome {
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  readonly chunkIndex: number;
  /** `done`: included; `again`: lost, try again; `refused`: the gateway does not take this certificate. */
  readonly kind: (typeof OUTCOME_KINDS)[number];
  readonly reason: string;
  /** What its transaction used of the target: gas, weight or whatever is counted there. */
  readonly used?: bigint | undefined;
}

const OUTCOME_BYTES_MAX = 2048;

export function encodeOutcome(outcome: ChunkOutcome): Uint8Array {
  const reason = outcome.reason.slice(0, 256);
  const used = outcome.used?.toString();
  return utf8(JSON.stringify({ ...outcome, reason, used, firstSequence: outcome.firstSequence.toString() }));
}

/** Throws `DecodeError`. */
export function decodeOutcome(bytes: Uint8Array): ChunkOutcome {
  try {
    if (bytes.length > OUTCOME_BYTES_MAX) throw new DecodeError({ shortMessage: `${bytes.length} bytes are too many` });
    const row = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Record<string, unknown> | null;
    const kind = OUTCOME_KINDS.find((known) => known === row?.['kind']);
    const firstSequence = row?.['firstSequence'];
    const chunkIndex = row?.['chunkIndex'];
    const reason = row?.['reason'];
    const lane = row?.['lane'];
    if (kind === undefined || typeof firstSequence !== 'string' || !/^\d{1,20}$/.test(firstSequence)) {
      throw new DecodeError({ shortMessage: 'kind or firstSequence is missing' });
    }
    if (typeof chunkIndex !== 'number' || !Number.isInteger(chunkIndex) || chunkIndex < 0) {
      throw new DecodeError({ shortMessage: 'chunkIndex is missing' });
    }
    const used = row?.['used'];
    return {
      lane: laneId(typeof lane === 'string' ? lane : ''),
      firstSequence: BigInt(firstSequence),
      chunkIndex,
      kind,
      reason: typeof reason === 'string' ? reason.slice(0, 256) : '',
      ...(typeof used === 'string' && /^\d{1,20}$/.test(used) ? { used: BigInt(used) } : {}),
    };
  } catch (cause) {
    throw new DecodeError({ shortMessage: 'Malformed outcome of a chunk.', cause });
  }
}
