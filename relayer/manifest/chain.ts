/** A chain of the manifest: one row of the union per family. A family needs a folder in `adapters/`. */
import { z } from 'zod';
import { type Caip2, caip2, type ChainName, chainName } from '../core/ids.ts';
import { slugField } from './fields.ts';
import { gatewaySchema, type GatewaySpec, toGateway } from './gateway.ts';
import { lightClientSchema, type LightClientSpec, toLightClient } from './lightClient.ts';

interface ChainBase {
  readonly name: ChainName;
  readonly id: Caip2;
  readonly lightClient: LightClientSpec;
  readonly gateway: GatewaySpec;
  /** Link to a transaction, with `{tx}` for its hash. */
  readonly explorer: string | undefined;
}

export interface EvmChain extends ChainBase {
  readonly family: 'evm';
  /** The number after `eip155:`. */
  readonly chainId: number;
}

export type ManifestChain = EvmChain;

const EXPLORER = 'an http(s) address with {tx} where the transaction hash goes';
const EVM_ID = 'the CAIP-2 id of an EVM chain, such as "eip155:1"';

const evmSchema = z
  .strictObject({
    name: slugField().describe('Short name of the chain, used in lanes, in the relayer config and in logs.'),
    id: z
      .string({ error: EVM_ID })
      .regex(/^eip155:[1-9][0-9]{0,14}$/, { error: EVM_ID })
      .describe('CAIP-2 id of the chain.'),
    family: z.literal('evm').describe('The kind of chain.'),
    lightClient: lightClientSchema,
    gateway: gatewaySchema,
    explorer: z
      .string({ error: EXPLORER })
      .regex(/^https?:\/\/[\x21-\x7e]{1,200}$/, { error: EXPLORER, abort: true })
      .refine((text) => text.includes('{tx}'), { error: EXPLORER })
      .optional()
      .describe('Link to a transaction in a block explorer, with {tx} where its hash goes.'),
  })
  .describe('An EVM chain.');

export const chainSchema = z.discriminatedUnion('family', [evmSchema], { error: 'a chain of family "evm"' });

export function toChain(raw: z.output<typeof chainSchema>): ManifestChain {
  switch (raw.family) {
    case 'evm':
      return {
        family: raw.family,
        name: chainName(raw.name),
        id: caip2(raw.id),
        chainId: Number(raw.id.slice('eip155:'.length)),
        lightClient: toLightClient(raw.lightClient),
        gateway: toGateway(raw.gateway),
        explorer: raw.explorer,
      };
  }
}
