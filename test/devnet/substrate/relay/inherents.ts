/** What a relay chain block begins with: its time and the parachains' inherent. */
import { compactBytes, createScaleReader, joinBytes, u32Bytes, u64Bytes } from '../../../../light-clients/scale.ts';
import type { DigestItem } from '../../../../light-clients/grandpa/index.ts';
import { type Block, stateOf } from '../chain/block.ts';
import type { BlockRules } from '../chain/createChain.ts';
import { vectorBytes } from '../chain/genesis.ts';
import { type Runtime, unsignedExtrinsic } from '../chain/runtime.ts';

/** The parts of `ParachainsInherentData`, encoded. */
export interface ParachainsData {
  readonly bitfields: readonly Uint8Array[];
  readonly candidates: readonly Uint8Array[];
}

export const NO_PARACHAINS: ParachainsData = { bitfields: [], candidates: [] };
/** BABE's `SecondaryPlain`: no VRF, which nothing here checks. */
const SECONDARY_PLAIN = Uint8Array.of(2);
const AUTHORITIES_MAX = 10_000;

export function babeRules(runtime: Runtime): BlockRules {
  return {
    digest: (parent, slot): readonly DigestItem[] => {
      const list = stateOf(parent).get(runtime.storageKey('Babe', 'Authorities')) ?? new Uint8Array(1);
      const count = BigInt(createScaleReader(list, 'babe authorities').length(AUTHORITIES_MAX));
      const author = Number(slot % (count === 0n ? 1n : count));
      return [
        { kind: 'preRuntime', engine: 'BABE', data: joinBytes([SECONDARY_PLAIN, u32Bytes(author), u64Bytes(slot)]) },
      ];
    },
  };
}

export function relayInherents(
  runtime: Runtime,
  slotMs: number,
  parachains: (parent: Block) => ParachainsData,
): (parent: Block, slot: bigint) => readonly Uint8Array[] {
  return (parent, slot) => {
    const { bitfields, candidates } = parachains(parent);
    const noDisputes = vectorBytes([]);
    const data = joinBytes([vectorBytes(bitfields), vectorBytes(candidates), noDisputes, parent.headerBytes]);
    return [
      unsignedExtrinsic(runtime.encodeCall('Timestamp', 'set', compactBytes(slot * BigInt(slotMs)))),
      unsignedExtrinsic(runtime.encodeCall('ParaInherent', 'enter', data)),
    ];
  };
}
