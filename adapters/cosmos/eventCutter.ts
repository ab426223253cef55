/**
 * Takes the events of transactions out of an answer before it is parsed: they are 2 kB of JSON for a payment, no root covers
 * them, and nothing here looks at them.
 *
 * They end where the next field of a result begins, which every version writes right after them. That text cannot occur in a JSON
 * string, whose quotes are escaped. Where a node writes it otherwise, the events stay and are parsed like the rest; where it is
 * in the wrong place, what is left is no JSON.
 */
import { Buffer } from 'node:buffer';
import { type AnswerReader, createWhole } from '../endpoints/http.ts';

const BEGIN = Buffer.from('"events":[');
const END = Buffer.from('],"codespace":"');

export function createEventCutter(): AnswerReader {
  const { push, rest } = createWhole();
  return { push, rest: () => withoutEvents(rest()) };
}

/** Total, for any bytes. */
export function withoutEvents(bytes: Buffer): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (;;) {
    const begin = bytes.indexOf(BEGIN, from);
    const end = begin < 0 ? -1 : bytes.indexOf(END, begin);
    if (end < 0) break;
    kept.push(bytes.subarray(from, begin + BEGIN.length));
    from = end;
  }
  return from === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(from)]);
}
