/** The gateway's functions as call data, and its views as values, through its ABI. */
import { decodeFunctionResult, encodeFunctionData, type Hex } from 'viem';
import { fromHex, toHex } from '../../relayer/core/bytes.ts';
import { idBytes, type LaneId } from '../../relayer/core/ids.ts';
import type { Delivery } from '../../relayer/core/ports.ts';
import type { Checkpoint } from '../../relayer/core/checkpoint.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { GATEWAY_ABI } from './gateway.ts';
import type { RpcCall, RpcEndpoint } from './rpc.ts';

/** Reads views at the latest block, in one request. Throws `ENDPOINT_FAILED` when one of them reverts or is nonsense. */
export async function readViews(
  endpoint: RpcEndpoint,
  gateway: Uint8Array,
  views: readonly { readonly functionName: string; readonly args: readonly unknown[] }[],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const calls = views.map(({ functionName, args }): RpcCall => {
    const data = encodeFunctionData({ abi: GATEWAY_ABI, functionName, args });
    return { method: 'eth_call', params: [{ to: toHex(gateway), data }, 'latest'] };
  });
  const answers = await endpoint.batch(calls, signal);
  return answers.map((answer, index) => {
    const { functionName } = views[index] as { functionName: string };
    if (answer.kind === 'result' && typeof answer.value === 'string') {
      try {
        return decodeFunctionResult({ abi: GATEWAY_ABI, functionName, data: answer.value as Hex });
      } catch {
        // Said below: no gateway at that address, or not one of this version.
      }
    }
    throw new ViaductError({
      code: 'ENDPOINT_FAILED',
      shortMessage: `${endpoint.name} does not answer ${functionName} of the gateway.`,
      metaMessages: [`Gateway ${toHex(gateway)}: is it deployed on this chain, and is the endpoint in step?`],
    });
  });
}

export function acceptAndDeliverData(delivery: Delivery, chunkBase: bigint): Uint8Array {
  const { checkpoint, signatures, chunkIndex, packets, proof } = delivery;
  return encode('acceptAndDeliver', [
    checkpointArgument(checkpoint),
    chunkBase,
    toHex(signatures),
    chunkIndex,
    toHex(packets),
    proof.map(toHex),
  ]);
}

export function deliverData(delivery: Delivery, chunkBase: bigint): Uint8Array {
  const { checkpoint, chunkIndex, packets, proof } = delivery;
  return encode('deliver', [checkpointArgument(checkpoint), chunkBase, chunkIndex, toHex(packets), proof.map(toHex)]);
}

export function encode(functionName: string, args: readonly unknown[]): Uint8Array {
  return fromHex(encodeFunctionData({ abi: GATEWAY_ABI, functionName, args }));
}

export function laneArgument(lane: LaneId): Hex {
  return toHex(idBytes(lane));
}

function checkpointArgument(checkpoint: Checkpoint): Readonly<Record<string, unknown>> {
  return {
    laneId: laneArgument(checkpoint.lane),
    signerEpoch: checkpoint.signerEpoch,
    signerSetHash: toHex(checkpoint.signerSetHash),
    manifestHash: toHex(checkpoint.manifestHash),
    firstSequence: checkpoint.firstSequence,
    packetCount: checkpoint.packetCount,
    chunkSize: checkpoint.chunkSize,
    root: toHex(checkpoint.root),
    sourceHeight: checkpoint.sourceHeight,
    sourceBlockHash: toHex(checkpoint.sourceBlockHash),
  };
}
