/** Sending on through a chain in the middle: what it needs of that chain. Adapters give it; nothing here knows one. */
import type { AssetId, LaneId } from './ids.ts';

/** Everything that a forwarder will ever do; its address follows from it. */
export interface ForwardTerms {
  /** The gateway's account bytes on the chain in the middle. */
  readonly gateway: Uint8Array;
  /** From the chain in the middle to the final one. */
  readonly lane: LaneId;
  readonly asset: AssetId;
  /** In units of the token on the chain in the middle. */
  readonly amount: bigint;
  /** Account bytes on the final chain. */
  readonly receiver: Uint8Array;
  /** Account bytes on the chain in the middle: who gets what does not go on. */
  readonly recovery: Uint8Array;
  /** Unix seconds from which nothing is sent on any more. */
  readonly expirySeconds: bigint;
  /** 32 bytes: makes each transfer's forwarder another one. */
  readonly nonce: Uint8Array;
}

export type PokeOutcome =
  | { readonly kind: 'sent'; readonly transaction: string }
  /** It was sent on before, by whomever. */
  | { readonly kind: 'done' }
  /** It does not hold the whole amount, as far as the endpoint knows. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'blocked'; readonly reason: string };

export interface Forwarding {
  addressOf(terms: ForwardTerms): Uint8Array;
  /** Has the forwarder send on. What it answers is an endpoint's word: only the verified lane says that it was sent on. */
  poke(terms: ForwardTerms, signal: AbortSignal): Promise<PokeOutcome>;
  /** Has it give all of a token (undefined: the chain's coin) to the recovery account. Undefined where it holds none. */
  recover(terms: ForwardTerms, token: Uint8Array | undefined, signal: AbortSignal): Promise<string | undefined>;
}
