/**
 * What a light-client object in the JSON of the Beacon API says of itself: only hints for what to ask next and which
 * headers to fetch. Nothing here is checked; the light client judges the whole object.
 */
import { beaconHeaderType } from '../../light-clients/ethereum/containers.ts';
import type { MessageKind } from '../../light-clients/ethereum/index.ts';
import { asRecord, parseData } from './json.ts';

export interface LightJson {
  readonly kind: MessageKind;
  /** The name of the fork. */
  readonly version: string;
  readonly data: unknown;
  /** Of the finalized header, or of a bootstrap's. */
  readonly finalizedSlot: bigint;
  /** hash_tree_root of that header. 32 bytes. */
  readonly finalizedRoot: Uint8Array;
  /** The execution block that the header carries. 32 bytes. */
  readonly blockHash: Uint8Array;
  /** Undefined in the Gloas layout, which has the hash alone. */
  readonly executionNumber: bigint | undefined;
  /** 0 in a bootstrap. */
  readonly signatureSlot: bigint;
}

/** Total: undefined when a field that is read here is not there. */
export function readLightJson(kind: MessageKind, answer: unknown): LightJson | undefined {
  const { version, data } = asRecord(answer) ?? {};
  const fields = asRecord(data);
  const header = asRecord(fields?.[kind === 'bootstrap' ? 'header' : 'finalized_header']);
  const execution = asRecord(header?.['execution']);
  const blockHash = parseData(execution?.['block_hash'] ?? header?.['execution_block_hash'], 32);
  const beacon = asRecord(header?.['beacon']);
  const finalizedSlot = parseDecimal(beacon?.['slot']);
  const signatureSlot = kind === 'bootstrap' ? 0n : parseDecimal(fields?.['signature_slot']);
  const finalizedRoot = beacon === undefined ? undefined : rootOf(beacon);
  const executionNumber = parseDecimal(execution?.['block_number']);
  if (execution !== undefined && executionNumber === undefined) return undefined;
  if (typeof version !== 'string' || blockHash === undefined || finalizedRoot === undefined) return undefined;
  if (finalizedSlot === undefined || signatureSlot === undefined) return undefined;
  return { kind, version, data, finalizedSlot, finalizedRoot, blockHash, executionNumber, signatureSlot };
}

function rootOf(beacon: Readonly<Record<string, unknown>>): Uint8Array | undefined {
  try {
    return beaconHeaderType.hashTreeRoot(beaconHeaderType.fromJson(beacon));
  } catch {
    // The library says by an exception that JSON does not fit the type.
    return undefined;
  }
}

function parseDecimal(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(value) ? BigInt(value) : undefined;
}
