/**
 * What one account of a vault is to do in one slot of its opener, as the bytes that the engine journals: open an operation for a
 * chunk with some of its packets refused, or nothing.
 */
import { createScaleReader, joinBytes, sizedBytes } from '../../light-clients/scale.ts';
import { decodeDelivery, encodeDelivery } from '../../relayer/core/certificate.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { BUS_MESSAGE_BYTES_MAX, PACKET_BYTES } from '../../relayer/core/limits.ts';
import type { Delivery } from '../../relayer/core/ports.ts';
import { fromBitmap, toBitmap } from './releaseRemark.ts';

export interface Opening {
  readonly delivery: Delivery;
  /** Positions in the chunk, ascending. */
  readonly refused: readonly number[];
}

const BLANK = 0;
const OPENS = 1;

export function encodeOpening(opening: Opening | undefined): Uint8Array {
  if (opening === undefined) return Uint8Array.of(BLANK);
  const { delivery, refused } = opening;
  const bitmap = toBitmap(refused, delivery.packets.length / PACKET_BYTES);
  return joinBytes([Uint8Array.of(OPENS), sizedBytes(bitmap), encodeDelivery(delivery)]);
}

/** Undefined for nothing to do. Throws `STORE_CORRUPT`: they are our own bytes. */
export function decodeOpening(bytes: Uint8Array): Opening | undefined {
  try {
    if (bytes.length === 1 && bytes[0] === BLANK) return undefined;
    const reader = createScaleReader(bytes, 'opening');
    if (reader.u8() !== OPENS) throw new TypeError('another kind');
    const bitmap = reader.sized(BUS_MESSAGE_BYTES_MAX);
    const delivery = decodeDelivery(reader.bytes(reader.remaining));
    const refused = fromBitmap(bitmap, delivery.packets.length / PACKET_BYTES);
    if (refused === undefined) throw new TypeError('another bitmap');
    return { delivery, refused };
  } catch (cause) {
    throw new ViaductError({ code: 'STORE_CORRUPT', shortMessage: 'A stored call of a vault does not decode.', cause });
  }
}
