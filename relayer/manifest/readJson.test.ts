import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEPTH_MAX, readDocument, toValue } from './document.ts';
import { formatFinding } from './findings.ts';
import { readJson } from './readJson.ts';
import { utf8 } from '../core/bytes.ts';

function problems(text: string): string[] {
  const read = readDocument(utf8(text), 'f', 10_000, readJson);
  return 'findings' in read ? read.findings.map(formatFinding) : [];
}

/** Without prototypes, as the reader makes objects. */
function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.assign(Object.create(null) as object, inner)
      : inner,
  );
}

describe('readJson', () => {
  it('gives what JSON.parse gives, in any formatting', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), fc.nat(4), (value, indent) => {
        const result = readJson(JSON.stringify(value, null, indent));
        expect(result.kind).toBe('read');
        if (result.kind === 'read') expect(toValue(result.root)).toEqual(bare(value));
      }),
      { numRuns: 150 },
    );
  });

  it('accepts exactly what JSON.parse accepts, but equal keys and depth', () => {
    const texts = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ \n0123.-+eEtrufalsn/#\'x\u0001\u2028'), maxLength: 12 }),
      fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[]:,"\\0-.e tn')).map(([json, at, insert]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + insert + json.slice(cut);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const result = readJson(text);
        if (result.kind === 'failed' && /twice|deeper/.test(result.problems[0]!.problem)) return;
        expect({ text, accepted: result.kind === 'read' }).toEqual({ text, accepted: parses(text) });
      }),
      { numRuns: 800 },
    );
  });

  it('says where and what', () => {
    expect(
      [
        '',
        '{"a": 1,}',
        '[1 2]',
        '{"a": tru}',
        '{"a": 1} x',
        '{"a":1,\n "a":2}',
        '// c\n{}',
        '"a\nb"',
        '{a: 1}',
        '[0x1]',
      ].flatMap(problems),
    ).toMatchInlineSnapshot(`
      [
        "f:1:1 not JSON: expected a JSON value, got the end of the file.",
        "f:1:9 not JSON: expected a key in double quotes, got "}". Is there a comma too many before it?",
        "f:1:4 not JSON: expected "," or "]", got "2".",
        "f:1:7 not JSON: expected a JSON value, got "t".",
        "f:1:10 there is more after the end of the JSON document.",
        "f:2:2 the key "a" is there twice.",
        "f:1:1 not JSON: expected a JSON value, got "/". JSON has no comments.",
        "f:1:1 a string that does not end on its line, or has an escape that JSON does not know.",
        "f:1:2 not JSON: expected a key in double quotes, got "a".",
        "f:1:3 not JSON: expected "," or "]", got "x".",
      ]
    `);
  });

  it('takes __proto__ as a key like any other', () => {
    const result = readJson('{"__proto__": {"polluted": true}}');
    expect(result.kind === 'read' && Object.keys(toValue(result.root) as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('bounds the depth', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(problems(nested(DEPTH_MAX + 1))).toEqual([]);
    expect(problems(nested(DEPTH_MAX + 2))).toEqual([`f:1:${DEPTH_MAX + 2} nested deeper than ${DEPTH_MAX} levels.`]);
    expect(problems('['.repeat(5000))).toHaveLength(1);
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
