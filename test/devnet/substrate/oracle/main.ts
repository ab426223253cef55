/**
 * `npm run oracle -- --count 10000 --seed 1 --rotations 50`: compares many more justifications, and follows many more changes of
 * the set, than the test does. The judge is the bridge pallet inside a real relay-chain runtime. The last line of stdout is one
 * JSON object; the exit code is 1 where they differ in a way that is not listed in `compareVerdicts.ts`.
 */
import { parseArgs } from 'node:util';
import { EXIT, exitCodeOf } from '../../../../relayer/cli/exitCodes.ts';
import { createOutput } from '../../../../relayer/cli/output.ts';
import { systemClock } from '../../../../relayer/core/clock.ts';
import { asViaductError, ViaductError } from '../../../../relayer/core/errors.ts';
import { createGrandpaClient, encodeUpdate } from '../../../../light-clients/grandpa/index.ts';
import { createDraw } from '../workload.ts';
import { compareVerdicts } from './compareVerdicts.ts';
import { rotate, stepsOf } from './rotations.ts';
import { startOracle } from './startOracle.ts';

interface OracleOptions {
  readonly count: number;
  readonly seed: number;
  readonly rotations: number;
  readonly json: boolean;
}

const ROTATIONS_MAX = 10_000;
const COUNT_MAX = 10_000_000;

try {
  process.exitCode = (await run(readOptions())) ? EXIT.ok : EXIT.failed;
} catch (thrown) {
  const isUsage = thrown instanceof TypeError && 'code' in thrown;
  const error = isUsage ? usage(thrown.message) : asViaductError(thrown);
  process.stderr.write(`oracle: ${error.message}\n${error.code === 'BUG' ? (error.stack ?? '') : ''}\n`);
  process.exitCode = exitCodeOf(error);
}

/** True when the light client is right. */
async function run({ count, seed, rotations, json }: OracleOptions): Promise<boolean> {
  const output = createOutput(json);
  const { local, pallet, table, set } = await startOracle({ clock: systemClock });
  try {
    const comparison = compareVerdicts(pallet, table, set, createDraw(seed), count);
    const { tried, agreed, accepted, differences, unexplained } = comparison;
    output.line(`justifications: ${tried} tried, ${agreed} agreed on (${accepted} accepted)`);
    for (const [difference, times] of Object.entries(differences)) output.line(`  ${times}: ${difference}`);
    for (const case_ of unexplained) output.line(`  NOT LISTED: ${case_}`);

    const client = createGrandpaClient({ trusted: local.relay.trusted(), slotMs: 6_000 });
    const start = client.start();
    const state = start.kind === 'valid' ? start.value.state : new Uint8Array(0);
    const handOvers = rotate(local, rotations);
    const steps = stepsOf(handOvers);
    const now = BigInt(Math.floor(systemClock.now() / 1000));
    const { kind } = client.update(state, encodeUpdate({ steps }), now);
    const gaps = steps.slice(0, -1).map((_, missing) => {
      const left = steps.filter((_step, at) => at !== missing);
      return client.update(state, encodeUpdate({ steps: left }), now).kind;
    });
    const followed = handOvers.filter(
      ({ block, justification }) => pallet.submit(block.headerBytes, justification) === 'accepted',
    ).length;
    const gapsSeen = gaps.filter((verdict) => verdict === 'needsMore').length;
    output.line(`changes of the set: ${steps.length}, light client: ${kind}, pallet followed ${followed}`);
    output.line(`one of them missing: ${gapsSeen} of ${gaps.length} need more`);
    const follows = kind === 'valid' && followed === steps.length && gapsSeen === gaps.length;
    const holds = follows && unexplained.length === 0;
    const result = { tried, agreed, accepted, differences, unexplained: unexplained.length };
    process.stdout.write(`${JSON.stringify({ ...result, rotations: steps.length, followed, holds })}\n`);
    return holds;
  } finally {
    await local.stop();
  }
}

function readOptions(): OracleOptions {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      rotations: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'count' | 'seed' | 'rotations', most: number): number => {
    const value = Number(values[name]);
    if (/^\d{1,15}$/.test(values[name]) && value <= most) return value;
    throw usage(`--${name} takes a number from 0 to ${most}.`);
  };
  const seed = number('seed', Number.MAX_SAFE_INTEGER);
  return { count: number('count', COUNT_MAX), seed, rotations: number('rotations', ROTATIONS_MAX), json: values.json };
}

function usage(shortMessage: string): ViaductError {
  return new ViaductError({ code: 'USAGE', shortMessage });
}
