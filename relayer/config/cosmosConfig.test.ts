import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { toHex, utf8, word } from '../core/bytes.ts';
import { chainName } from '../core/ids.ts';
import { addressOf } from '../core/secp256k1.ts';
import { checksumAddress } from '../manifest/fields.ts';
import { ConfigError, formatFinding } from '../manifest/findings.ts';
import { loadConfig, type LoadedConfig } from './loadConfig.ts';

const read = (file: string): string =>
  readFileSync(new URL(`../../configs/example-cosmos/${file}`, import.meta.url), 'utf8');
const EXAMPLE = read('relayer.yaml');
const ATTESTER_KEY = toHex(word(0x5ec2e7a77e57e2n << 190n));
const VAULT_KEY = toHex(word(0x5ec2e7fa017n << 190n)).slice(2);
const ENV = { PROVIDER_ONE_KEY: 'provider', NATS_PASSWORD: 'password', ATTESTER_KEY };

/** With a signer whose key we have. */
const MANIFEST = (() => {
  const manifest = JSON.parse(read('manifest.json')) as { signers: { members: { address: string }[] } };
  manifest.signers.members[0]!.address = checksumAddress(addressOf(word(BigInt(ATTESTER_KEY))));
  return JSON.stringify(manifest);
})();

function load(text: string, vaultKey = VAULT_KEY): LoadedConfig {
  const files: Record<string, string> = {
    '/net/relayer.yaml': text,
    '/net/manifest.json': MANIFEST,
    '/net/keys/vault': vaultKey,
  };
  return loadConfig('/net/relayer.yaml', {
    env: ENV,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return utf8(content);
    },
  });
}

function findings(text: string, vaultKey = VAULT_KEY): string[] {
  try {
    return load(text, vaultKey).warnings.map((finding) => formatFinding(finding).replace('/net/', ''));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map((finding) => formatFinding(finding).replace('/net/', ''));
  }
}

function replaced(from: string, to: string): string {
  expect(EXAMPLE).toContain(from);
  return EXAMPLE.replace(from, () => to);
}

describe('a Cosmos chain of the config', () => {
  it('loads the example', () => {
    const { config, warnings } = load(EXAMPLE);
    expect(warnings).toEqual([]);
    const row = config.chains.get(chainName('cosmos-testnet'))!;
    if (row.family !== 'cosmos') throw new Error('another family');
    expect(row.endpoints.map(({ name }) => name)).toEqual([
      'rpc.provider-one.example:443',
      'rpc.provider-two.example:443',
    ]);
    expect(toHex(row.vaultKey!.reveal())).toBe(`0x${VAULT_KEY}`);
    expect(config.chains.get(chainName('sepolia'))).toMatchObject({ family: 'evm', accounts: [] });
  });

  it('never shows its key', () => {
    const { config } = load(EXAMPLE);
    for (const text of [
      JSON.stringify([...config.chains], (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
      inspect(config, { depth: 9 }),
    ]) {
      expect(text).not.toContain(VAULT_KEY.slice(0, 12));
    }
    expect(findings(EXAMPLE, `${VAULT_KEY}00`).join('\n')).not.toContain(VAULT_KEY.slice(0, 12));
  });

  it.each([
    ['no key where payments are signed', replaced('    vaultKey: ${file:./keys/vault}\n', ''), VAULT_KEY],
    [
      'a key where nothing is signed',
      replaced('[verify, attest]', '[verify]').replace(/^attester:\n.*\n.*\n/m, ''),
      VAULT_KEY,
    ],
    ['a text that is no key', EXAMPLE, 'hunter2'],
    ['a key beyond the order of the curve', EXAMPLE, 'f'.repeat(64)],
    ['a published key', EXAMPLE, toHex(word(1)).slice(2)],
    [
      'keys of an EVM chain',
      replaced('    pollMs: 1000', '    maxFeePerGasGwei: 3\n    beacon: [{url: "http://127.0.0.1:1"}]'),
      VAULT_KEY,
    ],
    [
      'a vault key on an EVM chain',
      replaced('  cosmos-testnet:', `    vaultKey: ${VAULT_KEY}\n  cosmos-testnet:`),
      VAULT_KEY,
    ],
  ])('%s', (_, text, key) => {
    expect(findings(text, key)).toMatchSnapshot();
  });

  it('needs no accounts to submit to a vault, which pays its own fees', () => {
    expect(findings(replaced('[verify, attest]', '[verify, attest, submit]'))).toEqual([]);
  });

  it('needs one endpoint only: headers are signed', () => {
    expect(findings(replaced('      - url: https://rpc.provider-two.example\n', ''))).toEqual([]);
  });
});
