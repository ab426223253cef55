/**
 * What a user of cosmjs sees of a chain, in a form that two chains can be compared by: what must differ between them (hashes,
 * heights, times, account numbers) has a placeholder in its place. Pure.
 */

/** An answer as comparable data. Numbers named in `near` may differ a little. */
export interface Observation {
  readonly name: string;
  readonly value: unknown;
  /** Gas of a transaction: compared within a tolerance. */
  readonly gas?: number | undefined;
}

export interface Difference {
  readonly step: string;
  /** Where in the answer, such as `events.3.type`. */
  readonly path: string;
  readonly real: unknown;
  readonly local: unknown;
}

/** A text without what differs from chain to chain. */
export function plainText(text: string): string {
  return (
    text
      .replace(/\b[0-9A-Fa-f]{64}\b/g, '<hash>')
      .replace(/account number \(\d+\)/g, 'account number (<n>)')
      .replace(/block height: \d+/g, 'block height: <n>')
      .replace(/gasUsed: \d+/g, 'gasUsed: <n>')
      .replace(/gas used: '\d+'/g, "gas used: '<n>'")
      .replace(
        /height \d+ must be less than or equal to the current blockchain height \d+/g,
        'height <n> must be less than or equal to the current blockchain height <n>',
      )
      // Where in its source a node found the error.
      .replace(/ \[[\w./@-]+\.go:\d+\]/g, '')
      .replace(/lowest height is \d+/g, 'lowest height is <n>')
  );
}

/**
 * The shape of JSON: types in place of values, and of a list the shapes of its elements, each once. Texts say what is written
 * in them: a number, hex, base64 or a time, since a parser of one would stumble over another.
 */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    const shapes = new Map(value.map((one): [string, unknown] => [JSON.stringify(shapeOf(one)), shapeOf(one)]));
    return [...shapes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, shape]) => shape);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, part]) => [key, shapeOf(part)]));
  }
  if (typeof value === 'string') return textShape(value);
  return value === null ? 'null' : typeof value;
}

function textShape(text: string): string {
  if (text === '') return 'empty text';
  if (/^-?\d+$/.test(text)) return 'digits';
  if (/^[0-9A-F]{40}$|^[0-9A-F]{64}$/.test(text)) return 'HEX';
  if (/^[0-9a-f]{40}$|^[0-9a-f]{64}$/.test(text)) return 'hex';
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text)) return 'time';
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length > 16) return 'base64';
  return 'text';
}

/** Where two values differ, leaf by leaf; a list of another length, or another type, is one difference. */
export function differencesOf(step: string, real: unknown, local: unknown, path = ''): Difference[] {
  if (JSON.stringify(real) === JSON.stringify(local)) return [];
  const bothObjects = isObject(real) && isObject(local);
  if (!bothObjects || Array.isArray(real) !== Array.isArray(local)) return [{ step, path, real, local }];
  if (Array.isArray(real) && Array.isArray(local) && real.length !== local.length) return [{ step, path, real, local }];
  const keys = [...new Set([...Object.keys(real), ...Object.keys(local)])];
  return keys.flatMap((key) =>
    differencesOf(step, read(real, key), read(local, key), path === '' ? key : `${path}.${key}`),
  );
}

export function observationDifferences(real: Observation, local: Observation, gasTolerance: number): Difference[] {
  const differences = differencesOf(real.name, real.value, local.value);
  if (real.gas === undefined && local.gas === undefined) return differences;
  const [a, b] = [real.gas ?? 0, local.gas ?? 0];
  const near = Math.abs(a - b) <= gasTolerance * a;
  return near ? differences : [...differences, { step: real.name, path: 'gas', real: a, local: b }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function read(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
