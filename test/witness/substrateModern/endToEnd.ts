/** The bridge itself over the newer runtimes: the same runs as `npm run e2e -- --substrate modern`, with the same faults. */
import { createOutput } from '../../../relayer/cli/output.ts';
import { type E2eResult, runE2e } from '../../e2e/runE2e.ts';
import { expectThat } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';

const TRANSFERS = 20;
const ROUTES = [
  { from: 'evm', to: 'asset-hub' },
  { from: 'asset-hub', to: 'evm' },
  { from: 'asset-hub', to: 'asset-hub-b' },
] as const;
const DIR = '.devnet-witness';

export async function checkEndToEnd({ checks, seed, say, signal }: WitnessContext): Promise<readonly E2eResult[]> {
  const results: E2eResult[] = [];
  for (const { from, to } of ROUTES) {
    await checks.check(
      `${TRANSFERS} transfers a direction from ${from} to ${to}, with processes killed and the bus wiped: none lost, none doubled`,
      async () => {
        const result = await runE2e(
          { from, to, transfers: TRANSFERS, faults: ['kill', 'wipe'], seed, dir: DIR, substrate: 'modern' },
          { ...createOutput(true), say, line: say, result: () => undefined },
          signal,
        );
        results.push(result);
        expectThat(result.holds, JSON.stringify(result));
      },
    );
  }
  return results;
}
