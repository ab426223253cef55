/**
 * The bridge's presence on a chain: one row of the union per kind. `contract` is a deployed gateway; a `vault` (an
 * account owned by the signer set through the chain's own multisig) would be the next row.
 */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import { evmAddressField, u64Field } from './fields.ts';

export interface ContractGateway {
  readonly kind: 'contract';
  /** 20 bytes: the gateway's native account bytes, as in a lane id. */
  readonly address: Uint8Array;
  /** The block in which it was deployed: nothing of it is before. */
  readonly startHeight: bigint;
}

export type GatewaySpec = ContractGateway;

const contractSchema = z
  .strictObject({
    kind: z.literal('contract').describe('A deployed gateway contract.'),
    address: evmAddressField().describe('Address of the gateway contract.'),
    startHeight: u64Field().describe('Height of the block in which the gateway was deployed.'),
  })
  .describe('A gateway contract on an EVM chain.');

export const gatewaySchema = z
  .discriminatedUnion('kind', [contractSchema], { error: 'a gateway of kind "contract"' })
  .describe("The bridge's presence on this chain.");

export function toGateway(raw: z.output<typeof gatewaySchema>): GatewaySpec {
  switch (raw.kind) {
    case 'contract':
      return { kind: raw.kind, address: fromHex(raw.address, 20), startHeight: BigInt(raw.startHeight) };
  }
}

/** The native account bytes that stand for the gateway in a lane id. */
export function gatewayBytes(gateway: GatewaySpec): Uint8Array {
  switch (gateway.kind) {
    case 'contract':
      return gateway.address;
  }
}
