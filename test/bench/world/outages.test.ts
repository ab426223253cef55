import { describe, expect, it } from 'vitest';
import { USUAL_RUN } from './measure.ts';
import { measureCatchUp, measureTakeOver } from './outages.ts';

const plan = { ...USUAL_RUN, chains: 2, lanes: 2, chunkSize: 64, blockMs: 100 };
const quiet = (): void => undefined;

// Processes have to load their code: seconds, more on a busy host.
describe('outages', () => {
  it('of the one relayer end with everything paid once', { timeout: 120_000 }, async () => {
    const caughtUp = await measureCatchUp(plan, 1_000, 501, quiet);
    expect(caughtUp).toMatchObject({ pending: 502, lost: 0, doubled: 0 });
    expect(caughtUp.clearedSeconds).toBeGreaterThanOrEqual(caughtUp.startedSeconds);
  });

  it('of one of two relayers end with everything paid once, by the other', { timeout: 180_000 }, async () => {
    const processes = [
      { roles: ['verify', 'attest'] as const },
      { roles: ['verify', 'plan', 'submit'] as const },
      { roles: ['verify', 'plan', 'submit'] as const },
    ];
    const takenOver = await measureTakeOver({ ...plan, processes }, 1, 400, 1, quiet);
    expect(takenOver).toMatchObject({ perSecond: 400, lost: 0, doubled: 0 });
  });
});
