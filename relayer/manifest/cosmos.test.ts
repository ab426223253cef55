import { createMultisigThresholdPubkey, encodeSecp256k1Pubkey, pubkeyToRawAddress } from '@cosmjs/amino';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromHex, utf8 } from '../core/bytes.ts';
import { chainName } from '../core/ids.ts';
import { laneIdOf } from '../core/lane.ts';
import { accountLengths, formatAccount, parseAccount } from './account.ts';
import { encodeBech32 } from './bech32.ts';
import { formatFinding } from './findings.ts';
import {
  chainByName,
  type CosmosChain,
  gatewayBytes,
  isHomeLane,
  laneBetween,
  laneGranularity,
  lanesFrom,
  lanesTo,
  loadManifest,
  type Manifest,
  manifestHash,
  multisigAccount,
  readManifest,
} from './index.ts';

const EXAMPLE = readFileSync(new URL('../../configs/example-cosmos/manifest.json', import.meta.url), 'utf8');
const [SEPOLIA, COSMOS] = [chainName('sepolia'), chainName('cosmos-testnet')];

type Edits = Readonly<Record<string, unknown>>;

function edited(edits: Edits): string {
  const root: unknown = JSON.parse(EXAMPLE);
  for (const [path, value] of Object.entries(edits)) {
    const steps = path.split('.');
    const last = steps.pop()!;
    const parent = steps.reduce((node, step) => (node as Record<string, unknown>)[step], root);
    (parent as Record<string, unknown>)[last] = value;
  }
  return JSON.stringify(root, null, 2);
}

function given(path: string): unknown {
  const root: unknown = JSON.parse(EXAMPLE);
  return path.split('.').reduce((node, step) => (node as Record<string, unknown>)[step], root);
}

/** The findings after edits of the example, one line each. */
function after(edits: Edits): string[] {
  return readManifest(utf8(edited(edits)), 'm.json').findings.map(formatFinding);
}

function cosmosOf(manifest: Manifest): CosmosChain {
  const chain = chainByName(manifest, COSMOS);
  if (chain?.family !== 'cosmos') throw new Error('another family');
  return chain;
}

describe('a Cosmos chain of the manifest', () => {
  const manifest = loadManifest(utf8(EXAMPLE), 'm.json');
  const chain = cosmosOf(manifest);

  it('decodes the example', () => {
    expect(readManifest(utf8(EXAMPLE), 'm.json').findings).toEqual([]);
    expect(chain).toMatchObject({ id: 'cosmos:example-testnet-1', chainId: 'example-testnet-1', prefix: 'cosmos' });
    expect(chain.lightClient).toMatchObject({
      kind: 'tendermint',
      trustLevel: { numerator: 1n, denominator: 3n },
      trustingPeriodSeconds: 1_209_600n,
      clockDriftSeconds: 10n,
      chainClock: undefined,
    });
    expect(chain.costs).toMatchObject({ gasPerByte: 10n, feePerThousandGas: 25n, txBytesMax: 700_000 });
    expect(chain.gateway).toMatchObject({ kind: 'vault', threshold: 3, releaseExpiryBlocks: 50, payoutForm: 'send' });
    expect(chain.gateway.shards.map(({ members }) => members.length)).toEqual([4, 4]);
    expect(chain.gateway.blockedReceivers.map((account) => account.length)).toEqual([20, 20, 20, 20, 20, 20]);
    const [eth, test] = manifest.assets;
    expect(eth!.representations[1]).toMatchObject({ family: 'cosmos', custody: 'mint', refundMinimum: 10n });
    expect(test!.representations[0]).toMatchObject({ family: 'cosmos', custody: 'lock', denom: 'utest' });
    expect(test!.representations[1]).toMatchObject({ family: 'evm', custody: 'mint' });
  });

  it('has the accounts that cosmjs derives from the keys in their order', () => {
    for (const { account, members } of chain.gateway.shards) {
      const keys = members.map((key) => encodeSecp256k1Pubkey(key));
      expect(account).toEqual(pubkeyToRawAddress(createMultisigThresholdPubkey(keys, 3, true)));
      expect(multisigAccount(2, members)).toEqual(pubkeyToRawAddress(createMultisigThresholdPubkey(keys, 2, true)));
      expect(multisigAccount(3, members.toReversed())).not.toEqual(account);
    }
  });

  it('takes the threshold of the signer set when it has none of its own', () => {
    const other = cosmosOf(loadManifest(utf8(edited({ 'chains.1.gateway.threshold': undefined })), 'm.json'));
    expect(other.gateway).toEqual(chain.gateway);
  });

  it('stands in lane ids by its first account', () => {
    const [source, target] = [chainByName(manifest, SEPOLIA)!, chain];
    const [first] = chain.gateway.shards;
    expect(gatewayBytes(target.gateway)).toBe(first!.account);
    expect(laneBetween(manifest, SEPOLIA, COSMOS)?.id).toBe(
      laneIdOf(
        { chain: source.id, gateway: gatewayBytes(source.gateway) },
        { chain: target.id, gateway: first!.account },
      ),
    );
  });

  it('has a home lane that is in no row, and an EVM chain has none', () => {
    const [home, ...others] = manifest.lanes.filter(isHomeLane);
    expect(others).toEqual([]);
    const end = { chain: chain.id, gateway: gatewayBytes(chain.gateway) };
    expect(home).toMatchObject({
      id: laneIdOf(end, end),
      oppositeId: laneIdOf(end, end),
      chunkSize: 64,
      enabled: true,
    });
    expect(home!.assets.map(({ id }) => id)).toEqual([1, 2]);
    expect(lanesFrom(manifest, COSMOS)).toContain(home);
    expect(lanesTo(manifest, COSMOS)).toContain(home);
  });

  it('is coarser than an EVM chain: 6 decimals against 18', () => {
    const [eth, test] = manifest.assets;
    const lane = laneBetween(manifest, SEPOLIA, COSMOS)!;
    expect(laneGranularity(eth!, lane)).toBe(10n ** 12n);
    expect(laneGranularity(test!, lane)).toBe(1n);
  });

  it('is in the hash with every value', () => {
    const hash = manifestHash(utf8(EXAMPLE));
    for (const edits of [
      { 'chains.1.gateway.shards.0.members.0': given('chains.1.gateway.shards.1.members.0') },
      { 'chains.1.costs.messages.mint.gas': 1 },
      { 'chains.1.gateway.blockedReceivers': [] },
      { 'assets.0.representations.1.refundMinimum': '11' },
    ]) {
      expect(manifestHash(utf8(edited(edits)))).not.toEqual(hash);
    }
  });
});

describe('mistakes', () => {
  const key = given('chains.1.gateway.shards.0.members.0') as string;
  const address = given('chains.1.gateway.shards.0.address') as string;
  const foreign = encodeBech32('osmo', new Uint8Array(20).fill(1));
  const cases: Record<string, Edits> = {
    'an id of another family': { 'chains.1.id': 'eip155:5' },
    'a prefix in upper case': { 'chains.1.prefix': 'Cosmos' },
    'a light client of another family': { 'chains.1.lightClient.kind': 'ethereum' },
    'a trust level below a third': { 'chains.1.lightClient.trustLevel': '1/4' },
    'a trust level that is no fraction': { 'chains.1.lightClient.trustLevel': '0.5' },
    'a clock of its own outside dev': {
      'chains.1.lightClient.chainClock': { hostMs: '1', chainSeconds: '1', speed: 2 },
    },
    'a contract': { 'chains.1.gateway.kind': 'contract' },
    'an address with a typing error': { 'chains.1.gateway.shards.0.address': `${address.slice(0, -1)}x` },
    'an address in upper case': { 'chains.1.gateway.shards.0.address': address.toUpperCase() },
    'an address that is not that of the keys': {
      'chains.1.gateway.shards.0.address': encodeBech32('cosmos', new Uint8Array(20).fill(1)),
      'assets.0.representations.1.denom': `factory/${encodeBech32('cosmos', new Uint8Array(20).fill(1))}/eth`,
    },
    'keys in another order': {
      'chains.1.gateway.shards.1.members': (given('chains.1.gateway.shards.1.members') as string[]).toReversed(),
    },
    'a key that is no compressed one': { 'chains.1.gateway.shards.0.members.1': `0x04${key.slice(4)}` },
    'a key in two shards': { 'chains.1.gateway.shards.1.members.0': key },
    'fewer keys than members': {
      'chains.1.gateway.shards.0.members': (given('chains.1.gateway.shards.0.members') as string[]).slice(1),
    },
    'more members than the multisig takes': {
      'chains.1.gateway.shards.0.members': Array.from({ length: 8 }, () => key),
    },
    'a threshold that is too low': { 'chains.1.gateway.threshold': 2 },
    'a threshold above the members': { 'chains.1.gateway.threshold': 5 },
    'a blocked receiver of another chain': { 'chains.1.gateway.blockedReceivers.0': foreign },
    'a cost that is missing': { 'chains.1.costs.baseGas': undefined },
    'a mint of a coin that is not its own': { 'assets.0.representations.1.denom': 'uatom' },
    'a mint by another account': { 'assets.0.representations.1.denom': `factory/${foreign}/eth` },
    'a coin without its denom': { 'assets.1.representations.0.denom': undefined },
    'a coin without its refund minimum': { 'assets.1.representations.0.refundMinimum': undefined },
    'a denom on an EVM chain': { 'assets.1.representations.1.denom': 'utest' },
    'a token on a Cosmos chain': { 'assets.1.representations.0.token': given('assets.1.representations.1.token') },
    'a native coin on a Cosmos chain': {
      'assets.1.representations.0': { chain: 'cosmos-testnet', custody: 'native', decimals: 6 },
    },
    'two assets of one denom': {
      'assets.1.representations.0.denom': given('assets.0.representations.1.denom'),
    },
  };
  it.each(Object.keys(cases))('%s', (name) => {
    const findings = after(cases[name]!);
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.join('\n')).toMatchSnapshot();
  });
});

describe('accounts as people write them', () => {
  const manifest = loadManifest(utf8(EXAMPLE), 'm.json');
  const [evm, cosmos] = [chainByName(manifest, SEPOLIA)!, chainByName(manifest, COSMOS)!];

  it('go to bytes and back', () => {
    const key = fromHex('0x70997970c51812dc3a010c7d01b50e0d17dc79c8');
    expect(formatAccount(evm, key)).toBe('0x70997970C51812dc3A010C7d01b50e0d17dc79C8');
    expect(parseAccount(evm, formatAccount(evm, key))).toEqual({ kind: 'valid', bytes: key });
    for (const length of accountLengths(cosmos)) {
      const bytes = new Uint8Array(length).fill(9);
      expect(parseAccount(cosmos, formatAccount(cosmos, bytes))).toEqual({ kind: 'valid', bytes });
    }
    // What is no account of the chain is shown as it is.
    expect(formatAccount(evm, new Uint8Array(2))).toBe('0x0000');
  });

  it.each([
    ['another prefix', encodeBech32('osmo', new Uint8Array(20)), /another chain: its prefix is "osmo", not "cosmos"/],
    ['a wrong checksum', 'cosmos1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqnrql8x', /checksum is wrong/],
    ['another length', encodeBech32('cosmos', new Uint8Array(19)), /it holds 19 bytes/],
    ['an EVM account', '0x70997970c51812dc3a010c7d01b50e0d17dc79c8', /./],
  ])('%s is refused with its reason', (_, text, reason) => {
    const read = parseAccount(cosmos, text);
    expect(read).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });
});
