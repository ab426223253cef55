/** The generated part of a page: what stands between two marks belongs to a command, the rest to its authors. */

/** The page with the section of this name replaced; throws when the page has no marks for it. */
export function replaceSection(page: string, name: string, section: string): string {
  const [begin, end] = [`<!-- ${name}: generated, begin -->`, `<!-- ${name}: generated, end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no section ${name}`);
  return `${page.slice(0, from + begin.length)}\n\n${section.trim()}\n\n${page.slice(to)}`;
}
