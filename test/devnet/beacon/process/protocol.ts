/** What the process of a beacon chain and its parent say to each other. */
import type { Participation } from '../beaconChain.ts';
import type { ForkEpochs } from '../genesis.ts';
import type { ChainClock } from '../paceSlots.ts';

export interface BeaconProcessOptions {
  /** JSON-RPC of the execution node, which must mine on request only. */
  readonly executionUrl: string;
  readonly secondsPerSlot: number;
  readonly validators?: number;
  readonly forks?: ForkEpochs;
}

export interface BeaconInfo {
  readonly slot: number;
  readonly genesisTime: number;
  /** Hex, as all below. */
  readonly genesisValidatorsRoot: string;
  readonly secondsPerSlot: number;
  /** Forks that have a date, in order. */
  readonly forks: readonly { readonly name: string; readonly epoch: number; readonly version: string }[];
  readonly finalized: { readonly root: string; readonly slot: number } | undefined;
  /** Mean of all slots made so far. */
  readonly msPerSlot: number;
}

/** Method -> argument and result. */
export interface BeaconCalls {
  readonly info: { readonly argument: null; readonly result: BeaconInfo };
  readonly mine: { readonly argument: number; readonly result: BeaconInfo };
  readonly miss: { readonly argument: number; readonly result: BeaconInfo };
  readonly reorg: { readonly argument: number; readonly result: BeaconInfo };
  readonly participation: { readonly argument: Participation; readonly result: BeaconInfo };
  /** Starts to make slots by itself, one every so many milliseconds. */
  readonly pace: { readonly argument: number; readonly result: ChainClock };
  readonly halt: { readonly argument: null; readonly result: BeaconInfo };
}

export interface CallMessage {
  readonly id: number;
  readonly method: keyof BeaconCalls;
  readonly argument: unknown;
}

export type AnswerMessage =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };
