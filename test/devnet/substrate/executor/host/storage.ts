/**
 * `ext_storage_*`: the runtime's state through the overlay. Child tries are read as empty and cannot be written: of the
 * runtimes here only crowdloans would.
 */
import { u32Bytes, joinBytes } from '../../../../../light-clients/scale.ts';
import { type HostContext, type HostFunctions, optionOfBytes } from '../hostContext.ts';
import { keyBytes, keyText } from '../overlay.ts';

export function storageFunctions(host: HostContext): HostFunctions {
  const key = (span: bigint): string => keyText(host.memory().viewSpan(span));
  const giveOption = (value: Uint8Array | undefined): bigint => host.memory().putSpan(optionOfBytes(value));

  /** `KillStorageResult`: whether some remain, and how many were gone through. */
  const clearPrefix = (prefix: string, limit: number | undefined): bigint => {
    const { count, more } = host.overlay().clearPrefix(prefix, limit);
    return host.memory().putSpan(joinBytes([Uint8Array.of(more ? 1 : 0), u32Bytes(count)]));
  };
  const limitOf = (span: bigint): number | undefined => {
    const bytes = host.memory().viewSpan(span);
    return bytes[0] === 1 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true) : undefined;
  };
  const readInto = (value: Uint8Array | undefined, target: bigint, offset: number): bigint => {
    if (value === undefined) return host.memory().putSpan(Uint8Array.of(0));
    const rest = value.subarray(Math.min(offset, value.length));
    const into = host.memory().viewSpan(target);
    into.set(rest.subarray(0, into.length));
    return host.memory().putSpan(joinBytes([Uint8Array.of(1), u32Bytes(rest.length)]));
  };
  const root = (): bigint => host.memory().putSpan(host.overlay().applied().root());
  const noChildren = (): never => {
    throw new Error('runtime: writes to a child trie, which this host does not keep');
  };

  return {
    ext_storage_get_version_1: (k: bigint) => giveOption(host.overlay().get(key(k))),
    ext_storage_set_version_1: (k: bigint, v: bigint) => {
      host.overlay().set(key(k), host.memory().copySpan(v));
    },
    ext_storage_clear_version_1: (k: bigint) => {
      host.overlay().set(key(k), undefined);
    },
    ext_storage_exists_version_1: (k: bigint) => (host.overlay().get(key(k)) === undefined ? 0 : 1),
    ext_storage_read_version_1: (k: bigint, target: bigint, offset: number) =>
      readInto(host.overlay().get(key(k)), target, offset >>> 0),
    ext_storage_next_key_version_1: (k: bigint) => {
      const next = host.overlay().nextKey(key(k));
      return giveOption(next === undefined ? undefined : keyBytes(next));
    },
    ext_storage_append_version_1: (k: bigint, v: bigint) => {
      host.overlay().append(key(k), host.memory().viewSpan(v));
    },
    ext_storage_clear_prefix_version_1: (prefix: bigint) => {
      clearPrefix(key(prefix), undefined);
    },
    ext_storage_clear_prefix_version_2: (prefix: bigint, limit: bigint) => clearPrefix(key(prefix), limitOf(limit)),
    ext_storage_root_version_1: root,
    ext_storage_root_version_2: root,
    ext_storage_start_transaction_version_1: () => {
      host.overlay().start();
    },
    ext_storage_rollback_transaction_version_1: () => {
      host.overlay().rollback();
    },
    ext_storage_commit_transaction_version_1: () => {
      host.overlay().commit();
    },
    ext_default_child_storage_get_version_1: () => giveOption(undefined),
    ext_default_child_storage_read_version_1: () => giveOption(undefined),
    ext_default_child_storage_next_key_version_1: () => giveOption(undefined),
    ext_default_child_storage_exists_version_1: () => 0,
    ext_default_child_storage_clear_version_1: () => undefined,
    ext_default_child_storage_set_version_1: noChildren,
  };
}
