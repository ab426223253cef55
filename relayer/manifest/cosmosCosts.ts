/**
 * What payments cost on a Cosmos chain. All members of a vault must come to the same gas and fee, so the figures are part
 * of the manifest and nothing is asked of a node.
 */
import { z } from 'zod';
import { integerField } from './fields.ts';

interface MessageCost {
  /** Gas of one message, its bytes left out. */
  readonly gas: bigint;
  readonly bytes: number;
}

export interface CosmosCosts {
  /** Gas of a transaction without messages, bytes and signatures. */
  readonly baseGas: bigint;
  /** Bytes of a transaction without messages and signatures, its memo included. */
  readonly baseBytes: number;
  readonly gasPerByte: bigint;
  readonly gasPerSignature: bigint;
  readonly bytesPerSignature: number;
  readonly messages: { readonly send: MessageCost; readonly mint: MessageCost; readonly multiSend: MessageCost };
  readonly newAccountGas: bigint;
  readonly multiSendSquareGas: bigint;
  readonly multiSendMax: number;
  readonly txBytesMax: number;
  readonly txGasMax: bigint;
  readonly marginPercent: bigint;
  /** Smallest units of the fee coin. */
  readonly feePerThousandGas: bigint;
}

const GAS_MAX = 10_000_000_000;
const BYTES_MAX = 20_000_000;
const gas = (): z.ZodNumber => integerField(0, GAS_MAX);
const bytes = (): z.ZodNumber => integerField(0, BYTES_MAX);

const messageSchema = z.strictObject(
  { gas: gas().describe('Gas of one, its bytes left out.'), bytes: bytes().describe('Bytes of one.') },
  { error: 'an object with gas and bytes' },
);

export const cosmosCostsSchema = z
  .strictObject(
    {
      baseGas: gas().describe('Gas of a transaction without messages, bytes and signatures.'),
      baseBytes: bytes().describe('Bytes of a transaction without messages and signatures, its memo included.'),
      gasPerByte: gas().describe('Gas of a byte of a transaction.'),
      gasPerSignature: gas().describe('Gas of each member that signs.'),
      bytesPerSignature: bytes().describe('Bytes of each member that signs.'),
      messages: z
        .strictObject(
          {
            send: messageSchema.describe('A bank MsgSend.'),
            mint: messageSchema.describe('A MsgMint of the token factory.'),
            multiSend: messageSchema.describe('One output of a bank MsgMultiSend.'),
          },
          { error: 'an object with send, mint and multiSend' },
        )
        .describe('The messages that pay.'),
      newAccountGas: gas().describe('More for a receiver that has no account yet; all are taken for such.'),
      multiSendSquareGas: gas().describe('Gas for the square of the number of outputs of a MsgMultiSend.'),
      multiSendMax: integerField(1, 100_000).describe('Outputs of one MsgMultiSend.'),
      txBytesMax: integerField(1_000, BYTES_MAX).describe('Bytes of the largest transaction.'),
      txGasMax: integerField(100_000, GAS_MAX).describe('Gas of the largest transaction.'),
      marginPercent: integerField(0, 1_000).describe('Added to all gas.'),
      feePerThousandGas: integerField(0, 1_000_000_000).describe('Smallest units of the fee coin for 1,000 gas.'),
    },
    { error: 'an object with the figures of a cost model' },
  )
  .describe('What payments cost on this chain: measured, and generous.');

export function toCosmosCosts(raw: z.output<typeof cosmosCostsSchema>): CosmosCosts {
  const message = (cost: { gas: number; bytes: number }): MessageCost => ({ gas: BigInt(cost.gas), bytes: cost.bytes });
  const { send, mint, multiSend } = raw.messages;
  return {
    baseGas: BigInt(raw.baseGas),
    baseBytes: raw.baseBytes,
    gasPerByte: BigInt(raw.gasPerByte),
    gasPerSignature: BigInt(raw.gasPerSignature),
    bytesPerSignature: raw.bytesPerSignature,
    messages: { send: message(send), mint: message(mint), multiSend: message(multiSend) },
    newAccountGas: BigInt(raw.newAccountGas),
    multiSendSquareGas: BigInt(raw.multiSendSquareGas),
    multiSendMax: raw.multiSendMax,
    txBytesMax: raw.txBytesMax,
    txGasMax: BigInt(raw.txGasMax),
    marginPercent: BigInt(raw.marginPercent),
    feePerThousandGas: BigInt(raw.feePerThousandGas),
  };
}
