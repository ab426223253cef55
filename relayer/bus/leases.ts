/**
 * A lease: of all processes that ask for one name, one has it, keeps renewing it, and another takes over when it falls
 * silent. It shares work out and proves nothing: a process that was paused may believe for a moment that it still holds
 * what another took, and a wiped server knows no holder at all. So whatever a lease guards must be harmless when two do it.
 *
 * No two clocks are compared. A holder counts from before its last renewal; the others wait the whole time from when they
 * saw that renewal. The epoch grows with every change of hands, through wipes too, since it is at least the time.
 */
import { bytesToHex, utf8 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { assert } from '../core/errors.ts';
import { keccak256 } from '../core/keccak.ts';
import type { Lease, LeaseOptions } from './port.ts';

export interface LeaseEntry {
  readonly value: Uint8Array;
  /** Grows with every write of the key. */
  readonly revision: number;
}

/** One record a name, written only over what was read. What a server remembers is not trusted to last. */
export interface LeaseStore {
  read(name: string): Promise<LeaseEntry | undefined>;
  /** The new revision; `expectedRevision` 0 means that there must be none. */
  write(name: string, value: Uint8Array, expectedRevision: number): Promise<number | 'conflict'>;
}

export interface LeaseDeps {
  readonly store: LeaseStore;
  readonly clock: Clock;
  onTrouble(error: unknown): void;
}

export interface RunningLease extends Lease {
  /** Resolves when the signal fired and the lease was given back. */
  readonly ended: Promise<void>;
}

interface LeaseRecord {
  /** Empty when it was given back. */
  readonly holder: string;
  readonly epoch: bigint;
}

interface Holding extends LeaseRecord {
  readonly revision: number;
  readonly untilMs: number;
}

/** Parts of the time to live: two renewals may be lost; looks of those who wait; what a holder does not use of it. */
const RENEWALS = 3;
const LOOKS = 4;
const UNUSED = 5;
/** Bytes of a record: a name of 64 characters and a number. */
const RECORD_BYTES_MAX = 512;

export function createLease(name: string, options: LeaseOptions, deps: LeaseDeps): RunningLease {
  const { holder, ttlMs, signal } = options;
  const { store, clock } = deps;
  assert(ttlMs >= LOOKS, 'a lease lives for some milliseconds');
  let holding: Holding | undefined;
  /** What another holder wrote last, and when this process first saw it. */
  let seen: { readonly revision: number; readonly atMs: number } | undefined;

  const isHeld = (): boolean => !signal.aborted && holding !== undefined && clock.now() < holding.untilMs;

  function hold(record: LeaseRecord, revision: number, startedMs: number): void {
    const isNew = holding === undefined;
    holding = { ...record, revision, untilMs: startedMs + ttlMs - ttlMs / UNUSED };
    seen = undefined;
    if (!isNew) return;
    expire().catch(() => undefined);
    options.onChange?.(true);
  }

  function lose(): void {
    if (holding === undefined) return;
    holding = undefined;
    options.onChange?.(false);
  }

  /** Its own loop, since a renewal may hang for longer than the lease lives. */
  async function expire(): Promise<void> {
    while (holding !== undefined && !signal.aborted) {
      const left = holding.untilMs - clock.now();
      if (left <= 0) lose();
      else await clock.sleep(left, signal);
    }
  }

  /** Each returns when to look again. */
  async function renew(held: Holding): Promise<number> {
    const startedMs = clock.now();
    const { epoch } = held;
    const revision = await store.write(name, encodeRecord({ holder, epoch }), held.revision);
    if (revision === 'conflict') {
      lose();
      return 0;
    }
    // It may have lapsed while the server was slow; nobody else has it, since the write went through.
    hold({ holder, epoch }, revision, startedMs);
    return ttlMs / RENEWALS;
  }

  async function tryTake(): Promise<number> {
    const entry = await store.read(name);
    const record = entry && decodeRecord(entry.value);
    const startedMs = clock.now();
    // A record of this very name is from before a restart: names are unique among those who live.
    if (entry !== undefined && record?.holder !== '' && record?.holder !== holder) {
      if (seen?.revision !== entry.revision) seen = { revision: entry.revision, atMs: startedMs };
      const freeMs = seen.atMs + ttlMs + share(holder, name) * (ttlMs / LOOKS);
      if (startedMs < freeMs) return Math.min(freeMs - startedMs, ttlMs / LOOKS);
    }
    if (signal.aborted) return 0;
    const before = record?.epoch ?? 0n;
    const time = BigInt(Math.floor(startedMs));
    const epoch = before >= time ? before + 1n : time;
    const revision = await store.write(name, encodeRecord({ holder, epoch }), entry?.revision ?? 0);
    if (revision === 'conflict') return ttlMs / LOOKS;
    hold({ holder, epoch }, revision, startedMs);
    return ttlMs / RENEWALS;
  }

  async function turn(): Promise<number> {
    try {
      return holding === undefined ? await tryTake() : await renew(holding);
    } catch (error) {
      if (!signal.aborted) deps.onTrouble(error);
      return ttlMs / (2 * RENEWALS);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await turn();
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
    const held = holding;
    lose();
    // Given back, so that nobody waits for it to run out. Nothing rests on this.
    if (held !== undefined) await store.write(name, encodeRecord({ holder: '', epoch: held.epoch }), held.revision);
  }

  return {
    ended: run().catch(() => undefined),
    get held() {
      return isHeld();
    },
    get epoch() {
      return isHeld() ? holding?.epoch : undefined;
    },
  };
}

/** A fixed number in [0, 1) for a process and a lease: so what a dead process held goes to several others, not to one. */
function share(holder: string, name: string): number {
  return parseInt(bytesToHex(keccak256(utf8(`${holder} ${name}`))).slice(0, 8), 16) / 2 ** 32;
}

function encodeRecord({ holder, epoch }: LeaseRecord): Uint8Array {
  return utf8(JSON.stringify({ holder, epoch: epoch.toString() }));
}

/** Undefined for anything else: then it counts as held by somebody unknown, and runs out like any other. */
function decodeRecord(bytes: Uint8Array): LeaseRecord | undefined {
  if (bytes.length > RECORD_BYTES_MAX) return undefined;
  try {
    const row = JSON.parse(new TextDecoder().decode(bytes)) as { holder?: unknown; epoch?: unknown } | null;
    const { holder, epoch } = row ?? {};
    if (typeof holder !== 'string' || typeof epoch !== 'string' || !/^\d{1,20}$/.test(epoch)) return undefined;
    return { holder, epoch: BigInt(epoch) };
  } catch {
    return undefined;
  }
}
