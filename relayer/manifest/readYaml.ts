/**
 * YAML 1.2 with positions, cut down to what a configuration needs: one document, plain maps, lists and scalars. Anchors,
 * aliases, merge keys and tags are refused, so no input can expand beyond its own size.
 *
 * No message quotes the text of the file: it may hold secrets.
 */
import { Composer, type CST, isAlias, isMap, isScalar, isSeq, Lexer, Parser } from 'yaml';
import { DEPTH_MAX, type ReadProblem, type ReadResult, type SourceEntry, type SourceNode } from './document.ts';

const PROBLEMS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation does not fit the lines around it, or a bracket is not closed',
  BAD_DQ_ESCAPE: 'an escape in double quotes that YAML does not know',
  BLOCK_AS_IMPLICIT_KEY: 'a nested map where one value is expected',
  COMMENT_SPACE: 'a comment needs a space before its #',
  MISSING_CHAR: 'a character is missing here: a colon, a comma, a quote or a closing bracket',
  MULTILINE_IMPLICIT_KEY: 'a key that does not end on its line: is a colon missing?',
  TAB_AS_INDENT: 'a tab in the indentation',
  UNEXPECTED_TOKEN: 'something that does not belong here',
  TAG_RESOLVE_FAILED: 'a tag; tags are not supported',
};

/** One mistake in the grammar often makes more: the first are enough. */
const PROBLEMS_MAX = 20;

export function readYaml(text: string): ReadResult {
  const { tokens, tooDeepAt } = tokenize(text);
  if (tooDeepAt !== undefined) {
    return { kind: 'failed', problems: [{ at: tooDeepAt, problem: `nested deeper than ${DEPTH_MAX} levels` }] };
  }
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const documents = composer.compose(tokens);
  const first = documents.next().value ?? undefined;
  const second = documents.next().value ?? undefined;
  const problems: ReadProblem[] = [];
  for (const error of [...(first?.errors ?? []), ...(first?.warnings ?? [])]) {
    problems.push({ at: error.pos[0], problem: PROBLEMS[error.code] ?? `not valid YAML (${error.code})` });
  }
  if (first?.directives?.yaml.explicit === true) {
    problems.push({ at: 0, problem: 'a %YAML directive', fix: 'Leave it out: the file is read as YAML 1.2.' });
  }
  if (second !== undefined) problems.push({ at: second.range[0], problem: 'a second document in the file' });
  const root = first?.contents ?? null;
  if (problems.length === 0 && root === null) problems.push({ at: 0, problem: 'the file is empty' });
  if (problems.length > 0 || root === null) return { kind: 'failed', problems: problems.slice(0, PROBLEMS_MAX) };
  const node = convert(root, 0, problems);
  if (problems.length > 0) return { kind: 'failed', problems: problems.slice(0, PROBLEMS_MAX) };
  return { kind: 'read', root: node };
}

/**
 * The tokens of the text, or where it nests too deep. The token parser keeps its own stack; what comes after it recurses,
 * and near the end of the call stack V8 can abort the whole process.
 */
function tokenize(text: string): { readonly tokens: CST.Token[]; readonly tooDeepAt?: number } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    // A level of ours takes up to two of the parser's: a map and its value.
    if (parser.stack.length > 2 * DEPTH_MAX + 2) return { tokens, tooDeepAt: parser.offset };
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens };
}

function convert(node: unknown, depth: number, problems: ReadProblem[]): SourceNode {
  const at = offsetOf(node);
  const nothing: SourceNode = { kind: 'scalar', at, value: null };
  if (depth > DEPTH_MAX) {
    problems.push({ at, problem: `nested deeper than ${DEPTH_MAX} levels` });
    return nothing;
  }
  if (isAlias(node)) {
    problems.push({ at, problem: 'an alias', fix: 'Aliases are not supported: write the value out.' });
    return nothing;
  }
  if (isMap(node) || isSeq(node) || isScalar(node)) {
    if (node.anchor !== undefined) {
      problems.push({ at, problem: 'an anchor', fix: 'Anchors are not supported: write the value out where needed.' });
    }
    if (node.tag !== undefined) problems.push({ at, problem: 'a tag', fix: 'Tags are not supported: leave it out.' });
  }
  if (isMap(node)) {
    const entries = new Map<string, SourceEntry>();
    for (const pair of node.items) {
      const keyAt = offsetOf(pair.key);
      const key = keyText(pair.key);
      if (key === undefined) {
        problems.push({ at: keyAt, problem: 'a key that is not a plain word' });
      } else if (entries.has(key)) {
        problems.push({ at: keyAt, problem: 'the same key is there twice' });
      } else {
        const value = convert(pair.value, depth + 1, problems);
        // A key without a value has no place of its own.
        entries.set(key, { keyAt, node: value.at < 0 ? { ...value, at: keyAt } : value });
      }
    }
    return { kind: 'map', at, entries };
  }
  if (isSeq(node)) return { kind: 'list', at, items: node.items.map((item) => convert(item, depth + 1, problems)) };
  if (isScalar(node)) {
    const { value } = node;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return { kind: 'scalar', at, value };
    }
  }
  return nothing;
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.anchor !== undefined || key.tag !== undefined) return undefined;
  const text = typeof key.value === 'string' ? key.value : key.source;
  return text === undefined || text === '' ? undefined : text;
}

function offsetOf(node: unknown): number {
  if (isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)) return node.range?.[0] ?? -1;
  return -1;
}
