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
  candidate(paraBlock: Block, relayParent: Block): Uint8Array;
  /** One availability bitfield for each of the first `votes` validators. */
  bitfields(relayParent: Block, votes?: number): readonly Uint8Array[];
  /** Is a backed candidate waiting for bitfields after this block? */
  pending(relayBlock: Block): boolean;
  /** The parachain head (an encoded header) in a relay state. */
  head(relayBlock: Block): Uint8Array | undefined;
}

const VALIDATORS_MAX = 10_000;
const HEAD_BYTES_MAX = 1 << 20;
const NO_HASH = new Uint8Array(32);
const NONE = Uint8Array.of(0);
/** `CompactStatement::Valid` is signed as "BKNG" and 2; a vote of validity has index 2 as well. */
const VALID_STATEMENT = Uint8Array.of(0x42, 0x4b, 0x4e, 0x47, 2);
const VALID_VOTE = Uint8Array.of(2);

export function createInclusion(runtime: Runtime, paraId: number, accounts: readonly DevAccount[]): Inclusion {
  const read = (block: Block, pallet: string, item: string, ...keys: readonly Uint8Array[]): Uint8Array =>
    stateOf(block).get(runtime.storageKey(pallet, item, ...keys)) ?? new Uint8Array(0);
  const para = u32Bytes(paraId);
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
  /** The first group: there is one core. */
  const group = (relayParent: Block): readonly number[] => {
    const groups = createScaleReader(read(relayParent, 'ParaScheduler', 'ValidatorGroups'), 'groups');
    if (groups.length(VALIDATORS_MAX) === 0) return [];
    return Array.from({ length: groups.length(VALIDATORS_MAX) }, () => groups.u32());
  };
  const head = (relayBlock: Block): Uint8Array | undefined => {
    const stored = read(relayBlock, 'Paras', 'Heads', para);
    return stored.length === 0 ? undefined : createScaleReader(stored, 'head').sized(HEAD_BYTES_MAX);
  };
  const maxPovSize = (relayParent: Block): number => {
    const at = runtime.metadata.fieldOffset('Configuration', 'ActiveConfig', 'max_pov_size');
    const config = read(relayParent, 'Configuration', 'ActiveConfig');
    return createScaleReader(config.subarray(at, at + 4), 'configuration').u32();
  };

  return {
    head,
    pending: (relayBlock) => {
      // Vec<Option<CoreOccupied>> with one core.
      const cores = createScaleReader(read(relayBlock, 'ParaScheduler', 'AvailabilityCores'), 'cores');
      return cores.length(VALIDATORS_MAX) > 0 && cores.u8() === 1;
    },
    candidate: (paraBlock, relayParent) => {
      const relayHash = hashBytes(relayParent);
      const codeHash = read(relayParent, 'Paras', 'CurrentCodeHash', para);
      const validationData = blake2b256(
        sizedBytes(head(relayParent) ?? NONE),
        u32Bytes(relayParent.number),
        relayParent.header.stateRoot,
        u32Bytes(maxPovSize(relayParent)),
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
      const members = group(relayParent);
      const votes = members.map((index) => joinBytes([VALID_VOTE, pairs[index]?.sign(statement) ?? NONE]));
      return joinBytes([descriptor, commitments, vectorBytes(votes), bits(members.length)]);
    },
    bitfields: (relayParent, votes) => {
      const cores = createScaleReader(read(relayParent, 'ParaScheduler', 'AvailabilityCores'), 'cores');
      const field = bits(cores.length(VALIDATORS_MAX));
      const message = joinBytes([field, session(relayParent), hashBytes(relayParent)]);
      return validators(relayParent)
        .slice(0, votes)
        .map((pair, index) => joinBytes([field, u32Bytes(index), pair.sign(message)]));
    },
  };
}

/** A `BitVec<u8, Lsb0>` of ones. */
function bits(count: number): Uint8Array {
  const bytes = Uint8Array.from({ length: Math.ceil(count / 8) }, (_, at) => (1 << Math.min(8, count - at * 8)) - 1);
  return joinBytes([compactBytes(count), bytes]);
}
