/**
 * What a chain holds of the operations of one account: one look for all of them, however many are open. By what a node says.
 *
 * Finalized is what members may be asked about. What is in the best block counts for what costs the asker alone: how many have
 * approved already.
 */
import { bytesToHex, equalBytes } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import type { ChainNow, ChainView } from './chainView.ts';
import type { Cursor } from './cursor.ts';
import { fieldOf, integerOf, isStruct } from './codec.ts';
import type { VaultAccount } from './gateway.ts';
import { readOperation, type StoredOperation } from './multisigCalls.ts';
import type { RecentNow } from './recentNow.ts';
import type { Runtime } from './runtime.ts';

export interface OperationsLook {
  readonly now: ChainNow;
  readonly finalized: OperationsAt;
  readonly best: OperationsAt;
  /** Hashes that were asked for, in hex. */
  readonly asked: ReadonlySet<string>;
  /** Up to where this process derived the chain itself, then; undefined where it does not. */
  readonly derived: Cursor | undefined;
}

export interface OperationsAt {
  /** The opener's next nonce. */
  readonly used: bigint;
  /** The operations that it opened and that are open still, by the hash of their call in hex. */
  readonly open: ReadonlyMap<string, StoredOperation>;
}

export interface OperationsLooks {
  fresh(signal: AbortSignal): Promise<OperationsLook>;
  /** The newest one, unless the slot was told by it before: whoever asks again hears something new. */
  forSlot(slot: bigint, hash: Uint8Array | undefined, signal: AbortSignal): Promise<OperationsLook>;
}

export interface OperationsLooksDeps {
  readonly clock: Clock;
  readonly view: ChainView;
  readonly fresh: RecentNow['fresh'];
  readonly derived: () => Promise<Cursor | undefined>;
}

/** The engine asks for all slots in a row; then the first of them looks for all. */
const KEPT_MS = 1_000;

/** `hashes`: of the calls that are under way. */
export function createOperationsLooks(
  deps: OperationsLooksDeps,
  vault: VaultAccount,
  hashes: () => readonly Uint8Array[],
): OperationsLooks {
  const { clock } = deps;
  let last: Looked | undefined;
  let running: Promise<Looked> | undefined;

  async function look(signal: AbortSignal): Promise<Looked> {
    const now = await deps.fresh(signal);
    const asked = hashes();
    const derived = await deps.derived();
    const at = await lookAt(deps.view, now, vault, asked, signal);
    const names = new Set(asked.map(bytesToHex));
    last = { look: { now, ...at, asked: names, derived }, atMs: clock.now(), told: new Set() };
    return last;
  }

  /** Several that need one at once share it. */
  async function shared(signal: AbortSignal): Promise<Looked> {
    running ??= look(signal).finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    fresh: async (signal) => (await look(signal)).look,
    forSlot: async (slot, hash, signal) => {
      const isNews = ({ told, look: { asked } }: Looked): boolean =>
        !told.has(slot) && (hash === undefined || asked.has(bytesToHex(hash)));
      let found = last;
      if (found === undefined || clock.now() - found.atMs >= KEPT_MS || !isNews(found)) found = await shared(signal);
      // The one that was shared had begun before the slot was known.
      if (!isNews(found)) found = await look(signal);
      found.told.add(slot);
      return found.look;
    },
  };
}

interface Looked {
  readonly look: OperationsLook;
  readonly atMs: number;
  /** Slots that were told by it. */
  readonly told: Set<bigint>;
}

async function lookAt(
  view: ChainView,
  now: ChainNow,
  vault: VaultAccount,
  hashes: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<Pick<OperationsLook, 'finalized' | 'best'>> {
  const { runtime } = now;
  const keys = [
    runtime.storageKey('System', 'Account', vault.opener),
    ...hashes.map((hash) => runtime.storageKey('Multisig', 'Multisigs', vault.account, hash)),
  ];
  const read = ([account, ...stored]: readonly (Uint8Array | undefined)[]): OperationsAt => {
    const open = new Map<string, StoredOperation>();
    for (const [index, bytes] of stored.entries()) {
      const [hash, operation] = [hashes[index], bytes && readOperation(runtime, bytes)];
      if (hash === undefined || operation === undefined) continue;
      // Nobody else can open one of this account without its members; but the same call may be open by their hands.
      if (equalBytes(operation.depositor, vault.opener)) open.set(bytesToHex(hash), operation);
    }
    return { used: nonceOf(runtime, account), open };
  };
  const [finalized, best] = await Promise.all([
    view.storages(keys, now.finalized.hash, signal),
    view.storages(keys, undefined, signal),
  ]);
  return { finalized: read(finalized), best: read(best) };
}

/** Of an account that there is not: 0. */
function nonceOf(runtime: Runtime, account: Uint8Array | undefined): bigint {
  const info = account === undefined ? undefined : runtime.readStorage('System', 'Account', account);
  return (isStruct(info) ? integerOf(fieldOf(info, 'nonce', 0)) : undefined) ?? 0n;
}
