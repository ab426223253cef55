import { describe, expect, it } from 'vitest';
import { hexOf } from '../scale.ts';
import { testBlock, testBlocks } from './chain.fixture.ts';
import { linkHeaders } from './linkHeaders.ts';

describe('linkHeaders', () => {
  const blocks = testBlocks(testBlock(undefined), 5);
  const headers = blocks.map(({ bytes }) => bytes);
  const top = blocks[4]!.id.hash;

  it('walks from a finalized block to any below', () => {
    const verdict = linkHeaders(headers, top);
    const linked = verdict.kind === 'valid' ? verdict.value : [];
    expect(linked.map(({ header }) => header.number)).toEqual([1, 2, 3, 4, 5]);
    expect(hexOf(linked[0]!.hash)).toBe(hexOf(blocks[0]!.id.hash));
  });

  it('refuses gaps, other tops, disorder and nothing', () => {
    for (const wrong of [headers.slice(0, 4), [...headers].reverse(), [headers[0]!, ...headers.slice(2)], []]) {
      expect(linkHeaders(wrong, top).kind).toBe('invalid');
    }
    const changed = headers.map((bytes, i) =>
      i === 1 ? Uint8Array.from(bytes, (byte, at) => (at === 40 ? byte ^ 1 : byte)) : bytes,
    );
    expect(linkHeaders(changed, top).kind).toBe('invalid');
  });
});
