/** A live simd's own light-client messages: one update over 18 heights, a membership and an absence. */
import {
  SDK_SPECS,
  decodeMerkleProof,
  verifyMembership,
  verifyNonMembership,
} from '../../../light-clients/ics23/index.ts';
import { readMessage } from '../../../light-clients/protobuf.ts';
import {
  decodeSignedHeader,
  decodeTimeJson,
  decodeValidators,
  validatorsHash,
  verifySignedBlock,
} from '../../../light-clients/tendermint/index.ts';
import { asHex } from '../../../light-clients/json.ts';
import { must, readJson, runSuite, type SuiteResult } from './fixtures.ts';

const SECOND = 1_000_000_000n;

export function ics07Simd(): SuiteResult {
  return runSuite('ics07 simd', 'ics07-simd', (directory, check) => {
    check('update_client', () => updates(directory, 0n));
    check('update_client, after the trusting period', () => !updates(directory, 30n * 86_400n * SECOND));
    check('update_client, with a changed signature', () => !updates(directory, 0n, true));
    for (const [file, absent] of [
      ['verify_membership_key_0.json', false],
      ['verify_non-membership_key_1.json', true],
    ] as const) {
      check(file, () => proves(directory, file, absent));
      check(`${file}, of another root`, () => !proves(directory, file, absent, true));
    }
  });
}

interface UpdateFixture {
  readonly client_state_hex: string;
  readonly consensus_state_hex: string;
  readonly update_client_message: { readonly client_message_hex: string; readonly trusted_height: number };
  readonly metadata: { readonly generated_at: string };
}

function updates(directory: string, laterNanos: bigint, corrupt = false): boolean {
  const fixture = readJson<UpdateFixture>(directory, 'update_client_happy_path.json');
  const message = asHex(fixture.update_client_message.client_message_hex, 'message');
  const trustedHeight = BigInt(fixture.update_client_message.trusted_height);
  const client = readClientState(asHex(fixture.client_state_hex, 'client state'));
  const consensus = readConsensusState(asHex(fixture.consensus_state_hex, 'consensus state'));
  // An ibc Header: signed header, validators, trusted height, trusted validators.
  const header = readMessage(message, { 1: 'bytes', 2: 'bytes', 3: 'bytes', 4: 'bytes' }, 'header');
  const signedBytes = Uint8Array.from(header.bytes(1));
  // The last byte is the last one of the last signature.
  if (corrupt) signedBytes[signedBytes.length - 1] = (signedBytes.at(-1) ?? 0) ^ 1;
  const signed = must(decodeSignedHeader(signedBytes));
  const nextValidators = must(decodeValidators(header.bytes(4)));
  if (Buffer.compare(validatorsHash(nextValidators), consensus.nextValidatorsHash) !== 0) return false;
  const anchor = { height: trustedHeight, timeNanos: consensus.timeNanos, nextValidators };
  const block = { ...signed, validators: must(decodeValidators(header.bytes(2))) };
  const now = must(decodeTimeJson(fixture.metadata.generated_at)) + laterNanos;
  return verifySignedBlock(anchor, block, client, now).kind === 'valid';
}

interface ProofFixture {
  readonly consensus_state_hex: string;
  readonly membership_msg: { readonly path: readonly string[]; readonly proof: string; readonly value: string };
}

function proves(directory: string, file: string, absent: boolean, otherRoot = false): boolean {
  const fixture = readJson<ProofFixture>(directory, file);
  const { root } = readConsensusState(asHex(fixture.consensus_state_hex, 'consensus state'));
  const proofs = must(decodeMerkleProof(asHex(fixture.membership_msg.proof, 'proof')));
  const path = fixture.membership_msg.path.map((part) => new TextEncoder().encode(part));
  const value = asHex(fixture.membership_msg.value, 'value');
  const expected = otherRoot ? new Uint8Array(32) : root;
  const verdict = absent
    ? verifyNonMembership(expected, SDK_SPECS, path, proofs)
    : verifyMembership(expected, SDK_SPECS, path, value, proofs);
  return verdict.kind === 'valid';
}

/** Of the client state: chain id, trust level, trusting period, clock drift. */
function readClientState(bytes: Uint8Array): Parameters<typeof verifySignedBlock>[2] {
  const message = readMessage(
    bytes,
    {
      1: 'bytes',
      2: 'bytes',
      3: 'bytes',
      4: 'bytes',
      5: 'bytes',
      6: 'bytes',
      7: 'bytes',
      8: 'repeatedBytes',
      9: 'repeatedBytes',
    },
    'client state',
  );
  const level = readMessage(message.bytes(2), { 1: 'varint', 2: 'varint' }, 'trust level');
  const duration = (field: number): bigint => {
    const read = readMessage(message.bytes(field), { 1: 'varint', 2: 'varint' }, 'duration');
    return read.int64(1) * SECOND + read.int64(2);
  };
  return {
    chainId: message.text(1),
    trustLevel: { numerator: level.uint64(1), denominator: level.uint64(2) },
    trustingPeriodNanos: duration(3),
    clockDriftNanos: duration(5),
  };
}

function readConsensusState(bytes: Uint8Array): {
  timeNanos: bigint;
  root: Uint8Array;
  nextValidatorsHash: Uint8Array;
} {
  const message = readMessage(bytes, { 1: 'bytes', 2: 'bytes', 3: 'bytes' }, 'consensus state');
  const time = readMessage(message.bytes(1), { 1: 'varint', 2: 'varint' }, 'time');
  return {
    timeNanos: time.int64(1) * SECOND + time.int64(2),
    root: readMessage(message.bytes(2), { 1: 'bytes' }, 'root').bytes(1),
    nextValidatorsHash: message.bytes(3),
  };
}
