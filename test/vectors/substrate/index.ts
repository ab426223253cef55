/** The Substrate vector suites. */
export { beefyCommitment, beefyMmr } from './beefy.ts';
export type { SuiteResult } from './fixtures.ts';
export { grandpaLiveCommit, grandpaLiveJustification, grandpaScheduledChangeHeaders } from './grandpa.ts';
export { trieParaHeadProof, trieRegressions } from './trie.ts';
