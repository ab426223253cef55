/** The attest role: one attester in every lane of the manifest. Attesters meet only over the bus. */
import type { Bus } from '../bus/index.ts';
import type { Clock } from '../core/clock.ts';
import { createWake, type Wake } from '../core/concurrency.ts';
import { asViaductError } from '../core/errors.ts';
import type { LaneId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { decodeOutcome } from '../core/outcome.ts';
import { laneOfSubject, type Subjects } from '../core/subjects.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Journal } from '../store/journal.ts';
import { createChunkSizes } from './chunkSizes.ts';
import {
  type AttestedLane,
  type BookKeeper,
  createLaneAttester,
  type LaneAttester,
  type LaneAttesterOptions,
  type Signer,
} from './laneAttester.ts';

export interface AttestDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly journal: Journal;
  readonly ledger: BookKeeper;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

export interface AttestOptions extends LaneAttesterOptions {
  /** How often each lane is looked at when nothing wakes it. */
  readonly pollMs: number;
}

/** Runs until the signal fires. */
export async function attest(
  lanes: readonly AttestedLane[],
  deps: AttestDeps,
  options: AttestOptions,
  signal: AbortSignal,
): Promise<void> {
  const { bus, subjects, log } = deps;
  const sizes = createChunkSizes(lanes, deps.journal);
  const attesters = new Map<LaneId, { readonly attester: LaneAttester; readonly loop: Wake }>();
  for (const lane of lanes) {
    const publishVote = (id: LaneId, vote: Uint8Array): void => {
      bus.publish(subjects.attest(id), vote);
    };
    const publishCertificate = async (id: LaneId, bytes: Uint8Array, messageId: string): Promise<void> => {
      await bus.publishDurable(subjects.checkpoint(id), bytes, { id: messageId });
    };
    const chunkSize = (): number => sizes.of(lane.id) ?? lane.rules.chunkSize;
    const attester = createLaneAttester(lane, { ...deps, publishVote, publishCertificate, chunkSize }, options);
    attesters.set(lane.id, { attester, loop: createWake(deps.clock) });
  }

  /** Untrusted bytes that do not decode are dropped and counted; anything else that fails is ours. */
  async function hear(subject: string, handle: (attester: LaneAttester) => Promise<void>): Promise<void> {
    try {
      const known = attesters.get(laneOfSubject(subject));
      if (known !== undefined) await handle(known.attester);
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (error.disposition !== 'drop') throw error;
      log.warn({ subject, code: error.code, detail: error.shortMessage }, 'dropped a message');
    }
  }

  bus.subscribe(
    subjects.allAttest,
    async ({ subject, payload }) => hear(subject, async (attester) => attester.onVote(payload)),
    { signal },
  );
  bus.subscribe(
    subjects.allCheckpoints,
    async ({ subject, payload }) => hear(subject, async (attester) => attester.onCertificate(payload)),
    { signal },
  );

  for (const chain of new Set(lanes.filter(asksOutcomes).map(({ target }) => target))) {
    bus.subscribe(
      subjects.outcome(chain),
      async ({ payload }) => {
        try {
          const outcome = decodeOutcome(payload);
          const known = attesters.get(outcome.lane);
          if (outcome.kind === 'done' && known?.attester.onIncluded(outcome.firstSequence) === true) known.loop.wake();
          await sizes.hear(outcome);
        } catch (thrown) {
          if (asViaductError(thrown).disposition !== 'drop') throw thrown;
        }
      },
      { signal },
    );
  }

  await Promise.all(
    [...attesters].map(async ([lane, { attester, loop }]) => {
      const { wake, wait } = loop;
      const unwatch = deps.journal.watchLane(lane, wake);
      while (!signal.aborted) {
        await attester.tick();
        await wait(options.pollMs, signal);
      }
      unwatch();
    }),
  );
}

function asksOutcomes({ acceptsInOrder, budget }: AttestedLane): boolean {
  return acceptsInOrder === true || budget !== undefined;
}
