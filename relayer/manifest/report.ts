/** What the checks of manifest and config share: how a finding is reported, and findings that several of them make. */
import type { FindingText } from './document.ts';
import { type Path, quote } from './findings.ts';
import { nearest } from './suggest.ts';

export type Report = (path: Path, text: FindingText) => void;

/** Valid items of a list, each with its place in it. */
export type Items<T> = readonly { readonly index: number; readonly item: T }[];

export function reportRepeats<T>(
  items: Items<T>,
  keyOf: (item: T) => string,
  field: string,
  list: string,
  report: Report,
  inside: Path = [],
): void {
  const seen = new Map<string, number>();
  for (const { index, item } of items) {
    const key = keyOf(item);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else report([...inside, list, index, field], { problem: `is the same as in ${list}[${first}]`, got: quote(key) });
  }
}

export function publishedKey(): FindingText {
  return {
    problem: 'the private key of this address is published: everybody can sign with it',
    fix: 'Make a new key; published ones are for profile dev only.',
  };
}

export function unknownChain(name: string, names: ReadonlySet<string>): FindingText {
  const meant = nearest(name, names);
  const known = [...names].slice(0, 20).join(', ');
  return {
    problem: 'no such chain',
    got: quote(name),
    fix: meant === undefined ? `Known chains: ${known}.` : `Did you mean ${quote(meant)}?`,
  };
}
