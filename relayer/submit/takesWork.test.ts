import { describe, expect, it } from 'vitest';
import { takesWork, type WorkChoice } from './takesWork.ts';

const view = { pending: 0, inFlightMax: 4, failures: 0, failedMs: 0 };

describe('takesWork', () => {
  it.each<[string, Partial<typeof view>, number, WorkChoice]>([
    ['takes when it has room', {}, 0, { kind: 'take' }],
    ['takes none when it is full', { pending: 4 }, 0, { kind: 'full' }],
    ['rests after a failure', { failures: 1, failedMs: 500 }, 600, { kind: 'rest', ms: 900 }],
    ['rests longer after several', { failures: 4 }, 0, { kind: 'rest', ms: 8_000 }],
    ['rests no longer than a minute', { failures: 400 }, 0, { kind: 'rest', ms: 60_000 }],
    ['tries again afterwards', { failures: 1 }, 1_000, { kind: 'take' }],
  ])('%s', (_, more, now, choice) => {
    expect(takesWork({ ...view, ...more }, now)).toEqual(choice);
  });
});
