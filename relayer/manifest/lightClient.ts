/**
 * How a chain's headers are verified: one row of the union per kind. A kind needs a module in `light-clients/`; adding
 * one here means a schema, a decoded type and a case in `toLightClient`.
 */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import { hashField, integerField, u64Field } from './fields.ts';

/** Where verification starts: taken from a source that the author of the manifest trusts. */
export interface TrustedBlock {
  readonly height: bigint;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** Hash-linked headers, a depth, and the agreement of independent endpoints: weaker than a light client. */
export interface ConfirmationsLightClient {
  readonly kind: 'confirmations';
  /** Blocks on top of a block before it counts. */
  readonly confirmations: number;
  /** Endpoints that must agree. */
  readonly quorum: number;
  readonly trusted: TrustedBlock;
}

export type LightClientSpec = ConfirmationsLightClient;

const trustedSchema = z
  .strictObject(
    {
      height: u64Field().describe('Height of the trusted block.'),
      hash: hashField().describe('Hash of the trusted block. Compare it with several independent sources.'),
    },
    { error: 'an object with height and hash' },
  )
  .describe('The block that verification starts from.');

const confirmationsSchema = z
  .strictObject({
    kind: z.literal('confirmations').describe('Confirmations and a quorum of endpoints; weaker than a light client.'),
    confirmations: integerField(0, 100_000).describe('Blocks on top of a block before it counts as final.'),
    quorum: integerField(1, 16).describe('Independent endpoints that must agree on every header.'),
    trusted: trustedSchema,
  })
  .describe('For chains without a light client: headers are taken when enough endpoints agree on them.');

export const lightClientSchema = z
  .discriminatedUnion('kind', [confirmationsSchema], { error: 'a light client of kind "confirmations"' })
  .describe('How headers of this chain are verified.');

export function toLightClient(raw: z.output<typeof lightClientSchema>): LightClientSpec {
  switch (raw.kind) {
    case 'confirmations':
      return {
        kind: raw.kind,
        confirmations: raw.confirmations,
        quorum: raw.quorum,
        trusted: { height: BigInt(raw.trusted.height), hash: fromHex(raw.trusted.hash, 32) },
      };
  }
}
