/** What a witness finds: named checks that hold or do not, counted. A check that throws does not hold, and says why. */

export interface CheckResult {
  readonly name: string;
  /** Why it does not hold; undefined when it does. */
  readonly problem: string | undefined;
}

export interface Checks {
  /** Runs one check; the result of its work, or undefined when it does not hold. */
  check<T>(name: string, work: () => T | Promise<T>): Promise<T | undefined>;
  results(): readonly CheckResult[];
  passed(): number;
}

/** Characters of a reason that are worth reading. */
const PROBLEM_CHARACTERS_MAX = 2_000;

export function createChecks(report: (result: CheckResult) => void): Checks {
  const results: CheckResult[] = [];
  const add = (result: CheckResult): void => {
    results.push(result);
    report(result);
  };
  return {
    check: async (name, work) => {
      try {
        const value = await work();
        add({ name, problem: undefined });
        return value;
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        add({ name, problem: problem.slice(0, PROBLEM_CHARACTERS_MAX) });
        return undefined;
      }
    },
    results: () => results,
    passed: () => results.filter(({ problem }) => problem === undefined).length,
  };
}

/** Fails the check around it. */
export function expectThat(condition: unknown, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

/** Fails the check around it, showing both values, unless they are the same as JSON with bigints and bytes in it. */
export function expectSame(actual: unknown, expected: unknown, what: string): void {
  const [got, want] = [jsonOf(actual), jsonOf(expected)];
  if (got !== want) throw new Error(`${what}: got ${got}, expected ${want}`);
}

export function jsonOf(value: unknown): string {
  const text: string | undefined = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    return part instanceof Uint8Array ? `0x${Buffer.from(part).toString('hex')}` : part;
  });
  return text ?? 'undefined';
}
