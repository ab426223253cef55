/**
 * The asking side of a vault: puts a request to all members over the bus and gathers what they answer. It holds no
 * authority: members judge every request by what they verified themselves.
 */
import type { Bus } from '../bus/index.ts';
import { equalBytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { createWake } from '../core/concurrency.ts';
import { asViaductError, ViaductError } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import { RELEASE_ANSWER_MS } from '../core/limits.ts';
import type { Cosigners } from '../core/ports.ts';
import { decodeReleaseAnswer, encodeReleaseRequest, releaseRequestId } from '../core/release.ts';
import type { Subjects } from '../core/subjects.ts';

export interface CosignersDeps {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly clock: Clock;
}

/** A message on the bus may be lost: asked this often within the time to answer. */
const ASKS = 2;
/** Reasons of refusal that an error repeats: one of each member of the largest set would only be longer. */
const REASONS_SAID = 7;

/** `members`: how many there are. When all of them answered and it is not enough, nobody is waited for. */
export function createCosigners(chain: ChainName, members: number, deps: CosignersDeps): Cosigners {
  const { bus, subjects, clock } = deps;
  return {
    async collect(request, take, signal) {
      const bytes = encodeReleaseRequest(request);
      const id = releaseRequestId(bytes);
      const refusals = new Set<string>();
      let answered = 0;
      const { wake, wait } = createWake(clock);
      const ending = new AbortController();
      let isEnough = false;
      bus.subscribe(
        subjects.cosigned(chain),
        ({ payload }) => {
          try {
            const answer = decodeReleaseAnswer(payload);
            if (isEnough || !equalBytes(answer.request, id)) return;
            answered++;
            if (answer.kind === 'signed') isEnough = take(answer.answer) === 'enough';
            else if (refusals.size < REASONS_SAID) refusals.add(answer.reason);
            if (isEnough || answered >= members) wake();
          } catch (thrown) {
            // What does not decode is nobody's answer.
            if (asViaductError(thrown).disposition !== 'drop') throw thrown;
          }
        },
        { signal: ending.signal },
      );
      try {
        for (let ask = 0; ask < ASKS && !isEnough && answered < members && !signal.aborted; ask++) {
          bus.publish(subjects.cosign(chain), bytes);
          await wait(RELEASE_ANSWER_MS / ASKS, signal);
        }
      } finally {
        ending.abort();
      }
      if (signal.aborted)
        throw new ViaductError({ code: 'ABORTED', shortMessage: 'Stopped while members were asked.' });
      if (!isEnough) throw missing(chain, [...refusals]);
    },
  };
}

function missing(chain: ChainName, refusals: readonly string[]): ViaductError {
  return new ViaductError({
    code: 'COSIGNERS_MISSING',
    shortMessage: `Too few members of the vault on ${chain} signed a release in time.`,
    metaMessages:
      refusals.length === 0 ? ['Nobody said why: are they running?'] : refusals.map((why) => `A member: ${why}`),
  });
}
