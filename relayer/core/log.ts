/**
 * The port through which everything logs. The message is a constant sentence; what varies goes into the fields, under
 * the same name everywhere (`chain`, `lane`, `sequence`, `height`, `endpoint`, `error`).
 *
 * Callers' rules: `error` means that an operator must act; no key, credential or text supplied by a chain goes into a
 * record at `info` or above. Libraries are silent unless they are given a logger.
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Values may be bigints, bytes and errors: the implementation writes them. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to each record. */
  child(fields: LogFields): Logger;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
