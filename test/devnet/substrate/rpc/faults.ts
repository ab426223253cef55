/**
 * How one RPC node misbehaves on command. Each node has faults of its own over the same chain, so that a liar can stand
 * beside honest ones. Faults of the chain itself (forks, stalled finality) are made with `LocalChain`.
 */
import type { FinalizedBlock } from '../relay/grandpa.ts';
import type { JustificationFlaw } from '../relay/justification.ts';

export type Fault =
  /** Knows the chain only up to so many blocks below its tip. */
  | { readonly kind: 'lag'; readonly blocks: number }
  /**
   * Writes a value into the answers of one method, or what its subscription sends, at a path such as
   * `block.header.number`.
   */
  | { readonly kind: 'lie'; readonly method: string; readonly path: string; readonly value: unknown }
  /** Answers one method with an error. */
  | { readonly kind: 'error'; readonly method: string; readonly code: number; readonly message: string }
  /** Leaves the extrinsic of this index out of a block. */
  | { readonly kind: 'omit'; readonly number: number; readonly index: number }
  /** Says that it took a transaction, and forgets it; so many times. */
  | { readonly kind: 'dropBroadcast'; readonly count: number }
  /** Answers one method over HTTP with a status. */
  | { readonly kind: 'httpStatus'; readonly method: string; readonly status: number }
  /** Its subscriptions say nothing after the first answer. */
  | { readonly kind: 'mute' }
  /** Shows justifications that are wrong. */
  | { readonly kind: 'flawedJustification'; readonly flaw: JustificationFlaw }
  /** Lives on a branch of its own that the authorities finalized as well, against their word: see `Grandpa.sign`. */
  | { readonly kind: 'forkedFinality'; readonly fork: FinalizedBlock }
  /** Proves finality as if no authority set had ever ended: without the headers that hand over. */
  | { readonly kind: 'skipHandOvers' };

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  find<K extends Fault['kind']>(kind: K): Extract<Fault, { kind: K }> | undefined;
  all<K extends Fault['kind']>(kind: K): readonly Extract<Fault, { kind: K }>[];
  /** True while broadcasts are to be dropped; counts them. */
  takeDrop(): boolean;
}

export function createFaults(): Faults {
  let faults: Fault[] = [];
  const all = <K extends Fault['kind']>(kind: K): readonly Extract<Fault, { kind: K }>[] =>
    faults.filter((fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind);
  return {
    add: (fault) => void faults.push(fault),
    clear: () => {
      faults = [];
    },
    find: (kind) => all(kind)[0],
    all,
    takeDrop: () => {
      const drop = all('dropBroadcast')[0];
      if (drop === undefined) return false;
      faults = faults.filter((fault) => fault !== drop);
      if (drop.count > 1) faults.push({ kind: 'dropBroadcast', count: drop.count - 1 });
      return true;
    },
  };
}
