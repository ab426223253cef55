/** The Cosmos suites, each a function that runs it. */
import type { SuiteResult } from './fixtures.ts';
import { ics07Simd } from './ics07.ts';
import { ics23 } from './ics23.ts';
import { cometbftMbt, tendermintRsMc4 } from './lightTraces.ts';
import { cometbftRpc, cosmosRecorded } from './recordings.ts';

export type { SuiteResult } from './fixtures.ts';

export const COSMOS_SUITES: readonly (() => SuiteResult)[] = [
  cometbftMbt,
  tendermintRsMc4,
  cometbftRpc,
  cosmosRecorded,
  ics23,
  ics07Simd,
];
