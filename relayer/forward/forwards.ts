/**
 * Sends transfers on through one chain in the middle. Users register the terms of their forwarder; when a verified delivery
 * has paid it, it is poked, and followed until the verified lane says that it went on, arrived, or came back.
 *
 * It has no authority: a forwarder does the same whoever pokes it, and nobody depends on this process, since anyone may. It
 * costs gas, so it is bounded: open forwards, and transactions in an hour.
 */
import { bytesToHex } from '../core/bytes.ts';
import { type Clock, nextDelay } from '../core/clock.ts';
import { createWake } from '../core/concurrency.ts';
import { asViaductError } from '../core/errors.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import type { Logger } from '../core/log.ts';
import { isIn } from '../core/ranges.ts';
import { transferIdOf } from '../core/packet.ts';
import { laneById, lanesFrom, lanesTo, type Manifest, type Representation } from '../manifest/index.ts';
import type { Journal } from '../store/journal.ts';
import type { Store } from '../store/port.ts';
import { createForwardBook } from './forwardBook.ts';
import type { ForwardRecord } from './forwardRecord.ts';
import { createLaneScan, type LaneScan } from './laneScan.ts';
import type { Forwarding, ForwardTerms } from '../core/forward.ts';

export interface ForwardsDeps {
  readonly manifest: Manifest;
  readonly journal: Journal;
  readonly store: Store;
  readonly forwarding: Forwarding;
  readonly clock: Clock;
  /** The time of the chain in the middle, by which terms expire. */
  readonly chainClock: Clock;
  readonly log: Logger;
}

export interface ForwardsOptions {
  readonly openMax: number;
  readonly pokesPerHourMax: number;
  /** How often it looks when nothing wakes it. */
  readonly pollMs: number;
}

export interface Forwards {
  readonly chain: ChainName;
  /** The same terms again are the same forward. Throws `USAGE` when there are too many. */
  register(terms: ForwardTerms): Promise<ForwardRecord>;
  find(address: Uint8Array): ForwardRecord | undefined;
  /** Runs until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** How long a transaction that was sent may take to show in the verified lane before it is looked at again. */
const UNSEEN_MS = 120_000;
const HOUR_MS = 3_600_000;

export function createForwards(chain: ChainName, deps: ForwardsDeps, options: ForwardsOptions): Forwards {
  const { manifest, journal, forwarding, clock, chainClock, log } = deps;
  const book = createForwardBook(deps.store, chain, options.openMax);
  const { wake, wait } = createWake(clock);
  /** By forwarder: when it is tried again, and how often it was in vain. */
  const due = new Map<string, { readonly atMs: number; readonly failures: number }>();
  const spent: number[] = [];
  const loaded = book.load();
  const incoming = lanesTo(manifest, chain).filter(({ source }) => source !== chain);
  const outgoing = lanesFrom(manifest, chain).filter(({ target }) => target !== chain);

  async function step(scans: Scans, signal: AbortSignal): Promise<void> {
    await scan(scans);
    for (const record of book.open()) {
      if (signal.aborted) return;
      if ((due.get(nameOf(record))?.atMs ?? 0) > clock.now()) continue;
      try {
        const next = await advance(record, signal);
        if (next === undefined) later(record);
        else due.delete(nameOf(record));
        if (next !== undefined && next.state !== record.state) {
          const { state, transaction } = next;
          log.info({ chain, forwarder: nameOf(record), state, transaction }, 'a forward moved');
        }
      } catch (thrown) {
        const error = asViaductError(thrown);
        if (signal.aborted) return;
        if (error.code === 'BUG') throw error;
        log.warn({ chain, forwarder: nameOf(record), code: error.code, detail: error.shortMessage }, 'a forward waits');
        await book.change(record, { reason: error.shortMessage });
        later(record);
      }
    }
  }

  /** Verified: who was paid, and who sent on. */
  async function scan(scans: Scans): Promise<void> {
    const open = new Map(book.open().map((record) => [nameOf(record), record]));
    for (const one of scans.incoming) {
      const { delivered } = await journal.lane(one.lane);
      for (const { account } of await one.next(delivered.through, new Set(open.keys()))) {
        const record = open.get(account);
        if (record?.state !== 'waiting') continue;
        open.set(account, await book.change(record, { state: 'arrived', reason: undefined }));
        due.delete(account);
      }
    }
    for (const one of scans.outgoing) {
      const { derived } = await journal.lane(one.lane);
      for (const { account, sequence } of await one.next(derived, new Set(open.keys()))) {
        const record = open.get(account);
        if (record === undefined || record.place !== undefined) continue;
        const place = { lane: one.lane, sequence };
        open.set(account, await book.change(record, { state: 'forwarded', place, reason: undefined }));
        due.delete(account);
      }
    }
  }

  /** One step of a forward, or undefined when nothing can be done about it now. */
  async function advance(record: ForwardRecord, signal: AbortSignal): Promise<ForwardRecord | undefined> {
    switch (record.state) {
      case 'waiting':
        // Nothing verified ever paid it: a stranger's dust is not worth a transaction.
        return isExpired(record) ? book.change(record, { state: 'expired', reason: undefined }) : undefined;
      case 'arrived':
        return poke(record, signal);
      case 'sent':
        // A reorganisation may have undone it: poking again says so, and does nothing when it has not.
        return poke(record, signal);
      case 'forwarded':
        return follow(record, signal);
      case 'settled':
      case 'recovered':
      case 'expired':
        return undefined;
    }
  }

  async function poke(record: ForwardRecord, signal: AbortSignal): Promise<ForwardRecord | undefined> {
    if (!hasBudget()) return undefined;
    const outcome = await forwarding.poke(record.terms, signal);
    switch (outcome.kind) {
      case 'sent':
        spent.push(clock.now());
        pause(record, UNSEEN_MS);
        return keep(record, { state: 'sent', transaction: outcome.transaction, reason: undefined });
      case 'done':
        if (isExpired(record)) return book.change(record, { state: 'settled', reason: 'it went on, long ago' });
        pause(record, UNSEEN_MS);
        return keep(record, { state: 'sent', reason: undefined });
      case 'expired':
        return recover(record, 'expired', signal);
      case 'waiting':
        await book.change(record, { reason: 'it does not hold the whole amount yet, as far as the endpoint knows' });
        return undefined;
      case 'blocked':
        await book.change(record, { reason: outcome.reason });
        return undefined;
    }
  }

  /** To the end of the second lane: delivered, or refused and back at the forwarder. */
  async function follow(record: ForwardRecord, signal: AbortSignal): Promise<ForwardRecord | undefined> {
    const { place } = record;
    if (place === undefined) return undefined;
    if (!isIn((await journal.lane(place.lane)).delivered, place.sequence)) return undefined;
    const packet = await journal.readPackets(place.lane, place.sequence, 1);
    // Long ago, and forgotten: what it holds says whether it came back.
    if (packet === undefined) return recover(record, 'settled', signal);
    const back = await journal.returnOf(transferIdOf(place.lane, packet));
    if (back === undefined) return book.change(record, { state: 'settled', reason: undefined });
    if (!isIn((await journal.lane(back.lane)).delivered, back.sequence)) return undefined;
    return recover(record, 'recovered', signal);
  }

  /** `empty`: the state of one that holds nothing. */
  async function recover(
    record: ForwardRecord,
    empty: 'expired' | 'recovered' | 'settled',
    signal: AbortSignal,
  ): Promise<ForwardRecord | undefined> {
    if (!hasBudget()) return undefined;
    const transaction = await forwarding.recover(record.terms, tokenOf(record), signal);
    if (transaction === undefined) {
      const reason =
        empty === 'recovered' ? 'it holds nothing: what the gateway holds for it can be claimed' : undefined;
      return book.change(record, { state: empty, reason });
    }
    spent.push(clock.now());
    return book.change(record, { state: 'recovered', transaction, reason: undefined });
  }

  function tokenOf({ terms: { asset } }: ForwardRecord): Uint8Array | undefined {
    const rows = manifest.assets.find(({ id }) => id === asset)?.representations ?? [];
    const local: Representation | undefined = rows.find((row) => row.chain === chain);
    return local?.family === 'evm' && local.custody !== 'native' ? local.token : undefined;
  }

  function isExpired({ terms }: ForwardRecord): boolean {
    return BigInt(Math.floor(chainClock.now() / 1000)) >= terms.expirySeconds;
  }

  function hasBudget(): boolean {
    const since = clock.now() - HOUR_MS;
    while (spent.length > 0 && (spent[0] ?? 0) < since) spent.shift();
    return spent.length < options.pokesPerHourMax;
  }

  /** Keeps the pause that was just set. */
  async function keep(record: ForwardRecord, change: Partial<ForwardRecord>): Promise<undefined> {
    const next = await book.change(record, change);
    if (next.state !== record.state) {
      log.info(
        { chain, forwarder: nameOf(record), state: next.state, transaction: next.transaction },
        'a forward moved',
      );
    }
  }

  function pause(record: ForwardRecord, ms: number): void {
    due.set(nameOf(record), { atMs: clock.now() + ms, failures: 0 });
  }

  function later(record: ForwardRecord): void {
    const name = nameOf(record);
    const before = due.get(name);
    if (before !== undefined && before.atMs > clock.now()) return;
    const failures = (before?.failures ?? 0) + 1;
    due.set(name, { atMs: clock.now() + nextDelay(failures - 1, RETRY_MS_MIN, RETRY_MS_MAX), failures });
  }

  return {
    chain,
    async register(terms) {
      await loaded;
      const address = forwarding.addressOf(terms);
      const known = book.find(address);
      if (known !== undefined) return known;
      const record: ForwardRecord = {
        ...{ chain, address, terms, state: 'waiting', createdMs: clock.now() },
        ...{ place: undefined, transaction: undefined, reason: undefined },
      };
      await book.add(record);
      wake();
      return record;
    },
    find: (address) => book.find(address),
    async run(signal) {
      await loaded;
      const scans: Scans = {
        incoming: incoming.map(({ id }) => createLaneScan(deps, id, 'receiver')),
        outgoing: outgoing.map(({ id }) => createLaneScan(deps, id, 'sender')),
      };
      const lanes = new Set<LaneId>([...incoming, ...outgoing].flatMap(({ id, oppositeId }) => [id, oppositeId]));
      const watched = [...lanes].filter((id) => laneById(manifest, id) !== undefined);
      // What is blocked waits for its time; what is verified now does not.
      const unwatch = watched.map((id) => journal.watchLane(id, onNews));
      while (!signal.aborted) {
        // An idle relayer reads no packets for it.
        if (book.open().length > 0) await step(scans, signal);
        else for (const one of [...scans.incoming, ...scans.outgoing]) one.skip();
        await wait(options.pollMs, signal);
      }
      for (const end of unwatch) end();
    },
  };

  function onNews(): void {
    for (const record of book.open()) if (record.state === 'forwarded') due.delete(nameOf(record));
    wake();
  }
}

interface Scans {
  readonly incoming: readonly LaneScan[];
  readonly outgoing: readonly LaneScan[];
}

function nameOf({ address }: Pick<ForwardRecord, 'address'>): string {
  return bytesToHex(address);
}
