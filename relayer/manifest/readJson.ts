/**
 * A strict JSON reader (RFC 8259) that keeps positions. `JSON.parse` keeps none, takes the last of two equal keys, and
 * words its errors differently in every engine; a YAML reader accepts far more than JSON.
 *
 * Stricter than the RFC: equal keys in one object and nesting beyond `DEPTH_MAX` are mistakes.
 */
import { DEPTH_MAX, type ReadResult, type SourceEntry, type SourceNode } from './document.ts';

/** Thrown inside this file only. */
class JsonProblem extends Error {
  readonly at: number;
  readonly fix: string | undefined;

  constructor(at: number, problem: string, fix?: string) {
    super(problem);
    this.at = at;
    this.fix = fix;
  }
}

interface Cursor {
  readonly text: string;
  at: number;
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const WORD = /true|false|null/y;

export function readJson(text: string): ReadResult {
  const cursor: Cursor = { text, at: 0 };
  try {
    take(cursor, SPACE);
    const root = readValue(cursor, 0);
    take(cursor, SPACE);
    if (cursor.at < text.length) throw new JsonProblem(cursor.at, 'there is more after the end of the JSON document');
    return { kind: 'read', root };
  } catch (thrown) {
    if (!(thrown instanceof JsonProblem)) throw thrown;
    return { kind: 'failed', problems: [{ at: thrown.at, problem: thrown.message, fix: thrown.fix }] };
  }
}

function readValue(cursor: Cursor, depth: number): SourceNode {
  const { text, at } = cursor;
  if (depth > DEPTH_MAX) throw new JsonProblem(at, `nested deeper than ${DEPTH_MAX} levels`);
  if (text[at] === '{') return readObject(cursor, depth);
  if (text[at] === '[') return readArray(cursor, depth);
  if (text[at] === '"') return { kind: 'scalar', at, value: readString(cursor) };
  const scalar = take(cursor, NUMBER) ?? take(cursor, WORD);
  if (scalar === undefined) throw unexpected(cursor, 'a JSON value');
  const value = JSON.parse(scalar) as number | boolean | null;
  return { kind: 'scalar', at, value };
}

function readObject(cursor: Cursor, depth: number): SourceNode {
  const at = cursor.at++;
  const entries = new Map<string, SourceEntry>();
  take(cursor, SPACE);
  if (skip(cursor, '}')) return { kind: 'map', at, entries };
  for (;;) {
    const keyAt = cursor.at;
    if (cursor.text[keyAt] !== '"') throw unexpected(cursor, 'a key in double quotes');
    const key = readString(cursor);
    if (entries.has(key)) throw new JsonProblem(keyAt, `the key ${JSON.stringify(key.slice(0, 40))} is there twice`);
    take(cursor, SPACE);
    if (!skip(cursor, ':')) throw unexpected(cursor, '":"');
    take(cursor, SPACE);
    entries.set(key, { keyAt, node: readValue(cursor, depth + 1) });
    take(cursor, SPACE);
    if (skip(cursor, '}')) return { kind: 'map', at, entries };
    if (!skip(cursor, ',')) throw unexpected(cursor, '"," or "}"');
    take(cursor, SPACE);
  }
}

function readArray(cursor: Cursor, depth: number): SourceNode {
  const at = cursor.at++;
  const items: SourceNode[] = [];
  take(cursor, SPACE);
  if (skip(cursor, ']')) return { kind: 'list', at, items };
  for (;;) {
    items.push(readValue(cursor, depth + 1));
    take(cursor, SPACE);
    if (skip(cursor, ']')) return { kind: 'list', at, items };
    if (!skip(cursor, ',')) throw unexpected(cursor, '"," or "]"');
    take(cursor, SPACE);
  }
}

function readString(cursor: Cursor): string {
  const at = cursor.at;
  const literal = take(cursor, STRING);
  if (literal === undefined) {
    throw new JsonProblem(at, 'a string that does not end on its line, or has an escape that JSON does not know');
  }
  return JSON.parse(literal) as string;
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text)?.[0];
  if (match !== undefined) cursor.at += match.length;
  return match;
}

function skip(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at += 1;
  return true;
}

function unexpected(cursor: Cursor, expected: string): JsonProblem {
  const { text, at } = cursor;
  const got =
    at >= text.length ? 'the end of the file' : JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
  const closes = text[at] === '}' || text[at] === ']';
  const comment = text[at] === '/' || text[at] === '#';
  const fix = closes ? 'Is there a comma too many before it?' : comment ? 'JSON has no comments.' : undefined;
  return new JsonProblem(at, `not JSON: expected ${expected}, got ${got}`, fix);
}
