/**
 * Compares many more justifications, and follows many more changes of the set, than the test does:
 *
 *   npx tsx test/devnet/substrate/oracle/main.ts --count 10000 --seed 1 --rotations 50
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../../../relayer/core/clock.ts';
import { createGrandpaClient, encodeUpdate } from '../../../../light-clients/grandpa/index.ts';
import { createDraw } from '../workload.ts';
import { compareVerdicts } from './compareVerdicts.ts';
import { rotate, stepsOf } from './rotations.ts';
import { startOracle } from './startOracle.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    rotations: { type: 'string', default: '50' },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const { local, pallet, table, set } = await startOracle({ clock: systemClock });
const comparison = compareVerdicts(pallet, table, set, createDraw(Number(values.seed)), Number(values.count));
print(`justifications: ${comparison.tried} tried, ${comparison.agreed} agreed on (${comparison.accepted} accepted)`);
for (const [difference, count] of Object.entries(comparison.differences)) print(`  ${count}: ${difference}`);
for (const case_ of comparison.unexplained) print(`  NOT LISTED: ${case_}`);

const client = createGrandpaClient({ trusted: local.relay.trusted(), slotMs: 6_000 });
const start = client.start();
const state = start.kind === 'valid' ? start.value.state : new Uint8Array(0);
const handOvers = rotate(local, Number(values.rotations));
const steps = stepsOf(handOvers);
const now = BigInt(Math.floor(systemClock.now() / 1000));
const whole = client.update(state, encodeUpdate({ steps }), now);
const gaps = steps.slice(0, -1).map((_, missing) => {
  const left = steps.filter((_step, at) => at !== missing);
  return client.update(state, encodeUpdate({ steps: left }), now).kind;
});
const followed = handOvers.filter(
  ({ block, justification }) => pallet.submit(block.headerBytes, justification) === 'accepted',
);
print(`changes of the set: ${steps.length}, light client: ${whole.kind}, pallet followed ${followed.length}`);
print(`one of them missing: ${gaps.filter((kind) => kind === 'needsMore').length} of ${gaps.length} need more`);
await local.stop();
const held = whole.kind === 'valid' && followed.length === steps.length && gaps.every((kind) => kind === 'needsMore');
process.exitCode = held && comparison.unexplained.length === 0 ? 0 : 1;
