import { describe, expect, it } from 'vitest';
import { runChunks } from './chunks.ts';
import { answersPerSecond } from './endpoints.ts';
import { runRoutes } from './routes.ts';
import { runTarget } from './target.ts';

describe('the benchmark of spreading', () => {
  it('says the same for the same seed', () => {
    expect(answersPerSecond(3, true, 60)).toBe(answersPerSecond(3, true, 60));
    const all = { lanes: true, accounts: true, processes: true };
    expect(runTarget(3, all)).toEqual(runTarget(3, all));
    expect(runChunks(3, true)).toEqual(runChunks(3, true));
    expect(runRoutes(3, true, 50)).toEqual(runRoutes(3, true, 50));
  });

  it('shows that one planner hands out nothing in vain', () => {
    const none = { lanes: false, accounts: false, processes: false };
    expect(runTarget(3, none).inVain).toBeGreaterThan(0);
    expect(runTarget(3, { ...none, processes: true }).inVain).toBe(0);
  });
});
