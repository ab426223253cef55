/**
 * How a node misbehaves on command. Each RPC server has faults of its own over the same chain, so that a liar can stand
 * beside honest ones.
 */

export type Fault =
  /** Knows the chain only up to so many blocks below its tip. */
  | { readonly kind: 'lag'; readonly blocks: number }
  /** Writes a value into the answers of one method, at a path such as `txs_results.0.code`. */
  | { readonly kind: 'lie'; readonly method: string; readonly path: string; readonly value: unknown }
  /** Leaves the transaction of this index out of a block, of its results and of searches. */
  | { readonly kind: 'omit'; readonly height: bigint; readonly index: number }
  /** Shows another block at a height, signed by the real validators. */
  | { readonly kind: 'equivocate' | 'lunatic'; readonly height: bigint }
  /** Shows commits in which the first validators voted for nothing. */
  | { readonly kind: 'nilVotes'; readonly count: number }
  /** Says that it took a transaction, and forgets it; so many times. */
  | { readonly kind: 'dropBroadcast'; readonly count: number }
  /** As a node that runs with `discard_abci_responses`. */
  | { readonly kind: 'discardResults' }
  /** Answers one method with an HTTP status. */
  | { readonly kind: 'httpStatus'; readonly method: string; readonly status: number }
  /** Never says that there is a new block. */
  | { readonly kind: 'mute' };

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  find<K extends Fault['kind']>(kind: K): Extract<Fault, { kind: K }> | undefined;
  all(): readonly Fault[];
  /** True while broadcasts are to be dropped; counts them. */
  takeDrop(): boolean;
}

export function createFaults(): Faults {
  let faults: Fault[] = [];
  const find = <K extends Fault['kind']>(kind: K): Extract<Fault, { kind: K }> | undefined =>
    faults.find((fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind);
  return {
    add: (fault) => void faults.push(fault),
    clear: () => {
      faults = [];
    },
    find,
    all: () => faults,
    takeDrop: () => {
      const drop = find('dropBroadcast');
      if (drop === undefined) return false;
      faults = faults.filter((fault) => fault !== drop);
      if (drop.count > 1) faults.push({ kind: 'dropBroadcast', count: drop.count - 1 });
      return true;
    },
  };
}
