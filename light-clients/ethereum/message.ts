/**
 * The bytes that start or advance this light client: one light-client object of the consensus layer in its own SSZ,
 * tagged with what it is and the fork version of its layout.
 *
 * Layout: kind (1), fork version (4), length of the SSZ (4, big-endian), SSZ, and in the Gloas layout the RLP of the
 * execution header whose hash the finalized header proves (that layout has no roots and no number of its own).
 *
 * Untrusted: every length is bounded by the type, and bytes that do not encode back to themselves are refused, so that
 * one object has one encoding.
 */
import type { Type, ValueOf } from '@chainsafe/ssz';
import { must, Refusal } from '../refusal.ts';
import { type Containers, type Layout, layoutOf, type SyncCommittee } from './containers.ts';
import { decodeExecutionHeader, EXECUTION_HEADER_BYTES_MAX, type ExecutionHeader } from './executionHeader.ts';
import { type LightHeader, toLightHeader } from './lightHeader.ts';
import { equalBytes, isZero, isZeroBranch } from './merkleBranch.ts';
import { type EthereumParameters, type Fork, forkAtSlot, forkOfVersion } from './parameters.ts';

export type MessageKind = 'bootstrap' | 'update' | 'finalityUpdate';

export interface Bootstrap {
  readonly kind: 'bootstrap';
  readonly header: LightHeader;
  readonly currentSyncCommittee: SyncCommittee;
  readonly currentSyncCommitteeBranch: readonly Uint8Array[];
  readonly executionHeader: ExecutionHeader | undefined;
}

/** A LightClientUpdate, or a LightClientFinalityUpdate brought into its shape (then the branch is empty). */
export interface Update {
  readonly kind: 'update';
  readonly attestedHeader: LightHeader;
  readonly nextSyncCommittee: SyncCommittee | undefined;
  readonly nextSyncCommitteeBranch: readonly Uint8Array[];
  readonly finalizedHeader: LightHeader;
  readonly finalityBranch: readonly Uint8Array[];
  readonly syncCommitteeBits: readonly boolean[];
  readonly syncCommitteeSignature: Uint8Array;
  readonly signatureSlot: bigint;
  readonly executionHeader: ExecutionHeader | undefined;
}

const KIND_CODES: Readonly<Record<MessageKind, number>> = { bootstrap: 0, update: 1, finalityUpdate: 2 };
const TAG_BYTES = 9;

export function encodeMessage(
  kind: MessageKind,
  fork: Fork,
  ssz: Uint8Array,
  executionHeaderRlp: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const bytes = new Uint8Array(TAG_BYTES + ssz.length + executionHeaderRlp.length);
  bytes[0] = KIND_CODES[kind];
  bytes.set(fork.version, 1);
  new DataView(bytes.buffer).setUint32(5, ssz.length);
  bytes.set(ssz, TAG_BYTES);
  bytes.set(executionHeaderRlp, TAG_BYTES + ssz.length);
  return bytes;
}

/** Throws a `Refusal` when the bytes are not such a message. */
export function decodeMessage(
  parameters: EthereumParameters,
  containers: Containers,
  bytes: Uint8Array,
): Bootstrap | Update {
  must(bytes.length >= TAG_BYTES, 'the message is shorter than its tag');
  const kind = kindOf(bytes[0]);
  const fork = forkOfVersion(parameters, bytes.subarray(1, 5));
  must(kind !== undefined, 'unknown kind of message');
  must(fork !== undefined, 'unknown fork version');
  const layout = layoutOf(fork.name);
  must(layout !== undefined, `${fork.name} has no execution headers`);
  const sszLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(5);
  must(sszLength <= bytes.length - TAG_BYTES, 'the message is shorter than it says');
  const ssz = bytes.subarray(TAG_BYTES, TAG_BYTES + sszLength);
  const executionHeader = readExecutionHeader(bytes.subarray(TAG_BYTES + sszLength), layout === 'gloas');
  const types = containers.layouts[layout];

  if (kind === 'bootstrap') {
    const value = readSsz(types.bootstrap, ssz);
    const header = toLightHeader(value.header);
    requireFork(parameters, fork, header);
    const { currentSyncCommittee, currentSyncCommitteeBranch } = value;
    return { kind, header, currentSyncCommittee, currentSyncCommitteeBranch, executionHeader };
  }
  if (kind === 'update') {
    const value = readSsz(types.update, ssz);
    const { nextSyncCommittee, nextSyncCommitteeBranch } = value;
    const signed = signedPart(parameters, fork, value);
    return { kind, ...signed, nextSyncCommittee, nextSyncCommitteeBranch, executionHeader };
  }
  // process_light_client_finality_update: "next_sync_committee=SyncCommittee(),
  // next_sync_committee_branch=NextSyncCommitteeBranch()"
  const signed = signedPart(parameters, fork, readSsz(types.finalityUpdate, ssz));
  return { kind: 'update', ...signed, nextSyncCommittee: undefined, nextSyncCommitteeBranch: [], executionHeader };
}

/** What an update and a finality update have in common. */
function signedPart(
  parameters: EthereumParameters,
  fork: Fork,
  value: ValueOf<Containers['layouts'][Layout]['finalityUpdate']>,
) {
  const attestedHeader = toLightHeader(value.attestedHeader);
  requireFork(parameters, fork, attestedHeader);
  return {
    attestedHeader,
    finalizedHeader: toLightHeader(value.finalizedHeader),
    finalityBranch: value.finalityBranch,
    syncCommitteeBits: value.syncAggregate.syncCommitteeBits.toBoolArray(),
    syncCommitteeSignature: value.syncAggregate.syncCommitteeSignature,
    signatureSlot: value.signatureSlot,
  };
}

/** is_sync_committee_update: "update.next_sync_committee_branch != NextSyncCommitteeBranch()" */
export function isSyncCommitteeUpdate(update: Update): boolean {
  return !isZeroBranch(update.nextSyncCommitteeBranch);
}

/** is_finality_update: "update.finality_branch != FinalityBranch()" */
export function isFinalityUpdate(update: Update): boolean {
  return !isZeroBranch(update.finalityBranch);
}

/** committee == SyncCommittee() */
export function isEmptyCommittee(committee: SyncCommittee): boolean {
  return isZero(committee.aggregatePubkey) && committee.pubkeys.every(isZero);
}

export function participants(update: Update): number {
  return update.syncCommitteeBits.filter(Boolean).length;
}

function kindOf(code: number | undefined): MessageKind | undefined {
  if (code === KIND_CODES.bootstrap) return 'bootstrap';
  if (code === KIND_CODES.update) return 'update';
  return code === KIND_CODES.finalityUpdate ? 'finalityUpdate' : undefined;
}

/**
 * The layout follows from the slot of the attested (or bootstrap) header, as the networking specification has it: the
 * sender has no say in it.
 */
function requireFork(parameters: EthereumParameters, fork: Fork, header: LightHeader): void {
  must(forkAtSlot(parameters, header.beacon.slot) === fork, `the header's slot is not of ${fork.name}`);
}

function readSsz<T extends Type<unknown>>(type: T, bytes: Uint8Array): ValueOf<T> {
  must(bytes.length >= type.minSize && bytes.length <= type.maxSize, 'the SSZ has a wrong length');
  let value: unknown;
  try {
    value = type.deserialize(bytes);
  } catch {
    // The library says by an exception that offsets or lengths are wrong.
    throw new Refusal('malformed SSZ');
  }
  must(equalBytes(type.serialize(value), bytes), 'the SSZ is not canonical');
  return value as ValueOf<T>;
}

function readExecutionHeader(rlp: Uint8Array, isWanted: boolean): ExecutionHeader | undefined {
  if (rlp.length === 0) return undefined;
  must(isWanted, 'bytes after the message');
  must(rlp.length <= EXECUTION_HEADER_BYTES_MAX, 'the execution header is too large');
  const decoded = decodeExecutionHeader(rlp);
  if (decoded.kind === 'invalid') throw new Refusal(`execution header: ${decoded.reason}`);
  return decoded.header;
}
