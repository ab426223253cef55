/**
 * References in the texts of relayer.yaml: `${NAME}` is an environment variable, `${file:path}` the content of a file
 * (relative to the config file, its last line break cut off), `$${` a plain `${`. They may stand anywhere in any text
 * value and always give text; keys are never expanded, and what they give is not expanded again.
 *
 * What a reference gives counts as secret: it is never shown.
 */
import type { FindingText, SourceDocument, SourceEntry, SourceNode } from '../manifest/document.ts';
import { type Finding, type Path, quote } from '../manifest/findings.ts';

export interface ReferenceSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The bytes of a file whose path is relative to the config file; throws when it cannot be read. */
  readonly readFile: (path: string) => Uint8Array;
}

/** Bytes of a referenced file: a key or a token has less than 4 kB. */
const REFERENCED_BYTES_MAX = 64 * 1024;
/** References in one text. No further reason. */
const REFERENCES_MAX = 16;

export function resolveReferences(
  document: SourceDocument,
  sources: ReferenceSources,
): { readonly document: SourceDocument; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const resolve = (node: SourceNode, path: Path): SourceNode => {
    if (node.kind === 'list') {
      return { ...node, items: node.items.map((item, index) => resolve(item, [...path, index])) };
    }
    if (node.kind === 'map') {
      const entries = new Map<string, SourceEntry>();
      for (const [key, entry] of node.entries) {
        entries.set(key, { keyAt: entry.keyAt, node: resolve(entry.node, [...path, key]) });
      }
      return { ...node, entries };
    }
    if (typeof node.value !== 'string' || !node.value.includes('${')) return node;
    const result = expand(node.value, sources);
    if (typeof result === 'string') return { ...node, value: result, reference: 'resolved' };
    findings.push(document.finding(path, result));
    return { ...node, reference: 'failed' };
  };
  return { document: document.withRoot(resolve(document.root, [])), findings };
}

function expand(text: string, sources: ReferenceSources): string | FindingText {
  let expanded = '';
  let at = 0;
  for (let count = 0; ;) {
    const start = text.indexOf('${', at);
    if (start === -1) return expanded + text.slice(at);
    if (text[start - 1] === '$' && start > at) {
      expanded += `${text.slice(at, start - 1)}\${`;
      at = start + 2;
      continue;
    }
    if (++count > REFERENCES_MAX) return { problem: `more than ${REFERENCES_MAX} references in one text` };
    const end = text.indexOf('}', start);
    if (end === -1)
      return {
        problem: 'a reference without its closing }',
        fix: 'Write ${NAME} or ${file:path}; $${ for a plain ${.',
      };
    const value = lookUp(text.slice(start + 2, end), sources);
    if (typeof value !== 'string') return value;
    expanded += text.slice(at, start) + value;
    at = end + 1;
  }
}

function lookUp(name: string, sources: ReferenceSources): string | FindingText {
  if (name.startsWith('file:')) return readReferenced(name.slice('file:'.length), sources);
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    return { problem: 'not a reference', expected: '${NAME} or ${file:path}', fix: 'Write $${ for a plain ${.' };
  }
  const value = Object.hasOwn(sources.env, name) ? sources.env[name] : undefined;
  if (value === undefined) {
    return { problem: `the environment variable ${quote(name)} is not set`, fix: 'Set it before the relayer starts.' };
  }
  if (value === '') return { problem: `the environment variable ${quote(name)} is empty` };
  return value;
}

function readReferenced(path: string, sources: ReferenceSources): string | FindingText {
  let bytes: Uint8Array;
  try {
    bytes = sources.readFile(path);
  } catch (thrown) {
    return { problem: `the file ${quote(path)} cannot be read${reasonOf(thrown)}` };
  }
  if (bytes.length > REFERENCED_BYTES_MAX) {
    return { problem: `the file ${quote(path)} has more than ${REFERENCED_BYTES_MAX} bytes` };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
    return text === '' ? { problem: `the file ${quote(path)} is empty` } : text;
  } catch {
    return { problem: `the file ${quote(path)} is not text` };
  }
}

/** Only the system's code: its message may quote anything. */
export function reasonOf(thrown: unknown): string {
  const code: unknown = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' && /^E[A-Z]{2,20}$/.test(code) ? ` (${code})` : '';
}
