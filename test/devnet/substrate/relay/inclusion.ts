/**
 * How a parachain block gets onto the relay chain, the honest way: a candidate signed by its collator, backed by the
 * votes of its group, then made available by the validators' bitfields one block later. All votes are checked by the
 * relay runtime. Not done: no validator runs the parachain's validation function, and no erasure-coded pieces are
 * spread.
 *
 * Source: polkadot primitives v2 `CandidateDescriptor`, `BackedCandidate`, `UncheckedSigned<AvailabilityBitfield>`.
 */
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import {
  compactBytes,
  createScaleReader,
  joinBytes,
  sameBytes,
  sizedBytes,
  u32Bytes,
} from '../../../../light-clients/scale.ts';
import type { DevAccount } from '../accounts.ts';
import { type Block, hashBytes, stateOf } from '../chain/block.ts';
import { vectorBytes } from '../chain/genesis.ts';
import type { Runtime } from '../chain/runtime.ts';

export interface Inclusion {
  /**
   * A backed candidate, encoded: a parachain block made on top of `relayParent`, which must be the next relay block's
   * parent.
   */
  candidate(paraId: number, paraBlock: Block, relayParent: Block): Uint8Array;
  /** One availability bitfield for each of the first `votes` validators: everything that waits is available to them. */
  bitfields(relayParent: Block, votes?: number): readonly Uint8Array[];
  /** Is a backed candidate of any parachain waiting for bitfields after this block? */
  pending(relayBlock: Block): boolean;
  /** A parachain's head (an encoded header) in a relay state. */
  head(paraId: number, relayBlock: Block): Uint8Array | undefined;
}

const VALIDATORS_MAX = 10_000;
const HEAD_BYTES_MAX = 1 << 20;
const NO_HASH = new Uint8Array(32);
const NONE = Uint8Array.of(0);
/** `CompactStatement::Valid` is signed as "BKNG" and 2; a vote of validity has index 2 as well. */
const VALID_STATEMENT = Uint8Array.of(0x42, 0x4b, 0x4e, 0x47, 2);
const VALID_VOTE = Uint8Array.of(2);

export function createInclusion(runtime: Runtime, accounts: readonly DevAccount[]): Inclusion {
  const read = (block: Block, pallet: string, item: string, ...keys: readonly Uint8Array[]): Uint8Array =>
    stateOf(block).get(runtime.storageKey(pallet, item, ...keys)) ?? new Uint8Array(0);
  const collator = accounts[0]?.pair;
  if (collator === undefined) throw new Error('no development account to collate');

  const session = (relayParent: Block): Uint8Array => {
    const bytes = read(relayParent, 'ParasShared', 'CurrentSessionIndex');
    return bytes.length === 4 ? bytes : u32Bytes(0);
  };
  /** In the order of validator indexes, which the runtime shuffles each session. */
  const validators = (relayParent: Block): readonly DevAccount['pair'][] => {
    const list = createScaleReader(read(relayParent, 'ParasShared', 'ActiveValidatorKeys'), 'active validators');
    return Array.from({ length: list.length(VALIDATORS_MAX) }, () => {
      const key = list.bytes(32);
      const known = accounts.find(({ pair }) => sameBytes(pair.publicKey, key));
      if (known === undefined) throw new Error('a validator whose key is not a development key');
      return known.pair;
    });
  };
  /** A field of the relay chain's own configuration, a u32. */
  const setting = (relayParent: Block, field: string): number => {
    const config = read(relayParent, 'Configuration', 'ActiveConfig');
    const rest = runtime.metadata.fieldFrom('Configuration', 'ActiveConfig', field, config);
    return createScaleReader(rest, 'configuration').u32();
  };
  const numbers = (bytes: Uint8Array, what: string): readonly number[] => {
    if (bytes.length === 0) return [];
    const list = createScaleReader(bytes, what);
    return Array.from({ length: list.length(VALIDATORS_MAX) }, () => list.u32());
  };
  /** Parachains have cores in the order of their ids. */
  const coreOf = (relayParent: Block, paraId: number): number => {
    const core = numbers(read(relayParent, 'Paras', 'Parachains'), 'parachains').indexOf(paraId);
    if (core < 0) throw new Error(`the relay chain has no parachain ${paraId}`);
    return core;
  };
  /** The validators that back a parachain in the next block. Groups change cores as the blocks of a session go by. */
  const group = (relayParent: Block, paraId: number): readonly number[] => {
    const reader = createScaleReader(read(relayParent, 'ParaScheduler', 'ValidatorGroups'), 'groups');
    const groups = Array.from({ length: reader.length(VALIDATORS_MAX) }, () =>
      Array.from({ length: reader.length(VALIDATORS_MAX) }, () => reader.u32()),
    );
    if (groups.length <= 1) return groups[0] ?? [];
    const start = read(relayParent, 'ParaScheduler', 'SessionStartBlock');
    const sessionStart = start.length === 4 ? createScaleReader(start, 'session start').u32() : 0;
    const passed = relayParent.number + 1 - sessionStart;
    const turns = Math.floor(passed / setting(relayParent, 'group_rotation_frequency'));
    return groups[(coreOf(relayParent, paraId) + turns) % groups.length] ?? [];
  };
  /** Of each core, whether a backed candidate occupies it. What the scheduler says of a core differs by runtime. */
  const occupied = (relayBlock: Block): readonly boolean[] => {
    const cores = createScaleReader(read(relayBlock, 'ParaScheduler', 'AvailabilityCores'), 'cores');
    const flags = Array.from({ length: cores.length(VALIDATORS_MAX) }, () => false);
    for (const paraId of numbers(read(relayBlock, 'Paras', 'Parachains'), 'parachains')) {
      const waiting = read(relayBlock, 'ParaInclusion', 'PendingAvailability', u32Bytes(paraId));
      // It begins with the core.
      if (waiting.length > 0) flags[createScaleReader(waiting, 'candidate').u32()] = true;
    }
    return flags;
  };
  const head = (paraId: number, relayBlock: Block): Uint8Array | undefined => {
    const stored = read(relayBlock, 'Paras', 'Heads', u32Bytes(paraId));
    return stored.length === 0 ? undefined : createScaleReader(stored, 'head').sized(HEAD_BYTES_MAX);
  };

  return {
    head,
    pending: (relayBlock) => occupied(relayBlock).includes(true),
    candidate: (paraId, paraBlock, relayParent) => {
      const para = u32Bytes(paraId);
      const relayHash = hashBytes(relayParent);
      const codeHash = read(relayParent, 'Paras', 'CurrentCodeHash', para);
      const validationData = blake2b256(
        sizedBytes(head(paraId, relayParent) ?? NONE),
        u32Bytes(relayParent.number),
        relayParent.header.stateRoot,
        u32Bytes(setting(relayParent, 'max_pov_size')),
      );
      const povHash = blake2b256(vectorBytes(paraBlock.extrinsics));
      const signature = collator.sign(joinBytes([relayHash, para, validationData, povHash, codeHash]));
      const erasureRoot = NO_HASH;
      const paraHead = blake2b256(paraBlock.headerBytes);
      const descriptor = joinBytes([
        para,
        relayHash,
        collator.publicKey,
        validationData,
        povHash,
        erasureRoot,
        signature,
        paraHead,
        codeHash,
      ]);
      // No upward and no horizontal messages, no new code; none downward processed; the relay block it saw.
      const commitments = joinBytes([
        NONE,
        NONE,
        NONE,
        sizedBytes(paraBlock.headerBytes),
        u32Bytes(0),
        u32Bytes(relayParent.number),
      ]);
      const hash = blake2b256(descriptor, blake2b256(commitments));
      const statement = joinBytes([VALID_STATEMENT, hash, session(relayParent), relayHash]);
      const pairs = validators(relayParent);
      const members = group(relayParent, paraId);
      const votes = members.map((index) => joinBytes([VALID_VOTE, pairs[index]?.sign(statement) ?? NONE]));
      return joinBytes([descriptor, commitments, vectorBytes(votes), bits(members.map(() => true))]);
    },
    bitfields: (relayParent, votes) => {
      const field = bits(occupied(relayParent));
      const message = joinBytes([field, session(relayParent), hashBytes(relayParent)]);
      return validators(relayParent)
        .slice(0, votes)
        .map((pair, index) => joinBytes([field, u32Bytes(index), pair.sign(message)]));
    },
  };
}

/** A `BitVec<u8, Lsb0>`. */
function bits(flags: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  for (const [at, flag] of flags.entries()) if (flag) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
  return joinBytes([compactBytes(flags.length), bytes]);
}
