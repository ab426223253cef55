/**
 * The command line of the witnesses. The last line said is one JSON object, `{ name, version, passed, total }`; a witness
 * that cannot be built here says `skipped` with the reason there and in words, and counts for nothing.
 */
import { parseArgs } from 'node:util';
import type { Clock } from '../../relayer/core/clock.ts';
import { asViaductError } from '../../relayer/core/errors.ts';
import { createChecks } from './checks.ts';
import type { Witness } from './witness.ts';

const USAGE = 2;
const INTERRUPTED = 130;

export interface WitnessCommandDeps {
  readonly witnesses: readonly Witness[];
  readonly clock: Clock;
  /** A line of stdout. */
  say(line: string): void;
  /** A line of stderr. */
  complain(line: string): void;
  /** Puts the section that a witness measured into the documentation. */
  writeSection(name: string, section: string): Promise<void>;
}

/** The exit code: not zero when something that a witness was asked did not hold. */
export async function witnessCommand(
  args: readonly string[],
  deps: WitnessCommandDeps,
  signal: AbortSignal,
): Promise<number> {
  const { witnesses, say, complain } = deps;
  const options = parse(args);
  if (typeof options === 'string') {
    complain(`witness: ${options}`);
    return USAGE;
  }
  const { name, seed, json } = options;
  if (name === undefined) {
    for (const one of witnesses) say(`${one.name.padEnd(10)} ${one.shows}`);
    say(JSON.stringify({ witnesses: witnesses.map((one) => one.name) }));
    return 0;
  }
  const witness = witnesses.find((one) => one.name === name);
  if (witness === undefined) {
    complain(`witness: no ${JSON.stringify(name)}; there are ${witnesses.map((one) => one.name).join(', ')}.`);
    return USAGE;
  }
  // With --json stdout is for the result alone.
  const tell = json ? complain : say;
  const checks = createChecks(({ name: check, problem }) => {
    tell(problem === undefined ? `  holds          ${check}` : `  DOES NOT HOLD  ${check}\n    ${problem}`);
  });
  try {
    const outcome = await witness.run({ clock: deps.clock, checks, seed, say: tell, signal });
    const [passed, total] = [checks.passed(), checks.results().length];
    if (outcome.kind === 'skipped') {
      complain(`witness: SKIPPED, nothing was shown: ${outcome.reason}`);
      say(JSON.stringify({ name, version: null, passed: 0, total: 0, skipped: outcome.reason }));
      return 0;
    }
    if (passed === total) await deps.writeSection(name, outcome.section);
    tell(`${name}: ${passed} of ${total} checks hold (${outcome.version})`);
    say(JSON.stringify({ name, version: outcome.version, passed, total }));
    return passed === total && total > 0 ? 0 : 1;
  } catch (thrown) {
    const error = asViaductError(thrown);
    complain(`witness: ${error.message}${error.code === 'BUG' ? `\n${error.stack ?? ''}` : ''}`);
    return signal.aborted ? INTERRUPTED : 1;
  }
}

function parse(args: readonly string[]): { name: string | undefined; seed: string; json: boolean } | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
    });
    if (positionals.length > 1) return 'one name at a time.';
    if (!/^[a-zA-Z0-9-]{1,32}$/.test(values.seed)) return '--seed takes 1 to 32 letters and digits.';
    return { name: positionals[0], seed: values.seed, json: values.json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
