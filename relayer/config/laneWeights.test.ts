import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../core/bytes.ts';
import { chainName } from '../core/ids.ts';
import { ConfigError, formatFinding } from '../manifest/findings.ts';
import { loadConfig, type LoadedConfig } from './loadConfig.ts';

const MANIFEST = readFileSync(new URL('../../configs/example-cosmos/manifest.json', import.meta.url), 'utf8');

function load(weights: string): LoadedConfig {
  const text = [
    'manifest: ./manifest.json',
    'roles: [verify, plan]',
    'chains:',
    '  sepolia:',
    '    endpoints: [{ url: "https://one.example" }, { url: "https://two.example" }]',
    `    laneWeights: ${weights}`,
    '  cosmos-testnet:',
    '    endpoints: [{ url: "https://rpc.example" }]',
    'nats: { url: "nats://127.0.0.1:4222" }',
  ].join('\n');
  return loadConfig('/net/relayer.yaml', {
    env: {},
    readFile: (path) => utf8(path === '/net/relayer.yaml' ? text : MANIFEST),
  });
}

function findings(weights: string): string[] {
  try {
    return load(weights).warnings.map(formatFinding);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map(formatFinding);
  }
}

describe('laneWeights of a chain', () => {
  it('are by source, and empty where nothing is said', () => {
    const { chains } = load('{ cosmos-testnet: 3 }').config;
    expect(chains.get(chainName('sepolia'))?.laneWeights).toEqual(new Map([['cosmos-testnet', 3]]));
    expect(chains.get(chainName('cosmos-testnet'))?.laneWeights).toEqual(new Map());
  });

  it.each([
    ['a lane that is not there', '{ cosmos-tesnet: 3 }'],
    ['the chain itself, which has no home lane', '{ sepolia: 3 }'],
    ['no weight at all', '{ cosmos-testnet: 0 }'],
    ['a part of one', '{ cosmos-testnet: 0.5 }'],
    ['more than there is room for', '{ cosmos-testnet: 1001 }'],
    ['one number for all', '3'],
  ])('finds %s', (_, weights) => {
    const found = findings(weights);
    expect(found.length).toBeGreaterThan(0);
    expect(found).toMatchSnapshot();
  });
});
