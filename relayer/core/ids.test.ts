import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { assetId, caip2, chainName, idBytes, laneId, transferId } from './ids.ts';

const bytes = Uint8Array.from({ length: 32 }, (_, i) => i + 200);
const hex = toHex(bytes).slice(2);

describe('ids', () => {
  it.each(['a', 'anvil-a', '0', 'x'.repeat(32)])('takes the chain name %s', (name) => {
    expect(chainName(name)).toBe(name);
  });

  // Whatever would mean something in a NATS subject, a store key or a path.
  it.each(['', 'A', 'a.b', 'a b', '*', '>', 'a/b', 'ä', 'a\n', '..', 'x'.repeat(33)])('refuses the name %j', (name) => {
    expect(() => chainName(name)).toThrow('Malformed chain name.');
  });

  it.each(['eip155:1', 'cosmos:cosmoshub-4', 'polkadot:b0a8d493285c2df73290dfb7e61f870f', 'abc-1:_A'])(
    'takes the CAIP-2 id %s',
    (id) => {
      expect(caip2(id)).toBe(id);
    },
  );

  it.each(['', 'eip155', 'eip155:', ':1', 'ab:1', 'EIP155:1', 'eip155:1:2', 'eip155:1 ', `eip155:${'1'.repeat(33)}`])(
    'refuses the CAIP-2 id %j',
    (id) => {
      expect(() => caip2(id)).toThrow('Malformed CAIP-2 chain id.');
    },
  );

  it('takes lane and transfer ids as bytes and as hex, and gives 64 lower-case digits', () => {
    for (const make of [laneId, transferId]) {
      for (const form of [bytes, hex, `0x${hex}`, hex.toUpperCase(), `0x${hex.toUpperCase()}`]) {
        expect(make(form)).toBe(hex);
        expect(idBytes(make(form))).toEqual(bytes);
      }
    }
  });

  it.each([
    bytes.subarray(1),
    new Uint8Array(33),
    '',
    '0x',
    hex.slice(2),
    `${hex}00`,
    `0x0x${hex}`,
    `${hex.slice(1)}g`,
  ])('refuses the id %s', (value) => {
    expect(() => laneId(value)).toThrow('Malformed lane id.');
    expect(() => transferId(value)).toThrow('Malformed transfer id.');
  });

  it('asset ids are 32-bit', () => {
    expect([0, 1, 0xffffffff].map(assetId)).toEqual([0, 1, 0xffffffff]);
    for (const value of [-1, 1.5, 2 ** 32, NaN, Infinity]) expect(() => assetId(value)).toThrow('Malformed asset id.');
  });

  it('shows a bounded piece of what it refused', () => {
    try {
      caip2('x'.repeat(10_000));
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(200);
    }
    expect.assertions(1);
  });
});
