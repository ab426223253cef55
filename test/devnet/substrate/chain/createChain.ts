/**
 * A chain of blocks from one runtime: a tree with a best branch (the longest; the first of equals) and a finalized
 * trunk. It does not decide on finality: `relay/grandpa.ts` and, for a parachain, its relay chain do.
 *
 * States of finalized blocks are kept for the newest `statesKept` of them, blocks themselves for the newest
 * `blocksKept`.
 */
import type { DigestItem } from '../../../../light-clients/grandpa/index.ts';
import { orderedRoot, type State } from '../state/state.ts';
import { type Block, isDescendant, makeBlock } from './block.ts';
import { buildBlock } from './buildBlock.ts';
import type { Runtime } from './runtime.ts';
import { createTransactionPool, type TransactionPool } from './transactionPool.ts';

/** What makes a chain's blocks its own. */
export interface BlockRules {
  /** The pre-runtime digest. */
  digest(parent: Block, slot: bigint): readonly DigestItem[];
}

export interface ChainOptions {
  readonly name: string;
  /** As `system_properties` gives them. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly slotMs: number;
  /** Of the first block. */
  readonly firstSlot: bigint;
  readonly statesKept?: number | undefined;
  readonly blocksKept?: number | undefined;
  /** Bytes of a block's transactions. */
  readonly blockBytesMax?: number | undefined;
  /** True for a parachain: its best block is the one that `setBest` was told, not the longest branch. */
  readonly followsRelay?: boolean | undefined;
}

export interface NewBlock {
  /** The best block when not said. */
  readonly parent?: Block | undefined;
  /** The one after the parent's when not said. */
  readonly slot?: bigint | undefined;
  readonly inherents: (parent: Block, slot: bigint) => readonly Uint8Array[];
  /** The pool's when not said. */
  readonly transactions?: readonly Uint8Array[] | undefined;
}

export type ChainEvent =
  | { readonly kind: 'imported'; readonly block: Block }
  | { readonly kind: 'best'; readonly block: Block }
  | { readonly kind: 'finalized'; readonly block: Block };

export interface Chain {
  readonly options: ChainOptions;
  readonly runtime: Runtime;
  readonly pool: TransactionPool;
  readonly genesis: Block;
  best(): Block;
  finalized(): Block;
  /** `hash` as `0x` text. */
  block(hash: string): Block | undefined;
  /** Of the best chain. */
  blockAt(number: number): Block | undefined;
  build(plan: NewBlock): Block;
  /** Makes a known block the best one, however long its branch is. */
  setBest(block: Block): void;
  finalize(block: Block, justification?: Uint8Array): void;
  /** Returns how to stop listening. */
  listen(listener: (event: ChainEvent) => void): () => void;
}

const STATES_KEPT = 256;
const BLOCKS_KEPT = 20_000;
/** 5 MiB with three quarters of it for ordinary transactions, as on every runtime here. */
const BLOCK_BYTES_MAX = 3_932_160;
const NO_HASH = new Uint8Array(32);

export function createChain(runtime: Runtime, rules: BlockRules, genesisState: State, options: ChainOptions): Chain {
  const { statesKept = STATES_KEPT, blocksKept = BLOCKS_KEPT, blockBytesMax = BLOCK_BYTES_MAX } = options;
  const genesis = makeBlock(
    {
      parentHash: NO_HASH,
      number: 0,
      stateRoot: genesisState.root(),
      extrinsicsRoot: orderedRoot([], 0),
      digest: [],
    },
    [],
    genesisState,
    undefined,
  );
  const pool = createTransactionPool(runtime);
  const blocks = new Map<string, Block>([[genesis.hash, genesis]]);
  const byNumber = new Map<number, Block>([[0, genesis]]);
  const children = new Map<string, Block[]>();
  const listeners = new Set<(event: ChainEvent) => void>();
  let best = genesis;
  let finalized = genesis;

  const tell = (event: ChainEvent): void => {
    for (const listener of listeners) listener(event);
  };

  /** Moves the best branch to `block`, with everything that leaves it and joins it. */
  const switchTo = (block: Block): void => {
    const joining: Block[] = [];
    let at = block;
    while (byNumber.get(at.number) !== at && at.parent !== undefined) {
      joining.unshift(at);
      at = at.parent;
    }
    const leaving: Block[] = [];
    for (let number = best.number; number > at.number; number--) {
      const left = byNumber.get(number);
      if (left !== undefined) leaving.push(left);
      byNumber.delete(number);
    }
    best = block;
    for (const joined of joining) {
      byNumber.set(joined.number, joined);
      pool.included(joined);
    }
    for (const left of leaving) pool.retracted(left, best);
  };

  const prune = (): void => {
    const stateless = byNumber.get(finalized.number - statesKept);
    for (let at = stateless; at?.state !== undefined && at.number > 0; at = at.parent) at.state = undefined;
    const gone = byNumber.get(finalized.number - blocksKept);
    if (gone === undefined || gone.number === 0) return;
    byNumber.delete(gone.number);
    blocks.delete(gone.hash);
    const next = byNumber.get(gone.number + 1);
    // Lets go of the chain of parents.
    if (next !== undefined) next.parent = undefined;
  };

  const dropSiblings = (kept: Block): void => {
    const doomed = (children.get(kept.parent?.hash ?? '') ?? []).filter((sibling) => sibling !== kept);
    children.delete(kept.parent?.hash ?? '');
    while (doomed.length > 0) {
      const block = doomed.pop() as Block;
      blocks.delete(block.hash);
      doomed.push(...(children.get(block.hash) ?? []));
      children.delete(block.hash);
    }
  };

  return {
    options,
    runtime,
    pool,
    genesis,
    best: () => best,
    finalized: () => finalized,
    block: (hash) => blocks.get(hash),
    blockAt: (number) => byNumber.get(number),
    build: ({ parent = best, slot: asked, inherents, transactions }) => {
      const slot = asked ?? (parent.slot === 0n ? options.firstSlot : parent.slot + 1n);
      const built = buildBlock(runtime, {
        parent,
        digest: rules.digest(parent, slot),
        inherents: inherents(parent, slot),
        transactions: transactions ?? pool.ready(),
        bytesMax: blockBytesMax,
      });
      const block = makeBlock(built.header, built.extrinsics, built.state, parent);
      if (blocks.has(block.hash)) throw new Error(`block ${block.hash} is there already`);
      for (const { transaction, refusal } of built.refused) pool.refused(transaction, refusal);
      for (const [key, value] of built.offchain) {
        if (value === undefined) runtime.executor.local.delete(key);
        else runtime.executor.local.set(key, value);
      }
      blocks.set(block.hash, block);
      children.set(parent.hash, [...(children.get(parent.hash) ?? []), block]);
      const longer = block.number > best.number && isDescendant(block, finalized);
      const better = longer && options.followsRelay !== true;
      if (better) switchTo(block);
      tell({ kind: 'imported', block });
      if (better) tell({ kind: 'best', block });
      return block;
    },
    setBest: (block) => {
      if (block === best) return;
      if (!isDescendant(block, finalized)) throw new Error('the best block must continue the finalized chain');
      switchTo(block);
      tell({ kind: 'best', block });
    },
    finalize: (block, justification) => {
      if (!isDescendant(block, finalized)) throw new Error('a block beside the finalized chain cannot be finalized');
      if (!isDescendant(best, block)) {
        switchTo(block);
        tell({ kind: 'best', block });
      }
      const newly: Block[] = [];
      for (let at: Block | undefined = block; at !== undefined && at !== finalized; at = at.parent) newly.unshift(at);
      if (justification !== undefined) block.justification = justification;
      for (const one of newly) {
        finalized = one;
        dropSiblings(one);
        pool.finalized(one);
        prune();
      }
      if (newly.length > 0) tell({ kind: 'finalized', block });
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
