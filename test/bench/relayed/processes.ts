/** CPU time and memory of other processes, all their threads, as Linux tells them; undefined elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessUse {
  readonly cpuMicros: number;
  readonly rssMb: number;
}

/** `USER_HZ` of every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export function useOf(pid: number): ProcessUse | undefined {
  try {
    const fields = statOf(pid);
    const ticks = Number(fields[11]) + Number(fields[12]);
    const rss = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { cpuMicros: (ticks * 1_000_000) / TICKS_PER_SECOND, rssMb: Math.round(Number(rss ?? 0) / 1_024) };
  } catch {
    return undefined;
  }
}

/** The process that was started with these arguments, one after the other among others; undefined when there is none. */
export function pidOf(...args: readonly string[]): number | undefined {
  const wanted = `\0${args.join('\0')}\0`;
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).find((pid) => pid !== process.pid && commandLine(pid).includes(wanted));
  } catch {
    return undefined;
  }
}

/** The child of this process whose command line holds all these words; undefined when there is none. */
export function childOf(...words: readonly string[]): number | undefined {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).find((pid) => {
      const line = commandLine(pid);
      return words.every((word) => line.includes(word)) && Number(statOf(pid)[1]) === process.pid;
    });
  } catch {
    return undefined;
  }
}

/** What Linux tells of a process behind its name, which is in brackets and may hold anything. Throws when there is none. */
function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

export interface Meter {
  /** CPU microseconds since the meter was made, by name. */
  cpuMicros(): ReadonlyMap<string, number>;
  /** The most memory ever held, in MB, by name. */
  rssMb(): ReadonlyMap<string, number>;
}

/** Of named processes, from now on. */
export function startMeter(processes: ReadonlyMap<string, number | undefined>): Meter {
  const pids = [...processes].flatMap(([name, pid]) => (pid === undefined ? [] : [[name, pid] as const]));
  const before = new Map(pids.map(([name, pid]) => [name, useOf(pid)?.cpuMicros ?? 0]));
  const read = (value: (use: ProcessUse, name: string) => number): ReadonlyMap<string, number> =>
    new Map(
      pids.flatMap(([name, pid]) => {
        const use = useOf(pid);
        return use === undefined ? [] : [[name, value(use, name)] as const];
      }),
    );
  return {
    cpuMicros: () => read(({ cpuMicros }, name) => cpuMicros - (before.get(name) ?? 0)),
    rssMb: () => read(({ rssMb }) => rssMb),
  };
}

/** Node processes that are started meanwhile say how long they collect garbage. */
export async function sayingGc(start: () => Promise<unknown>): Promise<void> {
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] = `${before ?? ''} --import ${new URL('sayGc.mjs', import.meta.url).href}`.trim();
  try {
    await start();
  } finally {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
  }
}
