/** An EVM chain of the manifest: a contract, and headers by sync committees or by a quorum of endpoints. */
import { z } from 'zod';
import { type ChainBase, explorerField, idField, nameField, toChainBase } from './chainBase.ts';
import { type ContractGateway, evmGatewaySchema, toContract } from './gateway.ts';
import { type EvmLightClient, lightClientSchema, toLightClient } from './lightClient.ts';

export interface EvmChain extends ChainBase {
  readonly family: 'evm';
  /** The number after `eip155:`. */
  readonly chainId: number;
  readonly lightClient: EvmLightClient;
  readonly gateway: ContractGateway;
}

const EVM_ID = 'the CAIP-2 id of an EVM chain, such as "eip155:1"';

export const evmChainSchema = z
  .strictObject({
    name: nameField(),
    id: idField(/^eip155:[1-9][0-9]{0,14}$/, EVM_ID),
    family: z.literal('evm').describe('The kind of chain.'),
    lightClient: lightClientSchema,
    gateway: evmGatewaySchema,
    explorer: explorerField(),
  })
  .describe('An EVM chain.');

export function toEvmChain(raw: z.output<typeof evmChainSchema>): EvmChain {
  return {
    ...toChainBase(raw),
    family: raw.family,
    chainId: Number(raw.id.slice('eip155:'.length)),
    lightClient: toLightClient(raw.lightClient),
    gateway: toContract(raw.gateway),
  };
}
