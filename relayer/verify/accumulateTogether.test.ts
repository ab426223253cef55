import { describe, expect, it } from 'vitest';
import { packetsFrom } from '../../test/sim/statements.ts';
import { createTestClock } from '../../test/sim/testClock.ts';
import { accumulateLanes } from '../core/packet.ts';
import { createAccumulateTogether } from './accumulateTogether.ts';

const lane = (first: number, count: number) => {
  return { accumulator: new Uint8Array(32).fill(first), packets: packetsFrom(BigInt(first), count) };
};

describe('accumulators together', () => {
  it('are what each would be alone, whoever else comes', async () => {
    const clock = createTestClock();
    const accumulate = createAccumulateTogether(clock);
    const asked = [[lane(1, 1_024)], [lane(2, 1_500), lane(3, 2)], [lane(4, 1_100)], [lane(5, 3)], [lane(6, 2_000)]];
    // Two and two go together; the small one waits for nobody.
    const ends = await Promise.all(asked.map(accumulate));
    expect(ends).toEqual(asked.map((lanes) => accumulateLanes(lanes)));
  });

  it('wait a moment for company, and no longer', async () => {
    const clock = createTestClock();
    const accumulate = createAccumulateTogether(clock);
    let ends: readonly Uint8Array[] | undefined;
    const asked = accumulate([lane(1, 1_024)]).then((given) => (ends = given));
    await clock.settle();
    await clock.advance(2);
    expect(ends).toBeUndefined();
    await clock.advance(1);
    expect(await asked).toEqual(accumulateLanes([lane(1, 1_024)]));
    expect(await Promise.all([accumulate([lane(1, 1_024)]), accumulate([lane(2, 1_024)])])).toEqual(
      [1, 2].map((first) => accumulateLanes([lane(first, 1_024)])),
    );
  });
});
