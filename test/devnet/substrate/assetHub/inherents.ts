/** What an asset hub block begins with: what it is told of its relay chain, proven from a relay block, and its time. */
import { compactBytes, joinBytes, sizedBytes, u32Bytes, u64Bytes } from '../../../../light-clients/scale.ts';
import { compareBytes } from '../../../../relayer/core/bytes.ts';
import { storagePrefix, twox64Concat } from '../../../../light-clients/trie/index.ts';
import { type Block, stateOf } from '../chain/block.ts';
import type { BlockRules } from '../chain/createChain.ts';
import { vectorBytes } from '../chain/genesis.ts';
import { type Runtime, unsignedExtrinsic } from '../chain/runtime.ts';

const POV_BYTES_MAX = 5 * 1024 * 1024;

export const auraRules: BlockRules = {
  digest: (_parent, slot) => [{ kind: 'preRuntime', engine: 'aura', data: u64Bytes(slot) }],
};

export function assetHubInherents(
  runtime: Runtime,
  slotMs: number,
  paraId: number,
  relayParent: Block,
): (parent: Block, slot: bigint) => readonly Uint8Array[] {
  return (parent, slot) => {
    const validationData = joinBytes([
      sizedBytes(parent.headerBytes),
      u32Bytes(relayParent.number),
      relayParent.header.stateRoot,
      u32Bytes(POV_BYTES_MAX),
    ]);
    // The runtime takes the nodes as a set and encodes them in order: so must the body, for the root over it to fit.
    const proof = [...stateOf(relayParent).proof(relayKeys(paraId))].sort(compareBytes).map(sizedBytes);
    const noMessages = vectorBytes([]);
    const data = joinBytes([validationData, vectorBytes(proof), noMessages, noMessages]);
    return [
      unsignedExtrinsic(runtime.encodeCall('ParachainSystem', 'set_validation_data', data)),
      unsignedExtrinsic(runtime.encodeCall('Timestamp', 'set', compactBytes(slot * BigInt(slotMs)))),
    ];
  };
}

/** What cumulus reads of the relay chain's state. (`RelayChainStateProof`) */
function relayKeys(paraId: number): readonly Uint8Array[] {
  const ofPara = (pallet: string, item: string): Uint8Array =>
    joinBytes([storagePrefix(pallet, item), twox64Concat(u32Bytes(paraId))]);
  return [
    storagePrefix('Configuration', 'ActiveConfig'),
    storagePrefix('Babe', 'CurrentSlot'),
    ofPara('Dmp', 'DownwardMessageQueueHeads'),
    ofPara('Hrmp', 'HrmpIngressChannelsIndex'),
    ofPara('Hrmp', 'HrmpEgressChannelsIndex'),
    ofPara('Paras', 'UpgradeGoAheadSignal'),
    ofPara('Paras', 'UpgradeRestrictionSignal'),
    ofPara('Paras', 'Heads'),
    ofPara('Ump', 'RelayDispatchQueueSize'),
  ];
}
