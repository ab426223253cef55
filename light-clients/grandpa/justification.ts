/**
 * GRANDPA justifications as nodes store and serve them, and the commit messages that they gossip: who signed which block.
 * Decoding only; what they prove says `verifyJustification`.
 *
 *   round u64 ‖ target hash ‖ target number u32 ‖ Vec<precommit> ‖ Vec<Header> (votes_ancestries)
 *   precommit: target hash ‖ target number u32 ‖ ed25519 signature (64) ‖ authority key (32)
 *
 * Nothing here names the set id: it is inside the signed message only.
 */
import { Refusal } from '../refusal.ts';
import { compactBytes, createScaleReader, joinBytes, type ScaleReader, u32Bytes, u64Bytes } from '../scale.ts';
import { type Header, readHeader } from './header.ts';
import { ANCESTRY_HEADERS_MAX, JUSTIFICATION_BYTES_MAX, PRECOMMITS_MAX } from './limits.ts';

export interface BlockId {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly number: number;
}

export interface Precommit {
  readonly target: BlockId;
  readonly signature: Uint8Array;
  readonly authority: Uint8Array;
}

export interface AncestryHeader {
  /** The header's bytes, to hash. */
  readonly bytes: Uint8Array;
  readonly header: Header;
}

export interface Justification {
  readonly round: bigint;
  readonly target: BlockId;
  readonly precommits: readonly Precommit[];
  /** The headers on the ways from the precommitted blocks down to the target, in no order. */
  readonly ancestries: readonly AncestryHeader[];
}

/** Decodes exactly one justification. Throws `Refusal`. */
export function decodeJustification(bytes: Uint8Array): Justification {
  if (bytes.length > JUSTIFICATION_BYTES_MAX) throw new Refusal('justification: too many bytes');
  const reader = createScaleReader(bytes, 'justification');
  const round = reader.u64();
  const target = readBlockId(reader);
  const precommits: Precommit[] = [];
  for (let left = reader.length(PRECOMMITS_MAX); left > 0; left--) {
    precommits.push({ target: readBlockId(reader), signature: reader.bytes(64), authority: reader.bytes(32) });
  }
  const ancestries: AncestryHeader[] = [];
  for (let left = reader.length(ANCESTRY_HEADERS_MAX); left > 0; left--) {
    const start = reader.offset;
    const header = readHeader(reader);
    ancestries.push({ header, bytes: reader.since(start) });
  }
  reader.end();
  return { round, target, precommits, ancestries };
}

export function encodeJustification(justification: Justification): Uint8Array {
  return joinBytes([
    u64Bytes(justification.round),
    blockIdBytes(justification.target),
    compactBytes(justification.precommits.length),
    ...justification.precommits.flatMap((vote) => [blockIdBytes(vote.target), vote.signature, vote.authority]),
    compactBytes(justification.ancestries.length),
    ...justification.ancestries.map((ancestry) => ancestry.bytes),
  ]);
}

/**
 * Decodes a gossiped commit (`FullCommitMessage` with its `CompactCommit`): votes and signatures in two lists, no
 * ancestry. Unlike a justification it names its set id, which proves nothing. Throws `Refusal`.
 */
export function decodeCommit(bytes: Uint8Array): { readonly setId: bigint; readonly justification: Justification } {
  if (bytes.length > JUSTIFICATION_BYTES_MAX) throw new Refusal('commit: too many bytes');
  const reader = createScaleReader(bytes, 'commit');
  const round = reader.u64();
  const setId = reader.u64();
  const target = readBlockId(reader);
  const targets: BlockId[] = [];
  for (let left = reader.length(PRECOMMITS_MAX); left > 0; left--) targets.push(readBlockId(reader));
  if (reader.length(PRECOMMITS_MAX) !== targets.length) throw new Refusal('commit: not one signature for each vote');
  const precommits = targets.map((voted) => ({
    target: voted,
    signature: reader.bytes(64),
    authority: reader.bytes(32),
  }));
  reader.end();
  return { setId, justification: { round, target, precommits, ancestries: [] } };
}

/** `Message::Precommit` has index 1 (prevote 0, primary proposal 2). */
const PRECOMMIT_STAGE = Uint8Array.of(1);

/** What a precommit's signature covers, 53 bytes: stage ‖ target hash ‖ target number ‖ round u64 ‖ set id u64. */
export function precommitMessage(target: BlockId, round: bigint, setId: bigint): Uint8Array {
  return joinBytes([PRECOMMIT_STAGE, blockIdBytes(target), u64Bytes(round), u64Bytes(setId)]);
}

function readBlockId(reader: ScaleReader): BlockId {
  return { hash: reader.bytes(32), number: reader.u32() };
}

function blockIdBytes(block: BlockId): Uint8Array {
  return joinBytes([block.hash, u32Bytes(block.number)]);
}
