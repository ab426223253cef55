/** Tables and numbers of the generated sections, in Markdown. Pure. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Whole, with commas between thousands. */
export function wholeNumber(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
