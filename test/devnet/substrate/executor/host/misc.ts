/**
 * Allocator, logging and the node's own storage (`ext_allocator_*`, `ext_logging_*`, `ext_misc_*`, `ext_offchain_*`).
 */
import { type HostContext, type HostFunctions, optionOfBytes } from '../hostContext.ts';
import { keyText } from '../overlay.ts';

export function miscFunctions(host: HostContext): HostFunctions {
  const text = (span: bigint): string => Buffer.from(host.memory().viewSpan(span)).toString('utf8');
  const key = (span: bigint): string => keyText(host.memory().viewSpan(span));
  return {
    ext_allocator_malloc_version_1: (size: number) => host.memory().allocate(size >>> 0),
    ext_allocator_free_version_1: (pointer: number) => {
      host.memory().free(pointer >>> 0);
    },
    ext_logging_max_level_version_1: () => host.logLevelMax,
    ext_logging_log_version_1: (level: number, target: bigint, message: bigint) => {
      host.log(level, text(target), text(message));
    },
    ext_misc_print_utf8_version_1: () => undefined,
    ext_misc_print_hex_version_1: () => undefined,
    ext_misc_print_num_version_1: () => undefined,
    // Only a runtime upgrade asks for the version of other code.
    ext_misc_runtime_version_version_1: () => host.memory().putSpan(optionOfBytes(undefined)),
    ext_offchain_index_set_version_1: (k: bigint, v: bigint) => {
      host.overlay().offchain.set(key(k), host.memory().copySpan(v));
    },
    ext_offchain_index_clear_version_1: (k: bigint) => {
      host.overlay().offchain.set(key(k), undefined);
    },
    ext_offchain_local_storage_get_version_1: (_kind: number, k: bigint) =>
      host.memory().putSpan(optionOfBytes(host.local.get(key(k)))),
    ext_offchain_is_validator_version_1: () => 0,
  };
}
