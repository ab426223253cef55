/**
 * The bus as the roles see it: transport between processes, never a place of truth. Everything on it may be lost,
 * doubled, reordered or wiped at any time; whoever receives a message checks it as untrusted bytes. So a handler may run
 * twice for the same message, and a publisher keeps what it published in its store until something else proves it done.
 *
 * - core: `publish`, `subscribe`, `request`, `respond`. At most once, nothing kept.
 * - streams: `publishDurable` (kept, deduplicated by id), `consume` (in order, acknowledged when the handler resolves).
 * - work: `publishDurable` puts an item into a chain's queue, `pull` hands each item to one of the sharing processes.
 * - leases: `lease` says which one of several processes does what only one should.
 *
 * Subjects come from `core/subjects.ts` and nowhere else. Payloads are binary; a received payload may be a view into a
 * larger buffer, so whoever keeps it copies it.
 */

export interface Bus {
  /** Creates the streams, or brings them up to date, and checks the server's answer field by field. */
  ensureTopology(): Promise<void>;

  /** Fire and forget. Dropped and counted while the server is away. Throws `BUS_MESSAGE_TOO_LARGE`. */
  publish(subject: string, payload: Uint8Array): void;
  /** Runs the handler for one message at a time, in order of arrival, until the signal fires or the bus closes. */
  subscribe(pattern: string, handler: MessageHandler, options: SubscribeOptions): void;
  /** The answer of one responder. Throws `BUS_UNAVAILABLE`: nobody there, no answer in time, or the responder failed. */
  request(subject: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  respond(pattern: string, handler: RequestHandler, options: SubscribeOptions): void;

  /**
   * Resolves once the stream has the message. Many may be in flight at once. The id deduplicates within the stream's
   * window. Throws `BUS_UNAVAILABLE` after a bounded time (try again with the same id), `BUS_MESSAGE_TOO_LARGE`.
   */
  publishDurable(subject: string, payload: Uint8Array, options: DurablePublishOptions): Promise<PublishReceipt>;
  /**
   * Hands a stream's messages to the handler: messages of one subject strictly in order and one at a time, subjects
   * side by side. Acknowledged when the handler resolves. When it throws, the message comes again after a delay and
   * holds up its own subject only; after `redeliveriesMax` it goes to `onPoison` and the subject continues.
   * The durable name remembers the position on the server; one process at a time uses a name. A new process goes on at
   * the first message that is not acknowledged, so some after it may come again, in order. Runs until the signal fires
   * or the bus closes, through every outage and wipe.
   */
  consume(pattern: string, handler: DurableHandler, options: ConsumeOptions): void;
  /** Work items, each to one of the processes that share the durable name. Ends when the signal fires or the bus closes. */
  pull(subject: string, options: PullOptions): AsyncIterable<WorkItem>;

  /**
   * Tries to get the lease and to keep it, until the signal fires or the bus closes; then it is given back. When a holder
   * dies, somebody who waits has it within twice `ttlMs`. It saves work and proves nothing: see `leases.ts`.
   */
  lease(name: string, options: LeaseOptions): Lease;

  /** Answers `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS` for a role until the bus closes. */
  serve(service: ServiceDescription): Promise<void>;

  /** Calls back on connection changes, wipes, drops and poison. Returns the function that ends it. */
  watch(listener: (event: BusEvent) => void): () => void;
  stats(): BusStats;
  /** Stops taking messages, lets running handlers finish (bounded), flushes. `drain: false` leaves at once, as a crash does. */
  close(options?: { readonly drain?: boolean }): Promise<void>;
}

export interface BusMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
}

export interface DurableMessage extends BusMessage {
  /** The stream's own number for it; starts again from 1 after a wipe. */
  readonly streamSequence: number;
  /** How often it was tried before, as far as is known. */
  readonly redeliveries: number;
}

export interface WorkItem extends DurableMessage {
  /** Done: never again. */
  ack(): void;
  /** Not done: to anybody, after the delay. */
  nak(delayMs: number): void;
  /** Never again though not done: it is bad. */
  reject(): void;
  /** Still at it: starts the acknowledgement wait anew. */
  working(): void;
}

export type MessageHandler = (message: BusMessage) => void | Promise<void>;
export type RequestHandler = (message: BusMessage) => Uint8Array | Promise<Uint8Array>;
export type DurableHandler = (message: DurableMessage) => void | Promise<void>;

export interface SubscribeOptions {
  readonly signal: AbortSignal;
  /** Messages waiting for the handler; what comes on top is dropped, counted and reported. Default `PENDING_MAX`. */
  readonly pendingMax?: number;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface DurablePublishOptions {
  /**
   * The same content always has the same id. Printable ASCII without spaces. A work item that is done still has its id
   * known for the stream's window: to queue it again, give it another id.
   */
  readonly id: string;
}

export interface PublishReceipt {
  readonly streamSequence: number;
  /** The stream already had this id. */
  readonly duplicate: boolean;
}

export interface ConsumeOptions {
  /** `[A-Za-z0-9_-]`. */
  readonly durable: string;
  readonly signal: AbortSignal;
  /** Called once for a message that failed too often, which is then dropped. */
  readonly onPoison: (message: DurableMessage, error: unknown) => void | Promise<void>;
  /** Messages handed out and not yet acknowledged. Default `CONSUME_IN_FLIGHT`. */
  readonly maxInFlight?: number;
  /** Default `REDELIVERIES_MAX`. */
  readonly redeliveriesMax?: number;
  /** The wait before the first redelivery; it doubles up to `RETRY_MS_MAX`. Default `RETRY_MS_MIN`. */
  readonly retryMs?: number;
}

export interface PullOptions {
  /** `[A-Za-z0-9_-]`, the same for all processes that share the queue. */
  readonly durable: string;
  /** Items handed out here and not yet resolved. */
  readonly maxInFlight: number;
  readonly signal: AbortSignal;
}

export interface LeaseOptions {
  /** Unique among the processes of one bus; the same after a restart. `[A-Za-z0-9_-]`. */
  readonly holder: string;
  /** How long a holder may be silent. The same for all who ask for one name. */
  readonly ttlMs: number;
  readonly signal: AbortSignal;
  /** Called when it was taken and when it was lost or given back. */
  readonly onChange?: (held: boolean) => void;
}

export interface Lease {
  /** By this process's own clock: false as soon as it was not renewed in time, whatever the server says. */
  readonly held: boolean;
  /** Of this holding: above that of every holding before, or undefined while it is not held. */
  readonly epoch: bigint | undefined;
}

export interface ServiceDescription {
  /** `[A-Za-z0-9_-]`. */
  readonly role: string;
  /** Semantic version. */
  readonly version: string;
  /** Asked for each `$SRV.STATS`; must be JSON. */
  readonly stats: () => Readonly<Record<string, unknown>>;
}

export type BusEvent =
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  /** A stream was missing, emptied or rolled back and is there again: announce anew what matters. */
  | { readonly kind: 'wiped'; readonly stream: string }
  | { readonly kind: 'slowConsumer'; readonly pattern: string; readonly dropped: number }
  | { readonly kind: 'handlerFailed'; readonly subject: string; readonly error: unknown }
  | { readonly kind: 'poison'; readonly subject: string; readonly streamSequence: number; readonly error: unknown }
  /** The server does not let this account do something. */
  | { readonly kind: 'denied'; readonly detail: string }
  /** Something the bus keeps retrying: topology, consumers, the connection. */
  | { readonly kind: 'trouble'; readonly error: unknown };

export interface BusStats {
  readonly connected: boolean;
  readonly published: number;
  readonly delivered: number;
  readonly redelivered: number;
  /** Core messages lost here: slow handlers, or published while the server was away. */
  readonly dropped: number;
  readonly poisoned: number;
  readonly reconnects: number;
  readonly wipes: number;
  readonly publishesInFlight: number;
}

/** Messages a core subscription keeps waiting: two seconds of telemetry of a hundred lanes. */
export const PENDING_MAX = 1_024;
/** Stream messages in hand at once: enough to hide a slow store behind group commit; at 64 kB each they are 4 MB. */
export const CONSUME_IN_FLIGHT = 64;
/** Tries after the first before a message counts as poison: with doubling waits, about half a minute. */
export const REDELIVERIES_MAX = 8;
/** Durable publishes waiting for their acknowledgement: 256 frames of 64 kB are 16 MB. */
export const PUBLISHES_IN_FLIGHT_MAX = 256;
/** Milliseconds that the holder of a lease may be silent: long for a pause of the host, short for users who wait. */
export const LEASE_MS = 5_000;
