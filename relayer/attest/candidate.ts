/** A statement that members vote on, as one attester sees it. */
import { concatBytes } from '../core/bytes.ts';
import type { Certificate } from '../core/certificate.ts';
import type { Checkpoint } from '../core/checkpoint.ts';

export interface Candidate {
  readonly checkpoint: Checkpoint;
  /** Who brought it up. */
  readonly by: string;
  readonly votes: Map<string, Uint8Array>;
  signedByUs: boolean;
  certified: boolean;
  /** When our vote was last sent. */
  votedAtMs: number;
}

/** Undefined while votes are missing, and when there is one already. */
export function certificateOf(candidate: Candidate, threshold: number): Certificate | undefined {
  const { checkpoint, votes, certified } = candidate;
  if (certified || votes.size < threshold) return undefined;
  const ascending = [...votes].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, threshold);
  return { checkpoint, signatures: concatBytes(...ascending.map(([, signature]) => signature)) };
}
