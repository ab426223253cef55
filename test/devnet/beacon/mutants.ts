/** Every single-field corruption of a JSON object: one bit of each hex text, one more in each number, in turn. */

export interface Mutant {
  /** Where it differs: `finalized_header.beacon.slot`. */
  readonly path: string;
  readonly data: unknown;
}

export function* mutantsOf(data: unknown): Generator<Mutant> {
  for (const path of leaves(data, [])) {
    const copy = structuredClone(data);
    const [last, ...rest] = [...path].reverse();
    const parent = rest.reverse().reduce<Record<string, unknown>>(
      (node, key) => {
        return node[key] as Record<string, unknown>;
      },
      copy as Record<string, unknown>,
    );
    parent[last!] = changed(parent[last!] as string);
    yield { path: path.join('.'), data: copy };
  }
}

function leaves(node: unknown, path: readonly string[]): string[][] {
  if (typeof node === 'string') return [[...path]];
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, child]) => leaves(child, [...path, key]));
}

/** An empty text (no extra data) becomes one byte. */
function changed(text: string): string {
  if (!text.startsWith('0x')) return String(BigInt(text) + 1n);
  if (text.length === 2) return '0x01';
  const at = text.length - 1;
  return text.slice(0, at) + (parseInt(text[at]!, 16) ^ 1).toString(16);
}
