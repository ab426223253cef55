/** The suites of recorded Ethereum light-client data. */
export type { SuiteResult } from './fixtures.ts';
export { forksCorrupted, sepoliaCorrupted } from './corrupted.ts';
export { forks } from './forks.ts';
export { fuluDevnet } from './fuluDevnet.ts';
export { mainnetBlock } from './mainnetBlock.ts';
export { sepolia } from './sepolia.ts';
export { specSync } from './specSync.ts';
