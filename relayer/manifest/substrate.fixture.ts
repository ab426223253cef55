/** The example with a Cosmos chain, and an asset hub beside it. Keys come from made-up seeds, as other tools derive them. */
import { Keyring } from '@polkadot/keyring';
import { createKeyMulti } from '@polkadot/util-crypto';
import { readFileSync } from 'node:fs';
import { toHex } from '../core/bytes.ts';

export type Edits = Readonly<Record<string, unknown>>;

export const HUB = 'asset-hub-testnet';
export const HUB_PREFIX = 42;
const EXAMPLE = readFileSync(new URL('../../configs/example-cosmos/manifest.json', import.meta.url), 'utf8');
const THRESHOLD = 3;

/** The account of a made-up seed and a path. 32 bytes. */
export function hubKey(path: string): Uint8Array {
  const seed = `0x${'5e'.repeat(32)}`;
  return Uint8Array.from(new Keyring({ type: 'sr25519' }).addFromUri(seed + path).publicKey);
}

const members = [1, 2, 3, 4].map((number) => hubKey(`//member//${number}`));

/** As the manifest has it: the account is what the tools of the chain make of all the keys. */
export function hubShard(opener: Uint8Array, executor: Uint8Array): Record<string, unknown> {
  return {
    address: toHex(Uint8Array.from(createKeyMulti([...members, opener, executor], THRESHOLD + 2))),
    members: members.map(toHex),
    opener: toHex(opener),
    executor: toHex(executor),
  };
}

const GENESIS = `0x${'ab'.repeat(16)}${'cd'.repeat(16)}`;
const CHAIN = {
  name: HUB,
  id: `polkadot:${'ab'.repeat(16)}`,
  family: 'substrate',
  genesisHash: GENESIS,
  ss58Prefix: HUB_PREFIX,
  slotMs: 12_000,
  runtimes: [{ specVersion: 1_001_002, metadataHash: `0x${'11'.repeat(32)}` }],
  lightClient: {
    kind: 'grandpa',
    trusted: { height: '20000000', hash: `0x${'22'.repeat(32)}` },
    slotMs: 6_000,
    parachain: { id: 1000, relayGenesisHash: `0x${'33'.repeat(32)}` },
  },
  gateway: {
    kind: 'vault',
    shards: [0, 1].map((number) => hubShard(hubKey(`//opener//${number}`), hubKey(`//executor//${number}`))),
    startHeight: '7000000',
    homeChunkSize: 64,
  },
};

interface Document {
  chains: unknown[];
  assets: { representations: unknown[] }[];
  lanes: unknown[];
}

/** JSON of the manifest: the asset hub is chain 2. `edits`: values by path, `chains.2.slotMs`. */
export function hubManifest(edits: Edits = {}): string {
  const document = JSON.parse(EXAMPLE) as Document;
  document.chains.push(structuredClone(CHAIN));
  for (const [index, asset] of document.assets.entries()) {
    const row = { chain: HUB, custody: 'mint', assetId: String(index + 1), decimals: 6, refundMinimum: '10' };
    asset.representations.push(row);
  }
  const [first] = document.lanes;
  for (const other of ['sepolia', 'cosmos-testnet']) {
    for (const [source, target] of [
      [HUB, other],
      [other, HUB],
    ]) {
      document.lanes.push({ ...(first as object), source, target });
    }
  }
  for (const [path, value] of Object.entries(edits)) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    const parent = steps.reduce((node, step) => (node as Record<string, unknown>)[step], document as unknown);
    (parent as Record<string, unknown>)[last] = value;
  }
  return JSON.stringify(document, null, 2);
}
