/** How headers of a Substrate chain are verified, as the manifest says it. */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import { hashField, integerField } from './fields.ts';
import { chainClockSchema, type ChainClockSpec, toChainClock, type TrustedBlock, trustedSchema } from './trusted.ts';

/** Finality by GRANDPA: of the chain itself, or of the relay chain that includes it. */
export interface GrandpaLightClient {
  readonly kind: 'grandpa';
  /** A finalized block of the chain that GRANDPA finalizes. */
  readonly trusted: TrustedBlock;
  /** Milliseconds of a slot of that chain. */
  readonly slotMs: number;
  /** Of a parachain: its number on that chain, and the hash of that chain's block 0. */
  readonly parachain: { readonly id: number; readonly relayGenesisHash: Uint8Array } | undefined;
  readonly chainClock: ChainClockSpec | undefined;
}

export const grandpaSchema = z
  .strictObject({
    kind: z.literal('grandpa').describe('Justifications of GRANDPA: a light client.'),
    trusted: trustedSchema.describe(
      'The block that verification starts from: a finalized one of the relay chain, or of the chain itself when it is no parachain.',
    ),
    slotMs: integerField(100, 600_000).describe('Milliseconds of a slot of the chain that the trusted block is of.'),
    parachain: z
      .strictObject(
        {
          id: integerField(1, 0xffff_ffff).describe('Number of the parachain on its relay chain.'),
          relayGenesisHash: hashField().describe('Hash of block 0 of the relay chain.'),
        },
        { error: 'an object with id and relayGenesisHash' },
      )
      .optional()
      .describe('Of a parachain: which one it is of which relay chain.'),
    chainClock: chainClockSchema.optional(),
  })
  .describe('For chains with GRANDPA, and their parachains: blocks justified by two thirds of the authorities.');

export const substrateLightClientSchema = z
  .discriminatedUnion('kind', [grandpaSchema], { error: 'a light client of kind "grandpa"' })
  .describe('How headers of this chain are verified.');

export function toGrandpa(raw: z.output<typeof grandpaSchema>): GrandpaLightClient {
  return {
    kind: raw.kind,
    trusted: { height: BigInt(raw.trusted.height), hash: fromHex(raw.trusted.hash, 32) },
    slotMs: raw.slotMs,
    parachain: raw.parachain && {
      id: raw.parachain.id,
      relayGenesisHash: fromHex(raw.parachain.relayGenesisHash, 32),
    },
    chainClock: raw.chainClock && toChainClock(raw.chainClock),
  };
}
