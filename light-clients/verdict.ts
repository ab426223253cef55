/**
 * What every light client answers with. Hostile input is a verdict, never an exception; an exception is our own bug.
 * The light clients import nothing of the relayer, so these types are spelled here; they have the same structure as the
 * relayer's ports and are assignable to them.
 */

export type Verdict<T> =
  | { readonly kind: 'valid'; readonly value: T }
  /** Nothing wrong so far, and not enough to decide. */
  | { readonly kind: 'needsMore'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string }
  /** Contradicts what was verified before: whatever rests on this chain must freeze. */
  | { readonly kind: 'conflict'; readonly reason: string };

/** A block that a light client verified. */
export interface VerifiedHead {
  readonly height: bigint;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly timeSeconds: bigint;
  /** The verified header as the family encodes it; empty when it is not known yet, and nothing can be derived at it. */
  readonly header: Uint8Array;
}

export interface LightClientStep {
  /** The trusted state to store and to start the next verification from. */
  readonly state: Uint8Array;
  readonly head: VerifiedHead;
  /** The blocks between the last head and this one that were verified on the way, where the client knows them. */
  readonly verified?: readonly { readonly height: bigint; readonly hash: Uint8Array }[];
}

/** A light client bound to one chain's parameters. Pure: no I/O, no clock. */
export interface LightClient {
  readonly kind: string;
  /** What this kind proves, in the words to show a person. */
  readonly assurance: 'light client' | 'weaker: endpoint quorum';
  start(): Verdict<LightClientStep>;
  update(state: Uint8Array, update: Uint8Array, nowSeconds: bigint): Verdict<LightClientStep>;
}
