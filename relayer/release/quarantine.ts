/**
 * The wait of a vault's member whose signing journal is new: an older one may have been lost, with promises in it that may
 * still come true. Whatever that one signed, it signed before this one began, and it can happen within so many blocks.
 *
 * So the blocks are counted from the first verified head whose own time lies after the beginning: a member that derives
 * the chain anew passes many blocks while it catches up, and those do not count.
 */
import type { Clock } from '../core/clock.ts';
import { asViaductError } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import type { Quarantine } from '../core/ports.ts';
import type { Journal } from '../store/journal.ts';
import type { Promises } from '../store/promises.ts';

export interface QuarantineDeps {
  readonly journal: Journal;
  readonly promises: Promises;
  /** `now` is the chain's own time. */
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often the chain's head is looked at until the count begins. */
const HEAD_POLL_MS = 500;
const WHY = 'the signing journal is new';

/** Begins at once; says why nothing may be signed at a derived height, or undefined when it may. */
export function startQuarantine(
  chain: ChainName,
  quarantine: Quarantine | undefined,
  { journal, promises, clock, log }: QuarantineDeps,
  signal: AbortSignal,
): (derivedHeight: bigint) => string | undefined {
  if (quarantine === undefined) return () => undefined;
  const { blocks, driftSeconds } = quarantine;
  let endsAt: bigint | undefined;

  async function begin(): Promise<void> {
    const nowSeconds = BigInt(Math.ceil(clock.now() / 1000));
    const { afterSeconds, height } = await promises.begin(nowSeconds + driftSeconds);
    const from = height ?? (await firstHeadAfter(afterSeconds));
    if (from !== undefined) endsAt = from + blocks;
  }

  async function firstHeadAfter(seconds: bigint): Promise<bigint | undefined> {
    while (!signal.aborted) {
      const head = (await journal.chain(chain))?.head;
      if (head !== undefined && head.timeSeconds >= seconds) {
        await promises.beginAt(head.height);
        return head.height;
      }
      await clock.sleep(HEAD_POLL_MS, signal).catch(() => undefined);
    }
    return undefined;
  }

  begin().catch((error: unknown) => {
    log.error({ chain, code: asViaductError(error).code }, 'cannot begin the signing journal: nothing is signed');
  });
  return (derivedHeight) => {
    if (endsAt === undefined) return `${WHY}, and the chain is not verified up to its beginning yet`;
    return derivedHeight < endsAt ? `${WHY}: nothing is signed before block ${endsAt}` : undefined;
  };
}
