/**
 * Seeded corruption of valid proofs, for the count of what is wrongly accepted. Each mutant differs from the original in
 * its bytes.
 */

export interface MutantCount {
  readonly tried: number;
  readonly accepted: number;
  /** Which targets accepted, for people. */
  readonly failures: readonly string[];
}

/** One kind of proof, as the parts that a stranger brings. */
export interface Target {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
  /** True when the order of the parts means something: they are then swapped too. */
  readonly ordered?: boolean;
  /**
   * Whether parts given in their stead are accepted: as showing anything at all where every byte is bound, else as showing
   * anything but what the original shows (a signature more than needed may be broken and change nothing).
   */
  accepts(parts: readonly Uint8Array[]): boolean;
  /** Whether the original is accepted as what it is: a target that never is would prove nothing. */
  holds?(parts: readonly Uint8Array[]): boolean;
}

export type Random = (below: number) => number;

/** One kind of chain's targets. */
export interface Family {
  readonly name: string;
  targets(): readonly Target[];
}

/** `count` mutants, their targets by turns. Throws when a target itself does not hold. */
export function countAccepted(targets: readonly Target[], count: number, seed: number): MutantCount {
  for (const target of targets) {
    const holds = target.holds ?? target.accepts;
    if (!holds.call(target, target.parts)) throw new Error(`the ${target.name} to corrupt is not valid`);
  }
  const random = createRandom(seed);
  const failures = new Set<string>();
  let tried = 0;
  let accepted = 0;
  while (tried < count) {
    const target = targets[tried % targets.length]!;
    const parts = mutate(target, random);
    if (parts === undefined) continue;
    tried++;
    if (!target.accepts(parts)) continue;
    accepted++;
    failures.add(target.name);
  }
  return { tried, accepted, failures: [...failures] };
}

/** For a proof of one part. */
export function whole(accepts: (bytes: Uint8Array) => boolean): Target['accepts'] {
  return ([bytes, ...more]) => bytes !== undefined && more.length === 0 && accepts(bytes);
}

/** One corruption, or undefined when it left everything as it was. */
function mutate({ parts, ordered = false }: Target, random: Random): readonly Uint8Array[] | undefined {
  const index = random(parts.length);
  const part = parts[index]!;
  const at = random(part.length);
  const swap = (changed: Uint8Array): readonly Uint8Array[] | undefined =>
    Buffer.compare(changed, part) === 0 ? undefined : parts.with(index, changed);
  switch (random(ordered ? 9 : 8)) {
    case 0:
      return swap(part.map((byte, i) => (i === at ? byte ^ (1 << random(8)) : byte)));
    case 1:
      return swap(part.map((byte, i) => (i === at ? (byte + 1 + random(255)) & 255 : byte)));
    case 2:
      return swap(part.subarray(0, at));
    case 3:
      return swap(Uint8Array.from([...part.subarray(0, at), ...part.subarray(at + 1)]));
    case 4:
      return swap(Uint8Array.from([...part.subarray(0, at), random(256), ...part.subarray(at)]));
    case 5:
      return swap(part.slice().fill(0, at, at + 32));
    case 6:
      return parts.filter((_, i) => i !== index);
    case 7:
      return [...parts, part];
    default: {
      const other = random(parts.length);
      const swapped = parts.with(index, parts[other]!).with(other, part);
      return swapped.every((bytes, i) => Buffer.compare(bytes, parts[i]!) === 0) ? undefined : swapped;
    }
  }
}

/** xorshift32. */
export function createRandom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return below === 0 ? 0 : state % below;
  };
}
