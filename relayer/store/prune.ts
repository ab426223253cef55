/**
 * Forgetting: without it a journal grows by some 400 bytes a transfer for ever. What is settled on both sides is only asked
 * about by people, so a window of the newest is kept for them; everything else may go, since chains are the truth.
 *
 * | kept                                | until                                                                      |
 * |-------------------------------------|----------------------------------------------------------------------------|
 * | own frames                          | their checkpoint is delivered whole, and they are signed where this        |
 * |                                     | process attests, and out of the window                                     |
 * | frames from the bus, certificates   | their checkpoint is delivered whole                                        |
 * | who delivered, why refused          | their frames are gone                                                      |
 * | places of returns                   | delivered, out of the window, and `RETURNS_KEPT` newer ones are there      |
 * | hashes of verified blocks           | `BLOCKS_KEPT` higher ones                                                  |
 *
 * "Delivered" is what this process verified without a gap. Never forgotten: what was signed or promised, transactions that
 * are not resolved, the records of chains and lanes. An attester that has not signed for a lane keeps the frames it would
 * have to book first.
 *
 * The rows are remembered in memory by their keys, so that nothing is read again to be forgotten.
 */
import { readU32, readU64 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import { ID_SEARCH_FRAMES_MAX } from '../core/limits.ts';
import { keyParts, lastNumber } from './keys.ts';
import { del, type Operation, type Store } from './port.ts';
import { deliveredCodec, placeCodec } from './records.ts';

/** What pruning needs of the journal. */
export interface SettledLanes {
  lane(lane: LaneId): Promise<{ readonly delivered: { readonly through: bigint } }>;
  signed(lane: LaneId): Promise<{ readonly through: bigint }>;
}

export interface PruneOptions {
  readonly lanes: readonly LaneId[];
  readonly chains: readonly ChainName[];
  /** Own frames are then kept until they are signed, too. */
  readonly attests: boolean;
  /** Own frames of each lane kept for questions about settled transfers. Default: as many as a search by id looks at. */
  readonly framesKept?: number;
}

export interface Pruner {
  /** Forgets what may be forgotten now; how many entries. The first run reads the journal. */
  run(): Promise<number>;
  close(): void;
}

/** Returns are few; the packet that one belongs to may still be in the window of another lane. */
const RETURNS_KEPT = 10_000;
/** As far back as statements may name a block. */
const BLOCKS_KEPT = 4_096n;
/** Between two looks: what piles up meanwhile is small beside the window. */
const PRUNE_MS = 5_000;
/** Deletions in one write: 100 kB. No further reason. */
const DELETIONS_MAX = 1_000;

const PREFIXES = ['frame', 'relayed', 'certificate', 'delivered', 'refused', 'return', 'block'] as const;
type Prefix = (typeof PREFIXES)[number];

interface Row {
  readonly key: string;
  readonly first: bigint;
  /** The first number after what it covers. */
  readonly end: bigint;
}

export function createPruner(store: Store, journal: SettledLanes, options: PruneOptions): Pruner {
  const framesKept = options.framesKept ?? ID_SEARCH_FRAMES_MAX;
  /** By prefix and lane or chain, ascending by key. */
  const rows = new Map<string, Row[]>();
  /** Where a return's key was filed: its key does not say. */
  const returns = new Map<string, LaneId>();
  const unwatch = PREFIXES.map((prefix) => {
    return store.watch(`${prefix}/`, (operations) => {
      for (const operation of operations) take(prefix, operation);
    });
  });
  let loading: Promise<void> | undefined;

  function take(prefix: Prefix, operation: Operation): void {
    const { key } = operation;
    if (operation.kind === 'del') {
      const owner = prefix === 'return' ? returns.get(key) : keyParts(key)[1];
      const list = owner === undefined ? undefined : rows.get(`${prefix}/${owner}`);
      const at = list?.findIndex((row) => row.key === key) ?? -1;
      if (at >= 0) list?.splice(at, 1);
      returns.delete(key);
      return;
    }
    const { owner, ...span } = readSpan(prefix, key, operation.value);
    if (prefix === 'return') returns.set(key, owner as LaneId);
    const name = `${prefix}/${owner}`;
    const list = rows.get(name) ?? [];
    rows.set(name, list);
    const row: Row = { key, ...span };
    // Nearly always behind the last one.
    let at = list.length;
    while (at > 0 && isAfter(list[at - 1] as Row, row)) at--;
    const before = list[at - 1];
    if (before?.key === key) list[at - 1] = row;
    else list.splice(at, 0, row);
  }

  async function load(): Promise<void> {
    for (const prefix of PREFIXES) {
      for await (const { key, value } of store.range({ gte: `${prefix}/`, lt: `${prefix}0` })) {
        take(prefix, { kind: 'put', key, value });
      }
    }
  }

  /** Takes the rows off the front that may go, `keep` of them at least staying. */
  function settled(prefix: Prefix, owner: string, before: bigint, keep = 0): string[] {
    const list = rows.get(`${prefix}/${owner}`) ?? [];
    let count = 0;
    while (count < list.length - keep && (list[count] as Row).end <= before) count++;
    return list.slice(0, count).map(({ key }) => key);
  }

  /**
   * Where the packets begin that chunks still to be delivered are proven with: a proof is made of all packets of a checkpoint,
   * and its last chunk may wait while its others, and later checkpoints by the dozen, are long delivered.
   */
  function wholeFrom(lane: LaneId, through: bigint): bigint {
    const open = rows.get(`certificate/${lane}`)?.find(({ end }) => end > through);
    return open !== undefined && open.first < through ? open.first : through;
  }

  async function keysOfLane(lane: LaneId): Promise<string[]> {
    const { through } = (await journal.lane(lane)).delivered;
    const signed = options.attests ? (await journal.signed(lane)).through : through;
    const whole = wholeFrom(lane, through);
    const frames = settled('frame', lane, signed < whole ? signed : whole, framesKept);
    const windowFrom = rows.get(`frame/${lane}`)?.[frames.length]?.first ?? through;
    const keptFrom = windowFrom < through ? windowFrom : through;
    return [
      ...frames,
      ...settled('relayed', lane, whole),
      ...settled('certificate', lane, through),
      ...settled('delivered', lane, keptFrom),
      ...settled('refused', lane, keptFrom),
      ...settled('return', lane, keptFrom, RETURNS_KEPT),
    ];
  }

  function keysOfChain(chain: ChainName): string[] {
    const newest = rows.get(`block/${chain}`)?.at(-1)?.first ?? 0n;
    return newest < BLOCKS_KEPT ? [] : settled('block', chain, newest - BLOCKS_KEPT + 1n);
  }

  return {
    async run() {
      loading ??= load();
      await loading;
      const keys = options.chains.flatMap(keysOfChain);
      for (const lane of options.lanes) keys.push(...(await keysOfLane(lane)));
      for (let at = 0; at < keys.length; at += DELETIONS_MAX) {
        await store.write(keys.slice(at, at + DELETIONS_MAX).map(del), { sync: false });
      }
      return keys.length;
    },
    close() {
      for (const stop of unwatch) stop();
    },
  };
}

/** Runs until the signal fires. */
export async function keepPruned(pruner: Pruner, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pruner.run();
    await clock.sleep(PRUNE_MS, signal).catch(() => undefined);
  }
  pruner.close();
}

function isAfter(a: Row, b: Row): boolean {
  return a.first === b.first ? a.key > b.key : a.first > b.first;
}

/** Whose it is and what it covers: by the key, or by fixed places in the value (see `core/frame.ts`, `core/certificate.ts`). */
function readSpan(
  prefix: Prefix,
  key: string,
  value: Uint8Array,
): { readonly owner: string; readonly first: bigint; readonly end: bigint } {
  const owner = keyParts(key)[1] ?? '';
  switch (prefix) {
    case 'frame':
    case 'relayed':
      return { owner, ...span(readU64(value, 36), readU32(value, 44)) };
    case 'certificate':
      return { owner, ...span(readU64(value, 108), readU32(value, 116)) };
    case 'delivered': {
      const { firstSequence, count } = deliveredCodec.decode(value);
      return { owner, ...span(firstSequence, count) };
    }
    case 'return': {
      const { lane, sequence } = placeCodec.decode(value);
      return { owner: lane, ...span(sequence, 1) };
    }
    case 'refused':
    case 'block':
      return { owner, ...span(lastNumber(key), 1) };
  }
}

function span(first: bigint, count: number): { readonly first: bigint; readonly end: bigint } {
  return { first, end: first + BigInt(count) };
}
