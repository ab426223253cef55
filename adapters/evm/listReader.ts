/**
 * Takes a long list of objects out of a JSON answer while it comes, so that neither its text nor all of its objects are held at
 * once: 30,000 logs are 32 MB. What is left is JSON with an empty list in its place.
 *
 * Total: whatever the bytes are, they are taken, left for the JSON parser, or refused as malformed. An answer in which the list
 * is not found as nodes write it (`"key":[`, soon after the start) is left whole.
 */
import { Buffer } from 'node:buffer';
import { DecodeError } from '../../relayer/core/errors.ts';
import { RPC_RESPONSE_BYTES_MAX } from '../../relayer/core/limits.ts';
import type { AnswerReader } from '../endpoints/http.ts';

/**
 * Told of the object in `bytes` from `start` to before `end`, which are gone afterwards; false: that is no object. It may end later
 * then, unless `isWhole`.
 */
export type TakeObject = (bytes: Buffer, start: number, end: number, isWhole: boolean) => boolean;

/** Where the list begins at the latest. A receipt has a Bloom filter before it. */
const HEAD_BYTES_MAX = 16 * 1024;
/** Of one object: an endpoint that never ends one must not make this hold more and more. */
const OBJECT_BYTES_MAX = 1024 * 1024;
const [OPEN, CLOSE, END, COMMA, QUOTE, BACKSLASH] = [...Buffer.from('{}],"\\')] as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const SPACES: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t\r\n'));

export function createListReader(key: 'result' | 'logs', take: TakeObject): AnswerReader {
  const needle = Buffer.from(`"${key}":[`);
  let state: 'head' | 'list' | 'tail' | 'whole' = 'head';
  const left: Buffer[] = [];
  let leftBytes = 0;
  /** Not used up yet: the head, or the start of an object. */
  let held: Buffer = Buffer.alloc(0);

  const leave = (bytes: Buffer): void => {
    leftBytes += bytes.length;
    if (leftBytes > RPC_RESPONSE_BYTES_MAX) throw malformed('too long');
    left.push(bytes);
  };

  function readHead(): void {
    const at = held.indexOf(needle);
    if (at >= 0) {
      state = 'list';
      leave(held.subarray(0, at + needle.length));
      held = held.subarray(at + needle.length);
    } else if (held.length > HEAD_BYTES_MAX) {
      state = 'whole';
      leave(held);
      held = Buffer.alloc(0);
    }
  }

  function readList(): void {
    const bytes = held;
    let at = 0;
    for (; ; at++) {
      const byte = bytes[at];
      if (byte === COMMA || SPACES.has(byte)) continue;
      if (byte === END) {
        state = 'tail';
        leave(bytes.subarray(at));
        held = Buffer.alloc(0);
        return;
      }
      if (byte === undefined) break;
      if (byte !== OPEN) throw malformed('no object in a list of objects');
      const end = readObject(bytes, at);
      if (end === undefined) break;
      at = end - 1;
    }
    if (bytes.length - at > OBJECT_BYTES_MAX) throw malformed('an object without an end');
    // The chunk that it came in would be held with it.
    held = Buffer.from(bytes.subarray(at));
  }

  /** The end of the object that starts there; undefined when more bytes are needed. */
  function readObject(bytes: Buffer, start: number): number | undefined {
    const close = bytes.indexOf(CLOSE, start);
    if (close < 0) return undefined;
    // Nearly always: objects are flat, and braces do not occur in hex text.
    if (take(bytes, start, close + 1, false)) return close + 1;
    const end = endOfObject(bytes, start);
    if (end !== undefined && !take(bytes, start, end, true)) throw malformed('an object that is none');
    return end;
  }

  return {
    push: (bytes) => {
      if (state === 'tail' || state === 'whole') {
        leave(bytes);
        return;
      }
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      if (state === 'head') readHead();
      if (state === 'list') readList();
    },
    rest: () => Buffer.concat([...left, held]),
  };
}

/** For lists that are of no interest. */
export const SKIP: TakeObject = (bytes, start, end, isWhole) => {
  const next = bytes.indexOf(OPEN, start + 1);
  return isWhole || next < 0 || next >= end;
};

/** The end of a whole object with whatever is in it; undefined when it is not all there. */
function endOfObject(bytes: Buffer, start: number): number | undefined {
  let depth = 0;
  let inText = false;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inText && byte === BACKSLASH) at++;
    else if (byte === QUOTE) inText = !inText;
    else if (!inText && byte === OPEN) depth++;
    else if (!inText && byte === CLOSE && --depth === 0) return at + 1;
  }
  return undefined;
}

function malformed(what: string): DecodeError {
  return new DecodeError({ shortMessage: `Malformed list in an answer: ${what}.` });
}
