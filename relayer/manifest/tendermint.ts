/** How headers of a CometBFT chain are verified, as the manifest says it. */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import { chainClockSchema, type ChainClockSpec, toChainClock, type TrustedBlock, trustedSchema } from './trusted.ts';
import { integerField } from './fields.ts';

/** Signed headers, sequential and skipping: a light client. */
export interface TendermintLightClient {
  readonly kind: 'tendermint';
  readonly trusted: TrustedBlock;
  /** Share of the trusted validators that must have signed a header further on. */
  readonly trustLevel: { readonly numerator: bigint; readonly denominator: bigint };
  /** How old the last verified header may be and still vouch for the next. */
  readonly trustingPeriodSeconds: bigint;
  /** How far a header's time may lie ahead of ours. */
  readonly clockDriftSeconds: bigint;
  readonly chainClock: ChainClockSpec | undefined;
}

const TRUST_LEVEL = 'a fraction from "1/3" to "1/1"';

export const tendermintSchema = z
  .strictObject({
    kind: z.literal('tendermint').describe("The validators' signatures of a CometBFT chain: a light client."),
    trusted: trustedSchema,
    trustLevel: z
      .string({ error: TRUST_LEVEL })
      .regex(/^[1-9][0-9]{0,8}\/[1-9][0-9]{0,8}$/, { error: TRUST_LEVEL, abort: true })
      .refine(isSafe, { error: TRUST_LEVEL })
      .default('1/3')
      .describe('Share of the trusted voting power that must have signed a header further on.'),
    trustingPeriodSeconds: integerField(60, 100_000_000).describe(
      'How old the last verified header may be and still vouch for the next: below the unbonding period, two thirds of it is usual.',
    ),
    clockDriftSeconds: integerField(0, 600).describe("How far a header's time may lie ahead of our clock."),
    chainClock: chainClockSchema.optional(),
  })
  .describe('For chains with CometBFT consensus: headers signed by two thirds of the voting power.');

export const cosmosLightClientSchema = z
  .discriminatedUnion('kind', [tendermintSchema], { error: 'a light client of kind "tendermint"' })
  .describe('How headers of this chain are verified.');

export function toTendermint(raw: z.output<typeof tendermintSchema>): TendermintLightClient {
  const [numerator, denominator] = parts(raw.trustLevel);
  return {
    kind: raw.kind,
    trusted: { height: BigInt(raw.trusted.height), hash: fromHex(raw.trusted.hash, 32) },
    trustLevel: { numerator, denominator },
    trustingPeriodSeconds: BigInt(raw.trustingPeriodSeconds),
    clockDriftSeconds: BigInt(raw.clockDriftSeconds),
    chainClock: raw.chainClock && toChainClock(raw.chainClock),
  };
}

function isSafe(level: string): boolean {
  const [numerator, denominator] = parts(level);
  return numerator <= denominator && numerator * 3n >= denominator;
}

function parts(level: string): [bigint, bigint] {
  const [numerator = '0', denominator = '1'] = level.split('/');
  return [BigInt(numerator), BigInt(denominator)];
}
