/**
 * `state_*` and `payment_*`: storage, read proofs, runtime calls. Source: sc-rpc `state`,
 * pallet-transaction-payment-rpc.
 */
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import { createScaleReader, joinBytes, u32Bytes } from '../../../../light-clients/scale.ts';
import { RuntimeTrap } from '../executor/createExecutor.ts';
import { hexText } from '../chain/block.ts';
import type { Runtime } from '../chain/runtime.ts';
import { type State, startsWith } from '../state/state.ts';
import type { Methods } from './methods.ts';
import { bytesParam, countParam, isAbsent, keysParam, type Node, textParam } from './node.ts';
import { clientError, RpcError } from './rpcError.ts';

/** `STORAGE_KEYS_PAGED_MAX_COUNT` */
const PAGE_MAX = 1000;
const CLASSES = ['normal', 'operational', 'mandatory'] as const;

export const stateMethods: Methods = {
  state_getMetadata: (node) => hexText(node.chain.runtime.metadataBytes),
  state_getRuntimeVersion: (node) => versionJson(node.chain.runtime),
  chain_getRuntimeVersion: (node) => versionJson(node.chain.runtime),
  state_getStorage: getStorage,
  state_getStorageAt: getStorage,
  state_getStorageHash: (node, [key, at]) => {
    const value = node.stateAt(at).state.get(bytesParam(key));
    return value === undefined ? null : hexText(blake2b256(value));
  },
  state_getStorageSize: (node, [key, at]) => node.stateAt(at).state.get(bytesParam(key))?.length ?? null,
  state_getKeysPaged: getKeysPaged,
  state_getKeysPagedAt: getKeysPaged,
  state_queryStorageAt: (node, [keys, at]) => {
    const { block, state } = node.stateAt(at);
    return [changesJson(block.hash, state, keysParam(keys))];
  },
  state_getReadProof: (node, [keys, at]) => {
    const { block, state } = node.stateAt(at);
    return { at: block.hash, proof: state.proof(keysParam(keys)).map(hexText) };
  },
  state_call: stateCall,
  state_callAt: stateCall,
  payment_queryInfo: (node, [extrinsic, at]) => {
    const answer = queryFee(node, 'TransactionPaymentApi_query_info', extrinsic, at);
    const weight = weightJson(node.chain.runtime, answer);
    return { weight, class: CLASSES[answer.u8()] ?? 'normal', partialFee: readU128(answer).toString() };
  },
  payment_queryFeeDetails: (node, [extrinsic, at]) => {
    const answer = queryFee(node, 'TransactionPaymentApi_query_fee_details', extrinsic, at);
    if (answer.u8() === 0) return { inclusionFee: null };
    const [baseFee, lenFee, adjustedWeightFee] = [0, 1, 2].map(() => `0x${readU128(answer).toString(16)}`);
    return { inclusionFee: { baseFee, lenFee, adjustedWeightFee } };
  },
};

export function versionJson(runtime: Runtime): object {
  const { version } = runtime;
  return { ...version, apis: version.apis.map(([id, number]) => [`0x${id}`, number]) };
}

/** A `StorageChangeSet`. */
export function changesJson(hash: string, state: State, keys: readonly Uint8Array[]): object {
  return { block: hash, changes: keys.map((key) => [hexText(key), valueJson(state.get(key))]) };
}

export function valueJson(value: Uint8Array | undefined): string | null {
  return value === undefined ? null : hexText(value);
}

function getStorage(node: Node, [key, at]: readonly unknown[]): string | null {
  return valueJson(node.stateAt(at).state.get(bytesParam(key)));
}

function getKeysPaged(node: Node, [prefixed, countGiven, startGiven, at]: readonly unknown[]): readonly string[] {
  const prefix = isAbsent(prefixed) ? new Uint8Array(0) : bytesParam(prefixed);
  const count = countParam(countGiven);
  if (count > PAGE_MAX) {
    throw new RpcError(4002, `count exceeds maximum value. value: ${count}, max: ${PAGE_MAX}`);
  }
  const { state } = node.stateAt(at);
  const keys: string[] = [];
  const start = isAbsent(startGiven) ? undefined : bytesParam(startGiven);
  let key = start === undefined && state.get(prefix) !== undefined ? prefix : state.nextKey(start ?? prefix);
  for (; key !== undefined && keys.length < count && startsWith(key, prefix); key = state.nextKey(key)) {
    keys.push(hexText(key));
  }
  return keys;
}

function stateCall(node: Node, [method, data, at]: readonly unknown[]): string {
  return hexText(callAt(node, textParam(method), bytesParam(data), at));
}

export function callAt(node: Node, method: string, argument: Uint8Array, at: unknown): Uint8Array {
  const { state } = node.stateAt(at);
  try {
    return node.chain.runtime.call(state, method, argument);
  } catch (error) {
    if (!(error instanceof RuntimeTrap)) throw error;
    throw clientError(`Execution failed: ${error.message}`);
  }
}

function queryFee(node: Node, method: string, extrinsic: unknown, at: unknown): ReturnType<typeof createScaleReader> {
  const bytes = bytesParam(extrinsic);
  const argument = joinBytes([bytes, u32Bytes(bytes.length)]);
  return createScaleReader(callAt(node, method, argument, at), 'fee');
}

/** Version 1 of the API has weights of one number. */
function weightJson(runtime: Runtime, reader: ReturnType<typeof createScaleReader>): unknown {
  if ((runtime.apiVersion('TransactionPaymentApi') ?? 1) < 2) return Number(reader.u64());
  return { ref_time: Number(reader.compact()), proof_size: Number(reader.compact()) };
}

function readU128(reader: ReturnType<typeof createScaleReader>): bigint {
  return reader.u64() | (reader.u64() << 64n);
}
