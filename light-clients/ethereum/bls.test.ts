import { describe, expect, it } from 'vitest';
import { createBlst, createNobleBls, passesSelfTest, selectBls } from './bls.ts';

describe('bls', () => {
  it('prefers the native implementation and says so', () => {
    expect(selectBls().name).toBe('blst');
  });

  it('both implementations pass the self-test', () => {
    const native = createBlst();
    expect(native !== undefined && passesSelfTest(native)).toBe(true);
    expect(passesSelfTest(createNobleBls())).toBe(true);
  });

  it('a broken implementation does not', () => {
    const good = createNobleBls();
    expect(passesSelfTest({ ...good, fastAggregateVerify: () => true })).toBe(false);
    expect(passesSelfTest({ ...good, fastAggregateVerify: () => false })).toBe(false);
    expect(passesSelfTest({ ...good, expandPublicKey: (key) => key })).toBe(false);
  });

  it.each([
    ['blst', createBlst()],
    ['noble', createNobleBls()],
  ])('%s is total on malformed input', (_, bls) => {
    for (const length of [0, 47, 48, 49, 96]) {
      expect(bls?.expandPublicKey(new Uint8Array(length))).toBeUndefined();
      expect(bls?.expandPublicKey(new Uint8Array(length).fill(0xff))).toBeUndefined();
    }
    const key = new Uint8Array(96).fill(1);
    expect(bls?.fastAggregateVerify([key], new Uint8Array(32), new Uint8Array(96))).toBe(false);
    expect(bls?.fastAggregateVerify([], new Uint8Array(32), Uint8Array.of(0xc0, ...new Uint8Array(95)))).toBe(false);
    expect(bls?.fastAggregateVerify([new Uint8Array(3)], new Uint8Array(32), new Uint8Array(5))).toBe(false);
  });
});
