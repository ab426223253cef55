/**
 * A light-client header of any layout in one shape, and the check that its execution part belongs to its beacon part.
 *
 * Trusts: the beacon header's body root. Proves: the payload header, or in the Gloas layout the block hash, that the
 * body carries. Below Capella there is no execution part and so no header of use to a bridge.
 *
 * From Gloas on a beacon block names the execution block that its payload will build on: what is proven is one block
 * behind the slot.
 */
import type { ValueOf } from '@chainsafe/ssz';
import {
  type BeaconHeader,
  beaconHeaderType,
  capellaPayloadType,
  denebPayloadType,
  type HeaderType,
  type PayloadHeader,
} from './containers.ts';
import { isValidNormalizedBranch, isZero, isZeroBranch } from './merkleBranch.ts';
import {
  BLOCK_HASH_GINDEX_CAPELLA,
  BLOCK_HASH_GINDEX_DENEB,
  BLOCK_HASH_GINDEX_GLOAS,
  type EthereumParameters,
  EXECUTION_PAYLOAD_GINDEX,
  forkAtSlot,
  isForkFrom,
} from './parameters.ts';

export interface LightHeader {
  readonly beacon: BeaconHeader;
  /** Undefined in the Gloas layout. A Capella payload has zero blob gas, as upgrade_lc_header_to_deneb writes it. */
  readonly payload: PayloadHeader | undefined;
  readonly blockHash: Uint8Array;
  readonly executionBranch: readonly Uint8Array[];
}

export function toLightHeader(value: ValueOf<HeaderType>): LightHeader {
  const { beacon, executionBranch } = value;
  if ('executionBlockHash' in value) {
    return { beacon, executionBranch, payload: undefined, blockHash: value.executionBlockHash };
  }
  const payload = { blobGasUsed: 0n, excessBlobGas: 0n, ...value.execution };
  return { beacon, executionBranch, payload, blockHash: payload.blockHash };
}

/** header == LightClientHeader() */
export function isEmptyHeader(header: LightHeader): boolean {
  const executionIsEmpty =
    header.payload === undefined
      ? isZero(header.blockHash)
      : denebPayloadType.equals(header.payload, denebPayloadType.defaultValue());
  return (
    executionIsEmpty &&
    beaconHeaderType.equals(header.beacon, beaconHeaderType.defaultValue()) &&
    isZeroBranch(header.executionBranch)
  );
}

/** hash_tree_root(header.beacon) */
export function beaconRootOf(header: LightHeader): Uint8Array {
  return beaconHeaderType.hashTreeRoot(header.beacon);
}

/** is_valid_light_client_header: what is wrong with the header, or undefined. */
export function headerProblem(parameters: EthereumParameters, header: LightHeader): string | undefined {
  const fork = forkAtSlot(parameters, header.beacon.slot).name;
  // "if epoch < CAPELLA_FORK_EPOCH: return header.execution == ExecutionPayloadHeader() and
  // header.execution_branch == ExecutionBranch()"
  // DIFF FROM SPEC: refused. A header without an execution block proves nothing that a bridge could pay on.
  if (!isForkFrom(fork, 'capella')) return 'the header is from before Capella and has no execution block';

  const { payload, executionBranch, blockHash } = header;
  const { bodyRoot } = header.beacon;
  if (payload === undefined) {
    // "is_valid_normalized_merkle_branch(leaf=Bytes32(header.execution_block_hash), ...)" (Gloas), the index chosen by
    // the slot: a header of an earlier fork may come in the Gloas layout, as upgrade_lc_header_to_gloas writes it.
    const proven = isValidNormalizedBranch(blockHash, executionBranch, blockHashGindex(fork), bodyRoot);
    return proven ? undefined : 'the execution branch does not prove the block hash';
  }
  if (isForkFrom(fork, 'gloas')) return 'the header has not the layout of its fork';
  if (!isForkFrom(fork, 'deneb')) {
    // "if header.execution.blob_gas_used != uint64(0): return False", and excess_blob_gas alike.
    if (payload.blobGasUsed !== 0n || payload.excessBlobGas !== 0n) return 'blob gas before Deneb';
  }
  // "is_valid_merkle_branch(leaf=get_lc_execution_root(header), ..., index=get_subtree_index(EXECUTION_PAYLOAD_GINDEX),
  // root=header.beacon.body_root)"
  const leaf = isForkFrom(fork, 'deneb')
    ? denebPayloadType.hashTreeRoot(payload)
    : capellaPayloadType.hashTreeRoot(payload);
  const proven = isValidNormalizedBranch(leaf, executionBranch, EXECUTION_PAYLOAD_GINDEX, bodyRoot);
  return proven ? undefined : 'the execution branch does not prove the payload header';
}

function blockHashGindex(fork: Parameters<typeof isForkFrom>[0]): number {
  if (isForkFrom(fork, 'gloas')) return BLOCK_HASH_GINDEX_GLOAS;
  return isForkFrom(fork, 'deneb') ? BLOCK_HASH_GINDEX_DENEB : BLOCK_HASH_GINDEX_CAPELLA;
}
