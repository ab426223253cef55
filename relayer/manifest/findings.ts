/**
 * Findings: what is wrong, or doubtful, in a file that a person wrote. Each names the place (file, line, column), what
 * was expected, what was found and how to mend it. All findings of a file are reported together, in the file's order.
 *
 * A finding never shows a secret: whoever makes one passes `got` through a display function that knows what is secret.
 */
import { ViaductError } from '../core/errors.ts';

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number;
}

export interface Finding extends Position {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** Where in the document, such as `chains[0].gateway.address`; empty for the document itself. */
  readonly path: string;
  readonly problem: string;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  /** How to mend it. */
  readonly fix?: string | undefined;
}

export type Path = readonly (string | number)[];

/** `CONFIG_INVALID` with its findings, warnings included, as data. */
export class ConfigError extends ViaductError {
  readonly findings: readonly Finding[];

  constructor(file: string, findings: readonly Finding[]) {
    const errors = findings.filter((finding) => finding.severity === 'error').length;
    super({
      code: 'CONFIG_INVALID',
      shortMessage: `${file} has ${errors} ${errors === 1 ? 'mistake' : 'mistakes'}.`,
      metaMessages: findings.map(formatFinding),
    });
    this.name = 'ConfigError';
    this.findings = findings;
  }
}

export function formatFinding(finding: Finding): string {
  const where = `${finding.file}:${finding.line}:${finding.column}`;
  const path = finding.path === '' ? '' : ` ${finding.path}:`;
  const severity = finding.severity === 'warning' ? ' warning:' : '';
  const details = [
    finding.expected === undefined ? undefined : `expected ${finding.expected}`,
    finding.got === undefined ? undefined : `got ${finding.got}`,
  ].filter((detail) => detail !== undefined);
  const comparison = details.length === 0 ? '' : `; ${details.join('; ')}`;
  const fix = finding.fix === undefined ? '' : ` ${finding.fix}`;
  return `${where}${severity}${path} ${finding.problem}${comparison}.${fix}`;
}

/** Throws when one of the findings is an error; returns the warnings otherwise. */
export function throwOnErrors(file: string, findings: readonly Finding[]): readonly Finding[] {
  if (findings.some((finding) => finding.severity === 'error')) throw new ConfigError(file, findings);
  return findings;
}

/** In the order of the file; the order within one place stays as found. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => a.line - b.line || a.column - b.column);
}

export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w$-]{1,64}$/.test(part) && !looksSecret(part)) text += text === '' ? part : `.${part}`;
    else text += `[${quote(part)}]`;
  }
  return text;
}

/** A value for people, cut short. What may be a key or a hash of one is not shown whole. */
export function quote(text: string): string {
  return looksSecret(text)
    ? `a text of ${text.length} characters (not shown)`
    : JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

/** A value of any shape for people. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a map';
  // An unquoted private key is a huge number to YAML.
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'a huge number (not shown)';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}

/** The type of a value, when the value itself must not be shown. */
export function describeType(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? `a ${typeof value} (not shown)`
    : describeValue(value);
}

/** As long a run of hex digits as half a private key has. */
function looksSecret(text: string): boolean {
  return /[0-9a-fA-F]{41}/.test(text.replace(/^0x/, ''));
}
