/**
 * A maker of light-client data with keys of its own: any fork, any slots, any number of signers, and every lie that a
 * committee or a server could tell. It makes no chain: a beacon state here is only the leaves that the protocol opens.
 */
import { createRequire } from 'node:module';
import type * as Blst from '@chainsafe/blst';
import { BitArray } from '@chainsafe/ssz';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, toBigInt, utf8, word } from '../../../relayer/core/bytes.ts';
import {
  type BeaconHeader,
  beaconHeaderType,
  capellaPayloadType,
  denebPayloadType,
  type SyncCommittee,
} from '../../../light-clients/ethereum/containers.ts';
import {
  createContainers,
  encodeExecutionHeader,
  encodeMessage,
  type EthereumParameters,
  executionHeaderHash,
  layoutOf,
} from '../../../light-clients/ethereum/index.ts';
import { EXECUTION_HEADER_FIELDS } from '../../../light-clients/ethereum/executionHeader.ts';
import { floorLog2 } from '../../../light-clients/ethereum/merkleBranch.ts';
import {
  type Fork,
  forkAtSlot,
  isForkFrom,
  periodAtSlot,
  stateIndices,
} from '../../../light-clients/ethereum/parameters.ts';

const load = createRequire(import.meta.url);
const blst = load('@chainsafe/blst') as typeof Blst;

/** The order of the BLS groups. */
const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

export interface Signer {
  readonly secret: bigint;
  readonly publicKey: Uint8Array;
}

export interface UpdateOptions {
  readonly attestedSlot: bigint;
  /** Undefined: no finality. 0: genesis, whose root is zero and whose header is empty. */
  readonly finalizedSlot?: bigint;
  readonly signatureSlot?: bigint;
  /** How many members sign, from the first on; all unless said. */
  readonly signers?: number;
  /** The period whose committee signs; that of the signature slot unless said. */
  readonly signingPeriod?: bigint;
  /** The slot whose fork version is signed; the one before the signature slot unless said. */
  readonly versionSlot?: bigint;
  /** Makes different headers for the same slots. */
  readonly branch?: string;
  /** Replaces the next committee in the state and in the update. */
  readonly nextCommittee?: SyncCommittee;
}

export type SyntheticChain = ReturnType<typeof createSyntheticChain>;

export function createSyntheticChain(base: Omit<EthereumParameters, 'trustedBlockRoot'>, bootstrapSlot: bigint) {
  const containers = createContainers(base.preset);
  const withoutRoot: EthereumParameters = { ...base, trustedBlockRoot: new Uint8Array(32) };
  const signersOf = memo((period: string): Signer[] =>
    Array.from({ length: base.preset.syncCommitteeSize }, (_, index) => {
      const secret = toBigInt(sha256(utf8(`signer ${period} ${index}`))) % ORDER;
      return { secret, publicKey: secretKey(secret).toPublicKey().toBytes() };
    }),
  );

  function committee(period: bigint): SyncCommittee {
    const signers = signersOf(String(period));
    const pubkeys = signers.map(({ publicKey }) => publicKey);
    const sum = blst.aggregatePublicKeys(pubkeys.map((key) => blst.PublicKey.fromBytes(key)));
    return { pubkeys, aggregatePubkey: sum.toBytes() };
  }

  /** A header with its execution part in the layout of `layoutFork`, and the branches its state opens. */
  function block(
    slot: bigint,
    layoutFork: Fork,
    options: { branch?: string; finalizedRoot?: Uint8Array; next?: SyncCommittee; current?: SyncCommittee },
  ) {
    const fork = forkAtSlot(withoutRoot, slot);
    const seed = `${slot} ${options.branch ?? ''}`;
    const period = periodAtSlot(base.preset, slot);
    const indices = stateIndices(fork.name);
    const state = sparseTree(
      new Map([
        [indices.finalizedRoot, options.finalizedRoot ?? new Uint8Array(32)],
        [indices.nextSyncCommittee, containers.syncCommittee.hashTreeRoot(options.next ?? committee(period + 1n))],
        [indices.currentSyncCommittee, containers.syncCommittee.hashTreeRoot(options.current ?? committee(period))],
      ]),
      `state ${seed}`,
    );
    const execution = executionOf(slot, seed, isForkFrom(fork.name, 'gloas'));
    const isDeneb = isForkFrom(fork.name, 'deneb');
    const payloadRoot = isDeneb
      ? denebPayloadType.hashTreeRoot(execution.payload)
      : capellaPayloadType.hashTreeRoot(execution.payload);
    const body = isForkFrom(fork.name, 'gloas')
      ? sparseTree(new Map([[2856, execution.payload.blockHash]]), `body ${seed}`)
      : sparseTree(new Map([[25, payloadRoot]]), `body ${seed}`);
    const beacon: BeaconHeader = {
      slot,
      proposerIndex: 7n,
      parentRoot: sha256(utf8(`parent ${seed}`)),
      stateRoot: state.root,
      bodyRoot: body.root,
    };
    const header =
      layoutFork.name === 'gloas'
        ? {
            beacon,
            executionBlockHash: execution.payload.blockHash,
            executionBranch: blockHashBranch(fork, execution.payload, body),
          }
        : { beacon, execution: execution.payload, executionBranch: body.branch(25) };
    return { header, state, indices, root: beaconHeaderType.hashTreeRoot(beacon), executionRlp: execution.rlp };
  }

  const bootstrapFork = forkAtSlot(withoutRoot, bootstrapSlot);
  const trusted = block(bootstrapSlot, bootstrapFork, {});
  const parameters: EthereumParameters = { ...base, trustedBlockRoot: trusted.root };

  function typesFor(fork: Fork) {
    const layout = layoutOf(fork.name);
    if (layout === undefined) throw new Error(`${fork.name} has no layout.`);
    return containers.layouts[layout];
  }

  function bootstrap(current: SyncCommittee = committee(periodAtSlot(base.preset, bootstrapSlot))) {
    const made = block(bootstrapSlot, bootstrapFork, { current });
    const value = {
      header: made.header,
      currentSyncCommittee: current,
      currentSyncCommitteeBranch: made.state.branch(made.indices.currentSyncCommittee),
    };
    const ssz = typesFor(bootstrapFork).bootstrap.serialize(value as never);
    const rlp = bootstrapFork.name === 'gloas' ? made.executionRlp : undefined;
    return { root: made.root, bytes: encodeMessage('bootstrap', bootstrapFork, ssz, rlp) };
  }

  /** The value of a LightClientUpdate, signed. */
  function updateValue(options: UpdateOptions) {
    const { attestedSlot, finalizedSlot, branch } = options;
    const signatureSlot = options.signatureSlot ?? attestedSlot + 1n;
    const fork = forkAtSlot(withoutRoot, attestedSlot);
    const types = typesFor(fork);
    const finalized =
      finalizedSlot === undefined || finalizedSlot === 0n ? undefined : block(finalizedSlot, fork, withBranch(branch));
    const next = options.nextCommittee ?? committee(periodAtSlot(base.preset, attestedSlot) + 1n);
    const attested = block(attestedSlot, fork, {
      ...withBranch(branch),
      next,
      ...(finalized === undefined ? {} : { finalizedRoot: finalized.root }),
    });
    const signingPeriod = options.signingPeriod ?? periodAtSlot(base.preset, signatureSlot);
    const signers = signersOf(String(signingPeriod)).slice(0, options.signers ?? base.preset.syncCommitteeSize);
    const { version } = forkAtSlot(withoutRoot, options.versionSlot ?? signatureSlot - 1n);
    const forkDataRoot = sha256(concatBytes(version, new Uint8Array(28), base.genesisValidatorsRoot));
    const domain = concatBytes(Uint8Array.of(7, 0, 0, 0), forkDataRoot.subarray(0, 28));
    const signingRoot = sha256(concatBytes(attested.root, domain));
    const bits = Array.from({ length: base.preset.syncCommitteeSize }, (_, index) => index < signers.length);
    const finalityBranch = attested.state.branch(attested.indices.finalizedRoot);
    const value = {
      attestedHeader: attested.header,
      nextSyncCommittee: next,
      nextSyncCommitteeBranch: attested.state.branch(attested.indices.nextSyncCommittee),
      finalizedHeader: finalized?.header ?? types.header.defaultValue(),
      finalityBranch: finalizedSlot === undefined ? finalityBranch.map(() => new Uint8Array(32)) : finalityBranch,
      syncAggregate: {
        syncCommitteeBits: BitArray.fromBoolArray(bits),
        syncCommitteeSignature: signAll(signers, signingRoot),
      },
      signatureSlot,
    };
    return { fork, types, value, finalized };
  }

  function update(options: UpdateOptions, change: (value: ReturnType<typeof updateValue>['value']) => unknown = same) {
    const { fork, types, value, finalized } = updateValue(options);
    const rlp = fork.name === 'gloas' ? finalized?.executionRlp : undefined;
    return encodeMessage('update', fork, types.update.serialize(change(value) as never), rlp);
  }

  function finalityUpdate(options: UpdateOptions) {
    const { fork, types, value, finalized } = updateValue(options);
    const rlp = fork.name === 'gloas' ? finalized?.executionRlp : undefined;
    return encodeMessage('finalityUpdate', fork, types.finalityUpdate.serialize(value as never), rlp);
  }

  const timeAt = (slot: bigint): bigint => base.genesisTime + slot * base.secondsPerSlot;
  return { parameters, containers, signersOf, committee, bootstrap, updateValue, update, finalityUpdate, timeAt };
}

/** One signature by the sum of the secret keys: what aggregating the single ones gives. */
function signAll(signers: readonly Signer[], message: Uint8Array): Uint8Array {
  const sum = signers.reduce((total, { secret }) => (total + secret) % ORDER, 0n);
  if (sum === 0n) return Uint8Array.of(0xc0, ...new Uint8Array(95));
  return secretKey(sum).sign(message).toBytes();
}

function secretKey(secret: bigint): Blst.SecretKey {
  return blst.SecretKey.fromBytes(word(secret));
}

/** An execution block whose header and payload agree on the fields that both have. */
function executionOf(slot: bigint, seed: string, isOneBehind: boolean) {
  const number = isOneBehind ? slot - 1n : slot;
  const shared = {
    parentHash: sha256(utf8(`execution parent ${seed}`)),
    stateRoot: sha256(utf8(`execution state ${seed}`)),
    receiptsRoot: sha256(utf8(`receipts ${seed}`)),
  };
  const timestamp = 1_000_000n + number;
  const rlp = encodeExecutionHeader(
    EXECUTION_HEADER_FIELDS.map(([name, shape]) => {
      if (name === 'number') return minimal(number);
      if (name === 'timestamp') return minimal(timestamp);
      if (name in shared) return shared[name as keyof typeof shared];
      return shape.kind === 'fixed' ? new Uint8Array(shape.bytes) : new Uint8Array(0);
    }),
  );
  const payload = {
    ...denebPayloadType.defaultValue(),
    ...shared,
    blockNumber: number,
    timestamp,
    extraData: utf8('synthetic'),
    blockHash: executionHeaderHash(rlp),
  };
  return { rlp, payload };
}

/** upgrade_lc_header_to_gloas for a header of an earlier fork; the plain branch for one of Gloas. */
function blockHashBranch(
  fork: Fork,
  payload: ReturnType<typeof executionOf>['payload'],
  body: SparseTree,
): Uint8Array[] {
  if (fork.name === 'gloas') return body.branch(2856);
  const isDeneb = isForkFrom(fork.name, 'deneb');
  const type = isDeneb ? denebPayloadType : capellaPayloadType;
  const roots = Object.entries(type.fields).map(([name, fieldType]) =>
    (fieldType as { hashTreeRoot(value: unknown): Uint8Array }).hashTreeRoot(payload[name as keyof typeof payload]),
  );
  const width = isDeneb ? 32 : 16;
  const leaves = Array.from({ length: width }, (_, index): [number, Uint8Array] => [
    width + index,
    roots[index] ?? new Uint8Array(32),
  ]);
  const inner = sparseTree(new Map(leaves), '').branch(width + 12);
  const branch = [...inner, ...body.branch(25)];
  return [...Array.from({ length: 11 - branch.length }, () => new Uint8Array(32)), ...branch];
}

interface SparseTree {
  readonly root: Uint8Array;
  branch(gindex: number): Uint8Array[];
}

/** A Merkle tree of which only some leaves matter: everything beside their paths is filler. */
function sparseTree(leaves: ReadonlyMap<number, Uint8Array>, seed: string): SparseTree {
  const inner = new Set<number>();
  for (const gindex of leaves.keys()) for (let up = gindex >> 1; up >= 1; up >>= 1) inner.add(up);
  const node = memo((gindex: string): Uint8Array => {
    const index = Number(gindex);
    const leaf = leaves.get(index);
    if (leaf !== undefined) return leaf;
    if (!inner.has(index)) return sha256(utf8(`filler ${seed} ${index}`));
    return sha256(concatBytes(node(String(index * 2)), node(String(index * 2 + 1))));
  });
  return {
    root: node('1'),
    branch: (gindex) => Array.from({ length: floorLog2(gindex) }, (_, level) => node(String((gindex >> level) ^ 1))),
  };
}

function minimal(value: bigint): Uint8Array {
  const bytes = word(value);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

function withBranch(branch: string | undefined): { branch?: string } {
  return branch === undefined ? {} : { branch };
}

function memo<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const found = made.get(key);
    if (found !== undefined) return found;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}

function same<T>(value: T): T {
  return value;
}
