/**
 * The gateway's functions as call data, and its views as values, through its ABI. Deliveries are laid out by hand: a general
 * encoder goes through hex text, some 3 us a packet.
 */
import { type AbiFunction, decodeFunctionResult, encodeFunctionData, type Hex, toFunctionSelector } from 'viem';
import { concatBytes, fromHex, toHex, word } from '../../relayer/core/bytes.ts';
import { assert, ViaductError } from '../../relayer/core/errors.ts';
import { idBytes, type LaneId } from '../../relayer/core/ids.ts';
import type { Delivery } from '../../relayer/core/ports.ts';
import { checkpointPreimage } from './acceptedCheckpoint.ts';
import { GATEWAY_ABI } from './gateway.ts';
import type { RpcCall, RpcEndpoint } from './rpc.ts';

const ACCEPT_AND_DELIVER = selectorOf('acceptAndDeliver');
const DELIVER = selectorOf('deliver');

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

/** `acceptAndDeliver(checkpoint, chunkBase, signatures, chunkIndex, packets, proof)` */
export function acceptAndDeliverData(delivery: Delivery, chunkBase: bigint): Uint8Array {
  const { checkpoint, signatures, chunkIndex, packets, proof } = delivery;
  const head = checkpointPreimage(checkpoint, chunkBase);
  const [index, first] = [word(chunkIndex), head.length + 4 * WORD];
  const [signed, sent] = [lengthAnd(signatures), lengthAnd(packets)];
  return concatBytes(
    ...[ACCEPT_AND_DELIVER, head, word(first), index, word(first + signed.length)],
    ...[word(first + signed.length + sent.length), signed, sent, word(proof.length), ...proof],
  );
}

/** `deliver(checkpoint, chunkBase, chunkIndex, packets, proof)` */
export function deliverData(delivery: Delivery, chunkBase: bigint): Uint8Array {
  const { checkpoint, chunkIndex, packets, proof } = delivery;
  const head = checkpointPreimage(checkpoint, chunkBase);
  const first = head.length + 3 * WORD;
  const sent = lengthAnd(packets);
  return concatBytes(
    ...[DELIVER, head, word(chunkIndex), word(first), word(first + sent.length)],
    ...[sent, word(proof.length), ...proof],
  );
}

const WORD = 32;

/** Bytes as an argument's tail: their length, and themselves padded to whole words. */
function lengthAnd(bytes: Uint8Array): Uint8Array {
  const tail = new Uint8Array(WORD + Math.ceil(bytes.length / WORD) * WORD);
  tail.set(word(bytes.length));
  tail.set(bytes, WORD);
  return tail;
}

export function encode(functionName: string, args: readonly unknown[]): Uint8Array {
  return fromHex(encodeFunctionData({ abi: GATEWAY_ABI, functionName, args }));
}

export function laneArgument(lane: LaneId): Hex {
  return toHex(idBytes(lane));
}

function selectorOf(name: string): Uint8Array {
  const found = GATEWAY_ABI.find((entry): entry is AbiFunction => entry.type === 'function' && entry.name === name);
  assert(found !== undefined, `the gateway has a function ${name}`);
  return fromHex(toFunctionSelector(found), 4);
}
