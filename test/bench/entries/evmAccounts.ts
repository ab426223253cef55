/**
 * The same as `evm` with 1 to 8 funded accounts on the target: whether more of them deliver more. Where the chain's execution is
 * what limits, they do not, and the line of the chain fed directly by as many accounts says so.
 */
import { type Bench, rounded } from '../bench.ts';
import { type EvmLine, evmLine } from './evm.ts';

const ACCOUNTS = [1, 2, 4, 8] as const;
/** Anvil's execution does not fill it: what the accounts make of it shows. */
const GAS_LIMIT = 300_000_000n;
/** Fewer would be ramp alone. */
const MIN_SECONDS = 6;

export const evmAccounts: Bench = {
  name: 'evm-accounts',
  shows:
    'deliveries a second to one real anvil by 1, 2, 4 and 8 funded accounts, beside the chain fed directly by as many',
  run: async ({ seconds, seed, say }) => {
    const lines: EvmLine[] = [];
    for (const accounts of ACCOUNTS) {
      const share = Math.max(MIN_SECONDS, seconds / ACCOUNTS.length);
      lines.push(await evmLine({ gasLimit: GAS_LIMIT, accounts, seconds: share, seed, say }));
    }
    const best = lines.reduce((most, line) => (line.deliveredPerSecond > most.deliveredPerSecond ? line : most));
    return {
      perSecond: best.deliveredPerSecond,
      cpuMicrosPerTransfer: best.relayerCpuMicros,
      cores: rounded((best.relayerCpuMicros * best.deliveredPerSecond) / 1_000_000),
      p50Ms: best.paced.toSubmitted.p50Ms,
      p99Ms: best.paced.toSubmitted.p99Ms,
      rssMb: Math.max(...Object.values(best.rssMb)),
      lost: lines.reduce((sum, { faults }) => sum + faults, 0),
      doubled: lines.reduce((sum, { judgement }) => sum + judgement.doubled, 0),
      lines,
      note:
        'nothing is simulated, as in evm; the figures are those of the best line; all processes share this machine, so that more ' +
        'accounts cannot give more than its cores',
    };
  },
};
