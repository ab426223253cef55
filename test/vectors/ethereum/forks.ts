/**
 * A chain recorded over Deneb, Electra and Fulu (minimal preset): bootstrap, one update for each of two periods (one
 * signed by 75 %), and a finality update; in order, and then out of order.
 */
import {
  createEthereumClient,
  decodeVerifiedBlock,
  encodeMessage,
  type MessageKind,
} from '../../../light-clients/ethereum/index.ts';
import {
  field,
  forkNamed,
  forkSchedule,
  fromHex,
  parametersOf,
  readJson,
  runSuite,
  type SuiteResult,
  toHex,
  typesOf,
} from './fixtures.ts';

export function forksParameters() {
  const config = readJson('forks/deneb-electra-fulu-config.json');
  return parametersOf({
    forks: forkSchedule((name) => {
      const epoch = field<number | null>(config, 'forks', name, 'epoch');
      return epoch === null ? undefined : { epoch: String(epoch), version: field(config, 'forks', name, 'version') };
    }),
    genesisValidatorsRoot: fromHex(field(config, 'genesis_validators_root'), 32),
    genesisTime: BigInt(field<number>(config, 'genesis_time')),
    secondsPerSlot: BigInt(field<number>(config, 'seconds_per_slot')),
    trustedBlockRoot: fromHex(field(config, 'trusted_block_root'), 32),
  });
}

/** One recorded object as the JSON of the beacon API, and as a message. */
export function forksMessage(kind: MessageKind, name: string) {
  const parameters = forksParameters();
  const json = readJson(`forks/deneb-electra-fulu-${name}.json`);
  const fork = forkNamed(parameters, field(json, 'version'));
  const type = typesOf(parameters, fork)[kind];
  const data: unknown = field(json, 'data');
  return { fork, data, bytes: encodeMessage(kind, fork, type.serialize(type.fromJson(data) as never)) };
}

export function forks(): SuiteResult {
  return runSuite('ethereum forks', 'forks', (check) => {
    const parameters = forksParameters();
    const client = createEthereumClient(parameters);
    const now = parameters.genesisTime + 151n * parameters.secondsPerSlot;
    const bootstrap = forksMessage('bootstrap', 'bootstrap');
    const steps = [
      forksMessage('update', 'update-period0'),
      forksMessage('update', 'update-period1'),
      forksMessage('finalityUpdate', 'finality-update'),
    ];

    const started = client.start(bootstrap.bytes);
    check('bootstrap', started.kind === 'valid');
    if (started.kind !== 'valid') return;
    let state = started.value.state;
    for (const [index, later] of steps.slice(1).entries()) {
      check(`update ${index + 1} needs the period before`, client.update(state, later.bytes, now).kind === 'needsMore');
    }
    for (const [index, step] of steps.entries()) {
      const verdict = client.update(state, step.bytes, now);
      check(`update ${index}: ${verdict.kind}`, verdict.kind === 'valid');
      if (verdict.kind !== 'valid') return;
      state = verdict.value.state;
      const block = decodeVerifiedBlock(verdict.value.head.header);
      const execution: unknown = field(step.data, 'finalized_header', 'execution');
      check(`update ${index}: slot`, block?.slot === BigInt(field(step.data, 'finalized_header', 'beacon', 'slot')));
      check(`update ${index}: block hash`, toHex(verdict.value.head.hash) === field(execution, 'block_hash'));
      check(`update ${index}: number`, verdict.value.head.height === BigInt(field(execution, 'block_number')));
      check(`update ${index}: time`, verdict.value.head.timeSeconds === BigInt(field(execution, 'timestamp')));
      check(
        `update ${index}: state root`,
        block !== undefined && toHex(block.stateRoot) === field(execution, 'state_root'),
      );
      check(`update ${index}: again is nothing new`, client.update(state, step.bytes, now).kind === 'needsMore');
    }
  });
}
