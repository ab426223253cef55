/** What the consensus layer needs of an execution block, from the node's JSON-RPC. */
import { fromHex } from '../../../relayer/core/bytes.ts';

/** One raw JSON-RPC call to the execution node. */
export type ExecutionRpc = (method: string, params?: readonly unknown[]) => Promise<unknown>;

interface RpcBlock {
  readonly [field: string]: string | readonly string[] | undefined;
  readonly hash: string;
  readonly number: string;
  readonly timestamp: string;
  readonly transactions: readonly string[];
}

export type ExecutionFields = ReturnType<typeof fieldsOf>;

export interface ExecutionBlock {
  readonly fields: ExecutionFields;
  readonly transactions: Uint8Array[];
}

/** The newest block with its raw transactions. */
export async function latestBlock(rpc: ExecutionRpc): Promise<ExecutionBlock> {
  const block = (await rpc('eth_getBlockByNumber', ['latest', false])) as RpcBlock;
  const transactions = await Promise.all(
    block.transactions.map(async (hash) => fromHex((await rpc('eth_getRawTransactionByHash', [hash])) as string)),
  );
  return { fields: fieldsOf(block), transactions };
}

/** Mines one block with this time on top of the newest one. */
export async function mineBlock(rpc: ExecutionRpc, timestamp: number): Promise<ExecutionBlock> {
  await rpc('evm_setNextBlockTimestamp', [`0x${timestamp.toString(16)}`]);
  await rpc('evm_mine');
  return latestBlock(rpc);
}

function fieldsOf(block: RpcBlock) {
  const text = (name: string): string => {
    const value = block[name];
    return typeof value === 'string' ? value : '0x0';
  };
  const data = (name: string): Uint8Array => fromHex(text(name));
  const number = (name: string): number => Number(text(name));
  const big = (name: string): bigint => BigInt(text(name));
  return {
    parentHash: data('parentHash'),
    feeRecipient: data('miner'),
    stateRoot: data('stateRoot'),
    receiptsRoot: data('receiptsRoot'),
    logsBloom: data('logsBloom'),
    prevRandao: data('mixHash'),
    blockNumber: number('number'),
    gasLimit: number('gasLimit'),
    gasUsed: number('gasUsed'),
    timestamp: number('timestamp'),
    extraData: data('extraData'),
    baseFeePerGas: big('baseFeePerGas'),
    blockHash: data('hash'),
    blobGasUsed: big('blobGasUsed'),
    excessBlobGas: big('excessBlobGas'),
  };
}
