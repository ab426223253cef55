/**
 * Nodes of Substrate's base-16 radix trie, state versions V0 and V1 in one decoder: the node itself says which it is.
 * Decoding only; a node means something only where a trusted hash leads to it.
 *
 *   header ‖ partial key ‖ [children bitmap u16] ‖ [value] ‖ children
 *
 *   header byte   kind                             partial key length
 *   00000000      empty trie                       -
 *   01......      leaf                             6 bits and more
 *   10......      branch without value             6 bits and more
 *   11......      branch with value                6 bits and more
 *   001.....      leaf with a hashed value (V1)    5 bits and more
 *   0001....      branch with a hashed value (V1)  4 bits and more
 *
 * A value is `Vec<u8>`, or 32 bytes of hash. A child is `Vec<u8>`: 32 bytes are a hash, fewer are the child node itself.
 * DIFF FROM SPEC: a child of more than 32 bytes is refused (the node takes it as inline; no trie builder makes one).
 */
import { Refusal } from '../refusal.ts';
import { createScaleReader, type ScaleReader } from '../scale.ts';
import { PARTIAL_KEY_NIBBLES_MAX, PROOF_BYTES_MAX } from './limits.ts';

export type TrieValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  /** Blake2b-256 of the value, which is an entry of the proof by itself. */
  | { readonly kind: 'hashed'; readonly hash: Uint8Array };

/** 32 bytes: the hash of a node of the proof. Fewer: the node. */
export type ChildReference = Uint8Array;

export interface TrieNode {
  /** One nibble a byte. */
  readonly partial: Uint8Array;
  readonly value: TrieValue;
  /** Sixteen places, or undefined for a leaf. */
  readonly children: readonly (ChildReference | undefined)[] | undefined;
}

/** Decodes exactly one node; undefined is the empty trie. Throws `Refusal`. */
export function decodeNode(bytes: Uint8Array): TrieNode | undefined {
  const reader = createScaleReader(bytes, 'trie node');
  const first = reader.u8();
  const node = first === 0 ? undefined : readNode(first, reader);
  reader.end();
  return node;
}

function readNode(first: number, reader: ScaleReader): TrieNode {
  const shape = shapeOf(first);
  const partial = readPartial(readPartialLength(first, shape.lengthBits, reader), reader);
  const bitmap = shape.branch ? reader.u16() : 0;
  if (shape.branch && bitmap === 0) throw new Refusal('trie node: a branch without children');
  const value = readValue(shape.value, reader);
  if (!shape.branch) return { partial, value, children: undefined };

  const children: (ChildReference | undefined)[] = [];
  for (let nibble = 0; nibble < 16; nibble++) {
    const child = (bitmap >>> nibble) & 1 ? reader.sized(32) : undefined;
    if (child?.length === 0) throw new Refusal('trie node: an empty child');
    children.push(child);
  }
  return { partial, value, children };
}

interface Shape {
  readonly branch: boolean;
  readonly value: TrieValue['kind'];
  readonly lengthBits: number;
}

function shapeOf(first: number): Shape {
  if (first >= 0xc0) return { branch: true, value: 'inline', lengthBits: 6 };
  if (first >= 0x80) return { branch: true, value: 'none', lengthBits: 6 };
  if (first >= 0x40) return { branch: false, value: 'inline', lengthBits: 6 };
  if (first >= 0x20) return { branch: false, value: 'hashed', lengthBits: 5 };
  if (first >= 0x10) return { branch: true, value: 'hashed', lengthBits: 4 };
  throw new Refusal(`trie node: reserved header byte ${first}`);
}

/** When the bits in the header byte are all ones the length goes on: each 255 means more, the first other byte ends it. */
function readPartialLength(first: number, bits: number, reader: ScaleReader): number {
  const full = (1 << bits) - 1;
  let length = first & full;
  if (length < full) return length;
  for (;;) {
    const more = reader.u8();
    length += more;
    if (length > PARTIAL_KEY_NIBBLES_MAX) throw new Refusal('trie node: the partial key is too long');
    if (more < 255) return length;
  }
}

function readPartial(length: number, reader: ScaleReader): Uint8Array {
  const packed = reader.bytes((length + 1) >>> 1);
  const nibbles = toNibbles(packed);
  if (length % 2 === 0) return nibbles;
  // An odd length is padded in front.
  if (nibbles[0] !== 0) throw new Refusal('trie node: the padding of the partial key is not zero');
  return nibbles.subarray(1);
}

function readValue(kind: TrieValue['kind'], reader: ScaleReader): TrieValue {
  switch (kind) {
    case 'none':
      return { kind };
    case 'inline':
      return { kind, bytes: reader.sized(PROOF_BYTES_MAX) };
    case 'hashed':
      return { kind, hash: reader.bytes(32) };
  }
}

/** High nibble first. */
export function toNibbles(bytes: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(bytes.length * 2);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    nibbles[2 * i] = byte >>> 4;
    nibbles[2 * i + 1] = byte & 15;
  }
  return nibbles;
}
