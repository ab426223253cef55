/** The store: its port, LevelDB behind it, and the in-memory twin. Nothing else of the project imports level. */
export {
  del,
  put,
  type Entry,
  type Operation,
  type Range,
  type Store,
  type StoreStats,
  type WatchListener,
  type WriteOptions,
} from './port.ts';
export {
  KEY_LENGTH_MAX,
  keyParts,
  lastAtOrBelow,
  lastNumber,
  rangeOf,
  sequenceDigits,
  storeKey,
  type KeyPart,
} from './keys.ts';
export { createLevelStore, type LevelStoreOptions } from './levelStore.ts';
export { createMemoryStore, type MemoryStore } from './memoryStore.ts';
