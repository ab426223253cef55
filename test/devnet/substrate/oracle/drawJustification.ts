/**
 * Justifications by chance: an honest one with votes for the target and for blocks above it, then up to two things done
 * to it. Votes that are changed are signed anew, so that a judge has to look beyond the signature.
 */
import {
  encodeJustification,
  type Justification,
  type Precommit,
  precommitMessage,
} from '../../../../light-clients/grandpa/index.ts';
import type { DevAccount } from '../accounts.ts';
import { type Block, hashBytes } from '../chain/block.ts';
import type { Draw } from '../workload.ts';

export interface VoteTable {
  /** Ascending from the first block that may be justified. */
  readonly blocks: readonly Block[];
  /** A sibling of one of the blocks. */
  readonly fork: Block;
  readonly voters: readonly DevAccount[];
  readonly strangers: readonly DevAccount[];
  readonly setId: bigint;
}

export interface DrawnJustification {
  readonly target: Block;
  readonly bytes: Uint8Array;
  /** What was done to it. */
  readonly done: readonly string[];
}

interface Draft {
  round: bigint;
  target: { hash: Uint8Array; number: number };
  precommits: Precommit[];
  ancestries: Uint8Array[];
}

type Deed = (draft: Draft, table: VoteTable, draw: Draw) => void;

export function drawJustification(table: VoteTable, draw: Draw): DrawnJustification {
  const at = draw(table.blocks.length - 1);
  const target = table.blocks[at] as Block;
  const draft = honest(table, at, draw);
  const done: string[] = [];
  for (let left = draw(3); left > 0; left--) {
    const [name, deed] = pick(DEEDS, draw);
    deed(draft, table, draw);
    done.push(name);
  }
  let bytes = encode(draft);
  if (draw(8) === 0) {
    done.push('bytes');
    bytes = spoilBytes(bytes, draw);
  }
  return { target, bytes, done };
}

function honest({ blocks, voters, setId }: VoteTable, at: number, draw: Draw): Draft {
  const target = blocks[at] as Block;
  const round = BigInt(1 + draw(3));
  const needed = new Set<Block>();
  const shuffled = [...voters].sort((a, b) => a.name.localeCompare(b.name) * (draw(2) === 0 ? 1 : -1));
  const precommits = shuffled.slice(0, voters.length - draw(2)).map((voter) => {
    const top = at + draw(blocks.length - at);
    for (let above = at + 1; above <= top; above++) needed.add(blocks[above] as Block);
    return sign(voter, blocks[top] as Block, round, setId);
  });
  return {
    round,
    target: idOf(target),
    precommits,
    ancestries: [...needed].map(({ headerBytes }) => headerBytes),
  };
}

const DEEDS: readonly (readonly [string, Deed])[] = [
  [
    'fewer votes',
    (draft, _table, draw) => void draft.precommits.splice(draw(draft.precommits.length + 1), 1 + draw(2)),
  ],
  ['a vote twice', (draft, _table, draw) => insert(draft.precommits, pick(draft.precommits, draw), draw)],
  [
    'a second vote',
    (draft, table, draw) => {
      const voter = voterOf(pick(draft.precommits, draw), table);
      const voted = pick(table.blocks, draw);
      if (voter !== undefined) insert(draft.precommits, sign(voter, voted, draft.round, table.setId), draw);
    },
  ],
  [
    'a vote on a fork',
    (draft, table, draw) => {
      insert(draft.precommits, sign(pick(table.voters, draw), table.fork, draft.round, table.setId), draw);
      if (draw(2) === 0) draft.ancestries.push(table.fork.headerBytes);
    },
  ],
  [
    'a stranger',
    (draft, table, draw) => {
      const voted = table.blocks.find(({ number }) => number === draft.target.number) ?? pick(table.blocks, draw);
      insert(draft.precommits, sign(pick(table.strangers, draw), voted, draft.round, table.setId), draw);
    },
  ],
  [
    'a bad signature',
    (draft, _table, draw) =>
      change(draft.precommits, draw, (vote) => ({ ...vote, signature: flipBit(vote.signature, draw) })),
  ],
  ['another round', (draft, _table, draw) => void (draft.round += BigInt(draw(3)))],
  [
    'another set',
    (draft, table, draw) => {
      resign(draft, table, draw, ({ target }) => ({ target, setId: table.setId + 1n }));
    },
  ],
  [
    'another number',
    (draft, table, draw) => {
      resign(draft, table, draw, ({ target }) => ({
        target: { hash: target.hash, number: target.number - 1 + draw(3) },
        setId: table.setId,
      }));
    },
  ],
  [
    'another hash',
    (draft, table, draw) => {
      resign(draft, table, draw, ({ target }) => ({
        target: { hash: flipBit(target.hash, draw), number: target.number },
        setId: table.setId,
      }));
    },
  ],
  [
    'a key that did not sign',
    (draft, table, draw) =>
      change(draft.precommits, draw, (vote) => ({ ...vote, authority: pick(table.voters, draw).grandpa.publicKey })),
  ],
  ['a missing header', (draft, _table, draw) => void draft.ancestries.splice(draw(draft.ancestries.length + 1), 1)],
  [
    'a header twice',
    (draft, _table, draw) => {
      if (draft.ancestries.length > 0) insert(draft.ancestries, pick(draft.ancestries, draw), draw);
    },
  ],
  ['one more header', (draft, table, draw) => insert(draft.ancestries, pick(table.blocks, draw).headerBytes, draw)],
  [
    'a changed header',
    (draft, _table, draw) => change(draft.ancestries, draw, (bytes) => (draw(2) === 0 ? bytes : flipBit(bytes, draw))),
  ],
  [
    'another target',
    (draft, table, draw) => {
      const other = idOf(pick(table.blocks, draw));
      draft.target = draw(2) === 0 ? other : { hash: other.hash, number: draft.target.number };
    },
  ],
  ['another order', (draft) => void (draft.precommits.reverse(), draft.ancestries.reverse())],
];

function resign(
  draft: Draft,
  table: VoteTable,
  draw: Draw,
  how: (vote: Precommit) => { readonly target: Precommit['target']; readonly setId: bigint },
): void {
  change(draft.precommits, draw, (vote) => {
    const voter = voterOf(vote, table);
    const { target, setId } = how(vote);
    if (voter === undefined || target.number < 0) return vote;
    return { ...vote, target, signature: voter.grandpa.sign(precommitMessage(target, draft.round, setId)) };
  });
}

function sign(voter: DevAccount, block: Block, round: bigint, setId: bigint): Precommit {
  const target = idOf(block);
  return {
    target,
    signature: voter.grandpa.sign(precommitMessage(target, round, setId)),
    authority: voter.grandpa.publicKey,
  };
}

function encode(draft: Draft): Uint8Array {
  const ancestries = draft.ancestries.map((bytes) => ({ bytes })) as unknown as Justification['ancestries'];
  return encodeJustification({ ...draft, ancestries });
}

function spoilBytes(bytes: Uint8Array, draw: Draw): Uint8Array {
  const kind = draw(4);
  if (kind === 0) return bytes.subarray(0, draw(bytes.length));
  if (kind === 1) return Uint8Array.of(...bytes, draw(256));
  return flipBit(bytes, draw);
}

function flipBit(bytes: Uint8Array, draw: Draw): Uint8Array {
  const copy = bytes.slice();
  const at = draw(copy.length);
  copy[at] = (copy[at] as number) ^ (1 << draw(8));
  return copy;
}

function voterOf(vote: Precommit | undefined, { voters }: VoteTable): DevAccount | undefined {
  return vote && voters.find(({ grandpa }) => Buffer.compare(grandpa.publicKey, vote.authority) === 0);
}

function idOf(block: Block): { hash: Uint8Array; number: number } {
  return { hash: hashBytes(block), number: block.number };
}

function insert<T>(items: T[], item: T | undefined, draw: Draw): void {
  if (item !== undefined) items.splice(draw(items.length + 1), 0, item);
}

function change<T>(items: T[], draw: Draw, how: (item: T) => T): void {
  if (items.length === 0) return;
  const at = draw(items.length);
  items[at] = how(items[at] as T);
}

function pick<T>(items: readonly T[], draw: Draw): T {
  return items[items.length === 0 ? 0 : draw(items.length)] as T;
}
