/**
 * What a block or a call has changed on top of a state, with nested transactions. Keys are Latin-1 texts of their
 * bytes, so that a Map can hold them; they sort as the bytes do.
 *
 * A value that the runtime appends to (`System.Events` grows by thousands of items) is kept as a growing buffer and
 * made into bytes when somebody reads it.
 */
import { compactBytes, createScaleReader, joinBytes } from '../../../../light-clients/scale.ts';
import type { State } from '../state/state.ts';

export type Change = readonly [key: Uint8Array, value: Uint8Array | undefined];

export interface Overlay {
  readonly base: State;
  get(key: string): Uint8Array | undefined;
  /** Undefined removes. */
  set(key: string, value: Uint8Array | undefined): void;
  append(key: string, item: Uint8Array): void;
  /**
   * Removes what begins with a prefix: everything that was changed here, and of the keys of the state the first `limit`
   * (counting those that were removed here before). Says how many keys of the state it went through, and whether some
   * remain. Source: sp-state-machine `ext.rs`, `clear_prefix` and `limit_remove_from_backend`.
   */
  clearPrefix(prefix: string, limit: number | undefined): { readonly count: number; readonly more: boolean };
  /** The first key after `key` that has a value. */
  nextKey(key: string): string | undefined;
  start(): void;
  commit(): void;
  rollback(): void;
  /** Transactions open now. */
  readonly depth: number;
  changes(): Change[];
  /** The state with everything applied. */
  applied(): State;
  /** Offchain index writes: what the node's local storage gets once the block is imported. */
  readonly offchain: Map<string, Uint8Array | undefined>;
}

/** Items laid end to end without the leading count; the buffer may be longer and is shared by later appends. */
interface Appended {
  readonly buffer: Uint8Array;
  readonly length: number;
  readonly count: number;
}

type Slot = Uint8Array | Appended | null;

export function keyText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function keyBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

export function createOverlay(base: State): Overlay {
  const slots = new Map<string, Slot>();
  const undo: [string, Slot | undefined][] = [];
  const marks: number[] = [];
  const offchain = new Map<string, Uint8Array | undefined>();
  let sorted: string[] | undefined = [];
  /** The runtime asks for the root at the end of a block, and the block keeps the same state. */
  let applied: State | undefined;

  const write = (key: string, slot: Slot): void => {
    const before = slots.get(key);
    if (marks.length > 0) undo.push([key, before]);
    if (before === undefined) sorted = undefined;
    applied = undefined;
    slots.set(key, slot);
  };
  const get = (key: string): Uint8Array | undefined => {
    const slot = slots.get(key);
    return slot === undefined ? base.get(keyBytes(key)) : valueOf(slot);
  };
  const sortedKeys = (): string[] => {
    sorted ??= [...slots.keys()].sort();
    return sorted;
  };
  const changes = (): Change[] => [...slots].map(([key, slot]) => [keyBytes(key), valueOf(slot)] as const);

  return {
    base,
    offchain,
    get,
    set: (key, value) => {
      write(key, value ?? null);
    },
    append: (key, item) => {
      const slot = slots.get(key);
      const before =
        slot !== undefined && slot !== null && !(slot instanceof Uint8Array) ? slot : appendedFrom(get(key));
      write(key, appendTo(before, item));
    },
    clearPrefix: (prefix, limit) => {
      const keys = sortedKeys();
      for (let at = firstAfter(keys, prefix, true); keys[at]?.startsWith(prefix) === true; at++) {
        const key = keys[at] as string;
        if (slots.get(key) !== null) write(key, null);
      }
      let count = 0;
      for (const key of base.keys(keyBytes(prefix))) {
        if (count === limit) return { count, more: true };
        if (slots.get(keyText(key)) !== null) write(keyText(key), null);
        count++;
      }
      return { count, more: false };
    },
    nextKey: (key) => {
      let below = base.nextKey(keyBytes(key));
      while (below !== undefined && slots.get(keyText(below)) === null) below = base.nextKey(below);
      const fromBase = below === undefined ? undefined : keyText(below);
      const keys = sortedKeys();
      for (let at = firstAfter(keys, key); at < keys.length; at++) {
        const candidate = keys[at] as string;
        if (fromBase !== undefined && candidate >= fromBase) break;
        if (slots.get(candidate) !== null) return candidate;
      }
      return fromBase;
    },
    start: () => void marks.push(undo.length),
    commit: () => {
      if (marks.pop() === undefined) throw new Error('overlay: no transaction to commit');
      if (marks.length === 0) undo.length = 0;
    },
    rollback: () => {
      const mark = marks.pop();
      if (mark === undefined) throw new Error('overlay: no transaction to roll back');
      applied = undefined;
      while (undo.length > mark) {
        const [key, before] = undo.pop() as [string, Slot | undefined];
        if (before === undefined) {
          slots.delete(key);
          sorted = undefined;
        } else slots.set(key, before);
      }
    },
    get depth() {
      return marks.length;
    },
    changes,
    applied: () => {
      applied ??= base.apply(changes());
      return applied;
    },
  };
}

function valueOf(slot: Slot): Uint8Array | undefined {
  if (slot === null) return undefined;
  if (slot instanceof Uint8Array) return slot;
  return joinBytes([compactBytes(slot.count), slot.buffer.subarray(0, slot.length)]);
}

function appendedFrom(value: Uint8Array | undefined): Appended {
  if (value === undefined) return { buffer: new Uint8Array(256), length: 0, count: 0 };
  const reader = createScaleReader(value, 'appended value');
  const count = reader.length(0xffff_ffff);
  const items = value.subarray(reader.offset);
  const buffer = new Uint8Array(Math.max(256, items.length * 2));
  buffer.set(items);
  return { buffer, length: items.length, count };
}

/** Writes behind the end of a shared buffer: older versions of the value do not see it. */
function appendTo({ buffer, length, count }: Appended, item: Uint8Array): Appended {
  let target = buffer;
  if (length + item.length > buffer.length) {
    target = new Uint8Array(Math.max(buffer.length * 2, length + item.length));
    target.set(buffer.subarray(0, length));
  }
  target.set(item, length);
  return { buffer: target, length: length + item.length, count: count + 1 };
}

/** The index of the first key above `key`, or from it on. */
function firstAfter(keys: readonly string[], key: string, from = false): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = keys[middle] as string;
    if (from ? candidate < key : candidate <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
