/**
 * Requests to the members of a vault and their answers, as flat bytes. Whoever receives one checks everything in it:
 * decoding proves nothing.
 *
 *   request   magic `VDR1`, account (u8 length, ASCII), slot u64, terms (u16 length), delivery: the rest, empty for none
 *   answer    magic `VDA1`, hash of the request (32), kind u8 (1 signed, 0 refused), the rest: answer or reason in UTF-8
 */
import { concatBytes, copyBytes, readU32, readU64, utf8, writeU32, writeU64 } from './bytes.ts';
import { decodeDelivery, encodeDelivery } from './certificate.ts';
import { assert, DecodeError } from './errors.ts';
import { keccak256 } from './keccak.ts';
import { RELEASE_TERMS_BYTES_MAX } from './limits.ts';
import type { ReleaseRequest } from './ports.ts';

/** Characters of an account in a chain's own notation: bech32 allows 90. */
const ACCOUNT = /^[A-Za-z0-9]{1,90}$/;
/** Bytes of a member's answer: a signature, or a signed approval with its call of a whole chunk. */
const ANSWER_BYTES_MAX = 512 * 1024;
const REASON_BYTES_MAX = 512;
const REQUEST_MAGIC = 0x56445231;
const ANSWER_MAGIC = 0x56444131;
const ANSWER_HEAD_BYTES = 37;

export type ReleaseAnswer =
  | { readonly kind: 'signed'; readonly request: Uint8Array; readonly answer: Uint8Array }
  | { readonly kind: 'refused'; readonly request: Uint8Array; readonly reason: string };

export function encodeReleaseRequest({ account, slot, delivery, terms }: ReleaseRequest): Uint8Array {
  assert(ACCOUNT.test(account), 'an account of 1 to 90 letters and digits');
  assert(terms.length <= RELEASE_TERMS_BYTES_MAX, 'terms within their limit');
  const head = new Uint8Array(5 + account.length + 10);
  writeU32(head, 0, REQUEST_MAGIC);
  head[4] = account.length;
  head.set(utf8(account), 5);
  writeU64(head, 5 + account.length, slot);
  new DataView(head.buffer).setUint16(13 + account.length, terms.length);
  return concatBytes(head, terms, delivery === undefined ? new Uint8Array(0) : encodeDelivery(delivery));
}

/** Throws `DecodeError`. */
export function decodeReleaseRequest(bytes: Uint8Array): ReleaseRequest {
  const length = bytes[4] ?? 0;
  const termsAt = 15 + length;
  if (bytes.length < termsAt || readU32(bytes, 0) !== REQUEST_MAGIC) throw malformed('request', 'no request');
  const account = new TextDecoder('latin1').decode(bytes.subarray(5, 5 + length));
  if (!ACCOUNT.test(account)) throw malformed('request', 'the account is none');
  const termsLength = readU32(bytes, 11 + length) & 0xffff;
  const deliveryAt = termsAt + termsLength;
  if (termsLength > RELEASE_TERMS_BYTES_MAX || bytes.length < deliveryAt) throw malformed('request', 'bad terms');
  return {
    account,
    slot: readU64(bytes, 5 + length),
    terms: copyBytes(bytes, termsAt, deliveryAt),
    delivery: bytes.length === deliveryAt ? undefined : decodeDelivery(bytes.subarray(deliveryAt)),
  };
}

/** What an answer names its request by. 32 bytes. */
export function releaseRequestId(request: Uint8Array): Uint8Array {
  return keccak256(request);
}

export function encodeReleaseAnswer(answer: ReleaseAnswer): Uint8Array {
  const head = new Uint8Array(ANSWER_HEAD_BYTES);
  writeU32(head, 0, ANSWER_MAGIC);
  head.set(answer.request, 4);
  head[36] = answer.kind === 'signed' ? 1 : 0;
  const rest = answer.kind === 'signed' ? answer.answer : utf8(answer.reason).subarray(0, REASON_BYTES_MAX);
  return concatBytes(head, rest);
}

/** Throws `DecodeError`. */
export function decodeReleaseAnswer(bytes: Uint8Array): ReleaseAnswer {
  if (bytes.length < ANSWER_HEAD_BYTES || bytes.length > ANSWER_HEAD_BYTES + ANSWER_BYTES_MAX) {
    throw malformed('answer', `${bytes.length} bytes`);
  }
  if (readU32(bytes, 0) !== ANSWER_MAGIC) throw malformed('answer', 'unknown magic');
  const request = copyBytes(bytes, 4, 36);
  const rest = copyBytes(bytes, ANSWER_HEAD_BYTES, bytes.length);
  switch (bytes[36]) {
    case 1:
      return { kind: 'signed', request, answer: rest };
    case 0:
      return { kind: 'refused', request, reason: new TextDecoder().decode(rest.subarray(0, REASON_BYTES_MAX)) };
    default:
      throw malformed('answer', 'unknown kind');
  }
}

function malformed(what: string, why: string): DecodeError {
  return new DecodeError({ shortMessage: `Malformed release ${what}: ${why}.` });
}
