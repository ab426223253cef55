/**
 * The checks of relayer.yaml that need more than one field, or the manifest. They run on whatever parts are valid by
 * themselves, so that one reading reports everything. `manifest` is undefined when it could not be read.
 */
import { equalBytes, fromHex } from '../core/bytes.ts';
import { addressOf, isPrivateKey } from '../core/secp256k1.ts';
import type { SourceDocument } from '../manifest/document.ts';
import { checksumAddress, slugField } from '../manifest/fields.ts';
import { type Finding, type Path, quote } from '../manifest/findings.ts';
import type { Manifest, ManifestChain } from '../manifest/index.ts';
import { publishedKey, type Report } from '../manifest/report.ts';
import { validValue, valueAt } from '../manifest/schemaFindings.ts';
import { nearest } from '../manifest/suggest.ts';
import { isPublishedKey } from '../manifest/testKeys.ts';
import { attesterSchema, chainConfigSchema, configSchema } from './configSchema.ts';
import { endpointName } from './endpointName.ts';
import { ROLES, type Role } from './relayerConfig.ts';

const shape = configSchema.shape;
const endpointShape = chainConfigSchema.shape.endpoints.element.shape;
const attesterShape = attesterSchema.shape;

interface Context {
  readonly manifest: Manifest | undefined;
  readonly roles: ReadonlySet<Role>;
  readonly at: (...path: Path) => unknown;
  readonly report: Report;
  readonly reportKey: Report;
}

export function checkConfig(document: SourceDocument, manifest: Manifest | undefined): Finding[] {
  const findings: Finding[] = [];
  const at = (...path: Path): unknown => valueAt(document.value, path);
  const context: Context = {
    manifest,
    roles: rolesOf(at('roles')),
    at,
    report: (path, text) => findings.push(document.finding(path, text)),
    reportKey: (path, text) => findings.push(document.finding(path, text, 'key')),
  };
  checkRoles(context);
  checkChains(context);
  const attester = checkAttester(context);
  checkAccounts(context, attester);
  checkVaults(context);
  checkNats(context);
  checkApi(context);
  return findings;
}

function checkRoles({ roles, at, report }: Context): void {
  const seen = new Set<unknown>();
  for (const [index, role] of listOf(at('roles')).entries()) {
    if (seen.has(role) && typeof role === 'string') {
      report(['roles', index], { severity: 'warning', problem: `the role is there twice`, got: quote(role) });
    }
    seen.add(role);
  }
  if (roles.has('attest') && !roles.has('verify')) {
    report(['roles', listOf(at('roles')).indexOf('attest')], {
      problem: 'the role attest needs the role verify in the same process',
      fix: 'Add verify: an attester signs only what it verified itself.',
    });
  }
}

function checkChains({ manifest, roles, at, report, reportKey }: Context): void {
  const configured = keysOf(at('chains'));
  const known = new Map<string, ManifestChain>((manifest?.chains ?? []).map((chain) => [chain.name, chain]));
  for (const name of configured) {
    const chain = known.get(name);
    if (manifest !== undefined && chain === undefined && validValue(slugField(), name) !== undefined) {
      const meant = nearest(
        name,
        [...known.keys()].filter((other) => !configured.includes(other)),
      );
      const names = [...known.keys()].join(', ');
      const fix = meant === undefined ? `Its chains: ${names}.` : `Did you mean ${quote(meant)}?`;
      reportKey(['chains', name], { problem: 'the manifest has no such chain', fix });
    }
    checkEndpoints(name, chain, manifest, roles, at, report);
    if (chain !== undefined) checkFamily(name, chain, at, reportKey);
    if (manifest !== undefined && chain !== undefined) checkWeights(name, manifest, at, reportKey);
  }
  // A mistyped name has its own finding.
  if (configured.some((name) => !known.has(name))) return;
  checkPart(configured, [...known.keys()], { manifest, roles, report });
}

/**
 * A process may have a part of the chains, other processes the rest. Whoever verifies needs both ends of every lane: a vault's
 * payments are read beside the packets that they pay, and an attester's books are drawn up over all lanes of a chain. Whoever
 * answers users knows all chains.
 */
function checkPart(
  configured: readonly string[],
  known: readonly string[],
  { manifest, roles, report }: Pick<Context, 'manifest' | 'roles' | 'report'>,
): void {
  const missing = known.filter((name) => !configured.includes(name));
  if (missing.length === 0) return;
  const problem = `no endpoints for ${missing.map((name) => quote(name)).join(', ')}`;
  if (roles.has('api') || configured.length === 0) {
    const why = roles.has('api') ? ', since the API answers for all' : ', or for the part that this process has';
    report(['chains'], { problem, expected: `a row for every chain of the manifest${why}` });
    return;
  }
  const cut = manifest?.lanes.find(({ source, target }) => missing.includes(source) !== missing.includes(target));
  if (roles.has('verify') && cut !== undefined) {
    const lane = `${quote(cut.source)} to ${quote(cut.target)}`;
    report(['chains'], { problem, expected: `both ends of every lane, since this process verifies; not so ${lane}` });
    return;
  }
  report(['chains'], { severity: 'warning', problem, fix: 'Other processes must have them.' });
}

/** Endpoints that are one node in truth would make a quorum of one. */
function checkEndpoints(
  name: string,
  chain: ManifestChain | undefined,
  manifest: Manifest | undefined,
  roles: ReadonlySet<Role>,
  at: Context['at'],
  report: Report,
): void {
  const seen = new Map<string, number>();
  const hosts = new Map<string, number>();
  const endpoints = listOf(at('chains', name, 'endpoints'));
  let mistaken = 0;
  for (const index of endpoints.keys()) {
    const path = ['chains', name, 'endpoints', index, 'url'];
    const url = validValue(endpointShape.url, at(...path));
    if (url === undefined) {
      mistaken += 1;
      continue;
    }
    const place = endpointName(url);
    const first = seen.get(place);
    if (first !== undefined) {
      report(path, {
        problem: `the same host and port as endpoints[${first}]`,
        fix: 'Endpoints must be independent: a lie told by one node must not count twice.',
      });
      mistaken += 1;
      continue;
    }
    const host = new URL(url).hostname;
    const neighbour = hosts.get(host);
    if (neighbour !== undefined && manifest !== undefined && manifest.profile !== 'dev') {
      report(path, {
        severity: 'warning',
        problem: `the same host as endpoints[${neighbour}]`,
        fix: 'Use nodes of different parties: whoever runs this host decides for both.',
      });
    }
    seen.set(place, index);
    hosts.set(host, index);
  }
  if (chain === undefined || endpoints.length === 0 || !roles.has('verify')) return;
  // One endpoint is enough to follow signed headers; more of them are witnesses.
  if (chain.lightClient.kind === 'tendermint') return;
  if (chain.lightClient.kind === 'grandpa') {
    if (chain.lightClient.parachain !== undefined && at('chains', name, 'relayEndpoints') === undefined) {
      report(['chains', name], {
        problem: 'the light client of a parachain needs nodes of its relay chain',
        expected: 'relayEndpoints: a list of addresses',
      });
    }
    return;
  }
  if (chain.lightClient.kind === 'ethereum') {
    if (at('chains', name, 'beacon') === undefined) {
      report(['chains', name], {
        problem: 'the light client of this chain needs a beacon node',
        expected: 'beacon: a list of addresses',
      });
    }
    return;
  }
  const { quorum } = chain.lightClient;
  // Endpoints with mistakes count as if mended: their own findings are enough.
  if (seen.size + mistaken < quorum) {
    report(['chains', name, 'endpoints'], {
      problem: `the manifest wants ${quorum} endpoints to agree on this chain`,
      expected: `at least ${quorum} with different host or port`,
      got: String(seen.size),
    });
  }
}

/** Keys of a chain's row that only one family has. */
const FAMILY_KEYS = {
  evm: ['beacon', 'accounts', 'maxFeePerGasGwei', 'forward'],
  cosmos: ['vaultKey'],
  substrate: ['vaultKey', 'submitterKey', 'relayEndpoints'],
} as const satisfies Record<ManifestChain['family'], readonly string[]>;

function checkFamily(name: string, { family }: ManifestChain, at: Context['at'], reportKey: Report): void {
  const own = new Set<string>(FAMILY_KEYS[family]);
  for (const key of new Set<string>(Object.values(FAMILY_KEYS).flat())) {
    if (own.has(key) || at('chains', name, key) === undefined) continue;
    reportKey(['chains', name, key], {
      problem: `not for a chain of family ${quote(family)}`,
      fix: `Take it out; what such a chain has of its own: ${[...own].map((one) => quote(one)).join(', ')}.`,
    });
  }
}

/** A weight for a lane that is not there would be one that its operator believes in. */
function checkWeights(target: string, manifest: Manifest, at: Context['at'], reportKey: Report): void {
  const sources = manifest.lanes.filter((lane) => lane.target === target).map(({ source }) => source);
  for (const source of keysOf(at('chains', target, 'laneWeights'))) {
    if (validValue(slugField(), source) === undefined || sources.some((name) => name === source)) continue;
    const meant = nearest(source, sources);
    reportKey(['chains', target, 'laneWeights', source], {
      problem: `the manifest has no lane from ${quote(source)} to ${quote(target)}`,
      fix: meant === undefined ? `Lanes to it come from: ${sources.join(', ')}.` : `Did you mean ${quote(meant)}?`,
    });
  }
}

/** The keys with which this process signs what a vault pays. */
function checkVaults({ manifest, roles, at, report }: Context): void {
  for (const { name, gateway } of manifest?.chains ?? []) {
    if (gateway.kind !== 'vault' || at('chains', name) === undefined) continue;
    const path = ['chains', name, 'vaultKey'];
    const key = at(...path);
    if (key === undefined) {
      if (!roles.has('attest')) continue;
      report(['chains', name], {
        problem: "the role attest signs what this chain's vault pays, and has no key for it",
        expected: 'vaultKey: the secret of this member',
      });
      continue;
    }
    const address = checkKey(path, at, report);
    if (address !== undefined && manifest?.profile !== 'dev' && isPublishedKey(address)) report(path, publishedKey());
    if (!roles.has('attest')) {
      report(path, {
        severity: 'warning',
        problem: 'a key of the vault in a process that signs nothing',
        fix: 'Take it out: keys belong where they are used, in the process with the role attest.',
      });
    }
  }
}

/** Returns the attester's address, when its key is one. */
function checkAttester({ manifest, roles, at, report }: Context): Uint8Array | undefined {
  if (at('attester') === undefined) {
    if (!roles.has('attest')) return undefined;
    const index = listOf(at('roles')).indexOf('attest');
    const fix = 'Add attester with name and key, or leave the role out.';
    report(['roles', index], { problem: 'the role attest needs the section attester', fix });
    return undefined;
  }
  const name = validValue(attesterShape.name, at('attester', 'name'));
  const member = manifest?.signers.members.find((one) => one.name === name);
  if (manifest !== undefined && name !== undefined && member === undefined) {
    const names = manifest.signers.members.map((one) => one.name);
    const meant = nearest(name, names);
    report(['attester', 'name'], {
      problem: 'the signer set of the manifest has no such member',
      got: quote(name),
      fix: meant === undefined ? `Its members: ${names.join(', ')}.` : `Did you mean ${quote(meant)}?`,
    });
  }
  const address = checkKey(['attester', 'key'], at, report);
  if (address === undefined) return undefined;
  if (member !== undefined && !equalBytes(member.address, address)) {
    report(['attester', 'key'], {
      problem: `the key of ${checksumAddress(address)} is not that of the member ${quote(member.name)}`,
      expected: `a key whose address is ${checksumAddress(member.address)}`,
    });
  }
  if (manifest !== undefined && manifest.profile !== 'dev' && isPublishedKey(address)) {
    report(['attester', 'key'], publishedKey());
  }
  return address;
}

function checkAccounts({ manifest, roles, at, report }: Context, attester: Uint8Array | undefined): void {
  let accounts = 0;
  for (const name of keysOf(at('chains'))) {
    const seen = new Map<string, number>();
    for (const index of listOf(at('chains', name, 'accounts')).keys()) {
      accounts += 1;
      const path = ['chains', name, 'accounts', index, 'key'];
      const address = checkKey(path, at, report);
      if (address === undefined) continue;
      const text = checksumAddress(address);
      const first = seen.get(text);
      if (first !== undefined) {
        report(path, {
          problem: `the account ${text} is the same as accounts[${first}]`,
          fix: 'Each account has one stream of nonces: give each its own key.',
        });
      }
      seen.set(text, index);
      if (manifest !== undefined && manifest.profile !== 'dev' && isPublishedKey(address)) report(path, publishedKey());
      if (attester !== undefined && equalBytes(attester, address)) {
        report(path, {
          severity: 'warning',
          problem: "the attester's key pays fees too",
          fix: 'Give the account a key of its own: one that pays fees needs no authority.',
        });
      }
    }
  }
  checkForwards({ manifest, roles, at, report });
  const hasVault = manifest?.chains.some(({ gateway }) => gateway.kind === 'vault') === true;
  if (roles.has('submit') && accounts === 0 && !hasVault) {
    report(['roles', listOf(at('roles')).indexOf('submit')], {
      problem: 'the role submit needs accounts for at least one chain',
      fix: 'Add accounts to a chain, or leave the role out.',
    });
  }
}

/** Who pokes forwarders sends by a nonce of its own, so it can be no account that submits. */
function checkForwards({ manifest, roles, at, report }: Pick<Context, 'manifest' | 'roles' | 'at' | 'report'>): void {
  for (const name of keysOf(at('chains'))) {
    const path = ['chains', name, 'forward', 'key'];
    if (at(...path) === undefined) continue;
    const address = checkKey(path, at, report);
    if (address === undefined) continue;
    for (const index of listOf(at('chains', name, 'accounts')).keys()) {
      const text = validValue(attesterShape.key, at('chains', name, 'accounts', index, 'key'));
      const key = text === undefined ? undefined : fromHex(text, 32);
      if (key === undefined || !isPrivateKey(key) || !equalBytes(addressOf(key), address)) continue;
      report(path, {
        problem: `the account ${checksumAddress(address)} submits too: it is accounts[${index}]`,
        fix: 'Each account has one stream of nonces: give the one that pokes its own key.',
      });
    }
    if (manifest !== undefined && manifest.profile !== 'dev' && isPublishedKey(address)) report(path, publishedKey());
    if (!roles.has('api') || !roles.has('verify')) {
      report(path, {
        severity: 'warning',
        problem: 'a key that pokes forwarders in a process that is told of none',
        fix: 'Forwards are registered with the role api and watched by the role verify: add both, or take the key out.',
      });
    }
  }
}

/** The address of a well-formed key. That a key lies below the order of the curve is no matter of its pattern. */
function checkKey(path: Path, at: Context['at'], report: Report): Uint8Array | undefined {
  const text = validValue(attesterShape.key, at(...path));
  if (text === undefined) return undefined;
  const key = fromHex(text, 32);
  if (isPrivateKey(key)) return addressOf(key);
  report(path, { problem: 'not a key of the curve secp256k1: zero, or beyond its order' });
  return undefined;
}

function checkNats({ at, report, reportKey }: Context): void {
  const has = (field: string): boolean => at('nats', field) !== undefined;
  if (has('password') && !has('user')) {
    reportKey(['nats', 'password'], { problem: 'a password without a user', fix: 'Add user, or use token.' });
  }
  if (has('user') && !has('password')) {
    reportKey(['nats', 'user'], { problem: 'a user without a password', fix: 'Add password.' });
  }
  const ways = [has('credsFile'), has('token'), has('user') || has('password')].filter(Boolean).length;
  if (ways > 1) {
    report(['nats'], { problem: 'several ways to log in', expected: 'one of credsFile, token, or user and password' });
  }
}

function checkApi({ at, report }: Context): void {
  const host = validValue(shape.api.unwrap().shape.host, at('api', 'host'));
  if (host === undefined || isLoopback(host)) return;
  report(['api', 'host'], {
    severity: 'warning',
    problem: 'the API is open to others',
    expected: 'a loopback address',
    got: quote(host),
    fix: 'It has no authentication; put it behind a proxy that has, or listen on 127.0.0.1.',
  });
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function rolesOf(value: unknown): ReadonlySet<Role> {
  return new Set(ROLES.filter((role) => listOf(value).includes(role)));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
