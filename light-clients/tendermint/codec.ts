/**
 * The bytes form of light blocks, trusted states and updates. The parts are CometBFT's own protobuf messages (SignedHeader,
 * ValidatorSet), so that bytes of other light clients decode too; the two envelopes are ours and start with a version.
 *
 *   state  = { 1: version, 2: Header, 3: ValidatorSet next }
 *   update = { 1: version, 2: repeated block, 3: repeated witness trace { 1: repeated block } }
 *   block  = { 1: SignedHeader, 2: ValidatorSet, 3: ValidatorSet next, left out when it is the same set }
 *
 * Decoding is total and bounded and says nothing about truth.
 */
import { blockIdBytes, commitSignatureBytes, publicKeyBytes, timestampBytes } from './canonical.ts';
import {
  Malformed,
  bytesField,
  decoding,
  joinBytes,
  messageField,
  readMessage,
  sameBytes,
  varintField,
} from '../protobuf.ts';
import type { Verdict } from '../verdict.ts';
import { KEY_BYTES } from './keys.ts';
import {
  GO_ZERO_TIME,
  TIME_END,
  UPDATE_BLOCKS_MAX,
  UPDATE_WITNESSES_MAX,
  VALIDATORS_MAX,
  type BlockId,
  type Commit,
  type CommitSignature,
  type Header,
  type KeyType,
  type LightBlock,
  type PublicKey,
  type TrustedState,
  type Validator,
} from './types.ts';
import { checkNextValidators } from './verify.ts';

const VERSION = 1;
const NANOS_PER_SECOND = 1_000_000_000n;
const NONE = new Uint8Array(0);
const NO_BLOCK: BlockId = { hash: NONE, partsTotal: 0, partsHash: NONE };

export interface Update {
  /** Ascending; each is verified from the one before. */
  readonly blocks: readonly LightBlock[];
  /** What other endpoints say: each trace ends at the height of the last block. */
  readonly witnesses: readonly (readonly LightBlock[])[];
}

export function encodeState(state: TrustedState): Uint8Array {
  return joinBytes([
    varintField(1, VERSION),
    messageField(2, encodeHeader(state.header)),
    messageField(3, encodeValidators(state.nextValidators)),
  ]);
}

/** Also checks that the validators are those the header names: a state damaged at rest does not pass. */
export function decodeState(bytes: Uint8Array): Verdict<TrustedState> {
  return decoding('trusted state', () => {
    const message = readMessage(bytes, { 1: 'varint', 2: 'bytes', 3: 'bytes' }, 'state');
    if (message.uint64(1) !== BigInt(VERSION)) throw new Malformed('unknown version');
    const header = readHeader(message.bytes(2));
    const nextValidators = readValidators(message.bytes(3));
    const problem = checkNextValidators(header, nextValidators);
    if (problem !== undefined) throw new Malformed(problem);
    return { header, nextValidators };
  });
}

export function encodeUpdate(update: Update): Uint8Array {
  return joinBytes([
    varintField(1, VERSION),
    ...update.blocks.map((block) => messageField(2, encodeLightBlock(block))),
    ...update.witnesses.map((trace) =>
      messageField(3, joinBytes(trace.map((block) => messageField(1, encodeLightBlock(block))))),
    ),
  ]);
}

export function decodeUpdate(bytes: Uint8Array): Verdict<Update> {
  return decoding('update', () => {
    const message = readMessage(bytes, { 1: 'varint', 2: 'repeatedBytes', 3: 'repeatedBytes' }, 'update');
    if (message.uint64(1) !== BigInt(VERSION)) throw new Malformed('unknown version');
    const blocks = readBlocks(message.repeated(2));
    if (blocks.length === 0) throw new Malformed('no block');
    const traces = message.repeated(3);
    if (traces.length > UPDATE_WITNESSES_MAX) throw new Malformed('too many witnesses');
    const witnesses = traces.map((trace) =>
      readBlocks(readMessage(trace, { 1: 'repeatedBytes' }, 'witness').repeated(1)),
    );
    return { blocks, witnesses };
  });
}

export function encodeLightBlock(block: LightBlock): Uint8Array {
  const same = sameBytes(block.header.validatorsHash, block.header.nextValidatorsHash);
  return joinBytes([
    messageField(
      1,
      joinBytes([messageField(1, encodeHeader(block.header)), messageField(2, encodeCommit(block.commit))]),
    ),
    messageField(2, encodeValidators(block.validators)),
    same ? NONE : messageField(3, encodeValidators(block.nextValidators)),
  ]);
}

export function decodeLightBlock(bytes: Uint8Array): Verdict<LightBlock> {
  return decoding('light block', () => readLightBlock(bytes));
}

export function encodeHeader(header: Header): Uint8Array {
  return joinBytes([
    messageField(1, joinBytes([varintField(1, header.versionBlock), varintField(2, header.versionApp)])),
    bytesField(2, new TextEncoder().encode(header.chainId)),
    varintField(3, header.height),
    messageField(4, timestampBytes(header.timeNanos)),
    messageField(5, blockIdBytes(header.lastBlockId)),
    bytesField(6, header.lastCommitHash),
    bytesField(7, header.dataHash),
    bytesField(8, header.validatorsHash),
    bytesField(9, header.nextValidatorsHash),
    bytesField(10, header.consensusHash),
    bytesField(11, header.appHash),
    bytesField(12, header.lastResultsHash),
    bytesField(13, header.evidenceHash),
    bytesField(14, header.proposerAddress),
  ]);
}

export function decodeHeader(bytes: Uint8Array): Verdict<Header> {
  return decoding('header', () => readHeader(bytes));
}

/** A tendermint.types.SignedHeader. */
export function decodeSignedHeader(bytes: Uint8Array): Verdict<{ readonly header: Header; readonly commit: Commit }> {
  return decoding('signed header', () => readSignedHeader(bytes));
}

/** A tendermint.types.ValidatorSet; its proposer, priorities and total are not part of any hash and are passed over. */
export function decodeValidators(bytes: Uint8Array): Verdict<readonly Validator[]> {
  return decoding('validators', () => readValidators(bytes));
}

function encodeCommit(commit: Commit): Uint8Array {
  return joinBytes([
    varintField(1, commit.height),
    varintField(2, commit.round),
    messageField(3, blockIdBytes(commit.blockId)),
    ...commit.signatures.map((entry) => messageField(4, commitSignatureBytes(entry))),
  ]);
}

function encodeValidators(validators: readonly Validator[]): Uint8Array {
  return joinBytes(
    validators.map((validator) =>
      messageField(
        1,
        joinBytes([
          bytesField(1, validator.address),
          messageField(2, publicKeyBytes(validator.publicKey)),
          varintField(3, validator.power),
        ]),
      ),
    ),
  );
}

function readBlocks(list: readonly Uint8Array[]): readonly LightBlock[] {
  if (list.length > UPDATE_BLOCKS_MAX) throw new Malformed('too many blocks');
  return list.map(readLightBlock);
}

function readLightBlock(bytes: Uint8Array): LightBlock {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes', 3: 'bytes' }, 'block');
  const validators = readValidators(message.bytes(2));
  const next = message.optionalBytes(3);
  return {
    ...readSignedHeader(message.bytes(1)),
    validators,
    nextValidators: next === undefined ? validators : readValidators(next),
  };
}

function readSignedHeader(bytes: Uint8Array): { header: Header; commit: Commit } {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes' }, 'signed header');
  return { header: readHeader(message.bytes(1)), commit: readCommit(message.bytes(2)) };
}

function readHeader(bytes: Uint8Array): Header {
  const message = readMessage(
    bytes,
    {
      1: 'bytes',
      2: 'bytes',
      3: 'varint',
      4: 'bytes',
      5: 'bytes',
      6: 'bytes',
      7: 'bytes',
      8: 'bytes',
      9: 'bytes',
      10: 'bytes',
      11: 'bytes',
      12: 'bytes',
      13: 'bytes',
      14: 'bytes',
    },
    'header',
  );
  const version = readMessage(message.bytes(1), { 1: 'varint', 2: 'varint' }, 'version');
  return {
    versionBlock: version.uint64(1),
    versionApp: version.uint64(2),
    chainId: message.text(2),
    height: message.int64(3),
    timeNanos: readTimestamp(message.bytes(4)),
    lastBlockId: message.has(5) ? readBlockId(message.bytes(5)) : NO_BLOCK,
    lastCommitHash: message.bytes(6),
    dataHash: message.bytes(7),
    validatorsHash: message.bytes(8),
    nextValidatorsHash: message.bytes(9),
    consensusHash: message.bytes(10),
    appHash: message.bytes(11),
    lastResultsHash: message.bytes(12),
    evidenceHash: message.bytes(13),
    proposerAddress: message.bytes(14),
  };
}

function readCommit(bytes: Uint8Array): Commit {
  const message = readMessage(bytes, { 1: 'varint', 2: 'varint', 3: 'bytes', 4: 'repeatedBytes' }, 'commit');
  const entries = message.repeated(4);
  if (entries.length > VALIDATORS_MAX) throw new Malformed('too many signatures');
  return {
    height: message.int64(1),
    round: readInt32(message.int64(2), 'round'),
    blockId: readBlockId(message.bytes(3)),
    signatures: entries.map(readCommitSignature),
  };
}

function readCommitSignature(bytes: Uint8Array): CommitSignature {
  const message = readMessage(bytes, { 1: 'varint', 2: 'bytes', 3: 'bytes', 4: 'bytes' }, 'commit signature');
  return {
    flag: message.uint32(1),
    address: message.bytes(2),
    timeNanos: readTimestamp(message.bytes(3)),
    signature: message.bytes(4),
  };
}

function readBlockId(bytes: Uint8Array): BlockId {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes' }, 'block id');
  const parts = readMessage(message.bytes(2), { 1: 'varint', 2: 'bytes' }, 'part set header');
  return { hash: message.bytes(1), partsTotal: parts.uint32(1), partsHash: parts.bytes(2) };
}

function readTimestamp(bytes: Uint8Array): bigint {
  const message = readMessage(bytes, { 1: 'varint', 2: 'varint' }, 'time');
  const seconds = message.int64(1);
  const nanos = message.int64(2);
  const timeNanos = seconds * NANOS_PER_SECOND + nanos;
  if (nanos < 0n || nanos >= NANOS_PER_SECOND || timeNanos < GO_ZERO_TIME || timeNanos >= TIME_END) {
    throw new Malformed('time out of range');
  }
  return timeNanos;
}

function readValidators(bytes: Uint8Array): readonly Validator[] {
  const message = readMessage(bytes, { 1: 'repeatedBytes', 2: 'bytes', 3: 'varint' }, 'validator set');
  const list = message.repeated(1);
  if (list.length > VALIDATORS_MAX) throw new Malformed('too many validators');
  return list.map((item) => {
    const validator = readMessage(item, { 1: 'bytes', 2: 'bytes', 3: 'varint', 4: 'varint' }, 'validator');
    return {
      address: validator.bytes(1),
      publicKey: readPublicKey(validator.bytes(2)),
      power: validator.int64(3),
    };
  });
}

function readPublicKey(bytes: Uint8Array): PublicKey {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes', 3: 'bytes', 4: 'bytes' }, 'public key');
  if (message.has(3) || message.has(4)) throw new Malformed('key type not supported: bls12381 or bn254');
  if (message.has(1) === message.has(2)) throw new Malformed('public key: exactly one key expected');
  const type: KeyType = message.has(1) ? 'ed25519' : 'secp256k1';
  const key = message.bytes(type === 'ed25519' ? 1 : 2);
  if (key.length !== KEY_BYTES[type]) throw new Malformed(`${type} key of wrong length`);
  return { type, bytes: key };
}

function readInt32(value: bigint, what: string): number {
  if (BigInt.asIntN(32, value) !== value) throw new Malformed(`${what} exceeds 32 bits`);
  return Number(value);
}
