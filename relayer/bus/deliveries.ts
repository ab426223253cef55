/**
 * What both buses share: a source hands over stream messages, a sink (`orderedSink`, `workSink`) runs the role's code
 * on them. A source delivers at most as many messages as it has credit for, and gets one credit back by `release`.
 */

export interface Delivery {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly streamSequence: number;
  /** How often the server handed it out before. */
  readonly redeliveries: number;
  ack(): void;
  nak(delayMs: number): void;
  /** Never again. */
  term(): void;
  working(): void;
}

export interface DeliverySink {
  accept(delivery: Delivery): void;
  /**
   * The stream was wiped or rolled back: sequences start anew, so an answer to an older delivery could hit a newer
   * message. What is in hand is still worked on, and never answered.
   */
  forget(): void;
}

export interface SourceOptions {
  readonly pattern: string;
  readonly durable: string;
  /** Start again at the first unacknowledged message, so that order survives a crash. */
  readonly ordered: boolean;
  readonly maxInFlight: number;
  readonly signal: AbortSignal;
}

export interface DeliverySource {
  /** The sink is done with one delivery. */
  release(): void;
}
