/**
 * Which stage the main thread's CPU time goes to, by sampling: each sample counts for the nearest caller that belongs to a
 * stage, so that hashing on behalf of the attester is the attester's. Other threads (LevelDB, the collector's helpers) are
 * not sampled; what the process used beyond the samples is theirs.
 */
import { Session } from 'node:inspector/promises';

export interface StageSample {
  readonly stage: string;
  readonly micros: number;
}

export interface Profile {
  /** Main-thread time that was not idle. */
  readonly busyMicros: number;
  readonly stages: readonly StageSample[];
  /** The functions with the most time of their own. */
  readonly functions: readonly { readonly name: string; readonly micros: number }[];
}

const SAMPLE_MICROS = 500;
const FUNCTIONS_SHOWN = 40;

/** Folder of a function -> stage. The first match counts. */
const STAGES: readonly (readonly [pattern: RegExp, stage: string])[] = [
  [/\/relayer\/(ingest|verify)\/|\/light-clients\/|\/adapters\/evm\/(derive|cursor|evidence)/, 'verify'],
  [/\/relayer\/attest\//, 'attest'],
  [/\/relayer\/ledger\//, 'ledger'],
  [/\/relayer\/plan\//, 'plan'],
  [/\/relayer\/submit\//, 'submit'],
  [/\/relayer\/store\/journal/, 'journal'],
  [/\/relayer\/store\/|\/(abstract-level|classic-level|level)\//, 'store'],
  [/\/relayer\/bus\/|\/@nats-io\//, 'bus'],
  [/\/relayer\/monitor\//, 'monitor'],
  [/\/test\/bench\//, 'simulated endpoints'],
];

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[] | undefined;
}

let session: Session | undefined;

export async function startProfile(): Promise<void> {
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROS });
  await session.post('Profiler.start');
}

export async function stopProfile(): Promise<Profile> {
  if (session === undefined) throw new Error('no profile was started');
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  session = undefined;
  return summed(profile.nodes, profile.samples ?? [], profile.timeDeltas ?? []);
}

export function summed(nodes: readonly ProfileNode[], samples: readonly number[], deltas: readonly number[]): Profile {
  const own = new Map<number, number>();
  samples.forEach((id, index) => own.set(id, (own.get(id) ?? 0) + (deltas[index] ?? 0)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const stages = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyMicros = 0;
  for (const [id, micros] of own) {
    if (byId.get(id)!.callFrame.functionName === '(idle)') continue;
    busyMicros += micros;
    add(stages, stageOf(id, byId, parents), micros);
    add(functions, nameOf(id, byId, parents), micros);
  }
  const most = [...functions].sort(([, a], [, b]) => b - a).slice(0, FUNCTIONS_SHOWN);
  return {
    busyMicros,
    stages: [...stages].sort(([, a], [, b]) => b - a).map(([stage, micros]) => ({ stage, micros })),
    functions: most.map(([name, micros]) => ({ name, micros })),
  };
}

function stageOf(id: number, byId: ReadonlyMap<number, ProfileNode>, parents: ReadonlyMap<number, number>): string {
  if (byId.get(id)?.callFrame.functionName === '(garbage collector)') return 'garbage collection';
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const url = byId.get(at)?.callFrame.url ?? '';
    const stage = STAGES.find(([pattern]) => pattern.test(url))?.[1];
    if (stage !== undefined) return stage;
  }
  return 'runtime';
}

/** What has no file is native or built in: its caller says more. */
function nameOf(id: number, byId: ReadonlyMap<number, ProfileNode>, parents: ReadonlyMap<number, number>): string {
  const { functionName, url, lineNumber } = byId.get(id)!.callFrame;
  const name = functionName === '' ? '(anonymous)' : functionName;
  const parent = parents.get(id);
  if (url === '' && parent !== undefined) return `${name} < ${nameOf(parent, byId, parents)}`;
  return `${name} ${url.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')}:${lineNumber + 1}`;
}

function add(sums: Map<string, number>, key: string, micros: number): void {
  sums.set(key, (sums.get(key) ?? 0) + micros);
}
