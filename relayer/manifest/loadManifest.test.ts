import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import { chainName } from '../core/ids.ts';
import { keccak256 } from '../core/keccak.ts';
import { laneIdOf } from '../core/lane.ts';
import { ConfigError, formatFinding } from './findings.ts';
import {
  assetById,
  chainByName,
  laneBetween,
  laneById,
  laneGranularity,
  lanesFrom,
  lanesTo,
  loadManifest,
  manifestHash,
  oppositeLane,
  readManifest,
} from './index.ts';

const EXAMPLE = new Uint8Array(readFileSync(new URL('../../configs/example/manifest.json', import.meta.url)));
const ANVIL_0 = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';

/** Paths into the example and their new values; undefined takes the key out. */
type Edits = Readonly<Record<string, unknown>>;

/** The findings after edits of the example, one line each. */
function after(edits: Edits): string[] {
  return findingsOf(JSON.stringify(edited(edits), null, 2));
}

function edited(edits: Edits): unknown {
  const root: unknown = JSON.parse(new TextDecoder().decode(EXAMPLE));
  for (const [path, value] of Object.entries(edits)) {
    const steps = path.split('.');
    const last = steps.pop()!;
    const parent = steps.reduce((node, step) => (node as Record<string, unknown>)[step], root);
    (parent as Record<string, unknown>)[last] = value;
  }
  return root;
}

/** A value of the example. */
function given(path: string): unknown {
  const root: unknown = JSON.parse(new TextDecoder().decode(EXAMPLE));
  return path.split('.').reduce((node, step) => (node as Record<string, unknown>)[step], root);
}

function findingsOf(text: string | Uint8Array): string[] {
  const bytes = typeof text === 'string' ? utf8(text) : text;
  return readManifest(bytes, 'm.json').findings.map(formatFinding);
}

describe('loadManifest', () => {
  it('decodes the example', () => {
    const { manifest, findings } = readManifest(EXAMPLE, 'm.json');
    expect(findings).toEqual([]);
    const [sepolia, base] = manifest!.chains;
    expect(sepolia).toMatchObject({ family: 'evm', id: 'eip155:11155111', chainId: 11155111 });
    if (sepolia?.family !== 'evm' || base?.family !== 'evm') throw new Error('another family');
    expect(sepolia.gateway.address).toHaveLength(20);
    expect(sepolia.gateway.startHeight).toBe(9_000_120n);
    if (sepolia.lightClient.kind !== 'confirmations') throw new Error('another kind');
    expect(sepolia.lightClient.trusted.height).toBe(9_000_000n);
    expect(sepolia.lightClient.trusted.hash).toHaveLength(32);
    expect(manifest!.lanes[0]!.id).toBe(
      laneIdOf(
        { chain: sepolia.id, gateway: sepolia.gateway.address },
        { chain: base.id, gateway: base.gateway.address },
      ),
    );
    expect(manifest!.lanes[0]!.assets[0]!.minAmount).toBe(10n ** 15n);
    expect(manifest!.hash).toEqual(manifestHash(EXAMPLE));
  });

  it('orders the signer set as gateways do', () => {
    const { signers } = loadManifest(EXAMPLE, 'm.json');
    const hex = signers.set.members.map(toHex);
    expect(hex).toEqual([...hex].sort());
    expect(new Set(hex)).toEqual(new Set(signers.members.map((member) => toHex(member.address))));
  });

  it('finds chains, lanes and assets', () => {
    const manifest = loadManifest(EXAMPLE, 'm.json');
    const [sepolia, base] = [chainName('sepolia'), chainName('base-sepolia')];
    const lane = laneBetween(manifest, sepolia, base)!;
    expect(chainByName(manifest, base)?.id).toBe('eip155:84532');
    expect(laneById(manifest, lane.id)).toBe(lane);
    expect(oppositeLane(manifest, lane)).toBe(laneBetween(manifest, base, sepolia));
    expect(lanesFrom(manifest, sepolia)).toEqual([lane]);
    expect(lanesTo(manifest, base)).toEqual([lane]);
    expect(assetById(manifest, manifest.assets[1]!.id)?.symbol).toBe('ETH');
    expect(chainByName(manifest, chainName('other'))).toBeUndefined();
  });

  it('knows the smallest amount that both ends can represent', () => {
    const bytes = utf8(JSON.stringify(edited({ 'assets.0.representations.1.decimals': 6 })));
    const manifest = loadManifest(bytes, 'm.json');
    const [token, ether] = manifest.assets;
    for (const lane of manifest.lanes) {
      expect(laneGranularity(token!, lane)).toBe(10n ** 12n);
      expect(laneGranularity(ether!, lane)).toBe(1n);
    }
    expect(laneGranularity(token!, { source: chainName('other'), target: chainName('sepolia') })).toBeUndefined();
  });

  it('throws CONFIG_INVALID with findings as text and data', () => {
    const thrown = catchError(() => loadManifest(utf8('{"version": 2}'), 'm.json'));
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as ConfigError).code).toBe('CONFIG_INVALID');
    expect((thrown as ConfigError).findings).toHaveLength(7);
    expect((thrown as ConfigError).message).toMatchInlineSnapshot(`
      "m.json has 7 mistakes.
      m.json:1:1 network: is missing; expected 1 to 32 characters of a-z, 0-9 and -.
      m.json:1:1 profile: is missing; expected "dev" or "testnet".
      m.json:1:1 chains: is missing; expected a list of 2 to 64 chains.
      m.json:1:1 signers: is missing; expected an object with epoch, threshold and members.
      m.json:1:1 assets: is missing; expected a list of 1 to 256 assets.
      m.json:1:1 lanes: is missing; expected a list of 2 to 4032 lanes.
      m.json:1:13 version: wrong value; expected 1; got 2."
    `);
  });

  it('accepts any one case of an address, and only the right mixture', () => {
    const address = given('chains.0.gateway.address') as string;
    const digits = address.slice(2);
    const swapped = [...digits].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');
    expect(after({ 'chains.0.gateway.address': address.toLowerCase() })).toEqual([]);
    expect(after({ 'chains.0.gateway.address': `0x${digits.toUpperCase()}` })).toEqual([]);
    expect(after({ 'chains.0.gateway.address': `0x${swapped}` })).toMatchInlineSnapshot(`
      [
        "m.json:22:20 chains[0].gateway.address: wrong value; expected an address that fits its EIP-55 checksum (a digit or its case is mistyped); got "0xDf91572E39536FD59Ac27DE1f723de9FbDD1388C".",
      ]
    `);
  });
});

describe('fields', () => {
  const cases: Record<string, Edits> = {
    'unknown key': { 'chains.0.gatway': 1, 'chains.0.explorer': undefined },
    'unknown key of a union': { 'chains.0.gateway.adress': 1 },
    'missing key': { 'chains.0.gateway.startHeight': undefined },
    'unknown light client': { 'chains.0.lightClient.kind': 'tendermint' },
    'unknown family': { 'chains.0.family': 'emv' },
    'unknown profile': { profile: 'tesnet' },
    'bad name': { network: 'Big Net' },
    'height as a number': { 'chains.0.gateway.startHeight': 3 },
    'height over u64': { 'chains.0.gateway.startHeight': '18446744073709551616' },
    'hash too short': { 'chains.0.lightClient.trusted.hash': '0x1234' },
    'zero address': { 'signers.members.0.address': `0x${'0'.repeat(40)}` },
    decimals: { 'assets.0.decimals': 37 },
    'half a decimal': { 'assets.0.decimals': 1.5 },
    'amount not canonical': { 'lanes.0.assets.0.minAmount': '01' },
    'amount over u128': { 'lanes.0.assets.0.maxAmount': '340282366920938463463374607431768211456' },
    'chunk size': { 'lanes.0.chunkSize': 513 },
    'token of a native coin': { 'assets.1.representations.0.token': ANVIL_0 },
    'lock without token': { 'assets.0.representations.0.token': undefined },
    explorer: { 'chains.0.explorer': 'https://explorer.example/' },
    'a list where a map belongs': { signers: [] },
    nothing: { 'chains.0.gateway': null },
  };
  it.each(Object.keys(cases))('%s', (name) => {
    const findings = after(cases[name]!);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchSnapshot();
  });
});

describe('checks across fields', () => {
  const member = (i: number): unknown => given(`signers.members.${i}`);
  const cases: Record<string, Edits> = {
    'chain names repeat': { 'chains.1.name': 'sepolia' },
    'chain ids repeat': { 'chains.1.id': 'eip155:11155111' },
    'lane names an unknown chain': { 'lanes.0.target': 'base-sepola' },
    'lane to itself': { 'lanes.0.target': 'sepolia' },
    'lane twice': { 'lanes.2': given('lanes.0') },
    'opposite lane missing': {
      'chains.2': { ...(given('chains.1') as object), name: 'other', id: 'eip155:5' },
      'lanes.2': { ...(given('lanes.0') as object), target: 'other' },
      'assets.0.representations.2': { ...(given('assets.0.representations.1') as object), chain: 'other' },
      'assets.1.representations.2': { ...(given('assets.1.representations.1') as object), chain: 'other' },
    },
    'opposite lane disabled': { 'lanes.1.enabled': false },
    'opposite lane lacks an asset': { 'lanes.1.assets': [given('lanes.1.assets.0')] },
    'unknown asset on a lane': { 'lanes.0.assets.1.id': 7, 'lanes.1.assets.1.id': 7 },
    'asset twice on a lane': { 'lanes.0.assets.2': given('lanes.0.assets.0') },
    'asset not represented on one end': {
      'chains.2': { ...(given('chains.1') as object), name: 'other', id: 'eip155:5' },
      'assets.1.representations.1.chain': 'other',
    },
    'no transfer fits what the coarser end can represent': {
      'assets.0.representations.1.decimals': 2,
      'lanes.0.assets.0.maxAmount': '9000000000000000',
    },
    'native coin with other decimals': { 'assets.1.representations.0.decimals': 8 },
    'no transfer fits': { 'lanes.0.assets.0.maxAmount': '5' },
    'transfers of nothing': { 'lanes.0.assets.0.minAmount': '0' },
    'asset ids repeat': { 'assets.2': { ...(given('assets.1') as object), symbol: 'ETH2' } },
    'asset symbols repeat': { 'assets.1.symbol': 'TST' },
    'no home': {
      'assets.1.representations.0': { ...(given('assets.1.representations.1') as object), chain: 'sepolia' },
    },
    'second home': { 'assets.0.representations.1.custody': 'lock' },
    'two assets of one token': {
      'assets.1.representations.1.token': (given('assets.0.representations.1.token') as string).toLowerCase(),
    },
    'asset twice on a chain': { 'assets.0.representations.2': given('assets.0.representations.1') },
    'threshold above members': { 'signers.threshold': 5 },
    'threshold below two thirds': { 'signers.threshold': 2 },
    'half is not a majority, in dev either': { profile: 'dev', 'signers.threshold': 2 },
    'one signer': { 'signers.threshold': 1, 'signers.members': [member(0)] },
    'member names repeat': { 'signers.members.2.name': 'attester-1' },
    'member addresses repeat': {
      'signers.members.2.address': (given('signers.members.0.address') as string).toLowerCase(),
    },
    'one operator could sign alone': {
      'signers.members.1.operator': 'Example operator 1',
      'signers.members.3.operator': 'Example operator 1',
    },
    'published key of a signer': { 'signers.members.1.address': ANVIL_0 },
    'published key of a gateway': { 'chains.0.gateway.address': ANVIL_0.toLowerCase() },
    'published key of a token': { 'assets.0.representations.0.token': ANVIL_0 },
    'one endpoint decides': { 'chains.0.lightClient.quorum': 1 },
    'no confirmations': { 'chains.0.lightClient.confirmations': 0 },
  };
  it.each(Object.keys(cases))('%s', (name) => {
    expect(after(cases[name]!).join('\n')).toMatchSnapshot();
  });

  it('each mistake is found, most of them once', () => {
    for (const edits of Object.values(cases)) expect(after(edits).length).toBeGreaterThan(0);
  });

  it('lets dev do what must never hold value', () => {
    const findings = after({
      profile: 'dev',
      'chains.0.lightClient.quorum': 1,
      'chains.0.lightClient.confirmations': 0,
      'signers.members': [{ name: 'attester-1', address: ANVIL_0 }],
      'signers.threshold': 1,
    });
    expect(findings).toEqual([]);
  });

  it('accepts a second home with a reason', () => {
    const findings = after({
      'assets.0.representations.1.custody': 'lock',
      'assets.0.homesReason': 'issued on both chains by its issuer',
    });
    expect(findings).toEqual([]);
  });

  it('holds k > n/2 always and 3k >= 2n outside dev', () => {
    for (let n = 1; n <= 10; n++) {
      const members = Array.from({ length: n }, (_, i) => {
        return { name: `a-${i}`, address: `0x${(i + 4096).toString(16).padStart(40, '0')}` };
      });
      for (let k = 1; k <= n + 1; k++) {
        for (const profile of ['dev', 'testnet']) {
          const ok = k <= n && 2 * k > n && (profile === 'dev' || (3 * k >= 2 * n && n > 1));
          const findings = after({ profile, 'signers.threshold': k, 'signers.members': members });
          expect({ n, k, profile, ok: findings.length === 0 }).toEqual({ n, k, profile, ok });
        }
      }
    }
  });
});

describe('manifestHash', () => {
  const parsed = JSON.parse(new TextDecoder().decode(EXAMPLE)) as Record<string, unknown>;

  it('does not depend on formatting, key order or $schema', () => {
    const { $schema, ...rest } = parsed;
    expect($schema).toBeDefined();
    const reversed = Object.fromEntries(Object.entries(rest).reverse());
    const hash = manifestHash(EXAMPLE);
    expect(manifestHash(parsed)).toEqual(hash);
    expect(manifestHash(reversed)).toEqual(hash);
    expect(manifestHash(utf8(JSON.stringify(reversed, null, 7)))).toEqual(hash);
    expect(toHex(hash)).toMatchInlineSnapshot(`"0x49f7d4958f92d6b2ee54ea49ea7f6c3b362f19ee35c320d69c356cd61216e3f4"`);
  });

  it('depends on every value', () => {
    const hashes = new Set([toHex(manifestHash(EXAMPLE))]);
    const places = placesOf(parsed).filter(([, key, old]) => typeof old !== 'object' && key !== '$schema');
    for (const [parent, key, old] of places) {
      parent[key] = typeof old === 'boolean' ? !old : typeof old === 'number' ? old + 1 : `${String(old)}x`;
      hashes.add(toHex(manifestHash(parsed)));
      parent[key] = old;
    }
    expect(places.length).toBeGreaterThan(60);
    expect(hashes.size).toBe(places.length + 1);
  });

  it('is keccak256 over RFC 8785 text', () => {
    const text = '{"a":[1,"é\\n",true,null],"b":{"c":"x","d":"y"}}';
    expect(manifestHash(JSON.parse(text))).toEqual(keccak256(utf8(text)));
    expect(manifestHash(utf8('{ "b":{"d":"y","c":"x"},"$schema":"s", "a":[1e0,"\\u00e9\\n",true,null]}'))).toEqual(
      keccak256(utf8(text)),
    );
  });
});

describe('hostile input', () => {
  it('bounds the size', () => {
    expect(findingsOf(new Uint8Array(1024 * 1024 + 1).fill(0x20))).toMatchInlineSnapshot(`
      [
        "m.json:1:1 the file has 1048577 bytes, over the maximum of 1048576.",
      ]
    `);
  });

  it('refuses what is not text', () => {
    expect(findingsOf(Uint8Array.of(0x7b, 0xff, 0x7d))).toMatchInlineSnapshot(`
      [
        "m.json:1:1 the file is not UTF-8 text.",
      ]
    `);
  });

  it('never throws anything but a ViaductError', () => {
    const text = new TextDecoder().decode(EXAMPLE);
    const load = (bytes: Uint8Array): void => {
      const thrown = catchError(() => loadManifest(bytes, 'm.json'));
      if (thrown !== undefined) expect(thrown).toBeInstanceOf(ViaductError);
    };
    const cut = fc.tuple(fc.nat(text.length), fc.nat(200), fc.string());
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), load), { numRuns: 150 });
    fc.assert(
      fc.property(fc.json(), (json) => load(utf8(json))),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(cut, ([at, length, insert]) => load(utf8(text.slice(0, at) + insert + text.slice(at + length)))),
      { numRuns: 200 },
    );
  });

  it('never throws when a value is replaced by any other', () => {
    fc.assert(
      fc.property(fc.nat(), fc.jsonValue(), (which, value) => {
        const manifest: unknown = edited({});
        const places = placesOf(manifest as Record<string, unknown>);
        const [parent, key] = places[which % places.length]!;
        parent[key] = value;
        const thrown = catchError(() => loadManifest(utf8(JSON.stringify(manifest)), 'm.json'));
        if (thrown !== undefined) expect(thrown).toBeInstanceOf(ConfigError);
      }),
      { numRuns: 150 },
    );
  });
});

/** Every place in a JSON value: its parent, its key and what is there. */
function placesOf(value: Record<string, unknown>): [Record<string, unknown>, string, unknown][] {
  return Object.entries(value).flatMap(([key, child]) => {
    const inner = typeof child === 'object' && child !== null ? placesOf(child as Record<string, unknown>) : [];
    return [[value, key, child] as [Record<string, unknown>, string, unknown], ...inner];
  });
}

function catchError(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
