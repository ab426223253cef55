/**
 * Follows one chain: pulls updates and evidence by height, has them verified, and starts again from where the journal
 * stands. A subscription only ends a wait early. An endpoint that lies or hides costs time, never a gap: the cursor moves
 * only over what was verified.
 */
import { type Clock, nextDelay } from '../core/clock.ts';
import { createWake } from '../core/concurrency.ts';
import { asViaductError, type ErrorCode, type ViaductError } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import { RETRY_MS_MAX, RETRY_MS_MIN } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import type { ChainSource, Derivation, EvidenceRequest, Verdict } from '../core/ports.ts';
import type { Telemetry } from '../core/telemetry.ts';

/** Where the journal stands. */
export interface FollowedState extends EvidenceRequest {
  readonly trusted: Uint8Array;
  readonly derivedHeight: bigint | undefined;
  /** Why the chain is frozen, if it is. */
  readonly frozen: string | undefined;
}

/** What following needs of a verifier; see `verify/createVerifier.ts`. */
export interface FollowedVerifier {
  readonly chain: ChainName;
  /** Undefined before the light client was started. */
  load(): Promise<FollowedState | undefined>;
  start(bootstrap: Uint8Array): Promise<Verdict<FollowedState>>;
  advance(update: Uint8Array): Promise<Verdict<FollowedState>>;
  derive(evidence: Uint8Array): Promise<Verdict<{ readonly derivation: Derivation; readonly frames: Uint8Array[] }>>;
}

export interface FollowDeps {
  readonly source: ChainSource;
  readonly verifier: FollowedVerifier;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  /** Told after each derivation is in the journal: store first, then the bus. */
  onDerived(derivation: Derivation, frames: readonly Uint8Array[]): void;
}

/** What another try cannot mend. Everything else, even what calls an operator, is tried again: endpoints get mended. */
const STOPS: ReadonlySet<ErrorCode> = new Set(['STORE_CORRUPT', 'STORE_UNAVAILABLE', 'CONFIG_INVALID', 'BUG']);

/** Runs until the signal fires, or until the chain is frozen. */
export async function followChain(deps: FollowDeps, pollMs: number, signal: AbortSignal): Promise<void> {
  const { source, verifier, clock, log, telemetry } = deps;
  const { chain } = verifier;
  const { wake, wait } = createWake(clock);
  source.watch(wake, signal);
  let failures = 0;

  /** One round: after `moved` the next one follows at once. */
  async function round(): Promise<'moved' | 'idle' | 'refused' | 'frozen'> {
    let state = await verifier.load();
    if (state === undefined) {
      const verdict = await verifier.start(await source.pullBootstrap(signal));
      if (verdict.kind !== 'valid') return refused('bootstrap', verdict.reason);
      state = verdict.value;
    }
    if (state.frozen !== undefined) return frozen(state.frozen);
    const update = await source.pullUpdate(state.trusted, signal);
    if (update !== undefined) {
      const verdict = await verifier.advance(update);
      if (verdict.kind === 'conflict') return frozen(verdict.reason);
      if (verdict.kind === 'invalid') return refused('update', verdict.reason);
      if (verdict.kind === 'valid') state = verdict.value;
    }
    // The manifest names the first trusted block by its hash alone; its header is not known, so nothing is read there.
    if (state.head.header.length === 0) return 'idle';
    if (state.derivedHeight !== undefined && state.derivedHeight >= state.head.height) return 'idle';
    const evidence = await source.pullEvidence({ cursor: state.cursor, head: state.head }, signal);
    const verdict = await verifier.derive(evidence);
    if (verdict.kind === 'conflict') return frozen(verdict.reason);
    if (verdict.kind === 'needsMore') return incomplete(verdict.reason);
    if (verdict.kind !== 'valid') return refused('evidence', verdict.reason);
    const { derivation, frames } = verdict.value;
    deps.onDerived(derivation, frames);
    telemetry.report('chain', chain, { state: 'following', verified: state.head.height, derived: derivation.height });
    return 'moved';
  }

  function refused(what: string, reason: string): 'refused' {
    source.reject(reason);
    log.warn({ chain, what, reason }, 'refused what an endpoint served');
    telemetry.alert('warning', 'EVIDENCE_REFUSED', `An endpoint of ${chain} served ${what} that does not verify.`, {
      chain,
      reason,
    });
    return 'refused';
  }

  /** Nothing is wrong with it: it waits for something else, such as packets of a chain that is derived later. */
  function incomplete(reason: string): 'refused' {
    source.reject(reason);
    log.debug({ chain, reason }, 'evidence is not complete yet');
    telemetry.report('chain', chain, { state: 'waiting', reason });
    return 'refused';
  }

  function frozen(reason: string): 'frozen' {
    log.error({ chain, reason }, 'chain frozen: verified facts contradict each other');
    telemetry.alert('critical', 'CHAIN_FROZEN', `Nothing of ${chain} is signed any more: ${reason}`, { chain, reason });
    telemetry.report('chain', chain, { state: 'frozen', reason });
    return 'frozen';
  }

  function failed(error: ViaductError): void {
    const fields = { chain, code: error.code, failures };
    if (error.disposition === 'halt') log.error({ ...fields, detail: error.message }, 'cannot follow the chain');
    else log.warn({ ...fields, detail: error.shortMessage }, 'cannot reach the chain');
    const severity = error.disposition === 'halt' ? 'critical' : 'warning';
    telemetry.alert(severity, error.code, `${chain}: ${error.shortMessage}`, { chain });
    telemetry.report('chain', chain, { state: 'unreachable', reason: error.shortMessage });
  }

  while (!signal.aborted) {
    try {
      const outcome = await round();
      if (outcome === 'frozen') return;
      failures = outcome === 'refused' ? failures + 1 : 0;
      if (outcome === 'refused') await wait(nextDelay(failures - 1, RETRY_MS_MIN, RETRY_MS_MAX), signal);
      if (outcome === 'idle') await wait(pollMs, signal);
    } catch (thrown) {
      const error = asViaductError(thrown);
      if (signal.aborted) return;
      if (STOPS.has(error.code)) throw error;
      failed(error);
      await wait(nextDelay(failures++, RETRY_MS_MIN, RETRY_MS_MAX), signal);
    }
  }
}
