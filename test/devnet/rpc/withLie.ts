/** A copy of an answer with a value written at a path; unchanged where the path leads nowhere. */
export function withLie(answer: unknown, path: string, value: unknown): unknown {
  const [head = '', ...rest] = path.split('.');
  if (typeof answer !== 'object' || answer === null || !(head in answer)) return answer;
  const copy = (Array.isArray(answer) ? [...(answer as unknown[])] : { ...answer }) as Record<string, unknown>;
  copy[head] = rest.length === 0 ? value : withLie(copy[head], rest.join('.'), value);
  return copy;
}
