import { describe, expect, it } from 'vitest';
import { pidOf, startMeter, useOf } from './processes.ts';

const isLinux = process.platform === 'linux';

// Other systems tell it elsewhere, and the benchmark then leaves these figures out.
describe.runIf(isLinux)('the use of a process', () => {
  it('is what Linux tells of it', () => {
    const own = useOf(process.pid);
    expect(own?.cpuMicros).toBeGreaterThan(0);
    expect(own?.rssMb).toBeGreaterThan(10);
    expect(useOf(2 ** 30)).toBeUndefined();
  });

  it('is metered by name, from now on, for those that run', () => {
    const meter = startMeter(
      new Map([
        ['own', process.pid],
        ['none', undefined],
      ]),
    );
    expect([...meter.cpuMicros().keys()]).toEqual(['own']);
    expect(meter.cpuMicros().get('own')).toBeLessThan(useOf(process.pid)?.cpuMicros ?? 0);
    expect(meter.rssMb().get('own')).toBeGreaterThan(10);
  });

  it('belongs to whoever was started with the arguments', () => {
    expect(pidOf('--no-process-has-this', '7')).toBeUndefined();
  });
});
