/** Calls and signed EIP-1559 transactions as bytes. https://eips.ethereum.org/EIPS/eip-1559 */
import { decodeRlp, encodeRlp, integerBytes, isBytes, rlpInteger } from '../../light-clients/merkle/index.ts';
import { concatBytes, toHex } from '../../relayer/core/bytes.ts';
import { DecodeError } from '../../relayer/core/errors.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { sign } from '../../relayer/core/secp256k1.ts';
import type { Fees } from './fees.ts';

/** What a transaction does, without nonce and fees: made once, signed as often as needed. */
export interface EvmCall {
  /** 20 bytes; undefined deploys. */
  readonly to: Uint8Array | undefined;
  readonly value: bigint;
  readonly gas: bigint;
  readonly data: Uint8Array;
}

/** Gas of one transaction, by EIP-7825: 2^24. */
export const TRANSACTION_GAS_MAX = 16_777_216n;

const TYPE_EIP1559 = Uint8Array.of(0x02);
const CALL_BYTES_MAX = 1024 * 1024;

export function encodeCall(call: EvmCall): Uint8Array {
  return encodeRlp([call.to ?? new Uint8Array(0), integerBytes(call.value), integerBytes(call.gas), call.data]);
}

/** Throws `DecodeError`: a call is our own bytes, read back from the journal. */
export function decodeCall(bytes: Uint8Array): EvmCall {
  const item = decodeRlp(bytes, CALL_BYTES_MAX);
  const [to, valueItem, gasItem, data] = item === undefined || isBytes(item) || item.length !== 4 ? [] : item;
  const value = rlpInteger(valueItem, 32);
  const gas = rlpInteger(gasItem, 8);
  if (
    !isBytes(to) ||
    (to.length !== 20 && to.length !== 0) ||
    value === undefined ||
    gas === undefined ||
    !isBytes(data)
  ) {
    throw new DecodeError({ shortMessage: 'Malformed call of an EVM transaction.' });
  }
  return { to: to.length === 0 ? undefined : to, value, gas, data };
}

export function signTransaction(
  call: EvmCall,
  chainId: number,
  nonce: bigint,
  fees: Fees,
  key: Uint8Array,
): { readonly raw: Uint8Array; readonly hash: string } {
  const fields = [
    integerBytes(chainId),
    integerBytes(nonce),
    integerBytes(fees.maxPriorityFeePerGas),
    integerBytes(fees.maxFeePerGas),
    integerBytes(call.gas),
    call.to ?? new Uint8Array(0),
    integerBytes(call.value),
    call.data,
    [],
  ];
  const signature = sign(keccak256(TYPE_EIP1559, encodeRlp(fields)), key);
  const raw = concatBytes(
    TYPE_EIP1559,
    encodeRlp([
      ...fields,
      integerBytes((signature[64] as number) - 27),
      trimmed(signature.subarray(0, 32)),
      trimmed(signature.subarray(32, 64)),
    ]),
  );
  return { raw, hash: toHex(keccak256(raw)) };
}

/** Without leading zeros, as RLP carries integers. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? new Uint8Array(0) : bytes.slice(first);
}
