import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { toHex, utf8, word } from '../core/bytes.ts';
import { chainName } from '../core/ids.ts';
import { addressOf } from '../core/secp256k1.ts';
import { ConfigError, formatFinding } from '../manifest/findings.ts';
import { loadConfig, type LoadedConfig } from './loadConfig.ts';

const read = (file: string): string =>
  readFileSync(new URL(`../../configs/example-cosmos/${file}`, import.meta.url), 'utf8');
const FACTORY = '0x1111111111111111111111111111111111111111';
const KEY = toHex(word(0x5ec2e7f0a3a2dn << 190n)).slice(2);
const SUBMITTER = toHex(word(0x5ec2e7acc0n << 190n)).slice(2);

/** A relayer of the example's network that sends transfers on through sepolia. */
function config(forward: readonly string[], roles = 'verify, api'): string {
  const accounts = roles.includes('submit') ? `    accounts: [{ key: ${SUBMITTER} }]` : '';
  return [
    'manifest: ./manifest.json',
    `roles: [${roles}]`,
    'chains:',
    '  sepolia:',
    '    endpoints: [{ url: "https://one.example" }, { url: "https://two.example" }]',
    accounts,
    ...forward.map((line) => `    ${line}`),
    '  cosmos-testnet:',
    '    endpoints: [{ url: "https://rpc.example" }]',
    'nats: { url: "nats://127.0.0.1:4222" }',
  ].join('\n');
}

function load(text: string): LoadedConfig {
  const files: Record<string, string> = { '/net/relayer.yaml': text, '/net/manifest.json': read('manifest.json') };
  return loadConfig('/net/relayer.yaml', {
    env: {},
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return utf8(content);
    },
  });
}

function findings(text: string): string[] {
  try {
    return load(text).warnings.map((finding) => formatFinding(finding).replace('/net/', ''));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map((finding) => formatFinding(finding).replace('/net/', ''));
  }
}

describe('forward of an EVM chain', () => {
  it('is off when it is left out, and has limits when it is on', () => {
    const row = (text: string) => {
      const found = load(text).config.chains.get(chainName('sepolia'))!;
      if (found.family !== 'evm') throw new Error('another family');
      return found.forward;
    };
    expect(row(config([]))).toBeUndefined();
    const sends = row(config([`forward: { factory: "${FACTORY}" }`]));
    expect(sends).toMatchObject({ account: undefined, openMax: 1_000, pokesPerHourMax: 600 });
    expect(toHex(sends!.factory)).toBe(FACTORY);
    const pokes = row(config([`forward: { factory: "${FACTORY}", key: ${KEY}, openMax: 5, pokesPerHourMax: 6 }`]));
    expect(pokes).toMatchObject({ openMax: 5, pokesPerHourMax: 6 });
    expect(pokes?.account?.address).toEqual(addressOf(word(BigInt(`0x${KEY}`))));
    expect(inspect(pokes, { depth: 9 })).not.toContain(KEY.slice(0, 12));
  });

  it.each([
    ['no factory', config([`forward: { key: ${KEY} }`])],
    ['a factory that is none', config(['forward: { factory: "0x12" }'])],
    ['limits of nothing', config([`forward: { factory: "${FACTORY}", openMax: 0, pokesPerHourMax: 1000000 }`])],
    ['an unknown setting', config([`forward: { factory: "${FACTORY}", keys: ${KEY} }`])],
    [
      'the key of an account that submits',
      config([`forward: { factory: "${FACTORY}", key: ${SUBMITTER} }`], 'verify, api, submit'),
    ],
    ['a key where nobody registers', config([`forward: { factory: "${FACTORY}", key: ${KEY} }`], 'verify')],
    ['a published key', config([`forward: { factory: "${FACTORY}", key: "${toHex(word(1))}" }`])],
    [
      'a Cosmos chain in the middle',
      config([]).replace('  cosmos-testnet:', `  cosmos-testnet:\n    forward: { factory: "${FACTORY}" }`),
    ],
  ])('finds %s', (_, text) => {
    const found = findings(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).not.toContain(KEY.slice(0, 12));
    expect(found).toMatchSnapshot();
  });
});
