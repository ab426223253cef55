/** Values of the nodes' TOML files, replaced in place: the rest of a file stays as the node's own `init` wrote it. */

export type TomlValue = string | number | boolean;

/** `key` in `section` (`''`: above the first) gets a value. Throws when the file has no such key: a misspelt one would be ignored. */
export function setToml(text: string, section: string, key: string, value: TomlValue): string {
  let current = '';
  let found = false;
  const lines = text.split('\n').map((line) => {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (header !== null) current = header[1] ?? '';
    const name = /^\s*([A-Za-z0-9_-]+)\s*=/.exec(line)?.[1];
    if (current !== section || name !== key || found) return line;
    found = true;
    return `${key} = ${typeof value === 'string' ? JSON.stringify(value) : value}`;
  });
  if (!found) throw new Error(`no key ${key} in section [${section}]`);
  return lines.join('\n');
}

export type TomlChanges = Readonly<Record<string, Readonly<Record<string, TomlValue>>>>;

/** Changes by section and key. */
export function withToml(text: string, changes: TomlChanges): string {
  let changed = text;
  for (const [section, keys] of Object.entries(changes)) {
    for (const [key, value] of Object.entries(keys)) changed = setToml(changed, section, key, value);
  }
  return changed;
}
