/** A Cosmos chain of the manifest: a vault, and headers by the CometBFT light client. */
import { z } from 'zod';
import { isPrefix } from './bech32.ts';
import { type ChainBase, explorerField, idField, nameField, toChainBase } from './chainBase.ts';
import { type CosmosCosts, cosmosCostsSchema, toCosmosCosts } from './cosmosCosts.ts';
import { cosmosGatewaySchema, type CosmosVault, toCosmosVault } from './cosmosVault.ts';
import { denomField } from './fields.ts';
import { cosmosLightClientSchema, type TendermintLightClient, toTendermint } from './tendermint.ts';

export interface CosmosChain extends ChainBase {
  readonly family: 'cosmos';
  /** As in every header: what follows `cosmos:`. */
  readonly chainId: string;
  /** Of the chain's bech32 addresses. */
  readonly prefix: string;
  /** The coin that fees are paid in. */
  readonly feeDenom: string;
  readonly costs: CosmosCosts;
  readonly lightClient: TendermintLightClient;
  readonly gateway: CosmosVault;
}

const COSMOS_ID = 'the CAIP-2 id of a Cosmos chain, such as "cosmos:cosmoshub-4"';
const PREFIX = 'a bech32 prefix, such as "cosmos": lower-case letters and digits, a letter first';

export const cosmosChainSchema = z
  .strictObject({
    name: nameField(),
    id: idField(/^cosmos:[-a-zA-Z0-9]{1,32}$/, COSMOS_ID),
    family: z.literal('cosmos').describe('The kind of chain.'),
    prefix: z
      .string({ error: PREFIX })
      .max(32, { error: PREFIX })
      .refine(isPrefix, { error: PREFIX })
      .describe("Prefix of the chain's bech32 addresses."),
    feeDenom: denomField().describe('The coin that fees are paid in; the vault pays its own.'),
    costs: cosmosCostsSchema,
    lightClient: cosmosLightClientSchema,
    gateway: cosmosGatewaySchema,
    explorer: explorerField(),
  })
  .describe('A Cosmos chain.');

export function toCosmosChain(raw: z.output<typeof cosmosChainSchema>, threshold: number): CosmosChain {
  return {
    ...toChainBase(raw),
    family: raw.family,
    chainId: raw.id.slice('cosmos:'.length),
    prefix: raw.prefix,
    feeDenom: raw.feeDenom,
    costs: toCosmosCosts(raw.costs),
    lightClient: toTendermint(raw.lightClient),
    gateway: toCosmosVault(raw.gateway, threshold),
  };
}
