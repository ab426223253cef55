/**
 * A parsed file that remembers where everything stands in it. The readers (`readJson`, `readYaml`) make it from
 * untrusted bytes; the checks ask it for the position of a path.
 */
import { type Finding, formatPath, type Path, type Position } from './findings.ts';

export type SourceNode =
  | { readonly kind: 'map'; readonly at: number; readonly entries: ReadonlyMap<string, SourceEntry> }
  | { readonly kind: 'list'; readonly at: number; readonly items: readonly SourceNode[] }
  | {
      readonly kind: 'scalar';
      readonly at: number;
      readonly value: string | number | boolean | null;
      /** Set when the value came from outside the file: it is never shown; a failed one has its finding already. */
      readonly reference?: 'resolved' | 'failed';
    };

export interface SourceEntry {
  /** Offset of the key. */
  readonly keyAt: number;
  readonly node: SourceNode;
}

/** A grammar mistake found by a reader. */
export interface ReadProblem {
  readonly at: number;
  readonly problem: string;
  readonly fix?: string | undefined;
}

export type ReadResult =
  | { readonly kind: 'read'; readonly root: SourceNode }
  | { readonly kind: 'failed'; readonly problems: readonly ReadProblem[] };

export interface SourceDocument {
  readonly file: string;
  readonly root: SourceNode;
  /** The plain value, of objects without a prototype. */
  readonly value: unknown;
  /** A finding at a path: at the value, or at its key, or, when it is not there, at the nearest parent that is. */
  finding(path: Path, text: FindingText, place?: 'value' | 'key'): Finding;
  nodeAt(path: Path): SourceNode | undefined;
  /** The same file with other values in the same places. */
  withRoot(root: SourceNode): SourceDocument;
}

export type FindingText = Pick<Finding, 'problem' | 'expected' | 'got' | 'fix'> & { severity?: Finding['severity'] };

export type Reader = (text: string) => ReadResult;

/** Nesting that a reader follows; our documents need 6. */
export const DEPTH_MAX = 32;

/** Reads bytes as a document, or says why not. Total: any bytes give one or the other. */
export function readDocument(
  bytes: Uint8Array,
  file: string,
  bytesMax: number,
  read: Reader,
): { readonly document: SourceDocument } | { readonly findings: readonly Finding[] } {
  const whole = (problem: string): { readonly findings: readonly Finding[] } => ({
    findings: [{ severity: 'error', file, line: 1, column: 1, path: '', problem }],
  });
  if (bytes.length > bytesMax) return whole(`the file has ${bytes.length} bytes, over the maximum of ${bytesMax}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return whole('the file is not UTF-8 text');
  }
  const result = read(text);
  const positionAt = createPositionAt(text);
  if (result.kind === 'failed') {
    const findings = result.problems.map(({ at, problem, fix }): Finding => {
      return { severity: 'error', file, ...positionAt(at), path: '', problem, fix };
    });
    return { findings };
  }
  return { document: createDocument(file, result.root, positionAt) };
}

function createDocument(file: string, root: SourceNode, positionAt: (at: number) => Position): SourceDocument {
  return {
    file,
    root,
    value: toValue(root),
    withRoot: (other) => createDocument(file, other, positionAt),
    nodeAt: (path) => {
      const steps = walk(root, path);
      return steps.length === path.length ? (steps.at(-1)?.node ?? root) : undefined;
    },
    finding: (path, text, place = 'value') => {
      const steps = walk(root, path);
      const last = steps.at(-1);
      const found = steps.length === path.length;
      const at = found && place === 'key' && last !== undefined ? last.keyAt : (last?.node ?? root).at;
      const shown = found && last?.node.kind === 'scalar' && last.node.reference !== undefined ? hideGot(text) : text;
      return { severity: 'error', file, ...positionAt(at), path: formatPath(path), ...shown };
    },
  };
}

/** A value that came by a reference is not shown. */
function hideGot(text: FindingText): FindingText {
  return text.got === undefined ? text : { ...text, got: 'the value of a reference (not shown)' };
}

/** The entries along the path, as far as they exist. */
function walk(root: SourceNode, path: Path): SourceEntry[] {
  const steps: SourceEntry[] = [];
  let node = root;
  for (const part of path) {
    let next: SourceEntry | undefined;
    if (node.kind === 'map') next = node.entries.get(String(part));
    if (node.kind === 'list' && typeof part === 'number') {
      const item = node.items[part];
      next = item === undefined ? undefined : { keyAt: item.at, node: item };
    }
    if (next === undefined) break;
    steps.push(next);
    node = next.node;
  }
  return steps;
}

/** Objects have no prototype, so that a key such as `__proto__` is a key like any other. */
export function toValue(node: SourceNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toValue);
    case 'map': {
      const value = Object.create(null) as Record<string, unknown>;
      for (const [key, entry] of node.entries) value[key] = toValue(entry.node);
      return value;
    }
  }
}

function createPositionAt(text: string): (at: number) => Position {
  const starts = [0];
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (at) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (starts[low] as number) + 1 };
  };
}
