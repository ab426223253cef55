import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../core/bytes.ts';
import { chainName } from '../core/ids.ts';
import { laneIdOf } from '../core/lane.ts';
import { formatAccount, parseAccount } from './account.ts';
import { formatFinding } from './findings.ts';
import {
  chainByName,
  gatewayBytes,
  laneBetween,
  laneGranularity,
  loadManifest,
  manifestHash,
  readManifest,
  type SubstrateChain,
} from './index.ts';
import { encodeSs58 } from './ss58.ts';
import { type Edits, HUB, hubKey, hubManifest, hubShard } from './substrate.fixture.ts';

const NAME = chainName(HUB);

function hubOf(edits: Edits = {}): SubstrateChain {
  const chain = chainByName(loadManifest(utf8(hubManifest(edits)), 'm.json'), NAME);
  if (chain?.family !== 'substrate') throw new Error('another family');
  return chain;
}

describe('a Substrate chain of the manifest', () => {
  const manifest = loadManifest(utf8(hubManifest()), 'm.json');
  const chain = hubOf();

  it('decodes', () => {
    expect(readManifest(utf8(hubManifest()), 'm.json').findings).toEqual([]);
    expect(chain).toMatchObject({ family: 'substrate', ss58Prefix: 42, slotMs: 12_000 });
    expect(chain.runtimes).toEqual(new Map([[1_001_002, '11'.repeat(32)]]));
    expect(chain.lightClient).toMatchObject({ kind: 'grandpa', slotMs: 6_000, parachain: { id: 1000 } });
    expect(chain.gateway).toMatchObject({ kind: 'vault', threshold: 3, startHeight: 7_000_000n, homeChunkSize: 64 });
    expect(chain.gateway.shards.map(({ members }) => members.length)).toEqual([4, 4]);
    expect(chain.gateway.shards.map(({ opener }) => toHex(opener))).toEqual(
      [0, 1].map((number) => toHex(hubKey(`//opener//${number}`))),
    );
  });

  it('has accounts whose openers and executors may be different operators', () => {
    const shard = hubShard(hubKey('//ann//opener'), hubKey('//ben//executor'));
    expect(hubOf({ 'chains.2.gateway.shards.1': shard }).gateway.shards[1]!.opener).toEqual(hubKey('//ann//opener'));
  });

  it('stands in lane ids by its first account', () => {
    const cosmos = chainByName(manifest, chainName('cosmos-testnet'))!;
    const lane = laneBetween(manifest, NAME, cosmos.name)!;
    expect(lane.id).toBe(
      laneIdOf(
        { chain: chain.id, gateway: chain.gateway.shards[0]!.account },
        { chain: cosmos.id, gateway: gatewayBytes(cosmos.gateway) },
      ),
    );
    expect(laneGranularity(manifest.assets[0]!, lane)).toBe(10n ** 12n);
  });

  it('is in the hash with every value', () => {
    const hash = manifestHash(utf8(hubManifest()));
    for (const edits of [
      { 'chains.2.runtimes.0.metadataHash': `0x${'12'.repeat(32)}` },
      { 'chains.2.gateway.shards.1.executor': toHex(hubKey('//other')) },
      { 'assets.0.representations.2.assetId': '9' },
    ]) {
      expect(manifestHash(utf8(hubManifest(edits)))).not.toEqual(hash);
    }
  });
});

describe('mistakes in a Substrate chain', () => {
  const opener = toHex(hubKey('//opener//0'));
  const member = toHex(hubKey('//member//1'));
  const cases: Record<string, Edits> = {
    'an id of another genesis': { 'chains.2.id': `polkadot:${'ba'.repeat(16)}` },
    'a runtime twice': {
      'chains.2.runtimes': [1, 2].map((byte) => ({ specVersion: 7, metadataHash: `0x0${byte}`.padEnd(66, '0') })),
    },
    'an address that is not that of the keys': { 'chains.2.gateway.shards.0.address': `0x${'77'.repeat(32)}` },
    'an address of another threshold': { 'chains.2.gateway.threshold': 4 },
    'an opener that works two accounts': {
      'chains.2.gateway.shards.1': hubShard(hubKey('//opener//0'), hubKey('//executor//1')),
    },
    'an opener that is a member': {
      'chains.2.gateway.shards.0': hubShard(hubKey('//member//1'), hubKey('//executor//0')),
    },
    'a member twice': { 'chains.2.gateway.shards.0.members.1': member },
    'an account that is written in SS58': { 'chains.2.gateway.shards.0.opener': encodeSs58(42, hubKey('//opener//0')) },
    'an account in upper case': { 'chains.2.gateway.shards.0.opener': `0x${opener.slice(2).toUpperCase()}` },
    'a prefix that there is not': { 'chains.2.ss58Prefix': 16_384 },
    'a coin with an asset number': {
      'assets.0.representations.2': { chain: HUB, custody: 'native', assetId: '1', decimals: 12, refundMinimum: '10' },
    },
    'an asset without its number': { 'assets.0.representations.2.assetId': undefined },
    'an asset without its refund minimum': { 'assets.0.representations.2.refundMinimum': undefined },
    'two assets of one number': { 'assets.1.representations.2.assetId': '1' },
    'chunks that may fit into no block': { 'lanes.3.chunkSize': 257, 'chains.2.gateway.homeChunkSize': 512 },
    'a clock of its own outside dev': {
      'chains.2.lightClient.chainClock': { hostMs: '1', chainSeconds: '1', speed: 2 },
    },
  };
  it.each(Object.keys(cases))('%s', (name) => {
    const findings = readManifest(utf8(hubManifest(cases[name])), 'm.json').findings.map(formatFinding);
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.join('\n')).toMatchSnapshot();
  });
});

describe('accounts of a Substrate chain as people write them', () => {
  const chain = hubOf();
  const account = hubKey('//someone');

  it('go to bytes and back', () => {
    expect(parseAccount(chain, formatAccount(chain, account))).toEqual({ kind: 'valid', bytes: account });
  });

  it.each([
    ['a mistyped character', encodeSs58(42, account).replace(/.$/, (last) => (last === 'x' ? 'y' : 'x'))],
    ['an address of another chain', encodeSs58(0, account)],
    ['half of it', encodeSs58(42, account).slice(0, 24)],
    ['an EVM account', '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'],
    ['a Cosmos account', 'cosmos1zdma98pp8fj5szuzcv8yu6prcyeqam7qa2wjpv'],
    ['the public key in hex', toHex(account)],
    ['nothing', ''],
    ['a flood', '5'.repeat(100_000)],
  ])('%s is refused with its reason', (_, text) => {
    const read = parseAccount(chain, text);
    expect(read.kind).toBe('invalid');
    expect(read.kind === 'invalid' ? [read.reason, read.hint] : []).toMatchSnapshot();
  });
});
