/**
 * The ports between the engine and the chain adapters. Adapters implement them; the engine knows nothing else of a
 * chain. Everything a source returns is untrusted bytes until the light client or `derive` says `valid`.
 *
 *   source.pullUpdate ─▶ lightClient.update ─▶ verified head ─▶ source.pullEvidence ─▶ derive ─▶ packets, settlements
 */
import type { Checkpoint } from './checkpoint.ts';
import type { LaneId } from './ids.ts';

/** Hostile input is a verdict, never an exception. */
export type Verdict<T> =
  | { readonly kind: 'valid'; readonly value: T }
  /** Nothing wrong so far, and not enough to decide. */
  | { readonly kind: 'needsMore'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string }
  /** Contradicts what was verified before: the chain's lanes must freeze. */
  | { readonly kind: 'conflict'; readonly reason: string };

/** A block that the light client verified. */
export interface VerifiedHead {
  readonly height: bigint;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly timeSeconds: bigint;
  /** The verified header as the family encodes it, for `derive`; empty when it is not known yet. */
  readonly header: Uint8Array;
}

export interface LightClientStep {
  /** The trusted state to store, opaque to the engine. */
  readonly state: Uint8Array;
  readonly head: VerifiedHead;
  /** The blocks between the last head and this one that were verified on the way, where the client knows them. */
  readonly verified?: readonly BlockPoint[];
}

export interface BlockPoint {
  readonly height: bigint;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** A module of `light-clients/`, bound to one chain's parameters. Pure; the costly ones answer from a worker thread. */
export interface LightClient {
  readonly kind: string;
  /** What this kind proves, said wherever a lane is shown. */
  readonly assurance: 'light client' | 'weaker: endpoint quorum';
  /** The first trusted state: the manifest's trusted checkpoint, filled in by what the source pulled for it. */
  start(bootstrap: Uint8Array): Verdict<LightClientStep> | Promise<Verdict<LightClientStep>>;
  update(
    state: Uint8Array,
    update: Uint8Array,
    nowSeconds: bigint,
  ): Verdict<LightClientStep> | Promise<Verdict<LightClientStep>>;
}

export interface EvidenceRequest {
  /** The adapter's own cursor after the last derivation; undefined at the gateway's start height. */
  readonly cursor: Uint8Array | undefined;
  readonly head: VerifiedHead;
}

/** Pulls untrusted bytes from a chain's endpoints. Throws `ViaductError` when no endpoint answers usefully. */
export interface ChainSource {
  /** What the light client starts from beside the manifest; empty where it needs nothing else. */
  pullBootstrap(signal: AbortSignal): Promise<Uint8Array>;
  /** Bytes that may advance the light client, or undefined when the chain shows nothing new. */
  pullUpdate(state: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Everything `derive` needs to move the cursor to `head`, or part of the way there (bounded). */
  pullEvidence(request: EvidenceRequest, signal: AbortSignal): Promise<Uint8Array>;
  /** Says which endpoint's evidence was refused, so that another is asked next. */
  reject(reason: string): void;
  /** Calls `wake` when the chain may have a new block. Only a hint: nothing depends on it. */
  watch(wake: () => void, signal: AbortSignal): void;
  /** Where the deposits of a source transaction are: a hint for look-ups, checked against frames. */
  findDeposits(transaction: string, signal: AbortSignal): Promise<readonly DepositPosition[] | undefined>;
  close(): Promise<void>;
}

export interface DepositPosition {
  readonly lane: LaneId;
  readonly sequence: bigint;
  readonly height: bigint;
}

/** Pure: (verified head, cursor, untrusted evidence) to packets and settlements, or a verdict against it. */
export type Derive = (request: EvidenceRequest, evidence: Uint8Array) => Verdict<Derivation>;
/** The same, where its hashing waits a moment for that of other chains. */
export type DeriveLater = (request: EvidenceRequest, evidence: Uint8Array) => Promise<Verdict<Derivation>>;

export interface Derivation {
  /** To store together with what was derived, opaque to the engine. */
  readonly cursor: Uint8Array;
  /** The height up to which this chain is now derived. */
  readonly height: bigint;
  /** New packets of lanes whose source is this chain. */
  readonly outbound: readonly OutboundPackets[];
  /** News of lanes whose target is this chain. */
  readonly settlements: readonly LaneSettlement[];
  /** Verified: slots of a vault whose use paid nobody (the transaction failed, or another one took the slot). */
  readonly voided?: readonly VoidedRelease[];
}

export interface OutboundPackets {
  readonly lane: LaneId;
  readonly firstSequence: bigint;
  /** Whole packets laid end to end, sequences contiguous. */
  readonly packets: Uint8Array;
}

export interface LaneSettlement {
  readonly lane: LaneId;
  /**
   * Verified: the gateway accepted checkpoints up to here (first sequence not accepted). Undefined for a vault, which accepts
   * nothing ahead of paying it: what is delivered without a gap counts.
   */
  readonly acceptedSequence: bigint | undefined;
  /** Verified: the checkpoints newly accepted, ascending. With them a chunk can be delivered when all else is lost. */
  readonly accepted: readonly Checkpoint[];
  /** Verified: newly delivered ranges. */
  readonly delivered: readonly DeliveredRange[];
  /** From events, unverified: why single packets were refused. Their returns are proven on the opposite lane. */
  readonly refused: readonly RefusedPacket[];
}

export interface DeliveredRange {
  readonly firstSequence: bigint;
  readonly count: number;
  /** A hint for people: the transaction that delivered it, in the chain's own notation. */
  readonly transaction: string | undefined;
}

export interface RefusedPacket {
  readonly sequence: bigint;
  readonly reason: string;
  readonly transaction: string;
}

/** One chunk to deliver: all that a submitter needs. */
export interface Delivery {
  readonly checkpoint: Checkpoint;
  /** 65-byte signatures (r ‖ s ‖ v) laid end to end, signers ascending. */
  readonly signatures: Uint8Array;
  readonly chunkIndex: number;
  /** The chunk's packets laid end to end. */
  readonly packets: Uint8Array;
  /** Siblings of 32 bytes, deepest first. */
  readonly proof: readonly Uint8Array[];
}

/** What the target chain says right now, unverified: good for planning, never for settlement. */
export interface TargetLaneView {
  /** Undefined for a vault: any checkpoint will do, in any order. */
  readonly acceptedSequence: bigint | undefined;
  /** True when the gateway takes no deliveries on this lane now (paused or disabled). */
  readonly paused: boolean;
}

/** One funded account that submits to one target chain. It has no authority: it pays fees. */
export interface TargetAccount {
  /** The native address, for logs and keys. */
  readonly address: string;
  /** Waits for a block that one transaction takes until it is resolved: as many times more are under way. Default: 1. */
  readonly rounds?: number | undefined;
  /** The first slot (account nonce) that no included transaction has used. */
  nextSlot(signal: AbortSignal): Promise<bigint>;
  /** What this delivery needs now, by asking the chain. */
  prepare(delivery: Delivery, signal: AbortSignal): Promise<Preparation>;
  /** Signs for a slot; `attempt` counts replacements (0 = first), each paying enough more to replace the last. */
  sign(call: Uint8Array, slot: bigint, attempt: number, signal: AbortSignal): Promise<SignedTransaction>;
  /** Sends the bytes. Already known or already included is success. */
  broadcast(transaction: SignedTransaction, signal: AbortSignal): Promise<void>;
  /** What became of a transaction. */
  outcome(transaction: SignedTransaction, signal: AbortSignal): Promise<TransactionOutcome>;
  /** A harmless call that uses up a slot whose transaction must not happen (a transfer of nothing to itself). */
  blank(): Uint8Array;
}

export type Preparation =
  | { readonly kind: 'send'; readonly call: Uint8Array }
  | { readonly kind: 'alreadyDelivered' }
  /** Not now: an earlier checkpoint is missing, a value limit is used up, or the gateway is paused. */
  | { readonly kind: 'wait'; readonly reason: string; readonly retryMs: number }
  /** Never by this account: another one of the gateway's has to. */
  | { readonly kind: 'notOurs'; readonly reason: string }
  /** Never: the gateway refuses it whatever happens. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Journaled before it is broadcast. */
export interface SignedTransaction {
  readonly slot: bigint;
  readonly attempt: number;
  /** The call it was built from, to sign again with a higher fee. */
  readonly call: Uint8Array;
  /** Raw bytes as the chain takes them. */
  readonly raw: Uint8Array;
  /** The chain's own notation. */
  readonly hash: string;
}

export type TransactionOutcome =
  | { readonly kind: 'pending' }
  | { readonly kind: 'included'; readonly height: bigint; readonly gasUsed: bigint }
  | { readonly kind: 'reverted'; readonly reason: string; readonly height: bigint; readonly alreadyDelivered: boolean }
  /** Another transaction of this account took the slot. */
  | { readonly kind: 'slotTaken' };

/** Of one transaction, in what the chain counts: gas, weight. */
export interface TargetBudget {
  /** What it should use at most. */
  readonly perChunk: number;
  /** Of which it uses so much whatever is in it. */
  readonly fixed: number;
}

/** The target side of a chain, shared by its accounts. */
export interface ChainTarget {
  /** What chunks are sized by, where the chain counts what a transaction uses. */
  readonly budget?: TargetBudget | undefined;
  lanes(lanes: readonly LaneId[], signal: AbortSignal): Promise<ReadonlyMap<LaneId, TargetLaneView>>;
  close(): Promise<void>;
}

/**
 * A vault: a gateway that is no contract but accounts owned k of n by its members. What a contract checks on chain, each
 * member checks before it signs. Towards the engine each of its accounts is a `TargetAccount` like any other, whose `sign`
 * asks the members.
 */
export interface Vault {
  /** One for each account of the vault: they pay in parallel. */
  accounts(cosigners: Cosigners): readonly TargetAccount[];
  /** What this process signs with, when it is a member. */
  readonly member: VaultMember | undefined;
}

/** What the members of a vault are asked to sign: one chunk, bound to one slot. From the bus: untrusted until checked. */
export interface ReleaseRequest {
  /** The vault's account that pays, in the chain's own notation. */
  readonly account: string;
  readonly slot: bigint;
  /** Undefined: uses the slot up without paying anybody. */
  readonly delivery: Delivery | undefined;
  /** The family's own: fee, expiry, refused packets. At most `RELEASE_TERMS_BYTES_MAX`. */
  readonly terms: Uint8Array;
}

/** Asks the members over the bus. */
export interface Cosigners {
  /**
   * Hands every answer to `take` until that says `enough`; answers are untrusted bytes. Throws `COSIGNERS_MISSING` with what
   * members said against it when too few answer in time.
   */
  collect(request: ReleaseRequest, take: (answer: Uint8Array) => 'more' | 'enough', signal: AbortSignal): Promise<void>;
}

/** After how long nothing can happen any more that a member signed before. */
export interface Quarantine {
  /** Of the vault's chain. */
  readonly blocks: bigint;
  /** By how much the time of a verified block may lie ahead of our clock. */
  readonly driftSeconds: bigint;
}

/** One member's side of a vault. The engine has checked the certificate, the packets and the ranges before it asks. */
export interface VaultMember {
  /** How long it waits when its signing journal is new; undefined where it needs none to know what it signed. */
  readonly quarantine: Quarantine | undefined;
  /** Says what signing would promise. The same for every member that sees the same chain. */
  check(request: ReleaseRequest, view: ReleaseView): Verdict<ReleasePromise> | Promise<Verdict<ReleasePromise>>;
  /** Called once the promise is on disk. The answer goes to whoever asked. */
  sign(request: ReleaseRequest, promise: ReleasePromise, signal: AbortSignal): Promise<Uint8Array>;
}

export interface ReleaseView {
  /** Of the vault's chain, verified here: everything up to `height` is derived. */
  readonly height: bigint;
  readonly timeSeconds: bigint;
  /** What this member promised for the same packets before and may still happen. */
  readonly standing: ReleasePromise | undefined;
  /** The lowest slot of a holder that this member has not used. */
  nextSlot(holder: string): Promise<bigint>;
}

/** What a signature of a member binds it to; journaled, synced, before the signature leaves. */
export interface ReleasePromise {
  /** Whose slot it is: an account of the vault, or of the member itself. */
  readonly holder: string;
  readonly slot: bigint;
  /** 32 bytes: what the slot is used for, fee and expiry aside. */
  readonly content: Uint8Array;
  /** After this height of the vault's chain nothing signed so far can happen any more; undefined: it may for ever. */
  readonly expiryHeight: bigint | undefined;
}

/** A promise that the chain has shown to be without effect: what it was for may be promised anew. */
export interface VoidedRelease {
  readonly holder: string;
  readonly slot: bigint;
}
