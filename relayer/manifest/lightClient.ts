/**
 * How the headers of an EVM chain are verified: one row of the union per kind. A kind needs a module in `light-clients/`;
 * adding one here means a schema, a decoded type and a case in `toLightClient`. Other families' kinds have files of their
 * own.
 */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import type { GrandpaLightClient } from './grandpa.ts';
import { hashField, integerField, u64Field } from './fields.ts';
import type { TendermintLightClient } from './tendermint.ts';
import { chainClockSchema, type ChainClockSpec, toChainClock, type TrustedBlock, trustedSchema } from './trusted.ts';

/** Hash-linked headers, a depth, and the agreement of independent endpoints: weaker than a light client. */
export interface ConfirmationsLightClient {
  readonly kind: 'confirmations';
  /** What is followed, which says what the agreement of endpoints is worth. */
  readonly preset: 'l1' | 'l2';
  /** Blocks on top of a block before it counts. */
  readonly confirmations: number;
  /** Endpoints that must agree. */
  readonly quorum: number;
  readonly trusted: TrustedBlock;
}

/** Finalized headers of an Ethereum beacon chain, proven by its sync committees. */
export interface EthereumLightClient {
  readonly kind: 'ethereum';
  readonly preset: 'mainnet' | 'minimal';
  /** From phase0 on, in order. */
  readonly forks: readonly EthereumFork[];
  /** 32 bytes. */
  readonly genesisValidatorsRoot: Uint8Array;
  /** Unix seconds. */
  readonly genesisTime: bigint;
  readonly secondsPerSlot: bigint;
  /** The root of a finalized beacon block. 32 bytes. */
  readonly trustedBlockRoot: Uint8Array;
  /** How old the last finalized block may be and still vouch for the next one (weak subjectivity). */
  readonly maxAgeSeconds: bigint;
  readonly chainClock: ChainClockSpec | undefined;
}

export interface EthereumFork {
  readonly name: (typeof ETHEREUM_FORKS)[number];
  readonly epoch: bigint;
  /** 4 bytes. */
  readonly version: Uint8Array;
}

export type EvmLightClient = ConfirmationsLightClient | EthereumLightClient;

export type LightClientSpec = EvmLightClient | TendermintLightClient | GrandpaLightClient;

/** In the order in which a network goes through them. */
export const ETHEREUM_FORKS = [
  'phase0',
  'altair',
  'bellatrix',
  'capella',
  'deneb',
  'electra',
  'fulu',
  'gloas',
] as const;

const confirmationsSchema = z
  .strictObject({
    kind: z.literal('confirmations').describe('Confirmations and a quorum of endpoints; weaker than a light client.'),
    preset: z
      .enum(['l1', 'l2'], { error: '"l1" or "l2"' })
      .default('l1')
      .describe(
        'l2: a rollup followed by its own blocks. Proves what its sequencer published at the endpoints, not that it is settled on L1.',
      ),
    confirmations: integerField(0, 100_000).describe('Blocks on top of a block before it counts as final.'),
    quorum: integerField(1, 16).describe('Independent endpoints that must agree on every header.'),
    trusted: trustedSchema,
  })
  .describe('For chains without a light client: headers are taken when enough endpoints agree on them.');

const VERSION = '0x and 8 hex digits';
const FORKS = 'a list of forks, each with name, epoch and version';
const FORK = `one of ${ETHEREUM_FORKS.join(', ')}`;
const PRESET = '"mainnet" or "minimal"';

const forkSchema = z.strictObject(
  {
    name: z.enum(ETHEREUM_FORKS, { error: FORK }).describe('Name of the fork.'),
    epoch: u64Field().describe('Its first epoch.'),
    version: z
      .string({ error: VERSION })
      .regex(/^0x[0-9a-fA-F]{8}$/, { error: VERSION })
      .describe('Its fork version: different for every fork of every network.'),
  },
  { error: 'an object with name, epoch and version' },
);

const ethereumSchema = z
  .strictObject({
    kind: z.literal('ethereum').describe('Sync committees of the beacon chain: a light client.'),
    preset: z.enum(['mainnet', 'minimal'], { error: PRESET }).describe('Constants of the beacon chain.'),
    forks: z
      .array(forkSchema, { error: FORKS })
      .min(1, { error: FORKS })
      .max(ETHEREUM_FORKS.length, { error: FORKS })
      .describe('The forks that have a date, from phase0 at epoch 0 on.'),
    genesisValidatorsRoot: hashField().describe('Genesis validators root of the beacon chain.'),
    genesisTime: u64Field().describe('Genesis time of the beacon chain, Unix seconds.'),
    secondsPerSlot: integerField(1, 3600).describe('Seconds of a slot.'),
    trustedBlockRoot: hashField().describe(
      'Root of a finalized beacon block. Compare it with several independent sources; take a recent one.',
    ),
    maxAgeSeconds: integerField(60, 10_000_000).describe(
      'How old the last finalized block may be and still vouch for the next: below the weak subjectivity period.',
    ),
    chainClock: chainClockSchema.optional(),
  })
  .describe('For Ethereum and chains with its consensus: finalized headers, proven by two thirds of a sync committee.');

export const lightClientSchema = z
  .discriminatedUnion('kind', [confirmationsSchema, ethereumSchema], {
    error: 'a light client of kind "confirmations" or "ethereum"',
  })
  .describe('How headers of this chain are verified.');

export function toLightClient(raw: z.output<typeof lightClientSchema>): EvmLightClient {
  switch (raw.kind) {
    case 'confirmations':
      return {
        kind: raw.kind,
        preset: raw.preset,
        confirmations: raw.confirmations,
        quorum: raw.quorum,
        trusted: { height: BigInt(raw.trusted.height), hash: fromHex(raw.trusted.hash, 32) },
      };
    case 'ethereum':
      return {
        kind: raw.kind,
        preset: raw.preset,
        forks: raw.forks.map(({ name, epoch, version }) => {
          return { name, epoch: BigInt(epoch), version: fromHex(version, 4) };
        }),
        genesisValidatorsRoot: fromHex(raw.genesisValidatorsRoot, 32),
        genesisTime: BigInt(raw.genesisTime),
        secondsPerSlot: BigInt(raw.secondsPerSlot),
        trustedBlockRoot: fromHex(raw.trustedBlockRoot, 32),
        maxAgeSeconds: BigInt(raw.maxAgeSeconds),
        chainClock: raw.chainClock && toChainClock(raw.chainClock),
      };
  }
}
