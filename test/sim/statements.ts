/** True and false statements for tests of single roles: a signer set of three, one lane, packets, checkpoints. */
import { compareBytes, utf8 } from '../../relayer/core/bytes.ts';
import type { Certificate } from '../../relayer/core/certificate.ts';
import {
  type Checkpoint,
  checkpointDigest,
  chunkHashes,
  domainSeparator,
  merkleRoot,
  signerSetHash,
} from '../../relayer/core/checkpoint.ts';
import { assetId, type AssetId, caip2, chainName, type LaneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { laneIdOf } from '../../relayer/core/lane.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { encodePacket, type Packet, readSequence } from '../../relayer/core/packet.ts';
import type { Derivation, LightClientStep } from '../../relayer/core/ports.ts';
import { addressOf, sign } from '../../relayer/core/secp256k1.ts';
import type { AttestationRules } from '../../relayer/core/signatures.ts';
import type { Telemetry } from '../../relayer/core/telemetry.ts';
import type { Journal } from '../../relayer/store/journal.ts';

export const TOKEN = assetId(1);
export const SOURCE = chainName('source');
export const TARGET = chainName('target');
export const CHUNK_SIZE = 4;

/** Keys of the members, in the order of their addresses. */
export const KEYS = ['one', 'two', 'three']
  .map((name) => keccak256(utf8(`member ${name}`)))
  .sort((a, b) => compareBytes(addressOf(a), addressOf(b)));
export const ADDRESSES = KEYS.map(addressOf);

const sourceEnd = { chain: caip2('eip155:1'), gateway: keccak256(utf8('gateway of source')).slice(0, 20) };
const targetEnd = { chain: caip2('eip155:2'), gateway: keccak256(utf8('gateway of target')).slice(0, 20) };
export const LANE = laneIdOf(sourceEnd, targetEnd);
export const BACK = laneIdOf(targetEnd, sourceEnd);

export const RULES: AttestationRules = {
  signers: { epoch: 1n, threshold: 2, members: ADDRESSES },
  manifestHash: keccak256(utf8('manifest')),
  domain: domainSeparator(targetEnd.chain, targetEnd.gateway),
  chunkSize: CHUNK_SIZE,
};

export function hashOf(height: bigint): Uint8Array {
  return keccak256(utf8(`block ${height}`));
}

/** `count` packets in sequence from `first`. */
export function packetsFrom(first: bigint, count: number, more: Partial<Packet> = {}): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_BYTES);
  for (let i = 0; i < count; i++) {
    const sequence = first + BigInt(i);
    const packet: Packet = {
      kind: 'transfer',
      sequence,
      asset: TOKEN,
      amount: 1n,
      receiver: new Uint8Array(20).fill(2),
      deadline: 0n,
      sourceReference: keccak256(utf8(`deposit ${sequence}`)),
      sender: new Uint8Array(20).fill(1),
      ...more,
    };
    bytes.set(encodePacket(packet), i * PACKET_BYTES);
  }
  return bytes;
}

export function statementOver(
  packets: Uint8Array,
  more: Partial<Checkpoint> & { readonly rules?: AttestationRules } = {},
): Checkpoint {
  const { rules = RULES, ...fields } = more;
  return {
    lane: LANE,
    signerEpoch: rules.signers.epoch,
    signerSetHash: signerSetHash(rules.signers),
    manifestHash: rules.manifestHash,
    firstSequence: readSequence(packets),
    packetCount: packets.length / PACKET_BYTES,
    chunkSize: rules.chunkSize,
    root: merkleRoot(chunkHashes(packets, rules.chunkSize)),
    sourceHeight: 1n,
    sourceBlockHash: hashOf(1n),
    ...fields,
  };
}

/** Signed by the keys in the order given. */
export function signedBy(checkpoint: Checkpoint, keys: readonly Uint8Array[], rules = RULES): Certificate {
  const digest = checkpointDigest(checkpoint, rules.domain);
  const signatures = new Uint8Array(keys.length * 65);
  keys.forEach((key, index) => {
    signatures.set(sign(digest, key), index * 65);
  });
  return { checkpoint, signatures };
}

export function stepAt(height: bigint): LightClientStep {
  return {
    state: Uint8Array.of(Number(height)),
    head: { height, hash: hashOf(height), timeSeconds: height, header: Uint8Array.of(1) },
  };
}

/** What a chain derived up to a height. */
export function derivation(height: bigint, more: Partial<Derivation> = {}): Derivation {
  return { cursor: Uint8Array.of(Number(height)), height, outbound: [], settlements: [], ...more };
}

/** Has `count` packets of a lane verified at `height` of its source. */
export async function derivePackets(
  journal: Journal,
  packets: Uint8Array,
  height: bigint,
  lane: LaneId = LANE,
  chain = SOURCE,
): Promise<void> {
  await journal.putStep(chain, stepAt(height));
  const firstSequence = readSequence(packets);
  await journal.putDerivation(
    chain,
    stepAt(height).head,
    derivation(height, { outbound: [{ lane, firstSequence, packets }] }),
  );
}

/** Has the target say, verified, what it accepted (undefined: it is a vault) and delivered. */
export async function settle(
  journal: Journal,
  accepted: bigint | undefined,
  delivered: readonly (readonly [first: bigint, count: number])[],
  height = 1n,
): Promise<void> {
  await journal.putStep(TARGET, stepAt(height));
  const ranges = delivered.map(([firstSequence, count]) => ({ firstSequence, count, transaction: '0xdd' }));
  const settlements = [{ lane: LANE, acceptedSequence: accepted, accepted: [], delivered: ranges, refused: [] }];
  await journal.putDerivation(TARGET, stepAt(height).head, derivation(height, { settlements }));
}

export interface RecordedTelemetry extends Telemetry {
  readonly alerts: string[];
  readonly reports: {
    readonly what: string;
    readonly key: string;
    readonly facts: Readonly<Record<string, unknown>>;
  }[];
}

export function recordTelemetry(): RecordedTelemetry {
  const alerts: string[] = [];
  const reports: { what: string; key: string; facts: Readonly<Record<string, unknown>> }[] = [];
  return {
    alerts,
    reports,
    report: (what, key, facts) => reports.push({ what, key, facts }),
    alert: (_, code) => alerts.push(code),
  };
}

export function totalsOf(...amounts: readonly (readonly [asset: AssetId, amount: bigint])[]): Map<AssetId, bigint> {
  return new Map(amounts);
}
