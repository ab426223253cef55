/** `npx tsx test/devnet/beacon/follow.ts --slots 600`: the long run of `beaconChain.test.ts`, with figures. */
import { parseArgs } from 'node:util';
import { followBothWays } from './followBothWays.ts';

const { values } = parseArgs({
  options: {
    slots: { type: 'string', default: '600' },
    'mutate-every': { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
});
const result = await followBothWays({
  slots: Number(values.slots),
  forkEpochs: [12, 28, 44],
  mutateEvery: Number(values['mutate-every']),
});
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = result.disagreements.length + result.mutantsAccepted.length === 0 ? 0 : 1;
