/**
 * The verifier of one chain: light client and derivation over the journal. Untrusted bytes go in; what comes out is in
 * the journal, verified. It does no I/O but the store, so it can run beside the main loop or off it.
 *
 * A conflict freezes the chain for good: from then on nothing of it is accepted, and attesters sign nothing that rests on
 * it, until an operator has looked.
 */
import type { Clock } from '../core/clock.ts';
import { assert } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import type {
  Derivation,
  Derive,
  DeriveLater,
  EvidenceRequest,
  LightClient,
  LightClientStep,
  Verdict,
} from '../core/ports.ts';
import type { ChainRecord, Journal } from '../store/journal.ts';

export interface VerifierDeps {
  readonly journal: Journal;
  readonly lightClient: LightClient;
  readonly derive: Derive | DeriveLater;
  readonly clock: Clock;
}

export interface Verifier {
  readonly chain: ChainName;
  /** The chain's record; undefined before the light client was started. */
  load(): Promise<ChainRecord | undefined>;
  /** Starts the light client where there is no record yet. */
  start(bootstrap: Uint8Array): Promise<Verdict<ChainRecord>>;
  /** Advances the light client. What it answers with may still be on its way into the journal. */
  advance(update: Uint8Array): Promise<Verdict<ChainRecord>>;
  /** Derives from evidence for the verified head; the frames written are encoded. */
  derive(evidence: Uint8Array): Promise<Verdict<{ readonly derivation: Derivation; readonly frames: Uint8Array[] }>>;
}

export function createVerifier(chain: ChainName, deps: VerifierDeps): Verifier {
  const { journal, lightClient, clock } = deps;
  /** The write of the newest step. Its evidence is pulled meanwhile: of what a packet waits for, a commit less. */
  let stepStored: Promise<void> = Promise.resolve();

  async function load(): Promise<ChainRecord | undefined> {
    await stepStored;
    return journal.chain(chain);
  }

  async function started(): Promise<ChainRecord> {
    const record = await load();
    assert(record !== undefined, 'a light client is started before it is used');
    return record;
  }

  function storeStep(step: LightClientStep): void {
    stepStored = journal.putStep(chain, step);
    // Whatever comes next awaits it; until then nobody listens.
    stepStored.catch(() => undefined);
  }

  return {
    chain,
    load,

    async start(bootstrap) {
      const known = await load();
      if (known !== undefined) return { kind: 'valid', value: known };
      const verdict = await lightClient.start(bootstrap);
      if (verdict.kind !== 'valid') return verdict;
      storeStep(verdict.value);
      return { kind: 'valid', value: await started() };
    },

    async advance(update) {
      const before = await started();
      if (before.frozen !== undefined) return { kind: 'conflict', reason: before.frozen };
      const nowSeconds = BigInt(Math.floor(clock.now() / 1000));
      const verdict = await lightClient.update(before.trusted, update, nowSeconds);
      if (verdict.kind === 'conflict') await journal.freeze(chain, verdict.reason);
      if (verdict.kind !== 'valid') return verdict;
      const { state: trusted, head } = verdict.value;
      storeStep(verdict.value);
      return { kind: 'valid', value: { ...before, trusted, head } };
    },

    async derive(evidence) {
      const { head, cursor, frozen } = await started();
      if (frozen !== undefined) return { kind: 'conflict', reason: frozen };
      const request: EvidenceRequest = { head, cursor };
      const verdict = await deps.derive(request, evidence);
      if (verdict.kind === 'conflict') await journal.freeze(chain, verdict.reason);
      if (verdict.kind !== 'valid') return verdict;
      const frames = await journal.putDerivation(chain, head, verdict.value);
      return { kind: 'valid', value: { derivation: verdict.value, frames } };
    },
  };
}
