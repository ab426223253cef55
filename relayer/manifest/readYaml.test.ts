import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../core/bytes.ts';
import { readDocument, type SourceDocument } from './document.ts';
import { formatFinding } from './findings.ts';
import { readYaml } from './readYaml.ts';

function read(text: string): SourceDocument {
  const result = readDocument(utf8(text), 'f', 1_000_000, readYaml);
  if ('findings' in result) throw new Error(result.findings.map(formatFinding).join('\n'));
  return result.document;
}

function problems(text: string): string[] {
  const result = readDocument(utf8(text), 'f', 1_000_000, readYaml);
  return 'findings' in result ? result.findings.map(formatFinding) : [];
}

describe('readYaml', () => {
  it('reads plain YAML and keeps positions', () => {
    const document = read('a: 1\nb:\n  - x\n  - {c: true, d: null}\n"e f": 0x10\n\'g\':\n');
    expect(JSON.parse(JSON.stringify(document.value))).toEqual({
      a: 1,
      b: ['x', { c: true, d: null }],
      'e f': 16,
      g: null,
    });
    const at = (...path: (string | number)[]): [number, number] => {
      const { line, column } = document.finding(path, { problem: '' });
      return [line, column];
    };
    expect(at('b', 1, 'c')).toEqual([4, 9]);
    expect(at('b', 0)).toEqual([3, 5]);
    expect(at('e f')).toEqual([5, 8]);
    expect(at('b', 1, 'missing', 'deeper')).toEqual([4, 5]);
    expect(document.finding(['b'], { problem: '' }, 'key')).toMatchObject({ line: 2, column: 1 });
  });

  it('refuses what could expand, hide or surprise', () => {
    const texts = [
      'a: &x 1',
      'a: &x [1]\nb: *x',
      'a: {x: 1}\nb:\n  <<: {y: 1}\n  <<: {z: 1}',
      'a: !!str 1',
      'a: !secret 1',
      'a: 1\na: 2',
      'a: 1\n---\nb: 2',
      '? [1]\n: 2',
      'a: "unfinished',
      'a:\n\t- b',
      'a: [1, 2',
      'a: b: c',
      '',
      '# only a comment',
      '%YAML 1.1\n---\na: yes',
    ];
    expect(texts.map((text) => `${JSON.stringify(text)} => ${problems(text).join(' | ')}`)).toMatchInlineSnapshot(`
      [
        ""a: &x 1" => f:1:7 an anchor. Anchors are not supported: write the value out where needed.",
        ""a: &x [1]\\nb: *x" => f:1:7 an anchor. Anchors are not supported: write the value out where needed. | f:2:4 an alias. Aliases are not supported: write the value out.",
        ""a: {x: 1}\\nb:\\n  <<: {y: 1}\\n  <<: {z: 1}" => f:4:3 the same key is there twice.",
        ""a: !!str 1" => f:1:10 a tag. Tags are not supported: leave it out.",
        ""a: !secret 1" => f:1:4 a tag; tags are not supported.",
        ""a: 1\\na: 2" => f:2:1 the same key is there twice.",
        ""a: 1\\n---\\nb: 2" => f:2:1 a second document in the file.",
        ""? [1]\\n: 2" => f:1:3 a key that is not a plain word.",
        ""a: \\"unfinished" => f:1:15 a character is missing here: a colon, a comma, a quote or a closing bracket.",
        ""a:\\n\\t- b" => f:2:1 a tab in the indentation.",
        ""a: [1, 2" => f:1:9 the indentation does not fit the lines around it, or a bracket is not closed.",
        ""a: b: c" => f:1:4 a nested map where one value is expected.",
        """ => f:1:1 the file is empty.",
        ""# only a comment" => f:1:1 the file is empty.",
        ""%YAML 1.1\\n---\\na: yes" => f:1:1 a %YAML directive. Leave it out: the file is read as YAML 1.2.",
      ]
    `);
  });

  it('stays within its own size on alias bombs and deep nesting', () => {
    const bomb = `a: &a [x]\n${[...'bcdefghij'].map((c, i) => `${c}: &${c} [*${'abcdefghij'[i]}, *${'abcdefghij'[i]}]`).join('\n')}`;
    expect(problems(bomb).length).toBeGreaterThan(0);
    // Without the bound, the second of these makes V8 abort the process.
    for (const text of [
      '['.repeat(50_000),
      `${'['.repeat(2000)}${']'.repeat(2000)}`,
      '- '.repeat(3000),
      '? '.repeat(3000),
    ]) {
      expect(problems(text)).toEqual([expect.stringContaining('nested deeper than')]);
    }
    const block = (depth: number): string => Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
    expect(problems(`${block(32)} x`)).toEqual([]);
    expect(problems(`${block(33)} x`)).toHaveLength(1);
    expect(problems(`${'- '.repeat(32)}x`)).toEqual([]);
  });

  it('never throws, and quotes nothing of the text', () => {
    const unit = fc.constantFrom(...'abc:-[]{}&*!|>\'"%@`#,?\n \t0<~=\\\u00e9');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
        for (const problem of problems(`hunter2${text}hunter2`)) expect(problem).not.toContain('hunter2');
      }),
      { numRuns: 500 },
    );
  });
});
