/** Corrupted headers, updates and proofs of every family. */
import { core } from './core.ts';
import { cosmos } from './cosmos.ts';
import { ethereum } from './ethereum.ts';
import type { Family } from './mutate.ts';
import { substrate } from './substrate.ts';

export { countAccepted, type Family, type MutantCount } from './mutate.ts';

export const FAMILIES: readonly Family[] = [core, ethereum, cosmos, substrate];
