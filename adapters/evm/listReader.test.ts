import { describe, expect, it } from 'vitest';
import { createListReader, SKIP, type TakeObject } from './listReader.ts';

/** What is taken from an answer that comes in pieces of so many bytes, and what is left. */
function read(text: string, size: number, key: 'result' | 'logs' = 'result') {
  const taken: unknown[] = [];
  const take: TakeObject = (bytes, start, end) => {
    try {
      taken.push(JSON.parse(bytes.toString('utf8', start, end)));
      return true;
    } catch {
      return false;
    }
  };
  const reader = createListReader(key, take);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return { taken, rest: reader.rest().toString() };
}

const OBJECTS = [{ a: 1 }, { data: '0x00', topics: ['0x1', '0x2'] }, {}];

describe('a list read while it comes', () => {
  it.each([1, 2, 7, 1_000])('in pieces of %d bytes is the same', (size) => {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 0, result: OBJECTS });
    expect(read(text, size)).toEqual({ taken: OBJECTS, rest: '{"jsonrpc":"2.0","id":0,"result":[]}' });
    const spaced = text.replaceAll('},', '} ,\n\t').replace('[{', '[ {');
    expect(read(spaced, size).taken).toEqual(OBJECTS);
    const nested = [{ a: { b: {} }, c: '}"\\' }, { c: '{' }];
    expect(read(JSON.stringify({ result: nested, id: 1 }), size)).toEqual({
      taken: nested,
      rest: '{"result":[],"id":1}',
    });
  });

  it('is left alone where there is none, or where it is written in another way', () => {
    for (const text of ['', '5', 'null', '{"error":{"code":1}}', '{"result": [{"a":1}]}', '{"result":null}']) {
      expect(read(text, 3)).toEqual({ taken: [], rest: text });
    }
    const late = JSON.stringify({ pad: 'x'.repeat(20_000), result: OBJECTS });
    expect(read(late, 1_000)).toEqual({ taken: [], rest: late });
    expect(read('{"result":[]}', 4)).toEqual({ taken: [], rest: '{"result":[]}' });
  });

  it('that ends early is no JSON', () => {
    const text = JSON.stringify({ result: OBJECTS });
    for (let length = 0; length < text.length; length++) {
      const { rest } = read(text.slice(0, length), 5);
      expect(() => JSON.parse(rest) as unknown).toThrow();
    }
  });

  it('that holds anything but objects, or one that never ends, is refused', () => {
    expect(() => read('{"result":[1]}', 5)).toThrow(/no object/);
    expect(() => read('{"result":[{"a"}]}', 5)).toThrow(/an object that is none/);
    expect(() => read(`{"result":[{"a":"${'x'.repeat(1_100_000)}`, 65_536)).toThrow(/without an end/);
  });

  it('is skipped where nobody wants it', () => {
    const reader = createListReader('logs', SKIP);
    reader.push(Buffer.from(JSON.stringify({ result: { logs: [{ a: { b: 1 }, c: 2 }, {}], status: '0x1' } })));
    expect(reader.rest().toString()).toBe('{"result":{"logs":[],"status":"0x1"}}');
  });
});
