/** A Substrate chain of the manifest: a vault, finality by GRANDPA, and the runtimes that are read. */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import { type ChainBase, explorerField, idField, nameField, toChainBase } from './chainBase.ts';
import { hashField, integerField } from './fields.ts';
import { type GrandpaLightClient, substrateLightClientSchema, toGrandpa } from './grandpa.ts';
import { SS58_PREFIX_MAX } from './ss58.ts';
import { substrateGatewaySchema, type SubstrateVault, toSubstrateVault } from './substrateVault.ts';

export interface SubstrateChain extends ChainBase {
  readonly family: 'substrate';
  /** 32 bytes; its first half is the chain's CAIP-2 reference. */
  readonly genesisHash: Uint8Array;
  /** Of the chain's SS58 addresses. */
  readonly ss58Prefix: number;
  /** Milliseconds of a slot of this chain. */
  readonly slotMs: number;
  /** Spec version to the Blake2b-256 of its metadata, hex without 0x. Blocks of other runtimes are not read. */
  readonly runtimes: ReadonlyMap<number, string>;
  readonly lightClient: GrandpaLightClient;
  readonly gateway: SubstrateVault;
}

const SUBSTRATE_ID = 'the CAIP-2 id of a Substrate chain: "polkadot:" and the first 32 hex digits of its genesis hash';
const RUNTIMES_MAX = 64;
const RUNTIMES = `a list of 1 to ${RUNTIMES_MAX} runtimes, each with specVersion and metadataHash`;

export const substrateChainSchema = z
  .strictObject({
    name: nameField(),
    id: idField(/^polkadot:[0-9a-f]{32}$/, SUBSTRATE_ID),
    family: z.literal('substrate').describe('The kind of chain.'),
    genesisHash: hashField().describe('Hash of block 0.'),
    ss58Prefix: integerField(0, SS58_PREFIX_MAX).describe("Prefix of the chain's SS58 addresses."),
    slotMs: integerField(100, 600_000).describe('Milliseconds of a slot of this chain.'),
    runtimes: z
      .array(
        z
          .strictObject(
            {
              specVersion: integerField(0, 0xffff_ffff).describe('Spec version of the runtime.'),
              metadataHash: hashField().describe('Blake2b-256 of its metadata, as state_getMetadata answers it.'),
            },
            { error: 'an object with specVersion and metadataHash' },
          )
          .describe('One version of the runtime.'),
        { error: RUNTIMES },
      )
      .min(1, { error: RUNTIMES })
      .max(RUNTIMES_MAX, { error: RUNTIMES })
      .describe('The runtimes whose blocks are read. At a block of another one the lanes of this chain wait.'),
    lightClient: substrateLightClientSchema,
    gateway: substrateGatewaySchema,
    explorer: explorerField(),
  })
  .describe('A Substrate chain.');

export function toSubstrateChain(raw: z.output<typeof substrateChainSchema>, threshold: number): SubstrateChain {
  return {
    ...toChainBase(raw),
    family: raw.family,
    genesisHash: fromHex(raw.genesisHash, 32),
    ss58Prefix: raw.ss58Prefix,
    slotMs: raw.slotMs,
    runtimes: new Map(
      raw.runtimes.map(({ specVersion, metadataHash }) => [specVersion, metadataHash.slice(2).toLowerCase()]),
    ),
    lightClient: toGrandpa(raw.lightClient),
    gateway: toSubstrateVault(raw.gateway, threshold),
  };
}
