/** One block as the node keeps it. */
import { encodeHeader, hashHeader, type Header, slotOf } from '../../../../light-clients/grandpa/index.ts';
import { hexOf } from '../../../../light-clients/scale.ts';
import type { State } from '../state/state.ts';

export interface Block {
  /** `0x` and 64 digits. */
  readonly hash: string;
  readonly number: number;
  readonly header: Header;
  readonly headerBytes: Uint8Array;
  /** Each with its length in front, as in the block. */
  readonly extrinsics: readonly Uint8Array[];
  /** Undefined for genesis, and for the oldest block that is kept. */
  parent: Block | undefined;
  /** 0 for genesis. */
  readonly slot: bigint;
  /** Undefined once pruned. */
  state: State | undefined;
  /** GRANDPA's, where the node keeps it. */
  justification: Uint8Array | undefined;
}

export function makeBlock(
  header: Header,
  extrinsics: readonly Uint8Array[],
  state: State,
  parent: Block | undefined,
): Block {
  const headerBytes = encodeHeader(header);
  return {
    hash: hexText(hashHeader(headerBytes)),
    number: header.number,
    header,
    headerBytes,
    extrinsics,
    parent,
    slot: slotOf(header) ?? 0n,
    state,
    justification: undefined,
  };
}

export function hashBytes(block: Block): Uint8Array {
  return hashHeader(block.headerBytes);
}

export function stateOf(block: Block): State {
  if (block.state === undefined) throw new Error(`the state of block ${block.number} is pruned`);
  return block.state;
}

export function isDescendant(block: Block, ancestor: Block): boolean {
  let at: Block | undefined = block;
  while (at !== undefined && at.number > ancestor.number) at = at.parent;
  return at === ancestor;
}

export function hexText(bytes: Uint8Array): string {
  return `0x${hexOf(bytes)}`;
}

/** Undefined when the text is not `0x` and whole bytes. */
export function bytesOf(text: string): Uint8Array | undefined {
  return /^0x([0-9a-fA-F]{2})*$/.test(text) ? new Uint8Array(Buffer.from(text.slice(2), 'hex')) : undefined;
}
