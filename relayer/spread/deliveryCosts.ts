/**
 * What a delivery costs on each lane's target, learned from what submitters say their transactions used: for people who read a
 * quote. A hint from the bus, and nothing is decided by it.
 */
import type { Bus } from '../bus/index.ts';
import { packetsInChunk } from '../core/certificate.ts';
import { asViaductError } from '../core/errors.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { decodeOutcome } from '../core/outcome.ts';
import type { Subjects } from '../core/subjects.ts';
import type { Journal } from '../store/journal.ts';

export interface DeliveryCosts {
  /** What the target counts (gas, weight), for one transfer, by the mean of the newest. Undefined before any. */
  of(lane: LaneId): number | undefined;
}

export interface DeliveryCostsDeps {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly subjects: Subjects;
  readonly journal: Pick<Journal, 'certificates'>;
  readonly log: Logger;
}

interface Cost {
  readonly packets: number;
  readonly used: number;
}

/** Chunks that are looked back on. */
const REMEMBERED = 32;
/** Certificates looked at for the one that a chunk is of: a few members may propose the same start. */
const SAME_START_MAX = 8;

export function createDeliveryCosts(
  { bus, subjects, journal, log }: DeliveryCostsDeps,
  chains: readonly ChainName[],
  lanes: ReadonlySet<LaneId>,
  signal: AbortSignal,
): DeliveryCosts {
  const histories = new Map<LaneId, readonly Cost[]>();

  async function hear(payload: Uint8Array): Promise<void> {
    const { lane, firstSequence, chunkIndex, kind, used } = decodeOutcome(payload);
    if (kind !== 'done' || used === undefined || !lanes.has(lane)) return;
    for (const { checkpoint } of await journal.certificates(lane, firstSequence, SAME_START_MAX)) {
      const packets = checkpoint.firstSequence === firstSequence ? packetsInChunk(checkpoint, chunkIndex) : 0;
      if (packets < 1) continue;
      histories.set(lane, [...(histories.get(lane) ?? []), { packets, used: Number(used) }].slice(-REMEMBERED));
      return;
    }
  }

  for (const chain of chains) {
    bus.subscribe(
      subjects.outcome(chain),
      ({ payload }) => {
        hear(payload).catch((error: unknown) => {
          log.debug({ chain, code: asViaductError(error).code }, 'ignored an outcome');
        });
      },
      { signal },
    );
  }
  return {
    of(lane) {
      const history = histories.get(lane) ?? [];
      const packets = history.reduce((sum, one) => sum + one.packets, 0);
      return packets === 0 ? undefined : history.reduce((sum, { used }) => sum + used, 0) / packets;
    },
  };
}
