/** What every bus asserts before anything leaves the process. */
import { assert, ViaductError } from '../core/errors.ts';
import { BUS_MESSAGE_BYTES_MAX } from '../core/limits.ts';

const SUBJECT = /^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*$/;
const PATTERN = /^([A-Za-z0-9_$-]+|\*)(\.([A-Za-z0-9_$-]+|\*))*(\.>)?$/;
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const LEASE = /^[A-Za-z0-9_-]{1,200}$/;
const ID = /^[\x21-\x7e]{1,256}$/;

export function checkMessage(subject: string, payload: Uint8Array): void {
  assert(SUBJECT.test(subject), 'a subject is made of whitelisted tokens');
  if (payload.length > BUS_MESSAGE_BYTES_MAX) throw messageTooLarge(subject, payload.length, BUS_MESSAGE_BYTES_MAX);
}

export function checkPattern(pattern: string): void {
  assert(PATTERN.test(pattern), 'a subject pattern is made of whitelisted tokens, * and a last >');
}

export function checkDurable(name: string): void {
  assert(TOKEN.test(name), 'a durable name is 1 to 64 of A-Z, a-z, 0-9, _ and -');
}

export function checkLease(name: string, holder: string): void {
  assert(LEASE.test(name), 'the name of a lease is 1 to 200 of A-Z, a-z, 0-9, _ and -');
  assert(LEASE.test(holder), 'the holder of a lease is 1 to 200 of A-Z, a-z, 0-9, _ and -');
}

export function checkMessageId(id: string): void {
  assert(ID.test(id), 'a message id is 1 to 256 printable ASCII characters without spaces');
}

export function messageTooLarge(subject: string, bytes: number, bytesMax: number): ViaductError {
  return new ViaductError({
    code: 'BUS_MESSAGE_TOO_LARGE',
    shortMessage: `A bus message of ${bytes} bytes is too large.`,
    metaMessages: [`Subject: ${subject}.`, `At most ${bytesMax} bytes fit; split it.`],
  });
}

export function busUnavailable(detail: string, cause?: unknown): ViaductError {
  return new ViaductError({
    code: 'BUS_UNAVAILABLE',
    shortMessage: 'The bus is not available.',
    metaMessages: [detail],
    cause,
  });
}

export function busMisconfigured(field: string, detail: string, remedy: string): ViaductError {
  return new ViaductError({
    code: 'BUS_MISCONFIGURED',
    shortMessage: `The bus is misconfigured: ${field}.`,
    metaMessages: [detail, remedy],
  });
}
