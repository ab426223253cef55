/** What a chain of any family is made from, beside its rows in the manifest and the config. */
import type { Clock } from './core/clock.ts';
import type { ChainName, LaneId } from './core/ids.ts';
import type { Logger } from './core/log.ts';
import type { Accumulate } from './core/packet.ts';
import type { LightClientWorker } from './verify/lightClientWorker.ts';

export interface ChainDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Runs the light clients that cost more than a millisecond. */
  readonly worker: LightClientWorker;
  /** One for all chains. */
  readonly accumulate: Accumulate;
  /**
   * Packets [first, first + count) of a lane, from the journal, frames from the bus included: whoever uses them checks them
   * against a proven hash. Undefined while they are not all there.
   */
  readonly packetsOf: (lane: LaneId, first: bigint, count: number) => Promise<Uint8Array | undefined>;
  /** True when all of the packets are verified as delivered. */
  readonly isDelivered: (lane: LaneId, first: bigint, count: number) => Promise<boolean>;
  /** The derivation cursor of a chain, as the journal has it. */
  readonly cursorOf: (chain: ChainName) => Promise<Uint8Array | undefined>;
  /** Where the packet with this source reference is, among the newest of its lane. */
  readonly sequenceOf: (lane: LaneId, sourceReference: Uint8Array) => Promise<bigint | undefined>;
}
