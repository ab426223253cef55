import { afterAll, describe, expect, it } from 'vitest';
import { createSecret, type SubstrateChainConfig } from './config/index.ts';
import { utf8, word } from './core/bytes.ts';
import { systemClock } from './core/clock.ts';
import { type LogFields, type Logger, silentLogger } from './core/log.ts';
import { formatAccount, loadManifest } from './manifest/index.ts';
import { HUB, hubManifest, hubShard } from './manifest/substrate.fixture.ts';
import { createSubstrateChain, shardKeys } from './substrateChain.ts';
import { createLightClientWorker } from './verify/lightClientWorker.ts';

const ann = word(0xa0n);
const ben = word(0xben);
const shard = (seed: Uint8Array, number: number): unknown => {
  const { opener, executor } = shardKeys(seed, number);
  return hubShard(opener.account, executor.account);
};
/** Ann works two accounts of the vault, Ben the one between them. */
const manifest = loadManifest(
  utf8(hubManifest({ 'chains.2.gateway.shards': [shard(ann, 0), shard(ben, 1), shard(ann, 2)] })),
  'manifest.json',
);
const chain = manifest.chains.find(({ name }) => name === HUB);
if (chain?.family !== 'substrate') throw new Error('another family');
const hub = chain;
const addresses = hub.gateway.shards.map(({ account }) => formatAccount(hub, account));
const worker = createLightClientWorker();

describe('the accounts of a vault that a process works', () => {
  afterAll(async () => worker.close());

  function start(submitterKey: Uint8Array | undefined) {
    const told: LogFields[] = [];
    const log: Logger = { ...silentLogger, info: (fields) => void told.push(fields), child: () => log };
    const nothing = async (): Promise<undefined> => Promise.resolve(undefined);
    const endpoint = { name: 'a', url: createSecret('http://127.0.0.1:1'), ws: undefined };
    const config: SubstrateChainConfig = {
      family: 'substrate',
      endpoints: [endpoint],
      relayEndpoints: [endpoint],
      pollMs: 1_000,
      laneWeights: new Map(),
      vaultKey: undefined,
      submitterKey: submitterKey && createSecret(submitterKey),
    };
    const { vault } = createSubstrateChain(manifest, hub, config, {
      clock: systemClock,
      log,
      worker,
      accumulate: async () => Promise.resolve([]),
      packetsOf: nothing,
      isDelivered: async () => Promise.resolve(false),
      cursorOf: nothing,
      sequenceOf: nothing,
    });
    const accounts = vault?.accounts({ collect: async () => Promise.resolve() }) ?? [];
    return { accounts: accounts.map(({ address }) => address), told };
  }

  it('are those of its submitter key, and the log says which', () => {
    expect(start(ann)).toEqual({
      accounts: [addresses[0], addresses[2]],
      told: [{ own: [addresses[0], addresses[2]], others: [addresses[1]] }],
    });
    expect(start(ben).accounts).toEqual([addresses[1]]);
  });

  it('are none without a submitter key, and a key that works none is a mistake', () => {
    expect(start(undefined)).toEqual({ accounts: [], told: [] });
    expect(() => start(word(0xefen))).toThrow(/is opener and executor of no account of the vault/);
  });
});
