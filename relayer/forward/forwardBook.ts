/** The registered forwards of one chain: in memory, and in the store before anything else. */
import { bytesToHex } from '../core/bytes.ts';
import { ViaductError } from '../core/errors.ts';
import type { ChainName } from '../core/ids.ts';
import { rangeOf, storeKey } from '../store/keys.ts';
import { del, put, type Store } from '../store/port.ts';
import { forwardCodec, type ForwardRecord, isOpen } from './forwardRecord.ts';

export interface ForwardBook {
  load(): Promise<void>;
  find(address: Uint8Array): ForwardRecord | undefined;
  /** Not at their end. */
  open(): readonly ForwardRecord[];
  /** Throws `USAGE` when there are too many open ones. */
  add(record: ForwardRecord): Promise<void>;
  /** Resolves when it is in the store. */
  change(record: ForwardRecord, change: Partial<ForwardRecord>): Promise<ForwardRecord>;
}

/** Forwards at their end that can still be looked up. No further reason. */
export const ENDED_KEPT_MAX = 1_000;

export function createForwardBook(store: Store, chain: ChainName, openMax: number): ForwardBook {
  const records = new Map<string, ForwardRecord>();
  const keyOf = (address: Uint8Array): string => storeKey('forward', chain, bytesToHex(address));
  const open = (): ForwardRecord[] => [...records.values()].filter(isOpen);

  async function write(record: ForwardRecord): Promise<void> {
    const key = keyOf(record.address);
    await store.write([put(key, forwardCodec.encode(record))], { sync: false });
    records.set(key, record);
    await forget();
  }

  /** The oldest of those at their end give way. */
  async function forget(): Promise<void> {
    const ended = [...records]
      .filter(([, record]) => !isOpen(record))
      .sort(([, a], [, b]) => a.createdMs - b.createdMs);
    for (const [key] of ended.slice(0, Math.max(0, ended.length - ENDED_KEPT_MAX))) {
      await store.write([del(key)], { sync: false });
      records.delete(key);
    }
  }

  return {
    async load() {
      for await (const { key, value } of store.range(rangeOf('forward', chain))) {
        if (!records.has(key)) records.set(key, forwardCodec.decode(value));
      }
    },
    find: (address) => records.get(keyOf(address)),
    open,
    async add(record) {
      if (open().length >= openMax) {
        throw new ViaductError({
          code: 'USAGE',
          shortMessage: `This relayer sends ${openMax} transfers on through ${chain} already: try later, or another one.`,
        });
      }
      await write(record);
    },
    async change(record, change) {
      const next = { ...record, ...change };
      await write(next);
      return next;
    },
  };
}
