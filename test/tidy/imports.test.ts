import { describe, expect, it } from 'vitest';
import { directionProblem, edgesOf, libraryProblem } from './importRules.ts';
import { parseSource, repositoryFiles } from './repository.ts';

const edges = repositoryFiles()
  .filter(({ path }) => path.endsWith('.ts'))
  .flatMap(({ path, text }) => edgesOf(parseSource(path, text)));

describe('imports', () => {
  it('are read from every file', () => {
    expect(edges.length).toBeGreaterThan(100);
    const inLane = edges.filter(({ importer }) => importer === 'relayer/core/lane.ts').map(({ imported }) => imported);
    expect(inLane).toContain('relayer/core/ids.ts');
  });

  it('go in the direction of DESIGN section 9', () => {
    expect(edges.flatMap((edge) => directionProblem(edge) ?? [])).toEqual([]);
  });

  it('reach each client library from one folder', () => {
    expect(edges.flatMap((edge) => libraryProblem(edge) ?? [])).toEqual([]);
  });
});

/** The verdict on one line in one file. */
function verdict(path: string, text: string): 'fine' | 'refused' {
  const problems = edgesOf(parseSource(path, text)).map((edge) => directionProblem(edge) ?? libraryProblem(edge));
  return problems.every((problem) => problem === undefined) ? 'fine' : 'refused';
}

describe('the rules themselves', () => {
  it.each([
    ['relayer/core/x.ts', `import { a } from './y.ts'`],
    ['light-clients/ethereum/x.ts', `import { a } from '../merkle/y.ts'`],
    ['light-clients/ethereum/x.ts', `import secp from 'secp256k1'`],
    ['adapters/evm/x.ts', `import { a } from '../../relayer/core/y.ts'`],
    ['adapters/evm/x.ts', `import { a } from '../../light-clients/merkle/y.ts'`],
    ['adapters/evm/x.ts', `import { a } from '../endpoints/y.ts'`],
    ['adapters/evm/x.ts', `import abi from '../../contracts/evm/abi.json' with { type: 'json' }`],
    ['adapters/evm/x.ts', `import { a } from 'viem/accounts'`],
    ['adapters/evm/x.test.ts', `import { a } from '../../test/devnet/anvil.ts'`],
    ['relayer/plan/x.ts', `import { a } from '../core/y.ts'`],
    ['relayer/plan/x.ts', `import { a } from '../store/index.ts'`],
    ['relayer/plan/x.ts', `import type { a } from '../manifest/y.ts'`],
    ['relayer/plan/x.ts', `import type { a } from '../config/y.ts'`],
    ['relayer/verify/x.ts', `import { a } from '../../light-clients/ethereum/index.ts'`],
    ['relayer/main.ts', `import { a } from '../adapters/evm/index.ts'`],
    ['relayer/mainVerify.ts', `import { a } from './bus/index.ts'`],
    ['relayer/cli/x.ts', `import { a } from '../main.ts'`],
    ['relayer/cli/x.ts', `const a = await import('../../test/devnet/index.ts')`],
    ['relayer/cli/x.ts', `import { Command } from 'commander'`],
    ['relayer/main.ts', `import about from '../package.json' with { type: 'json' }`],
    ['test/e2e/x.ts', `import { a } from '../../relayer/main.ts'; import 'viem'`],
  ])('%s: %s', (path, text) => {
    expect(verdict(path, text)).toBe('fine');
  });

  it.each([
    ['relayer/core/x.ts', `import { a } from '../bus/y.ts'`],
    ['relayer/core/x.ts', `import { a } from '../../light-clients/merkle/y.ts'`],
    ['relayer/core/x.ts', `import type { a } from '../../adapters/evm/y.ts'`],
    ['light-clients/ethereum/x.ts', `import { a } from '../../relayer/core/bytes.ts'`],
    ['light-clients/ethereum/x.ts', `export { a } from '../../adapters/evm/y.ts'`],
    ['adapters/evm/x.ts', `import { a } from '../cosmos/y.ts'`],
    ['adapters/evm/x.ts', `import { a } from '../../relayer/bus/y.ts'`],
    ['adapters/evm/x.ts', `import { a } from '../../relayer/main.ts'`],
    ['adapters/cosmos/x.ts', `import { a } from 'viem'`],
    ['relayer/plan/x.ts', `import { a } from '../submit/y.ts'`],
    ['relayer/plan/x.ts', `import { a } from '../config/y.ts'`],
    ['relayer/plan/x.ts', `import { a } from '../../adapters/evm/y.ts'`],
    ['relayer/plan/x.ts', `const a = await import('../../adapters/evm/y.ts')`],
    ['relayer/plan/x.ts', `type A = import('../submit/y.ts').A`],
    ['relayer/plan/x.ts', `import { a } from '../../light-clients/merkle/y.ts'`],
    ['relayer/plan/x.ts', `import { a } from '../main.ts'`],
    ['relayer/plan/x.ts', `import { connect } from '@nats-io/transport-node'`],
    ['relayer/plan/x.ts', `import { Level } from 'level'`],
    ['relayer/main.ts', `import { connect } from '@nats-io/jetstream'`],
    ['relayer/main.ts', `import { pino } from 'pino'`],
    ['relayer/main.ts', `import fastify from 'fastify'`],
    ['relayer/main.ts', `import { a } from '../test/devnet/anvil.ts'`],
    ['relayer/bus/x.ts', `import { a } from '../store/y.ts'`],
    ['relayer/store/x.ts', `import { a } from '../manifest/y.ts'`],
    ['relayer/submit/x.ts', `import secp from 'secp256k1'`],
    ['relayer/cli/x.ts', `import { a } from '../../test/devnet/index.ts'`],
    ['relayer/cli/x.ts', `const a = await import('../../test/e2e/demo.ts')`],
    ['relayer/cli/x.ts', `import { a } from '../../scripts/run.mjs'`],
  ])('%s: not %s', (path, text) => {
    expect(verdict(path, text)).toBe('refused');
  });
});
