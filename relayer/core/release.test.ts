import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEYS, packetsFrom, signedBy, statementOver } from '../../test/sim/statements.ts';
import { deliveryBuilder } from '../plan/buildDelivery.ts';
import { utf8 } from './bytes.ts';
import { decodeDelivery } from './certificate.ts';
import { DecodeError } from './errors.ts';
import { keccak256 } from './keccak.ts';
import { RELEASE_TERMS_BYTES_MAX } from './limits.ts';
import type { ReleaseRequest } from './ports.ts';
import {
  decodeReleaseAnswer,
  decodeReleaseRequest,
  encodeReleaseAnswer,
  encodeReleaseRequest,
  releaseRequestId,
} from './release.ts';

const packets = packetsFrom(0n, 10);
const delivery = decodeDelivery(deliveryBuilder(signedBy(statementOver(packets), KEYS.slice(0, 2)), packets)!(1));
const request: ReleaseRequest = { account: 'cosmos1vault', slot: 7n, terms: Uint8Array.of(1, 2, 3), delivery };

describe('a release request', () => {
  it('comes back as it went, with a delivery and without', () => {
    for (const one of [request, { ...request, delivery: undefined }, { ...request, terms: new Uint8Array(0) }]) {
      expect(decodeReleaseRequest(encodeReleaseRequest(one))).toEqual(one);
    }
  });

  it('of arbitrary bytes, or cut anywhere, is a typed error or a request', () => {
    const bytes = encodeReleaseRequest(request);
    for (let end = 0; end < bytes.length; end += 7) {
      // Cut right after the terms it is a whole request without a delivery.
      if (end === 15 + request.account.length + request.terms.length) continue;
      expect(() => decodeReleaseRequest(bytes.subarray(0, end))).toThrow(DecodeError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (junk) => {
        expect(() => decodeReleaseRequest(junk)).toThrow(DecodeError);
      }),
    );
  });

  it('refuses an account that could not be one, and terms beyond their limit', () => {
    const bytes = encodeReleaseRequest(request);
    const spaced = bytes.slice();
    spaced[5] = 0x20;
    expect(() => decodeReleaseRequest(spaced)).toThrow(/account/);
    expect(() => encodeReleaseRequest({ ...request, account: 'a b' })).toThrow();
    expect(() => encodeReleaseRequest({ ...request, terms: new Uint8Array(RELEASE_TERMS_BYTES_MAX + 1) })).toThrow();
  });

  it('has an id that every field changes', () => {
    const ids = [
      request,
      { ...request, account: 'cosmos1other' },
      { ...request, slot: 8n },
      { ...request, terms: Uint8Array.of(1, 2, 4) },
      { ...request, delivery: undefined },
    ].map((one) => releaseRequestId(encodeReleaseRequest(one)).join());
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('an answer', () => {
  const id = keccak256(utf8('request'));

  it('comes back as it went', () => {
    const signed = { kind: 'signed', request: id, answer: Uint8Array.of(9) } as const;
    const refused = { kind: 'refused', request: id, reason: 'delivered before' } as const;
    expect(decodeReleaseAnswer(encodeReleaseAnswer(signed))).toEqual(signed);
    expect(decodeReleaseAnswer(encodeReleaseAnswer(refused))).toEqual(refused);
  });

  it('says no more than a few lines against a request', () => {
    const bytes = encodeReleaseAnswer({ kind: 'refused', request: id, reason: 'x'.repeat(10_000) });
    expect(bytes.length).toBeLessThan(1_000);
  });

  it('of arbitrary bytes is a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (junk) => {
        expect(() => decodeReleaseAnswer(junk)).toThrow(DecodeError);
      }),
    );
    const bytes = encodeReleaseAnswer({ kind: 'signed', request: id, answer: Uint8Array.of(9) });
    bytes[36] = 2;
    expect(() => decodeReleaseAnswer(bytes)).toThrow(/kind/);
  });
});
