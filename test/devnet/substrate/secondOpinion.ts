/**
 * The same block by another implementation: smoldot's virtual machine with its own host functions, as
 * `@acala-network/chopsticks-executor` packs it. It executes the block's extrinsics on the parent's state and gives
 * what they changed.
 *
 * Known difference: its `clear_prefix` leaves keys that only the running block wrote, where Substrate's removes them. A
 * relay block that ends a session does that (`ImOnline.AuthoredBlocks` of its own author), so such blocks cannot be
 * compared. The root that its `finalize_block` puts into the header is not that of the state, so the root is made from
 * the changes.
 */
import { calculate_state_root, run_task } from '@acala-network/chopsticks-executor';
import { decodeHeader, encodeHeader } from '../../../light-clients/grandpa/index.ts';
import { type Block, bytesOf, hexText, stateOf } from './chain/block.ts';
import { type State, startsWith } from './state/state.ts';

interface TaskCall {
  readonly result: string;
  readonly storageDiff: readonly (readonly [string, string | null | undefined])[];
}

const EMPTY_HASH = new Uint8Array(32);

/** The header that smoldot makes of a block, encoded. */
export async function secondHeader(code: Uint8Array, block: Block): Promise<Uint8Array> {
  if (block.parent === undefined) throw new Error('the first block has no parent to build on');
  const parent = stateOf(block.parent);
  // Only what the author put into the header; the rest the runtime adds again.
  const digest = block.header.digest.filter(({ kind }) => kind === 'preRuntime');
  const template = encodeHeader({ ...block.header, stateRoot: EMPTY_HASH, extrinsicsRoot: EMPTY_HASH, digest });
  const calls: [string, string[]][] = [
    ['Core_initialize_block', [hexText(template)]],
    ...block.extrinsics.map((bytes): [string, string[]] => ['BlockBuilder_apply_extrinsic', [hexText(bytes)]]),
    ['BlockBuilder_finalize_block', []],
  ];
  const task = {
    id: 0,
    wasm: hexText(code),
    calls,
    mockSignatureHost: 0,
    allowUnresolvedImports: false,
    runtimeLogLevel: 0,
    storageProofSize: 0,
  };
  const answer = (await run_task(task, storageOf(parent))) as { Call?: TaskCall; Error?: unknown };
  if (answer.Call === undefined) throw new Error(`smoldot: ${JSON.stringify(answer).slice(0, 300)}`);
  const state = parent.apply(
    answer.Call.storageDiff.map(
      ([key, value]) => [must(bytesOf(key)), typeof value === 'string' ? must(bytesOf(value)) : undefined] as const,
    ),
  );
  return encodeHeader({ ...decodeHeader(must(bytesOf(answer.Call.result))), stateRoot: state.root() });
}

/** The root of all entries by smoldot's own trie. */
export async function secondRoot(state: State): Promise<Uint8Array> {
  const entries = [...state.entries()].map(([key, value]) => [hexText(key), hexText(value)]);
  return must(bytesOf((await calculate_state_root(entries, state.version)) as string));
}

function storageOf(state: State): Parameters<typeof run_task>[1] {
  return {
    getStorage: async (key) => {
      const value = state.get(must(bytesOf(key)));
      return Promise.resolve(value === undefined ? undefined : hexText(value));
    },
    // A key outside the prefix would end the process.
    getNextKey: async (prefix, key) => {
      const next = state.nextKey(must(bytesOf(key)));
      return Promise.resolve(next !== undefined && startsWith(next, must(bytesOf(prefix))) ? hexText(next) : undefined);
    },
    offchainGetStorage: async () => Promise.resolve(undefined),
    offchainTimestamp: async () => Promise.resolve(0),
    offchainRandomSeed: async () => Promise.resolve(`0x${'00'.repeat(32)}` as const),
    offchainSubmitTransaction: async () => Promise.resolve(false),
  };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('smoldot: not hex');
  return value;
}
