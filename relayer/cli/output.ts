/** Results go to stdout, as lines for people or as JSON; everything else goes to stderr. */
export interface Output {
  readonly json: boolean;
  /** A line for people; silent with `--json`. */
  line(text: string): void;
  /** The result: with `--json` the last line of stdout, one object. */
  result(value: Readonly<Record<string, unknown>>): void;
  /** A remark on stderr. */
  say(text: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    line(text) {
      if (!json) process.stdout.write(`${text}\n`);
    },
    result(value) {
      if (json) process.stdout.write(`${toJson(value)}\n`);
    },
    say(text) {
      process.stderr.write(`${text}\n`);
    },
  };
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
}

/** Columns aligned by their longest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
