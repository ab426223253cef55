/**
 * The logger of a running process: pino, writing to stderr, since results go to stdout. One JSON object a line, or text
 * for people.
 *
 * A second net under the callers' rules: fields named like secrets are blanked, credentials are cut out of URLs, and
 * bytes, lists and texts are shortened. It does not know a secret by its value: never put one into a field.
 */
import { pino } from 'pino';
import { toHex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';
import type { LogFields, Logger, LogLevel } from '../core/log.ts';

export interface LogOptions {
  /** The lowest level that is written; `trace` and `fatal` are bounds only, nothing logs at them. */
  readonly level: LogLevel | 'trace' | 'fatal' | 'silent';
  readonly format: 'json' | 'text';
  /** Takes one whole line; stderr unless given. */
  readonly write?: (line: string) => void;
}

const HIDDEN = '[hidden]';
const SECRET_NAME =
  /^(key|keys|secrets?|seed|jwt|nkey|auth|authorization|cookie|credentials?)$|private_?key|secret|passw|passphrase|mnemonic|seed_?phrase|api_?key|signing_?key|access_?token/i;
const URL_CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi;
/** Names that pino writes itself. */
const RESERVED = new Set(['level', 'time', 'msg']);
/** Bytes written in full: a hash is 32. */
const BYTES_SHOWN_MAX = 32;
const ITEMS_MAX = 32;
const TEXT_MAX = 2000;
const DEPTH_MAX = 6;

export function createLogger(deps: { readonly clock: Clock }, options: LogOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const base = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date(deps.clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: options.format === 'json' ? write : (line: string) => write(textLine(line)) },
  );
  return wrap(base);
}

function wrap(base: pino.Logger): Logger {
  const at = (level: LogLevel) => (fields: LogFields, message: string) => {
    if (base.isLevelEnabled(level)) base[level](cleanFields(fields), message);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(base.child(cleanFields(fields))),
  };
}

function cleanFields(fields: LogFields): Record<string, unknown> {
  return cleanRecord(fields, 0, (name) => (RESERVED.has(name) ? `${name}_` : name));
}

function cleanRecord(record: object, depth: number, rename = (name: string) => name): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record).slice(0, ITEMS_MAX)) {
    clean[rename(name)] = SECRET_NAME.test(name) ? HIDDEN : cleanValue(value, depth + 1);
  }
  return clean;
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return bytesText(value);
  if (depth > DEPTH_MAX) return '[deeper]';
  if (value instanceof Error) return errorFields(value, depth);
  if (Array.isArray(value) || value instanceof Set) {
    const items = [...(value as Iterable<unknown>)];
    const shown = items.slice(0, ITEMS_MAX).map((item) => cleanValue(item, depth + 1));
    return items.length > ITEMS_MAX ? [...shown, `${items.length - ITEMS_MAX} more`] : shown;
  }
  if (value instanceof Map) return cleanRecord(Object.fromEntries(value as Map<string, unknown>), depth);
  return cleanRecord(value, depth);
}

function cleanText(text: string): string {
  const shown = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}… (${text.length} characters)` : text;
  return shown.replace(URL_CREDENTIALS, `$1${HIDDEN}@`);
}

function bytesText(bytes: Uint8Array): string {
  if (bytes.length <= BYTES_SHOWN_MAX) return toHex(bytes);
  return `${toHex(bytes.subarray(0, 8))}… (${bytes.length} bytes)`;
}

/** Our own errors say enough without a stack; a bug needs it. */
function errorFields(error: Error, depth: number): Record<string, unknown> {
  const cause = error.cause === undefined ? {} : { cause: cleanValue(error.cause, depth + 1) };
  if (error instanceof ViaductError) {
    const stack = error.code === 'BUG' ? { stack: cleanText(error.stack ?? '') } : {};
    const details = error.metaMessages.length === 0 ? {} : { details: error.metaMessages.map(cleanText) };
    return { code: error.code, message: cleanText(error.shortMessage), ...details, ...stack, ...cause };
  }
  return { name: error.name, message: cleanText(error.message), stack: cleanText(error.stack ?? ''), ...cause };
}

/** `12:00:00.123 WARN  Endpoint failed.  chain=anvil-a attempt=3` */
function textLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${textValue(value)}`);
  const head = `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${String(msg)}`;
  return `${pairs.length === 0 ? head : `${head}  ${pairs.join(' ')}`}\n`;
}

/** Quoted unless plain, so that no value can look like another field, another line or a terminal command. */
function textValue(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)
    ? value
    : // DEL and the C1 controls pass JSON.stringify and act in terminals.
      JSON.stringify(value).replace(/[\u007f-\u009f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
