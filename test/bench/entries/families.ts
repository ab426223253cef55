/**
 * Each light client and each adapter alone, on one thread: CPU microseconds per verification, and per transfer derived from
 * evidence. Nothing else of the relayer runs.
 */
import { type Bench, rounded, rssMb, timed } from '../bench.ts';
import { derivations } from '../families/derivations.ts';
import { verifications } from '../families/verifications.ts';

export const families: Bench = {
  name: 'families',
  shows: 'each light client and adapter alone: CPU us per verification and per transfer derived',
  run: async ({ seconds, seed, say }) => {
    const headers = verifications(seed).map(({ part, per = 1, run }) => ({
      part,
      per,
      unit: 'verification' as const,
      run,
    }));
    const transfers = (await derivations(seed)).map(({ part, transfers: per, run }) => {
      return { part, per, unit: 'transfer' as const, run };
    });
    const all = [...headers, ...transfers];
    const parts = all.map(({ part, per, unit, run }) => {
      const { cpuMicros, wallMicros, p50Ms, p99Ms, iterations } = timed(seconds / all.length, run);
      const row = {
        ...{ part, unit, iterations },
        cpuMicros: rounded(cpuMicros / per),
        ms: rounded(wallMicros / 1_000 / per),
        p50Ms: rounded(p50Ms / per),
        p99Ms: rounded(p99Ms / per),
      };
      say(`${part.padEnd(52)} ${String(row.cpuMicros).padStart(8)} CPU us a ${unit} (p50 ${row.p50Ms} ms)`);
      return row;
    });
    return {
      perSecond: null,
      cpuMicrosPerTransfer: null,
      cores: null,
      p50Ms: null,
      p99Ms: null,
      rssMb: rssMb(),
      lost: null,
      doubled: null,
      parts,
      note: 'light clients and adapters alone on one thread; made-up blocks with real keys, roots and proofs, no chain, bus or store',
    };
  },
};
