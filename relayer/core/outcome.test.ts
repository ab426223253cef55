import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { DecodeError } from './errors.ts';
import { laneId } from './ids.ts';
import { type ChunkOutcome, decodeOutcome, encodeOutcome, OUTCOME_KINDS } from './outcome.ts';

const outcome: ChunkOutcome = {
  lane: laneId('ab'.repeat(32)),
  firstSequence: 18446744073709551615n,
  chunkIndex: 7,
  kind: 'again',
  reason: 'nonce "taken"\n',
};
const good = encodeOutcome(outcome);
const withField = (field: string, value: unknown): Uint8Array =>
  utf8(JSON.stringify({ ...outcome, firstSequence: '1', [field]: value }));

describe('outcome of a chunk', () => {
  it.each(OUTCOME_KINDS)('comes back as it was: %s', (kind) => {
    expect(decodeOutcome(encodeOutcome({ ...outcome, kind }))).toEqual({ ...outcome, kind });
  });

  it('carries a long reason cut, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (reason) => {
        expect(decodeOutcome(encodeOutcome({ ...outcome, reason })).reason.length).toBeLessThanOrEqual(256);
      }),
    );
  });

  it('refuses every truncation, and every changed byte gives a value or a typed error', () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => decodeOutcome(good.subarray(0, length))).toThrow(DecodeError);
    }
    for (let at = 0; at < good.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = good.slice();
        bytes[at] = (bytes[at] as number) ^ flip;
        try {
          decodeOutcome(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }
    }
  });

  it.each([
    ['null', utf8('null')],
    ['an array', utf8('[]')],
    ['a number', utf8('1')],
    ['deep nesting', utf8('['.repeat(1000))],
    ['not UTF-8', Uint8Array.of(0xff)],
    ['too many bytes', new Uint8Array(2049).fill(0x20)],
    ['an unknown kind', withField('kind', 'paid')],
    ['a kind from the prototype', withField('kind', 'constructor')],
    ['a lane that is none', withField('lane', 'ab')],
    ['a lane that is an object', withField('lane', {})],
    ['a sequence as a number', withField('firstSequence', 1)],
    ['a negative sequence', withField('firstSequence', '-1')],
    ['a chunk of a half', withField('chunkIndex', 0.5)],
    ['a negative chunk', withField('chunkIndex', -1)],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeOutcome(bytes)).toThrow(DecodeError);
  });

  it('takes a reason that is no text as none', () => {
    expect(decodeOutcome(withField('reason', { a: 1 })).reason).toBe('');
  });
});
