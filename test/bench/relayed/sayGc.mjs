/** Loaded ahead of a process that is measured (`--import`): says on stdout for how long each collection of garbage held it up. */
import { PerformanceObserver } from 'node:perf_hooks';

new PerformanceObserver((list) => {
  const gcMs = list.getEntries().reduce((sum, { duration }) => sum + duration, 0);
  process.stdout.write(`{"gcMs":${gcMs.toFixed(3)}}\n`);
}).observe({ entryTypes: ['gc'] });
