import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../relayer/core/clock.ts';
import { createGrandpaClient, encodeUpdate } from '../../../../light-clients/grandpa/index.ts';
import type { LocalRelay } from '../startLocalSubstrate.ts';
import { createDraw } from '../workload.ts';
import { compareVerdicts } from './compareVerdicts.ts';
import { rotate, stepsOf } from './rotations.ts';
import { type Oracle, startOracle } from './startOracle.ts';

const JUSTIFICATIONS = 300;
const ROTATIONS = 6;
/** A busy machine may take long for it. */
const TIMEOUT_MS = 120_000;

describe("Rococo's own bridge pallet and the light client", () => {
  let oracle: Oracle;
  let trusted: ReturnType<LocalRelay['trusted']>;

  beforeAll(async () => {
    oracle = await startOracle({ clock: systemClock });
    trusted = oracle.local.relay.trusted();
  });
  afterAll(async () => oracle.local.stop());

  it('agree on what finalizes, but for the listed differences', { timeout: TIMEOUT_MS }, () => {
    const { pallet, table, set } = oracle;
    const { tried, agreed, accepted, differences, unexplained } = compareVerdicts(
      pallet,
      table,
      set,
      createDraw(21),
      JUSTIFICATIONS,
    );
    expect(unexplained).toEqual([]);
    const differed = Object.values(differences).reduce((sum, count) => sum + count, 0);
    expect(agreed + differed).toBe(tried);
    expect(accepted).toBeGreaterThan(JUSTIFICATIONS / 5);
    expect(agreed - accepted).toBeGreaterThan(JUSTIFICATIONS / 5);
  });

  it('follow changes of the set, and stop where a mandatory header is missing', { timeout: TIMEOUT_MS }, () => {
    const { local, pallet } = oracle;
    const client = createGrandpaClient({ trusted, slotMs: 6_000 });
    const start = client.start();
    const state = start.kind === 'valid' ? start.value.state : new Uint8Array(0);
    const handOvers = rotate(local, ROTATIONS);
    const steps = stepsOf(handOvers);
    const now = BigInt(Math.floor(systemClock.now() / 1000));
    expect(client.update(state, encodeUpdate({ steps }), now).kind).toBe('valid');
    const missing = steps.filter((_, at) => at !== ROTATIONS >> 1);
    expect(client.update(state, encodeUpdate({ steps: missing }), now).kind).toBe('needsMore');

    for (const [at, { block, justification }] of handOvers.entries()) {
      const later = handOvers[at + 1];
      if (later !== undefined) {
        expect(pallet.judge(later.block.headerBytes, later.justification)).toBe('InvalidJustification');
      }
      expect(pallet.submit(block.headerBytes, justification)).toBe('accepted');
      expect(pallet.judge(block.headerBytes, justification)).toBe('OldHeader');
    }
  });
});
