import { describe, expect, it } from 'vitest';
import { stateFrom } from '../state/state.ts';
import { createOverlay, keyBytes, keyText } from './overlay.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function overlayOver(...keys: string[]): ReturnType<typeof createOverlay> {
  return createOverlay(
    stateFrom(
      keys.map((key) => [keyBytes(key), bytes(1)] as const),
      0,
    ),
  );
}

function keysOf(overlay: ReturnType<typeof createOverlay>): string[] {
  return [...overlay.applied().entries()].map(([key]) => keyText(key));
}

describe('overlay', () => {
  it('undoes an inner transaction and keeps an outer one', () => {
    const overlay = overlayOver('a');
    overlay.start();
    overlay.set('b', bytes(2));
    overlay.start();
    overlay.set('a', undefined);
    overlay.set('b', bytes(3));
    overlay.set('c', bytes(4));
    overlay.rollback();
    expect([overlay.get('a'), overlay.get('b'), overlay.get('c')]).toEqual([bytes(1), bytes(2), undefined]);
    overlay.commit();
    expect(keysOf(overlay)).toEqual(['a', 'b']);
    expect(() => overlay.rollback()).toThrow('no transaction');
  });

  it('appends to lists, and forgets appended items on rollback', () => {
    const overlay = overlayOver();
    overlay.append('list', bytes(7, 7));
    overlay.start();
    for (let item = 0; item < 100; item++) overlay.append('list', bytes(item, item));
    expect(overlay.get('list')?.length).toBe(2 + 101 * 2);
    overlay.rollback();
    overlay.append('list', bytes(8, 8));
    expect(overlay.get('list')).toEqual(bytes(2 << 2, 7, 7, 8, 8));
  });

  it('finds the next key between the state and what was changed', () => {
    const overlay = overlayOver('b', 'd', 'f');
    overlay.set('c', bytes(1));
    overlay.set('d', undefined);
    overlay.set('z', bytes(1));
    const walked: string[] = [];
    for (let key = overlay.nextKey(''); key !== undefined; key = overlay.nextKey(key)) walked.push(key);
    expect(walked).toEqual(['b', 'c', 'f', 'z']);
  });

  it('clears a prefix as Substrate does: changes for free, keys of the state up to the limit', () => {
    const overlay = overlayOver('p1', 'p2', 'p3', 'p4', 'q');
    overlay.set('p0', bytes(1));
    overlay.set('p3', bytes(9));
    overlay.set('p9', bytes(1));
    expect(overlay.clearPrefix('p', 2)).toEqual({ count: 2, more: true });
    // p3 goes although it is the third of the state: it was changed here.
    expect(keysOf(overlay)).toEqual(['p4', 'q']);
    expect(overlay.clearPrefix('p', undefined)).toEqual({ count: 4, more: false });
    expect(keysOf(overlay)).toEqual(['q']);
  });
});
