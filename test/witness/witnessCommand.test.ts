/** The command around witnesses, with witnesses made up for it. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../relayer/core/clock.ts';
import { expectSame, expectThat } from './checks.ts';
import type { Witness } from './witness.ts';
import { witnessCommand } from './witnessCommand.ts';

function witnessNamed(name: string, run: Witness['run']): Witness {
  return { name, shows: 'something', run };
}

const GOOD = witnessNamed('good', async ({ checks, seed }) => {
  await checks.check('one', () => {
    expectSame({ seed }, { seed: 'abc' }, 'seed');
  });
  await checks.check('two', async () => Promise.resolve(1n));
  return { kind: 'done', version: '1.2.3', section: 'measured' };
});
const BAD = witnessNamed('bad', async ({ checks }) => {
  await checks.check('one', () => {
    expectThat(1 + 1 === 3, 'sums are off');
  });
  await checks.check('two', () => undefined);
  return { kind: 'done', version: '1.2.3', section: 'measured' };
});
const ABSENT = witnessNamed('absent', async () => Promise.resolve({ kind: 'skipped', reason: 'there is no Go' }));
const EMPTY = witnessNamed('empty', async () => Promise.resolve({ kind: 'done', version: '1', section: '' }));
const BROKEN = witnessNamed('broken', async () => Promise.reject(new Error('no disk')));

async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string[]; sections: string[] }> {
  const [out, err, sections]: string[][] = [[], [], []];
  const code = await witnessCommand(
    args,
    {
      witnesses: [GOOD, BAD, ABSENT, EMPTY, BROKEN],
      clock: systemClock,
      say: (line) => void out!.push(line),
      complain: (line) => void err!.push(line),
      writeSection: async (name, section) => Promise.resolve(void sections!.push(`${name}: ${section}`)),
    },
    new AbortController().signal,
  );
  return { code, out: out!, err: err!, sections: sections! };
}

describe('npm run witness', () => {
  it('counts what holds, and keeps what was measured only when all of it does', async () => {
    const good = await run('good', '--seed', 'abc');
    expect(good).toMatchObject({ code: 0, sections: ['good: measured'], err: [] });
    expect(JSON.parse(good.out.at(-1)!)).toEqual({ name: 'good', version: '1.2.3', passed: 2, total: 2 });
    const otherSeed = await run('good');
    expect(otherSeed).toMatchObject({ code: 1, sections: [] });
    const bad = await run('bad', '--json');
    expect(bad).toMatchObject({ code: 1, sections: [] });
    expect(bad.out).toEqual(['{"name":"bad","version":"1.2.3","passed":1,"total":2}']);
    expect(bad.err.join('\n')).toContain('DOES NOT HOLD  one\n    sums are off');
  });

  it('skips loudly, shows nothing by doing nothing, and says what broke', async () => {
    const absent = await run('absent', '--json');
    expect(absent.code).toBe(0);
    expect(absent.out).toEqual(['{"name":"absent","version":null,"passed":0,"total":0,"skipped":"there is no Go"}']);
    expect(absent.err.join()).toContain('SKIPPED, nothing was shown: there is no Go');
    expect((await run('empty')).code).toBe(1);
    const broken = await run('broken');
    expect(broken.code).toBe(1);
    expect(broken.err.join()).toContain('no disk');
  });

  it('lists without a name, and refuses what it does not know', async () => {
    expect(JSON.parse((await run()).out.at(-1)!)).toEqual({ witnesses: ['good', 'bad', 'absent', 'empty', 'broken'] });
    expect((await run('nobody')).code).toBe(2);
    expect((await run('good', 'bad')).code).toBe(2);
    expect((await run('good', '--seed', '../x')).code).toBe(2);
    expect((await run('--nothing')).code).toBe(2);
  });
});
