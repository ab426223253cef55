/**
 * The SSZ containers of the light-client protocol, built for one preset. Four layouts cover Capella to Gloas:
 *
 * - `capella`: payload header of 15 fields;
 * - `deneb`: 17 fields (blob gas);
 * - `electra` (Fulu too): the payload of Deneb, one more level in the branches of the state;
 * - `gloas`: the execution block hash in place of the payload header.
 *
 * Altair and Bellatrix headers carry nothing of the execution layer: a bridge has no use for them, so they have no layout.
 */
import {
  BitVectorType,
  ByteListType,
  ByteVectorType,
  ContainerType,
  UintBigintType,
  type ValueOf,
  VectorCompositeType,
} from '@chainsafe/ssz';
import {
  BLOCK_HASH_GINDEX_GLOAS,
  EXECUTION_PAYLOAD_GINDEX,
  type ForkName,
  isForkFrom,
  type Preset,
  stateIndices,
} from './parameters.ts';
import { floorLog2 } from './merkleBranch.ts';

/** Also reads the JSON of the beacon API, whose names are in snake case. */
const NAMES = { jsonCase: 'eth2' } as const;

const uint64 = new UintBigintType(8);
const bytes32 = new ByteVectorType(32);

export const beaconHeaderType = new ContainerType(
  { slot: uint64, proposerIndex: uint64, parentRoot: bytes32, stateRoot: bytes32, bodyRoot: bytes32 },
  NAMES,
);

const capellaPayloadFields = {
  parentHash: bytes32,
  feeRecipient: new ByteVectorType(20),
  stateRoot: bytes32,
  receiptsRoot: bytes32,
  logsBloom: new ByteVectorType(256),
  prevRandao: bytes32,
  blockNumber: uint64,
  gasLimit: uint64,
  gasUsed: uint64,
  timestamp: uint64,
  extraData: new ByteListType(32),
  baseFeePerGas: new UintBigintType(32),
  blockHash: bytes32,
  transactionsRoot: bytes32,
  withdrawalsRoot: bytes32,
};

export const capellaPayloadType = new ContainerType(capellaPayloadFields, NAMES);
export const denebPayloadType = new ContainerType(
  { ...capellaPayloadFields, blobGasUsed: uint64, excessBlobGas: uint64 },
  NAMES,
);

const payloadBranch = branchType(EXECUTION_PAYLOAD_GINDEX);

const capellaHeaderType = new ContainerType(
  { beacon: beaconHeaderType, execution: capellaPayloadType, executionBranch: payloadBranch },
  NAMES,
);
const denebHeaderType = new ContainerType(
  { beacon: beaconHeaderType, execution: denebPayloadType, executionBranch: payloadBranch },
  NAMES,
);
const gloasHeaderType = new ContainerType(
  {
    beacon: beaconHeaderType,
    executionBlockHash: bytes32,
    executionBranch: branchType(BLOCK_HASH_GINDEX_GLOAS),
  },
  NAMES,
);

export type BeaconHeader = ValueOf<typeof beaconHeaderType>;
export type PayloadHeader = ValueOf<typeof denebPayloadType>;
export type HeaderType = typeof capellaHeaderType | typeof denebHeaderType | typeof gloasHeaderType;
export type Layout = 'capella' | 'deneb' | 'electra' | 'gloas';
export type Containers = ReturnType<typeof createContainers>;
export type SyncCommittee = ValueOf<Containers['syncCommittee']>;

/** The layout in which a fork's light-client objects are exchanged; undefined before Capella. */
export function layoutOf(fork: ForkName): Layout | undefined {
  if (isForkFrom(fork, 'gloas')) return 'gloas';
  if (isForkFrom(fork, 'electra')) return 'electra';
  if (isForkFrom(fork, 'deneb')) return 'deneb';
  if (isForkFrom(fork, 'capella')) return 'capella';
  return undefined;
}

export function createContainers(preset: Preset) {
  const syncCommittee = new ContainerType(
    {
      pubkeys: new VectorCompositeType(new ByteVectorType(48), preset.syncCommitteeSize),
      aggregatePubkey: new ByteVectorType(48),
    },
    NAMES,
  );
  const syncAggregate = new ContainerType(
    { syncCommitteeBits: new BitVectorType(preset.syncCommitteeSize), syncCommitteeSignature: new ByteVectorType(96) },
    NAMES,
  );

  function messages<H extends HeaderType>(header: H, fork: ForkName) {
    const indices = stateIndices(fork);
    const committeeBranch = branchType(indices.nextSyncCommittee);
    const finality = { finalizedHeader: header, finalityBranch: branchType(indices.finalizedRoot) };
    const signature = { syncAggregate, signatureSlot: uint64 };
    return {
      header,
      bootstrap: new ContainerType(
        { header, currentSyncCommittee: syncCommittee, currentSyncCommitteeBranch: committeeBranch },
        NAMES,
      ),
      update: new ContainerType(
        {
          attestedHeader: header,
          nextSyncCommittee: syncCommittee,
          nextSyncCommitteeBranch: committeeBranch,
          ...finality,
          ...signature,
        },
        NAMES,
      ),
      finalityUpdate: new ContainerType({ attestedHeader: header, ...finality, ...signature }, NAMES),
    };
  }

  return {
    syncCommittee,
    layouts: {
      capella: messages(capellaHeaderType, 'capella'),
      deneb: messages(denebHeaderType, 'deneb'),
      electra: messages(denebHeaderType, 'electra'),
      gloas: messages(gloasHeaderType, 'gloas'),
    },
  };
}

function branchType(gindex: number): VectorCompositeType<ByteVectorType> {
  return new VectorCompositeType(bytes32, floorLog2(gindex));
}
