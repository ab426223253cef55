import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, utf8, word } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { chainName } from '../core/ids.ts';
import { addressOf } from '../core/secp256k1.ts';
import { checksumAddress } from '../manifest/fields.ts';
import { ConfigError, formatFinding } from '../manifest/findings.ts';
import { type ConfigSources, loadConfig, type LoadedConfig } from './loadConfig.ts';
import type { EvmChainConfig } from './relayerConfig.ts';
import { DEFAULT_TUNING } from './tuning.ts';

const EXAMPLE = readFileSync(new URL('../../configs/example/relayer.yaml', import.meta.url), 'utf8');
const MANIFEST = readFileSync(new URL('../../configs/example/manifest.json', import.meta.url), 'utf8');

const ATTESTER_KEY = toHex(word(0x5ec2e7a77e57e2n << 190n));
const SUBMITTER_1 = toHex(word(0x5ec2e75b1n << 190n));
const SUBMITTER_2 = toHex(word(0x5ec2e75b2n << 190n));
/** Private key 1. */
const PUBLISHED = toHex(word(1));
const SECRETS = [ATTESTER_KEY, SUBMITTER_1, SUBMITTER_2, 'hunter2-provider', 'hunter2-nats'].map((s) =>
  s.replace('0x', ''),
);

/** The example's manifest, with a signer whose key we have. */
const OUR_MANIFEST = (() => {
  const manifest = JSON.parse(MANIFEST) as { signers: { members: { address: string }[] } };
  manifest.signers.members[0]!.address = checksumAddress(addressOf(word(BigInt(ATTESTER_KEY))));
  return JSON.stringify(manifest);
})();

const FILES: Record<string, string> = {
  '/net/manifest.json': OUR_MANIFEST,
  '/net/keys/submitter-1': `${SUBMITTER_1}\n`,
  '/net/keys/submitter-2': SUBMITTER_2,
};
const ENV = { PROVIDER_ONE_KEY: 'hunter2-provider', NATS_PASSWORD: 'hunter2-nats', ATTESTER_KEY };

/** The least that is a config. */
const LEAST = [
  'manifest: manifest.json',
  'roles: [api]',
  'chains:',
  '  sepolia: {endpoints: [{url: http://127.0.0.1:1}]}',
  '  base-sepolia: {endpoints: [{url: http://127.0.0.1:2}]}',
  'nats: {url: "nats://127.0.0.1:4222"}',
];

function sources(text: string, files: Record<string, string> = {}): ConfigSources {
  const all: Record<string, string> = { ...FILES, ...files, '/net/relayer.yaml': text };
  return {
    env: ENV,
    readFile: (path) => {
      const content = all[path];
      if (content === undefined) throw Object.assign(new Error(`secret of ${path}`), { code: 'ENOENT' });
      return utf8(content);
    },
  };
}

/** The row of a chain, which is of the EVM. */
function evmRow({ config }: LoadedConfig, name: string): EvmChainConfig {
  const row = config.chains.get(chainName(name));
  if (row?.family !== 'evm') throw new Error('no EVM chain');
  return row;
}

function load(text: string, files: Record<string, string> = {}): LoadedConfig {
  return loadConfig('/net/relayer.yaml', sources(text, files));
}

/** One line per finding, the file's name cut off. */
function findings(text: string, files: Record<string, string> = {}): string[] {
  const thrown = catchError(() => load(text, files));
  const found = thrown instanceof ConfigError ? thrown.findings : load(text, files).warnings;
  return found.map((finding) => formatFinding(finding).replace('/net/', ''));
}

/** The example with one text replaced by another. */
function replaced(from: string, to: string): string {
  expect(EXAMPLE).toContain(from);
  return EXAMPLE.replace(from, () => to);
}

describe('loadConfig', () => {
  it('loads the example', () => {
    const loaded = load(EXAMPLE);
    const { config, manifest, warnings } = loaded;
    expect(warnings).toEqual([]);
    expect(manifest.network).toBe('example-not-deployed');
    expect(config.manifestFile).toBe('/net/manifest.json');
    expect(config.dataDir).toBe('/net/data');
    const sepolia = evmRow(loaded, 'sepolia');
    expect(sepolia.endpoints.map((endpoint) => endpoint.name)).toEqual([
      'sepolia.provider-one.example:443',
      'sepolia.provider-two.example:443',
      '127.0.0.1:8545',
    ]);
    expect(sepolia.endpoints[0]!.url.reveal()).toBe('https://sepolia.provider-one.example/hunter2-provider');
    expect(sepolia.maxFeePerGas).toBe(80_000_000_000n);
    expect(sepolia.pollMs).toBe(1000);
    expect(toHex(sepolia.accounts[1]!.key.reveal())).toBe(SUBMITTER_2);
    expect(sepolia.accounts[1]!.address).toEqual(addressOf(word(BigInt(SUBMITTER_2))));
    expect(config.attester!.name).toBe('attester-1');
    expect(config.nats.auth.kind).toBe('user');
    expect(config.tuning).toMatchObject({ checkpointLingerMs: 2000, replaceMs: 30_000 });
  });

  it('fills in defaults', () => {
    const { config, warnings } = load(LEAST.join('\n'));
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      dataDir: '/net/data',
      attester: undefined,
      nats: { url: 'nats://127.0.0.1:4222', auth: { kind: 'none' } },
      api: { host: '127.0.0.1', port: 7717 },
      log: { level: 'info', format: 'json' },
    });
    const base = config.chains.get(chainName('base-sepolia'))!;
    expect(base).toMatchObject({ family: 'evm', accounts: [], maxFeePerGas: 100_000_000_000n, pollMs: 1000 });
    expect(config.tuning).toEqual(DEFAULT_TUNING);
  });

  it('reports ten mistakes as ten findings, each at its place', () => {
    const text = [
      'manifest: ./manifest.json',
      'roles: [verify, attest, submt]',
      'chains:',
      '  sepolia:',
      '    endpoint: []',
      '    endpoints:',
      '      - url: ftp://hunter2-provider@node.example',
      '      - url: https://one.example/${MISSING_KEY}',
      '    accounts:',
      `      - key: ${'ab'.repeat(31)}`,
      '    pollMs: 5',
      '  base-sepolai:',
      '    endpoints: [{url: "http://127.0.0.1:1"}]',
      'attester:',
      '  name: attester-9',
      '  key: ${file:./keys/none}',
      'nats:',
      '  url: nats://127.0.0.1:4222',
      'log: {level: loud}',
    ].join('\n');
    const thrown = catchError(() => load(text)) as ConfigError;
    expect(thrown.findings).toHaveLength(10);
    expect(thrown.message).toMatchInlineSnapshot(`
      "/net/relayer.yaml has 10 mistakes.
      /net/relayer.yaml:2:25 roles[2]: wrong value; expected a role: verify, attest, plan, submit, api; got "submt". Did you mean "submit"?
      /net/relayer.yaml:5:5 chains.sepolia.endpoint: unknown key. Known keys: endpoints, beacon, accounts, maxFeePerGasGwei, forward, vaultKey, submitterKey, relayEndpoints, pollMs, laneWeights.
      /net/relayer.yaml:7:14 chains.sepolia.endpoints[0].url: wrong value; expected an http:// or https:// address; got a string (not shown).
      /net/relayer.yaml:8:14 chains.sepolia.endpoints[1].url: the environment variable "MISSING_KEY" is not set. Set it before the relayer starts.
      /net/relayer.yaml:10:14 chains.sepolia.accounts[0].key: wrong value; expected a private key: 64 hex digits, with or without 0x; got a string (not shown).
      /net/relayer.yaml:11:13 chains.sepolia.pollMs: wrong value; expected a whole number from 20 to 600000; got 5.
      /net/relayer.yaml:12:3 chains.base-sepolai: the manifest has no such chain. Did you mean "base-sepolia"?
      /net/relayer.yaml:15:9 attester.name: the signer set of the manifest has no such member; got "attester-9". Did you mean "attester-1"?
      /net/relayer.yaml:16:8 attester.key: the file "./keys/none" cannot be read (ENOENT).
      /net/relayer.yaml:19:14 log.level: wrong value; expected one of trace, debug, info, warn, error, fatal, silent; got "loud"."
    `);
    expect(thrown.metaMessages).toEqual(thrown.findings.map(formatFinding));
  });

  it.each([
    ['unknown chain', 'base-sepolia:\n', 'base-sepola:\n'],
    ['chain left out', /  base-sepolia:\n(?: {4}.*\n)+/.exec(EXAMPLE)![0], ''],
    ['attest without verify', 'roles: [verify, ', 'roles: ['],
    ['key as the poll', 'pollMs: 2000', `pollMs: ${ATTESTER_KEY}`],
    ['too few endpoints', '      - url: https://base-sepolia.provider-two.example\n', ''],
    ['one node twice', 'https://base-sepolia.provider-two.example', 'https://base-sepolia.provider-one.example:443/x'],
    ['one host twice', 'https://base-sepolia.provider-two.example', 'https://base-sepolia.provider-one.example:444'],
    ['no attester', 'attester:\n  name: attester-1\n  key: ${ATTESTER_KEY}\n', ''],
    ['not a member', 'name: attester-1', 'name: atester-1'],
    ['key of another', 'name: attester-1', 'name: attester-2'],
    ['one account twice', './keys/submitter-2', './keys/submitter-1'],
    ['attester pays fees', '${file:./keys/submitter-2}', '${ATTESTER_KEY}'],
    ['published key', '${file:./keys/submitter-2}', `"${PUBLISHED}"`],
    ['key of zero', '${file:./keys/submitter-2}', `"${'0'.repeat(64)}"`],
    ['key without quotes', '${file:./keys/submitter-2}', PUBLISHED],
    ['open API', 'host: 127.0.0.1', 'host: 0.0.0.0'],
    ['role twice', 'roles: [verify,', 'roles: [verify, verify,'],
    ['user without password', '  password: ${NATS_PASSWORD}\n', ''],
    ['password without user', '  user: relayer\n', ''],
    ['two ways to log in', '  user: relayer\n', '  user: relayer\n  token: x\n'],
    ['credentials in the address', 'tls://nats.example:4222', 'tls://hunter2-nats@nats.example:4222'],
    ['variable not set', '${NATS_PASSWORD}', '${NATS_PASSWROD}'],
    ['reference not closed', '${NATS_PASSWORD}', '${NATS_PASSWORD'],
    ['not a reference', '${NATS_PASSWORD}', '${NATS PASSWORD}'],
    ['file not there', './keys/submitter-2', './keys/submitter-3'],
    ['reference in a number', 'port: 7717', 'port: ${NATS_PASSWORD}'],
    ['reference to a bad value', 'level: info', 'level: ${NATS_PASSWORD}'],
    ['manifest not there', './manifest.json', './manifset.json'],
    ['text where a map belongs', 'attester:\n  name: attester-1\n  key: ${ATTESTER_KEY}', 'attester: hunter2-nats'],
    ['bad chain name', 'base-sepolia:\n', 'Base Sepolia:\n'],
    ['fee of nothing', 'maxFeePerGasGwei: 5', 'maxFeePerGasGwei: 0'],
    ['settings left empty', 'tuning:\n  checkpointLingerMs: 2000', 'tuning:'],
  ])('%s', (_, from, to) => {
    const found = findings(replaced(from, to));
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).toMatchSnapshot();
  });

  it('reports the mistakes of the manifest with those of the config', () => {
    const manifest = OUR_MANIFEST.replace('"threshold":3', '"threshold":2');
    expect(findings(replaced('level: info', 'level: inof'), { '/net/manifest.json': manifest })).toMatchInlineSnapshot(`
      [
        "relayer.yaml:56:10 log.level: wrong value; expected one of trace, debug, info, warn, error, fatal, silent; got "inof". Did you mean "info"?",
        "manifest.json:1:937 signers.threshold: too few signatures would control the gateways; expected at least 3 of 4 (two thirds outside profile dev); got 2.",
      ]
    `);
  });

  it('needs accounts for the role submit', () => {
    expect(findings(LEAST.join('\n').replace('[api]', '[submit]'))).toMatchInlineSnapshot(`
      [
        "relayer.yaml:2:9 roles[0]: the role submit needs accounts for at least one chain. Add accounts to a chain, or leave the role out.",
      ]
    `);
  });

  it('says when the file itself cannot be read', () => {
    const thrown = catchError(() => loadConfig('/net/other.yaml', sources('')));
    expect((thrown as ConfigError).message).toMatchInlineSnapshot(`
      "/net/other.yaml has 1 mistake.
      /net/other.yaml:1:1 the file cannot be read (ENOENT)."
    `);
  });

  it('keeps a plain ${ written as $${', () => {
    const { config } = load(replaced('user: relayer', 'user: "a$${b}"'));
    expect(config.nats.auth).toMatchObject({ user: 'a${b}' });
  });

  it('does not expand what a reference gave', () => {
    const { config } = load(EXAMPLE, { '/net/keys/password': '${ATTESTER_KEY}' });
    expect(config.nats.auth.kind === 'user' && config.nats.auth.password.reveal()).toBe('hunter2-nats');
    const nested = load(replaced('${NATS_PASSWORD}', '${file:keys/password}'), {
      '/net/keys/password': '${ATTESTER_KEY}',
    });
    const { auth } = nested.config.nats;
    expect(auth.kind === 'user' && auth.password.reveal()).toBe('${ATTESTER_KEY}');
  });
});

describe('beacon nodes', () => {
  const manifest = JSON.parse(OUR_MANIFEST) as { chains: Record<string, unknown>[] };
  manifest.chains[0]!['lightClient'] = {
    kind: 'ethereum',
    preset: 'mainnet',
    forks: [{ name: 'deneb', epoch: '0', version: '0x90000073' }],
    genesisValidatorsRoot: `0x${'d8'.repeat(32)}`,
    genesisTime: '1655733600',
    secondsPerSlot: 12,
    trustedBlockRoot: `0x${'ab'.repeat(32)}`,
    maxAgeSeconds: 1_209_600,
  };
  const files = { '/net/manifest.json': JSON.stringify(manifest) };
  const verifying = LEAST.join('\n')
    .replace('roles: [api]', 'roles: [verify]')
    .replace('{url: http://127.0.0.1:2}', '{url: http://127.0.0.1:2}, {url: http://localhost:3}');

  it('are needed where the chain has the ethereum light client and is verified', () => {
    expect(findings(verifying, files)).toEqual([
      'relayer.yaml:4:12 chains.sepolia: the light client of this chain needs a beacon node; expected beacon: a list of addresses.',
    ]);
    expect(findings(LEAST.join('\n'), files)).toEqual([]);
  });

  it('have secret addresses', () => {
    const row = '  sepolia: {endpoints: [{url: http://127.0.0.1:1}], beacon: [{url: "https://beacon.example/key"}]}';
    const loaded = load(verifying.replace(/^ {2}sepolia.*$/m, row), files);
    const [beacon] = evmRow(loaded, 'sepolia').beacon;
    expect(beacon?.reveal()).toBe('https://beacon.example/key');
    expect(inspect(loaded.config, { depth: 9 })).not.toContain('beacon.example');
  });
});

describe('secrets', () => {
  it('are in no text made of a loaded config', () => {
    const { config } = load(EXAMPLE);
    const plain = { ...config, chains: [...config.chains.values()], roles: [...config.roles] };
    const texts = [
      inspect(config, { depth: 20, showHidden: true }),
      inspect(config, { depth: 20, customInspect: true }),
      JSON.stringify(plain, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      `${String(config.attester!.key)} ${String(config.chains.get(chainName('sepolia'))!.endpoints[0]!.url)}`,
    ];
    for (const text of texts) expectNoSecret(text);
    expect(texts[0]).toContain('(secret)');
  });

  it('are in no error, wherever they stand by mistake', () => {
    const lines = EXAMPLE.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
    const secret = fc.constantFrom(
      ATTESTER_KEY,
      ATTESTER_KEY.slice(2),
      'hunter2-nats',
      '${ATTESTER_KEY}',
      '"${NATS_PASSWORD}"',
    );
    const mistake = fc.constantFrom<(line: string, secret: string) => string>(
      (line, value) => line.replace(/:.*/, `: ${value}`),
      (line, value) => line.replace(/:.*/, `: [${value}]`),
      (line, value) => line.replace(/:.*/, `: {key: ${value}}`),
      (line, value) => line.replace(/^( *(?:- )?)(\w+):.*/, `$1$2x: ${value}`),
      (line, value) => `${line}${value}`,
    );
    // These fields say what they hold: a secret there is a name, a path or a host like any other.
    const shown = /^ *(- )?(manifest|dataDir|roles|user|host|name|level|format)\b/;
    fc.assert(
      fc.property(fc.nat(lines.length - 1), secret, mistake, (at, value, change) => {
        const line = lines[at]!;
        if (shown.test(line) && value === 'hunter2-nats') return;
        const text = [...lines.slice(0, at), change(line, value), ...lines.slice(at + 1)].join('\n');
        const thrown = catchError(() => load(text));
        if (thrown === undefined) return;
        expect(thrown).toBeInstanceOf(ViaductError);
        expectNoSecret(inspect(thrown, { depth: 20 }).replace(/\n {4}at .*/g, ''));
        expectNoSecret(JSON.stringify(thrown));
        expectNoSecret((thrown as Error).message);
      }),
      { numRuns: 200 },
    );
  });
});

describe('hostile input', () => {
  it('never throws anything but a ViaductError', () => {
    const check = (text: string): void => {
      const thrown = catchError(() => load(text));
      if (thrown !== undefined) expect(thrown).toBeInstanceOf(ViaductError);
    };
    const unit = fc.constantFrom(...'abc:-[]{}&*!|>\'"%@`#,?\n \t0<~=\\${}');
    fc.assert(fc.property(fc.string({ unit, maxLength: 60 }), check), { numRuns: 250 });
    fc.assert(
      fc.property(fc.nat(EXAMPLE.length), fc.nat(60), fc.string({ unit, maxLength: 20 }), (at, length, insert) => {
        check(EXAMPLE.slice(0, at) + insert + EXAMPLE.slice(at + length));
      }),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const { env } = sources('');
        const thrown = catchError(() => loadConfig('/net/relayer.yaml', { env, readFile: () => bytes }));
        expect(thrown).toBeInstanceOf(ViaductError);
      }),
      { numRuns: 200 },
    );
  });
});

function expectNoSecret(text: string | undefined): void {
  for (const secret of SECRETS) expect(text ?? '').not.toContain(secret);
}

function catchError(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
