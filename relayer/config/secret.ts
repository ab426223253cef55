/**
 * A value that does not print. Whatever turns it into text (a template, `JSON.stringify`, `util.inspect`, a logger) gets
 * `(secret)`; only `reveal` gives the value, so a search for `reveal` finds every use.
 */
import { inspect } from 'node:util';

export interface Secret<T = string> {
  reveal(): T;
  toString(): string;
  toJSON(): string;
}

const REDACTED = '(secret)';

export function createSecret<T>(value: T): Secret<T> {
  const secret = {
    reveal: () => value,
    toString: () => REDACTED,
    toJSON: () => REDACTED,
    [inspect.custom]: () => REDACTED,
  };
  return Object.freeze(secret);
}
