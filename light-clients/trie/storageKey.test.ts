import { createXXHash64 } from 'hash-wasm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hexOf } from '../scale.ts';
import { blake2Concat128, paraHeadKey, storagePrefix, twox64Concat } from './storageKey.ts';
import { xxhash64 } from './xxhash64.ts';

describe('xxhash64', () => {
  it('equals another implementation, for every seed and length', async () => {
    const other = await createXXHash64(0, 0);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        other.init();
        expect(xxhash64(bytes, 0n).toString(16).padStart(16, '0')).toBe(other.update(bytes).digest('hex'));
      }),
    );
    const seeded = await createXXHash64(1, 0);
    const bytes = Uint8Array.from({ length: 77 }, (_, i) => i * 3);
    seeded.init();
    expect(xxhash64(bytes, 1n).toString(16).padStart(16, '0')).toBe(seeded.update(bytes).digest('hex'));
  });
});

describe('storage keys', () => {
  it('are the known ones', () => {
    // Every FRAME chain has these two.
    expect(hexOf(storagePrefix('System', 'Account'))).toBe(
      '26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9',
    );
    expect(hexOf(storagePrefix('System', 'Events'))).toBe(
      '26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7',
    );
    expect(hexOf(paraHeadKey(1000))).toBe(
      'cd710b30bd2eab0352ddcc26417aa1941b3c252fcb29d88eff4f3de5de4476c3b6ff6f7d467b87a9e8030000',
    );
  });

  it('end in the map key itself', () => {
    const key = Uint8Array.of(1, 2, 3);
    expect(hexOf(twox64Concat(key)).slice(16)).toBe('010203');
    expect(hexOf(blake2Concat128(key)).slice(32)).toBe('010203');
  });
});
