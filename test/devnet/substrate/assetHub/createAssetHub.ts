/**
 * The asset hub as a parachain: its blocks are made on top of a relay block, and its best and finalized blocks are
 * those that the relay chain's state says.
 */
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import { type Block, hexText } from '../chain/block.ts';
import { type Chain, createChain } from '../chain/createChain.ts';
import { type RawSpec, specCode, specState } from '../chain/genesis.ts';
import { createRuntime } from '../chain/runtime.ts';
import { assetHubGenesis, type AssetHubGenesis, paraIdOf } from './genesis.ts';
import { assetHubInherents, auraRules } from './inherents.ts';

export interface AssetHubOptions extends AssetHubGenesis {
  readonly startMs: number;
  readonly statesKept?: number | undefined;
}

export interface AssetHub {
  readonly chain: Chain;
  readonly paraId: number;
  /** Decompressed, as the relay chain registers it. */
  readonly code: Uint8Array;
  /** A block on top of the best one that the relay chain has not seen yet. */
  collate(relayParent: Block, relaySlotMs: number, transactions?: readonly Uint8Array[]): Block;
  /** The block that an encoded head names. */
  blockOfHead(head: Uint8Array): Block | undefined;
}

const SLOT_MS = 12_000;

export function createAssetHub(spec: RawSpec, options: AssetHubOptions): AssetHub {
  const runtime = createRuntime(specCode(spec));
  const published = specState(spec, runtime.version.stateVersion);
  const chain = createChain(runtime, auraRules, assetHubGenesis(runtime, published, options), {
    name: `${spec.name} Local`,
    properties: spec.properties,
    slotMs: SLOT_MS,
    firstSlot: BigInt(Math.floor(options.startMs / SLOT_MS)),
    statesKept: options.statesKept,
    followsRelay: true,
  });
  const paraId = options.paraId ?? paraIdOf(runtime, published);

  return {
    chain,
    paraId,
    code: runtime.executor.wasm,
    collate: (relayParent, relaySlotMs, transactions) => {
      const parent = chain.best();
      const slot = (relayParent.slot * BigInt(relaySlotMs)) / BigInt(SLOT_MS);
      return chain.build({
        parent,
        slot: slot > parent.slot ? slot : parent.slot + 1n,
        inherents: assetHubInherents(runtime, SLOT_MS, paraId, relayParent),
        transactions,
      });
    },
    blockOfHead: (head) => chain.block(hexText(blake2b256(head))),
  };
}
