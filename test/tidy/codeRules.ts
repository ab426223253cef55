/** What product code does not say, found in its syntax tree (so that comments and texts do not count). */
import ts from 'typescript';
import { isTest, lineOf, type Source, visit } from './repository.ts';

const CLOCK_FILE = 'relayer/core/clock.ts';
const SUBJECTS_FILE = 'relayer/core/subjects.ts';
export const LINES_MAX = 400;
/** Suites are lists of cases. */
export const TEST_LINES_MAX = 700;

const TIMERS = new Set(['setTimeout', 'setInterval']);
const RANDOM_NAMES =
  /^(randomBytes|randomInt|randomUUID|randomFillSync|randomFill|getRandomValues|webcrypto|randomPrivateKey|randomSecretKey|generatePrivateKey|generateMnemonic|generateKeyPair|generateKeyPairSync|generateKey|generateKeySync)$/;
/** `object.member` that reads the host's time or chance, or starts a timer. */
const HOST_MEMBERS = new Set([
  'Date.now',
  'performance.now',
  'performance.timeOrigin',
  'process.hrtime',
  'Math.random',
  'AbortSignal.timeout',
  'crypto.subtle',
]);
const HOST_MODULES = new Set(['node:timers', 'node:timers/promises', 'timers', 'timers/promises', 'node:perf_hooks']);

/** Findings `path:line what` of one file of product code. */
export function productFindings(source: Source): string[] {
  const findings: string[] = [];
  const { ast, path } = source;
  const found = (node: ts.Node, what: string): void => void findings.push(`${path}:${lineOf(ast, node)} ${what}`);

  for (const { specifier, line } of source.imports) {
    if (HOST_MODULES.has(specifier)) findings.push(`${path}:${line} host time: take a Clock`);
  }
  visit(ast, (node) => {
    if (path !== CLOCK_FILE) hostTimeAndChance(node, found);
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'console') {
      found(node, 'console: take a Logger');
    }
    if (path !== SUBJECTS_FILE && literalText(node)?.includes('viaduct.v1') === true) {
      found(node, `a subject spelled outside ${SUBJECTS_FILE}`);
    }
    if (ts.isThrowStatement(node) && path.startsWith('light-clients/') === false && throwsBareError(node)) {
      found(node, 'a bare Error: every error is a ViaductError with a code');
    }
    if (ts.isNonNullExpression(node)) found(node, 'a non-null assertion');
  });
  if (!/^(#![^\n]*\n)?\s*(\/\*\*|\/\/)/.test(source.text) && !path.endsWith('/index.ts')) {
    findings.push(`${path}:1 no header comment that says what the file is`);
  }
  for (const [index, line] of source.text.split('\n').entries()) {
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(line)) findings.push(`${path}:${index + 1} something left undone`);
  }
  return findings;
}

/** Findings that hold for every TypeScript file, tests included. */
export function anyFileFindings(source: Source): string[] {
  const findings: string[] = [];
  const { ast, path } = source;
  const lines = source.text.split('\n');
  visit(ast, (node) => {
    const found = (what: string): void => void findings.push(`${path}:${lineOf(ast, node)} ${what}`);
    if (ts.isAsExpression(node) && node.type.kind === ts.SyntaxKind.AnyKeyword) found('as any');
    if (ts.isEnumDeclaration(node)) found('an enum: use a union or a const object');
    if (isDefaultExport(node) && !path.endsWith('.config.ts')) found('a default export');
    if (path.endsWith('.test.ts') && ts.isPropertyAccessExpression(node)) {
      const owner = node.expression.getText(ast);
      if (!/^(it|test|describe)\b/.test(owner)) return;
      if (node.name.text === 'only') found('.only: the other tests would not run');
      if (/^(skip|skipIf|runIf|todo|fails)$/.test(node.name.text)) {
        const line = lineOf(ast, node);
        // A reason in the name, such as `bus (no server found)`, is shown by the report: the best place.
        const reason =
          /\(\$\{/.test(lines[line - 1] ?? '') ||
          /\/\/ \S/.test(lines[line - 1] ?? '') ||
          /^\s*(\/\/ \S|\*\/)/.test(lines[line - 2] ?? '');
        if (!reason) found(`.${node.name.text} without a comment that says why`);
      }
    }
  });
  return findings;
}

/** A long file says in its header why it is one idea: a line that starts with `One idea:`. */
export function lengthFinding(path: string, text: string): string | undefined {
  const lines = text.split('\n').length - 1;
  const most = isTest(path) ? TEST_LINES_MAX : LINES_MAX;
  if (lines <= most) return undefined;
  const header = /^(#![^\n]*\n)?\s*\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? '';
  if (/\bOne idea: \S/.test(header)) return undefined;
  return `${path} has ${lines} lines (at most ${most}); split it, or let its header say "One idea: <why>"`;
}

/** Texts that appear as literals in code, comments left out. */
export function literalTexts(source: Source): Set<string> {
  const texts = new Set<string>();
  visit(source.ast, (node) => {
    const text = literalText(node);
    if (text !== undefined) texts.add(text);
  });
  return texts;
}

function hostTimeAndChance(node: ts.Node, found: (node: ts.Node, what: string) => void): void {
  if (ts.isPropertyAccessExpression(node)) {
    const owner = node.expression.getText().replace(/^globalThis\./, '');
    if (HOST_MEMBERS.has(`${owner}.${node.name.text}`))
      found(node, `${owner}.${node.name.text}: take a Clock or Randomness`);
    else if (RANDOM_NAMES.test(node.name.text)) found(node, `${node.name.text}: take Randomness`);
    else if (TIMERS.has(node.name.text)) found(node, `${node.name.text}: take a Clock`);
  } else if (ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node.parent)) {
    if (TIMERS.has(node.text) && !isDeclarationName(node)) found(node, `${node.text}: take a Clock`);
    if (RANDOM_NAMES.test(node.text) && !isDeclarationName(node)) found(node, `${node.text}: take Randomness`);
  } else if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) {
    found(node, 'new Date(): take a Clock');
  } else if (ts.isCallExpression(node) && node.expression.getText() === 'Date') {
    found(node, 'Date(): take a Clock');
  }
}

/** A method or property of ours may bear such a name. */
function isDeclarationName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertySignature(parent) || ts.isMethodSignature(parent) || ts.isPropertyAssignment(parent)) &&
    parent.name === node
  );
}

/** Thrown out of its function: inside `try` with a `catch` it only jumps to the catch. */
function throwsBareError(node: ts.ThrowStatement): boolean {
  for (let at: ts.Node = node; !ts.isSourceFile(at) && !ts.isFunctionLike(at); at = at.parent) {
    if (ts.isTryStatement(at.parent) && at.parent.tryBlock === at && at.parent.catchClause !== undefined) return false;
  }
  return (
    ts.isNewExpression(node.expression) &&
    ts.isIdentifier(node.expression.expression) &&
    /^(Error|TypeError|RangeError|AggregateError)$/.test(node.expression.expression.text)
  );
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return node.isExportEquals !== true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((m) => m.kind === ts.SyntaxKind.DefaultKeyword)
  );
}

function literalText(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) return node.text;
  // `CODE: 'drop'` as the key of a table counts as well.
  if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) return node.name.text;
  return undefined;
}
