/**
 * Group commit: writes that arrive while the disk is busy go into the next batch together, so that many writers share
 * one fsync. A batch is synced when any write in it asks for that. Order of calls is order of effect, and a write
 * resolves only after the batch that holds it.
 *
 * After one failed commit nothing is known about the disk, so every later write is refused with the same error.
 */
import { assert, ViaductError } from '../core/errors.ts';
import { assertKey } from './keys.ts';
import type { Operation, StoreStats, WriteOptions } from './port.ts';
import type { Watchers } from './watchers.ts';

/** Bytes in one commit: a burst of frames shares an fsync and still fits LevelDB's write buffer a few times over. */
export const COMMIT_BYTES_MAX = 16 * 1024 * 1024;
/** Writes that wait for a commit; more means that a caller does not wait for its own writes. */
export const PENDING_WRITES_MAX = 65_536;

export interface GroupCommit {
  write(batch: readonly Operation[], options: WriteOptions): Promise<void>;
  stats(): StoreStats;
  /** Refuses new writes and waits for those that run. */
  close(): Promise<void>;
}

export type Commit = (operations: readonly Operation[], sync: boolean) => Promise<void>;

interface PendingWrite {
  readonly batch: readonly Operation[];
  readonly sync: boolean;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: ViaductError) => void;
}

export function createGroupCommit(commit: Commit, watchers: Watchers): GroupCommit {
  const counts = { writes: 0, commits: 0, syncedCommits: 0, bytesWritten: 0 };
  let pending: PendingWrite[] = [];
  let running: Promise<void> | undefined;
  let refusal: ViaductError | undefined;

  async function drain(): Promise<void> {
    // One turn of the event loop's microtasks gathers what is written side by side.
    await Promise.resolve();
    while (pending.length > 0) {
      const group = takeGroup();
      try {
        await commitGroup(group);
      } catch (error) {
        refusal = error instanceof ViaductError ? error : unavailable(error);
        const lost = [...group, ...pending];
        pending = [];
        for (const write of lost) write.reject(refusal);
      }
    }
    running = undefined;
  }

  function takeGroup(): PendingWrite[] {
    let bytes = 0;
    let count = 0;
    for (const write of pending) {
      if (count > 0 && bytes + write.bytes > COMMIT_BYTES_MAX) break;
      bytes += write.bytes;
      count += 1;
    }
    const group = pending.slice(0, count);
    pending = pending.slice(count);
    return group;
  }

  async function commitGroup(group: readonly PendingWrite[]): Promise<void> {
    const operations = group.length === 1 ? (group[0] as PendingWrite).batch : group.flatMap((write) => write.batch);
    const sync = group.some((write) => write.sync);
    await commit(operations, sync);
    counts.commits += 1;
    if (sync) counts.syncedCommits += 1;
    for (const write of group) {
      counts.writes += 1;
      counts.bytesWritten += write.bytes;
      write.resolve();
    }
    watchers.notify(operations);
  }

  return {
    async write(batch, { sync }) {
      if (refusal !== undefined) throw refusal;
      assert(batch.length > 0, 'a write holds at least one operation');
      assert(pending.length < PENDING_WRITES_MAX, 'writers wait for their writes');
      let bytes = 0;
      for (const operation of batch) {
        assertKey(operation.key);
        bytes += operation.key.length + (operation.kind === 'put' ? operation.value.length : 0);
      }
      return new Promise((resolve, reject) => {
        pending.push({ batch, sync, bytes, resolve, reject });
        running ??= drain();
      });
    },
    stats: () => ({ ...counts, pendingWrites: pending.length }),
    async close() {
      refusal ??= new ViaductError({ code: 'STORE_UNAVAILABLE', shortMessage: 'The store is closed.' });
      await running;
    },
  };
}

function unavailable(cause: unknown): ViaductError {
  return new ViaductError({
    code: 'STORE_UNAVAILABLE',
    shortMessage: 'The store failed to write.',
    metaMessages: [cause instanceof Error ? cause.message : String(cause)],
    cause,
  });
}
