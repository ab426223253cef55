/**
 * The bridge's presence on a chain. An EVM chain has a `contract`; chains that run no code of ours have a `vault`, whose
 * fields each family has in a file of its own.
 */
import { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import { assert } from '../core/errors.ts';
import { evmAddressField, u64Field } from './fields.ts';
import type { VaultGateway } from './vault.ts';

export interface ContractGateway {
  readonly kind: 'contract';
  /** 20 bytes: the gateway's native account bytes, as in a lane id. */
  readonly address: Uint8Array;
  /** The block in which it was deployed: nothing of it is before. */
  readonly startHeight: bigint;
}

export type GatewaySpec = ContractGateway | VaultGateway;

const contractSchema = z
  .strictObject({
    kind: z.literal('contract').describe('A deployed gateway contract.'),
    address: evmAddressField().describe('Address of the gateway contract.'),
    startHeight: u64Field().describe('Height of the block in which the gateway was deployed.'),
  })
  .describe('A gateway contract on an EVM chain.');

export const evmGatewaySchema = z
  .discriminatedUnion('kind', [contractSchema], { error: 'a gateway of kind "contract"' })
  .describe("The bridge's presence on this chain.");

export function toContract(raw: z.output<typeof contractSchema>): ContractGateway {
  return { kind: raw.kind, address: fromHex(raw.address, 20), startHeight: BigInt(raw.startHeight) };
}

/** The native account bytes that stand for the gateway in a lane id. */
export function gatewayBytes(gateway: GatewaySpec): Uint8Array {
  switch (gateway.kind) {
    case 'contract':
      return gateway.address;
    case 'vault': {
      const [first] = gateway.shards;
      assert(first !== undefined, 'a vault has a shard');
      return first.account;
    }
  }
}
