import { describe, expect, it } from 'vitest';
import { DISPOSITIONS } from '../../relayer/core/errors.ts';
import { anyFileFindings, lengthFinding, LINES_MAX, literalTexts, productFindings } from './codeRules.ts';
import { isProduct, isTest, parseSource, repositoryFiles } from './repository.ts';

const files = repositoryFiles();
const sources = files.filter(({ path }) => path.endsWith('.ts')).map(({ path, text }) => parseSource(path, text));
const product = sources.filter(({ path }) => isProduct(path));

/** Codes that nothing uses yet, each with the reason. */
const UNUSED_CODES: Readonly<Record<string, string>> = {};

describe('product code', () => {
  it('takes its clock, timers, randomness and logger, throws errors with a code, and is finished', () => {
    expect(product.length).toBeGreaterThan(20);
    expect(product.flatMap(productFindings)).toEqual([]);
  });

  it('uses every error code, except those listed with a reason', () => {
    const used = new Set(
      product.flatMap((source) => [...(source.path.endsWith('/errors.ts') ? [] : literalTexts(source))]),
    );
    // DecodeError carries its code by itself, `assert` and `asViaductError` theirs.
    for (const code of ['DECODE_FAILED', 'BUG']) used.add(code);
    const unused = Object.keys(DISPOSITIONS).filter((code) => !used.has(code));
    expect(unused.toSorted()).toEqual(Object.keys(UNUSED_CODES).toSorted());
  });
});

describe('all code', () => {
  it('has no `as any`, enum, default export, .only, and no .skip without a reason', () => {
    expect(sources.flatMap(anyFileFindings)).toEqual([]);
  });

  it(`has at most ${LINES_MAX} lines a file, or says why not`, () => {
    const code = files.filter(({ path }) => /\.(ts|sol|mjs|cjs)$/.test(path));
    expect(code.flatMap(({ path, text }) => lengthFinding(path, text) ?? [])).toEqual([]);
  });
});

describe('the rules themselves', () => {
  const header = '/** What it is. */\n';
  const inProduct = (text: string, path = 'relayer/plan/x.ts'): string[] =>
    productFindings(parseSource(path, header + text));

  it.each([
    'const t = Date.now();',
    'const t = globalThis.Date.now();',
    'const now = Date.now;',
    'const t = new Date();',
    'const t = Date();',
    'const t = performance.now();',
    'const t = process.hrtime.bigint();',
    'setTimeout(() => undefined, 1);',
    'globalThis.setInterval(f, 1);',
    'const later = setTimeout;',
    `import { setTimeout as sleep } from 'node:timers/promises';`,
    'const s = AbortSignal.timeout(5);',
    'const r = Math.random();',
    `import { randomBytes } from 'node:crypto';`,
    'const r = crypto.getRandomValues(new Uint8Array(4));',
    'const r = crypto.randomUUID();',
    'const k = secp256k1.utils.randomSecretKey();',
    'console.error(1);',
    `throw new Error('x');`,
    `try { f(() => { throw new Error('x'); }); } catch { g(); }`,
    `try { f(); } catch { throw new RangeError('x'); }`,
    `const s = 'viaduct.v1.mon.x';`,
    'const s = `viaduct.v1.mon.${x}`;',
    'const a = b!;',
    '// TODO: later',
  ])('finds %s', (text) => {
    expect(inProduct(text)).not.toEqual([]);
  });

  it.each([
    'const t = clock.now();',
    'const t = new Date(clock.now());',
    'await clock.sleep(5, signal);',
    'const r = randomness.bytes(4);',
    '// console.log, Date.now and setTimeout in a comment',
    `const s = 'Date.now setTimeout';`,
    'throw failure;',
    `try { throw new TypeError('x'); } catch (cause) { throw new ViaductError({ code, cause }); }`,
    `throw new ViaductError({ code: 'BUG', shortMessage: 'x' });`,
    `const tag = 'viaduct.lane.v1';`,
  ])('leaves %s alone', (text) => {
    expect(inProduct(text)).toEqual([]);
  });

  it('knows the one file of the clock, that of the subjects, and that headers are missing', () => {
    expect(inProduct('const t = Date.now();', 'relayer/core/clock.ts')).toEqual([]);
    expect(inProduct(`const s = 'viaduct.v1.mon';`, 'relayer/core/subjects.ts')).toEqual([]);
    expect(productFindings(parseSource('relayer/plan/x.ts', 'export const a = 1;'))).toHaveLength(1);
    expect(productFindings(parseSource('relayer/plan/index.ts', 'export const a = 1;'))).toEqual([]);
  });

  it.each([
    ['const a = b as any;', 1],
    ['const a = b as unknown as string;', 0],
    ['export default a;', 1],
    ['export default function f() {}', 1],
    ['export { a as default };', 1],
    ['enum A { B }', 1],
    [`it.${'only'}('x', f);`, 1],
    [`describe.${'only'}.each([])('x', f);`, 1],
    [`it.${'skip'}('x', f);`, 1],
    [`// Needs a newer server.\nit.${'skip'}('x', f);`, 0],
    [`it.${'skipIf'}(missing)('x', f); // Only where anvil is installed.`, 0],
    [`it.${'skipIf'}(why)(\`x (\${why})\`, f);`, 0],
    ['bytes.skip(4);', 0],
  ])('in any file: %j has %i', (text, count) => {
    expect(anyFileFindings(parseSource('relayer/plan/x.test.ts', text))).toHaveLength(count);
  });

  it('long files need their reason in the header', () => {
    const body = 'const a = 1;\n'.repeat(LINES_MAX);
    expect(lengthFinding('a.ts', body)).toBeUndefined();
    expect(lengthFinding('a.ts', `/** Many. */\n${body}`)).toContain('401 lines');
    expect(lengthFinding('a.ts', `/**\n * One idea: the table is one.\n */\n${body}`)).toBeUndefined();
    expect(lengthFinding('a.ts', `${body}/** One idea: too late. */\n`)).toBeDefined();
  });

  it('tells product code from tests', () => {
    expect(isProduct('relayer/a/b.ts') && isProduct('adapters/evm/b.ts') && isProduct('light-clients/b.ts')).toBe(true);
    expect(isProduct('relayer/a/b.test.ts') || isProduct('test/a.ts') || isProduct('scripts/a.mjs')).toBe(false);
    expect(isTest('test/devnet/a.ts') && isTest('relayer/a.test.ts') && isTest('contracts/evm/test/A.t.sol')).toBe(
      true,
    );
  });
});
