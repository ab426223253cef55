/**
 * Validation of a document against a schema, with every mistake as a finding at its place. A field's own error text is
 * what was expected; a field marked `writeOnly` (JSON Schema's word for it) is secret and its value is never shown.
 */
import { z } from 'zod';
import type { SourceDocument } from './document.ts';
import { describeType, describeValue, type Finding, type Path, quote } from './findings.ts';
import { nearest } from './suggest.ts';

/** Findings of one document; a file with more is not one of ours. */
export const FINDINGS_MAX = 100;

export function schemaFindings(document: SourceDocument, schema: z.ZodType): Finding[] {
  const { value } = document;
  const result = schema.safeParse(value);
  if (result.success) return [];
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const issue of result.error.issues) {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    for (const finding of issueFindings(document, schema, path, issue)) {
      // The first finding of a field says enough.
      const place = `${finding.path} ${finding.line}:${finding.column}`;
      if (seen.has(place)) continue;
      seen.add(place);
      findings.push(finding);
      if (findings.length >= FINDINGS_MAX) return findings;
    }
  }
  return findings;
}

function* issueFindings(
  document: SourceDocument,
  schema: z.ZodType,
  path: Path,
  issue: z.core.$ZodIssue,
): Generator<Finding> {
  const { value } = document;
  if (issue.code === 'unrecognized_keys') {
    const present = valueAt(value, path);
    const known = objectKeys(chosen(leaf(schemaAt(schema, value, path)), present));
    const free = known.filter((key) => !hasKey(present, key));
    for (const key of issue.keys) {
      const meant = nearest(key, free);
      const fix = meant === undefined ? `Known keys: ${known.join(', ')}.` : `Did you mean ${quote(meant)}?`;
      yield document.finding([...path, key], { problem: 'unknown key', fix }, 'key');
    }
    return;
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message;
    yield document.finding(path, { problem: 'wrong name', expected }, 'key');
    return;
  }
  const got = valueAt(value, path);
  if (got === undefined) {
    yield document.finding(path, { problem: 'is missing', expected: issue.message });
    return;
  }
  const node = document.nodeAt(path);
  const reference = node?.kind === 'scalar' ? node.reference : undefined;
  if (reference === 'failed') return;
  const field = schemaAt(schema, value, path);
  const secret = isSecret(field);
  const fix = reference === undefined ? fixFor(field, issue, got, secret) : fixForReference(issue);
  const problem = issue.code === 'invalid_type' ? 'wrong type' : 'wrong value';
  const shown = secret || !showsValue(field, got) ? describeType(got) : describeValue(got);
  yield document.finding(path, { problem, expected: issue.message, got: shown, fix });
}

function fixFor(
  field: z.ZodType | undefined,
  issue: z.core.$ZodIssue,
  got: unknown,
  secret: boolean,
): string | undefined {
  if (issue.code === 'invalid_type' && typeof got === 'number' && leaf(field) instanceof z.ZodString) {
    return 'Put the value in quotes.';
  }
  const options = choicesOf(field, issue);
  if (typeof got !== 'string' || secret || options.length === 0) return undefined;
  const meant = nearest(got, options);
  return meant === undefined ? undefined : `Did you mean ${quote(meant)}?`;
}

function fixForReference(issue: z.core.$ZodIssue): string | undefined {
  return issue.code === 'invalid_type' ? 'A reference always gives text: write the value out.' : undefined;
}

function choicesOf(field: z.ZodType | undefined, issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  const inner = leaf(field);
  return inner instanceof z.ZodEnum ? inner.options.map(String) : [];
}

/** A text where a map or a list belongs may be anything, a misplaced secret too: only its type is shown. */
function showsValue(field: z.ZodType | undefined, got: unknown): boolean {
  if (typeof got === 'object') return true;
  const inner = leaf(field);
  if (inner instanceof z.ZodString || inner instanceof z.ZodEnum || inner instanceof z.ZodLiteral) return true;
  return typeof got !== 'string' && (inner instanceof z.ZodNumber || inner instanceof z.ZodBoolean);
}

/** The schema that describes the value at a path, as far as one does. */
export function schemaAt(schema: z.ZodType, value: unknown, path: Path): z.ZodType | undefined {
  let current: z.ZodType | undefined = schema;
  for (const [depth, part] of path.entries()) {
    const inner = chosen(leaf(current), valueAt(value, path.slice(0, depth)));
    if (inner instanceof z.ZodObject) current = (inner.shape as Record<string, z.ZodType>)[String(part)];
    else if (inner instanceof z.ZodArray) current = inner.element as z.ZodType;
    else if (inner instanceof z.ZodRecord) current = inner.valueType as z.ZodType;
    else return undefined;
  }
  return current;
}

/** Of a union, the option that the value's discriminator picks, or the first. */
function chosen(schema: z.ZodType | undefined, value: unknown): z.ZodType | undefined {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const kind = valueAt(value, [discriminator]);
  const options = schema.options as readonly z.ZodType[];
  const picked = options.find((option) => {
    if (!(option instanceof z.ZodObject)) return false;
    const shape = option.shape as Record<string, z.ZodType>;
    return shape[discriminator]?.safeParse(kind).success === true;
  });
  return picked ?? options[0];
}

function objectKeys(schema: z.ZodType | undefined): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function isSecret(schema: z.ZodType | undefined): boolean {
  for (let current = schema; current !== undefined; current = unwrap(current)) {
    if (current.meta()?.['writeOnly'] === true) return true;
  }
  return false;
}

function leaf(schema: z.ZodType | undefined): z.ZodType | undefined {
  let current = schema;
  for (let inner = current; inner !== undefined; inner = unwrap(inner)) current = inner;
  return current;
}

function unwrap(schema: z.ZodType): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional) return schema.unwrap() as z.ZodType;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.unwrap() as z.ZodType;
  return undefined;
}

export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

function hasKey(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

/** The items of a list that are valid by themselves, with their place: what cross checks can go on with. */
export function validItems<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { readonly index: number; readonly item: z.output<S> }[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 10_000).flatMap((raw: unknown, index) => {
    const result = schema.safeParse(raw);
    return result.success ? [{ index, item: result.data }] : [];
  });
}

/** The value when it is valid by itself. */
export function validValue<S extends z.ZodType>(schema: S, value: unknown): z.output<S> | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}
