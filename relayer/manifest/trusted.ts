/** What the light clients of all families are told: where trust starts, and how a local chain's time runs. */
import { z } from 'zod';
import { hashField, integerField, u64Field } from './fields.ts';

/** Where verification starts: taken from a source that the author of the manifest trusts. */
export interface TrustedBlock {
  readonly height: bigint;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** The time of a local chain that runs faster than the host's: at `hostMs` it was `chainSeconds`. */
export interface ChainClockSpec {
  readonly hostMs: bigint;
  readonly chainSeconds: bigint;
  readonly speed: number;
}

export const trustedSchema = z
  .strictObject(
    {
      height: u64Field().describe('Height of the trusted block.'),
      hash: hashField().describe('Hash of the trusted block. Compare it with several independent sources.'),
    },
    { error: 'an object with height and hash' },
  )
  .describe('The block that verification starts from.');

export const chainClockSchema = z
  .strictObject(
    {
      hostMs: u64Field().describe("A moment of the host's clock, in milliseconds since the Unix epoch."),
      chainSeconds: u64Field().describe("The chain's time at that moment, Unix seconds."),
      speed: integerField(1, 1000).describe("Seconds of the chain's time in one of the host's."),
    },
    { error: 'an object with hostMs, chainSeconds and speed' },
  )
  .describe('Only in profile dev: the time of a local chain that runs faster than the wall clock.');

export function toChainClock(raw: z.output<typeof chainClockSchema>): ChainClockSpec {
  return { hostMs: BigInt(raw.hostMs), chainSeconds: BigInt(raw.chainSeconds), speed: raw.speed };
}
