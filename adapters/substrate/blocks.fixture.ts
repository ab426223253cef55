/** Blocks of a chain that never was: extrinsics and events of one's own under true roots, for the types of a real runtime. */
import substrateMetadata from '@polkadot/types-support/metadata/v14/substrate-hex';
import { encodeHeader, hashHeader } from '../../light-clients/grandpa/index.ts';
import { extrinsicsRoot } from '../../light-clients/grandpa/extrinsicsRoot.ts';
import { hexOf, joinBytes, sizedBytes } from '../../light-clients/scale.ts';
import { buildTrie } from '../../light-clients/trie/trie.fixture.ts';
import { fromHex, utf8 } from '../../relayer/core/bytes.ts';
import type { VerifiedHead } from '../../relayer/core/ports.ts';
import { type Input, writeCompact } from './codec.ts';
import { EVENTS_KEY, RUNTIME_KEY } from './derive.ts';
import type { BlockContent } from './evidence.ts';
import { signExtrinsic } from './extrinsic.ts';
import { keyFromSeed, type SigningKey } from './keys.ts';
import { createRuntime } from './runtime.ts';
import { createRuntimes, metadataHash } from './runtimes.ts';
import { DEV_SEED } from './vault.fixture.ts';

export const SPEC = 268;
export const METADATA = fromHex(substrateMetadata);
export const RUNTIMES = createRuntimes(new Map([[SPEC, metadataHash(METADATA)]]));
RUNTIMES.bring(SPEC, METADATA);
export const RUNTIME = createRuntime(METADATA);
export const key = (path: string): SigningKey => keyFromSeed(DEV_SEED, path);

export interface TestBlock {
  readonly header: Uint8Array;
  readonly hash: Uint8Array;
  readonly content: BlockContent;
}

/** An event of the extrinsic at a position. */
export type TestEvent = readonly [extrinsic: number, pallet: string, event: Input];

export const succeeded = (index: number): TestEvent => [
  index,
  'System',
  {
    ExtrinsicSuccess: {
      dispatch_info: { weight: { ref_time: 1, proof_size: 0 }, class: 'Normal', pays_fee: 'Yes' },
    },
  },
];
export const moved = (index: number, from: Uint8Array, to: Uint8Array, amount: bigint): TestEvent => [
  index,
  'Balances',
  { Transfer: { from, to, amount } },
];
export const movedAsset = (
  index: number,
  asset: bigint,
  from: Uint8Array,
  to: Uint8Array,
  amount: bigint,
): TestEvent => [index, 'Assets', { Transferred: { asset_id: asset, from, to, amount } }];

export function signed(call: Uint8Array, signer: SigningKey, nonce = 0n): Uint8Array {
  const era = { number: 1, hash: new Uint8Array(32) };
  const context = { specVersion: SPEC, transactionVersion: 1, genesisHash: new Uint8Array(32), era };
  return signExtrinsic(RUNTIME, call, signer, context, { nonce, tip: 0n }).raw;
}

export function makeBlock(
  parent: { readonly hash: Uint8Array } | undefined,
  number: number,
  extrinsics: readonly Uint8Array[],
  events: readonly TestEvent[],
  { specVersion = SPEC, version = 0 }: { readonly specVersion?: number; readonly version?: 0 | 1 } = {},
): TestBlock {
  const records = events.map(([index, pallet, event]): Input => ({
    phase: { ApplyExtrinsic: index },
    event: { [pallet]: event },
    topics: [],
  }));
  const type = RUNTIME.metadata.pallets.get('System')?.storage.get('Events')?.value ?? 0;
  const entries = new Map([
    [hexOf(EVENTS_KEY), RUNTIME.codec.encode(type, records)],
    [hexOf(RUNTIME_KEY), joinBytes([writeCompact(BigInt(specVersion)), sizedBytes(utf8('node'))])],
    ['00', new Uint8Array(40).fill(number)],
  ]);
  const trie = buildTrie(entries, version);
  const header = encodeHeader({
    parentHash: parent?.hash ?? new Uint8Array(32),
    number,
    stateRoot: trie.root,
    extrinsicsRoot: extrinsicsRoot(extrinsics, version),
    digest: [{ kind: 'preRuntime', engine: 'aura', data: Uint8Array.of(number, 0, 0, 0, 0, 0, 0, 0) }],
  });
  const content = { extrinsics, proof: trie.proof([EVENTS_KEY, RUNTIME_KEY]) };
  return { header, hash: hashHeader(header), content };
}

export function headOf({ header, hash }: TestBlock, height: number): VerifiedHead {
  return { height: BigInt(height), hash, timeSeconds: 0n, header };
}
