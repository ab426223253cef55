/**
 * What the light client trusts between two verifications (the specification's LightClientStore without what only a
 * wallet needs: no optimistic header, no best valid update), and its encoding.
 *
 * Keys are kept expanded: their validity was checked when the committee was adopted. The last finalized roots are kept
 * to recognise a contradicting one.
 *
 * Layout, integers big-endian: version 1 (1), genesis validators root (32), committee size (2), finalized block (153),
 * number of past roots (1) and per root slot (8) and root (32), current committee, 1 and the next committee or 0.
 * A committee: hash_tree_root (32), keys (96 each).
 */
import { EXPANDED_KEY_BYTES } from './bls.ts';
import { equalBytes } from './merkleBranch.ts';
import { type EthereumParameters, periodAtSlot } from './parameters.ts';
import { decodeVerifiedBlock, encodeVerifiedBlock, VERIFIED_BLOCK_BYTES, type VerifiedBlock } from './verifiedBlock.ts';

export interface Committee {
  /** hash_tree_root of the SyncCommittee. */
  readonly root: Uint8Array;
  /** Expanded keys laid end to end. */
  readonly keys: Uint8Array;
}

export interface FinalizedRoot {
  readonly slot: bigint;
  readonly root: Uint8Array;
}

export interface TrustedState {
  readonly finalized: VerifiedBlock;
  /** Newest first; the finalized block is the first of them. */
  readonly finalizedRoots: readonly FinalizedRoot[];
  /** The committee of the finalized header's period. */
  readonly currentCommittee: Committee;
  /** The committee of the period after; undefined until an update proves it. */
  readonly nextCommittee: Committee | undefined;
}

/** How many finalized roots are remembered: 32 epochs are more than three hours of mainnet. */
export const FINALIZED_ROOTS_MAX = 32;

const VERSION = 1;
const HEAD_BYTES = 1 + 32 + 2 + VERIFIED_BLOCK_BYTES + 1;
const ROOT_BYTES = 8 + 32;

export function encodeTrustedState(parameters: EthereumParameters, state: TrustedState): Uint8Array {
  const { nextCommittee } = state;
  const bytes = new Uint8Array(stateBytes(parameters, state.finalizedRoots.length, nextCommittee !== undefined));
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  bytes.set(parameters.genesisValidatorsRoot, 1);
  view.setUint16(33, parameters.preset.syncCommitteeSize);
  bytes.set(encodeVerifiedBlock(state.finalized), 35);
  bytes[HEAD_BYTES - 1] = state.finalizedRoots.length;
  let offset = HEAD_BYTES;
  for (const { slot, root } of state.finalizedRoots) {
    view.setBigUint64(offset, slot);
    bytes.set(root, offset + 8);
    offset += ROOT_BYTES;
  }
  for (const committee of nextCommittee === undefined
    ? [state.currentCommittee]
    : [state.currentCommittee, nextCommittee]) {
    bytes.set(committee.root, offset);
    bytes.set(committee.keys, offset + 32);
    offset += committeeBytes(parameters);
    if (committee === state.currentCommittee) bytes[offset++] = nextCommittee === undefined ? 0 : 1;
  }
  return bytes;
}

/** Undefined when the bytes are not a state of this network. */
export function decodeTrustedState(parameters: EthereumParameters, bytes: Uint8Array): TrustedState | undefined {
  if (bytes.length < HEAD_BYTES || bytes[0] !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!equalBytes(bytes.subarray(1, 33), parameters.genesisValidatorsRoot)) return undefined;
  if (view.getUint16(33) !== parameters.preset.syncCommitteeSize) return undefined;
  const finalized = decodeVerifiedBlock(bytes.subarray(35, 35 + VERIFIED_BLOCK_BYTES));
  const rootCount = view.getUint8(HEAD_BYTES - 1);
  if (finalized === undefined || rootCount === 0 || rootCount > FINALIZED_ROOTS_MAX) return undefined;
  const hasNextAt = HEAD_BYTES + rootCount * ROOT_BYTES + committeeBytes(parameters);
  const hasNext = bytes[hasNextAt] === 1;
  if (!hasNext && bytes[hasNextAt] !== 0) return undefined;
  if (bytes.length !== stateBytes(parameters, rootCount, hasNext)) return undefined;

  const finalizedRoots = Array.from({ length: rootCount }, (_, index) => {
    const offset = HEAD_BYTES + index * ROOT_BYTES;
    return { slot: view.getBigUint64(offset), root: bytes.slice(offset + 8, offset + ROOT_BYTES) };
  });
  const committeeAt = (offset: number): Committee => ({
    root: bytes.slice(offset, offset + 32),
    keys: bytes.slice(offset + 32, offset + committeeBytes(parameters)),
  });
  return {
    finalized,
    finalizedRoots,
    currentCommittee: committeeAt(hasNextAt - committeeBytes(parameters)),
    nextCommittee: hasNext ? committeeAt(hasNextAt + 1) : undefined,
  };
}

/** What decides which message to ask an endpoint for next. */
export interface TrustedStateSummary {
  readonly finalizedSlot: bigint;
  readonly period: bigint;
  /** Without it the update of this period is needed before anything of the next. */
  readonly knowsNextCommittee: boolean;
}

export function summarizeTrustedState(
  parameters: EthereumParameters,
  bytes: Uint8Array,
): TrustedStateSummary | undefined {
  const state = decodeTrustedState(parameters, bytes);
  if (state === undefined) return undefined;
  const finalizedSlot = state.finalized.slot;
  const period = periodAtSlot(parameters.preset, finalizedSlot);
  return { finalizedSlot, period, knowsNextCommittee: state.nextCommittee !== undefined };
}

/** The expanded keys of the committee members whose bit is set. */
export function keysOf(committee: Committee, bits: readonly boolean[]): Uint8Array[] {
  return bits.flatMap((bit, index) =>
    bit ? [committee.keys.subarray(index * EXPANDED_KEY_BYTES, (index + 1) * EXPANDED_KEY_BYTES)] : [],
  );
}

function committeeBytes(parameters: EthereumParameters): number {
  return 32 + parameters.preset.syncCommitteeSize * EXPANDED_KEY_BYTES;
}

function stateBytes(parameters: EthereumParameters, rootCount: number, hasNext: boolean): number {
  return HEAD_BYTES + rootCount * ROOT_BYTES + committeeBytes(parameters) * (hasNext ? 2 : 1) + 1;
}
