/**
 * Where the packet is in the JSON of a PacketSent log, by its bytes: no text and no object is made of the 1 kB around it. It
 * knows one spelling, that of all common nodes; what is written otherwise is not found, and read by a JSON parser instead.
 */
import { Buffer } from 'node:buffer';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { TOPICS } from './gateway.ts';

export interface FoundPacket {
  /** 64 characters; whether they are hex digits was not looked at, here and below. */
  readonly lane: string;
  /** Twice as many characters as a packet has bytes. */
  readonly hex: string;
}

/** The data of the log: offset, length, and 135 bytes padded to whole words. */
export const PACKET_HEAD = `${'20'.padStart(64, '0')}${PACKET_BYTES.toString(16).padStart(64, '0')}`;
export const PACKET_PADDED_CHARS = 5 * 64;
const LANE_CHARS = 64;
const QUOTE = 0x22;
const TOPIC_TEXT = Buffer.from(`"topics":["${TOPICS.packetSent}","0x`);
const DATA_TEXT = Buffer.from(`"data":"0x${PACKET_HEAD}`);

/** Looks first where it was in the log before: a node writes all its logs alike. */
export function createPacketFinder(): (bytes: Buffer, start: number, end: number) => FoundPacket | undefined {
  const findTopic = createFinder(TOPIC_TEXT);
  const findData = createFinder(DATA_TEXT);
  return (bytes, start, end) => {
    const lane = findTopic(bytes, start, end);
    if (lane === undefined) return undefined;
    const data = findData(bytes, start, end);
    if (data === undefined || bytes[data + PACKET_PADDED_CHARS] !== QUOTE || bytes[lane + LANE_CHARS] !== QUOTE)
      return undefined;
    return {
      lane: bytes.toString('latin1', lane, lane + LANE_CHARS),
      hex: bytes.toString('latin1', data, data + 2 * PACKET_BYTES),
    };
  };
}

/** Finds what follows a text between `start` and `end`. */
function createFinder(text: Buffer): (bytes: Buffer, start: number, end: number) => number | undefined {
  let skip = 0;
  return (bytes, start, end) => {
    const guess = start + skip;
    if (guess + text.length <= end && bytes.compare(text, 0, text.length, guess, guess + text.length) === 0)
      return guess + text.length;
    const at = bytes.subarray(start, end).indexOf(text);
    if (at < 0) return undefined;
    skip = at;
    return start + at + text.length;
  };
}
