/**
 * `npm test`: everything CI runs, cheapest first. A check of the text that fails (format, lint, types) ends the run; the
 * two test suites both run whatever the other says. The last line is `N passed, N failed`, summed over vitest and forge;
 * a step that fails without a count of its own counts as one failure. With `--json` a JSON object is the last line.
 *
 *   npm test -- --only lint,types     part of it
 *   npm test -- --keep-going          all steps, whatever fails
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { supervise } from './supervise.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (file) => join(root, 'node_modules', file);
const report = (name) => join(root, '.cache/test', name);

const STEPS = [
  { name: 'format', gate: true, args: [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'] },
  { name: 'types', gate: true, args: [bin('typescript7/bin/tsc'), '-p', '.'] },
  { name: 'lint', gate: true, args: [bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0'] },
  {
    name: 'forge',
    gate: false,
    args: ['--import', pathToFileURL(bin('tsx/dist/loader.mjs')).href, join(root, 'contracts/evm/forgeTest.ts')],
    capture: true,
    count: forgeCount,
  },
  {
    name: 'unit',
    gate: false,
    args: [
      bin('vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report('vitest.json')}`,
    ],
    count: vitestCount,
  },
];
const USAGE = 2;

process.exitCode = await main();

async function main() {
  let options;
  try {
    options = parseArgs({
      options: { only: { type: 'string' }, 'keep-going': { type: 'boolean' }, json: { type: 'boolean' } },
    }).values;
  } catch (error) {
    process.stderr.write(
      `${error.message}\nUsage: npm test -- [--only ${STEPS.map((s) => s.name)}] [--keep-going] [--json]\n`,
    );
    return USAGE;
  }
  const only = options.only?.split(',');
  const unknown = only?.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) {
    process.stderr.write(
      `--only: no step ${JSON.stringify(unknown)}; steps are ${STEPS.map((s) => s.name).join(', ')}.\n`,
    );
    return USAGE;
  }
  rmSync(report(''), { recursive: true, force: true });
  mkdirSync(report(''), { recursive: true });

  const results = [];
  let stopped = false;
  for (const step of STEPS.filter(({ name }) => only === undefined || only.includes(name))) {
    if (stopped) {
      results.push({ name: step.name, state: 'not run', passed: 0, failed: 0, seconds: 0 });
      continue;
    }
    const result = await runStep(step);
    results.push(result);
    if (result.code === 130 || result.code === 143) stopped = true;
    if (step.gate && result.state === 'failed' && options['keep-going'] !== true) stopped = true;
  }
  return summarise(results, options.json === true);
}

async function runStep(step) {
  process.stdout.write(`\n== ${step.name}\n`);
  const start = performance.now();
  const child = spawn(process.execPath, step.args, {
    cwd: root,
    stdio: ['ignore', step.capture === true ? 'pipe' : 'inherit', 'inherit'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part) => {
    text += part;
    process.stdout.write(part);
  });
  const code = await supervise(child);
  const count = step.count?.(text);
  const passed = count?.passed ?? 0;
  // No green without a count: a suite that ran no test has not passed.
  const empty = step.count !== undefined && passed === 0;
  const failed = Math.max(count?.failed ?? 0, code === 0 && !empty ? 0 : 1);
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  return { name: step.name, state: failed === 0 ? 'passed' : 'failed', code, passed, failed, seconds };
}

function summarise(results, json) {
  const sum = (field) => results.reduce((total, result) => total + result[field], 0);
  const [passed, failed] = [sum('passed'), sum('failed')];
  const notRun = results.filter(({ state }) => state === 'not run').length;
  process.stdout.write('\n');
  for (const { name, state, passed, failed, seconds } of results) {
    const tests = passed + failed > 0 && passed > 0 ? `  ${passed} passed, ${failed} failed` : '';
    process.stdout.write(`${name.padEnd(8)} ${state.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s${tests}\n`);
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  if (json) {
    const steps = Object.fromEntries(results.map(({ name, ...rest }) => [name, rest]));
    process.stdout.write(
      `${JSON.stringify({ passed, failed, seconds: Math.round(sum('seconds') * 10) / 10, steps })}\n`,
    );
  }
  return failed === 0 && notRun === 0 ? 0 : 1;
}

function vitestCount() {
  const file = report('vitest.json');
  if (!existsSync(file)) return undefined;
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
  // A file that does not load has failed and has no failed test in it.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + unloaded.length };
}

/** The last line of the entry is a JSON object with the counts: `{ "passed": N, "failed": N, ... }`. */
export function forgeCount(text) {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  try {
    const { passed, failed } = JSON.parse(line);
    if (Number.isInteger(passed) && Number.isInteger(failed)) return { passed, failed };
  } catch {
    // Not the report: forge's own summary, then.
  }
  // "Ran 3 test suites in 1.2s (2.1s CPU time): 41 tests passed, 0 failed, 0 skipped (41 total tests)"
  const totals = [...text.matchAll(/(\d+) tests? passed, (\d+) failed/g)].at(-1);
  return totals === undefined ? undefined : { passed: Number(totals[1]), failed: Number(totals[2]) };
}
