/**
 * The golden vectors of the wire format: made here by the TypeScript code, checked in by file, and checked again by the
 * Solidity tests and by an independent judge in `relayer/core/*.test.ts`. Deterministic.
 *
 *   node --import tsx test/vectors/generate.ts     writes core-v1.json
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { toHex, utf8, word } from '../../relayer/core/bytes.ts';
import * as core from '../../relayer/core/checkpoint.ts';
import { assetId, caip2 } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { laneIdOf } from '../../relayer/core/lane.ts';
import { accumulate, encodePacket, transferIdOf, type Packet } from '../../relayer/core/packet.ts';

const FILE = new URL('core-v1.json', import.meta.url);

export type CoreVectors = ReturnType<typeof makeVectors>;

const seedHash = (label: string): Uint8Array => keccak256(utf8(label));

export function makeVectors() {
  const gatewayA = seedHash('gateway a').subarray(0, 20);
  const gatewayB = seedHash('gateway b').subarray(0, 20);
  const source = { chain: caip2('eip155:31337'), gateway: gatewayA };
  const target = { chain: caip2('eip155:31338'), gateway: gatewayB };
  const long = { chain: caip2('cosmos:viaduct-1'), gateway: seedHash('vault').subarray(0, 32) };

  const lane = laneIdOf(source, target);
  const packets: Packet[] = Array.from({ length: 20 }, (_, i) => ({
    kind: i % 7 === 6 ? 'return' : 'transfer',
    sequence: BigInt(i),
    asset: assetId(i % 3),
    amount: [0n, 1n, (1n << 64n) - 1n, 1n << 64n, (1n << 128n) - 1n][i % 5]!,
    receiver: seedHash(`receiver ${i}`).subarray(0, [20, 32, 1, 20][i % 4]),
    deadline: i % 2 === 0 ? 0n : 1_900_000_000n + BigInt(i),
    sourceReference: seedHash(`source ${i}`),
    sender: seedHash(`sender ${i}`).subarray(0, [20, 20, 32][i % 3]),
  }));
  const encoded = packets.map(encodePacket);
  const flat = new Uint8Array(encoded.length * 135);
  encoded.forEach((bytes, i) => flat.set(bytes, i * 135));

  let accumulator: Uint8Array = new Uint8Array(32);
  const packetRows = encoded.map((bytes, i) => {
    accumulator = accumulate(accumulator, bytes);
    const packet = packets[i]!;
    return {
      kind: packet.kind,
      sequence: packet.sequence.toString(),
      asset: packet.asset,
      amount: packet.amount.toString(),
      receiver: toHex(packet.receiver),
      deadline: packet.deadline.toString(),
      sourceReference: toHex(packet.sourceReference),
      sender: toHex(packet.sender),
      bytes: toHex(bytes),
      transferId: `0x${transferIdOf(lane, bytes)}`,
      accumulator: toHex(accumulator),
    };
  });

  const treeRows = [1, 2, 3, 4, 5, 7, 8, 13, 256].map((count) => {
    const chunks = Array.from({ length: count }, (_, i) => seedHash(`chunk ${i}`));
    const index = count - 1 - (count % 3 === 0 ? 1 : 0);
    return {
      count,
      chunks: chunks.map(toHex),
      root: toHex(core.merkleRoot(chunks)),
      index,
      proof: core.merkleProof(chunks, index).map(toHex),
    };
  });

  const signers: core.SignerSet = {
    epoch: 3n,
    threshold: 2,
    members: ['one', 'two', 'three']
      .map((name) => seedHash(name).subarray(0, 20))
      .sort((a, b) => (toHex(a) < toHex(b) ? -1 : 1)),
  };
  const checkpoint: core.Checkpoint = {
    lane,
    signerEpoch: signers.epoch,
    signerSetHash: core.signerSetHash(signers),
    manifestHash: seedHash('manifest'),
    firstSequence: 0n,
    packetCount: 20,
    chunkSize: 8,
    root: core.merkleRoot(core.chunkHashes(flat, 8)),
    sourceHeight: 12345n,
    sourceBlockHash: seedHash('block'),
  };
  const domain = core.domainSeparator(target.chain, gatewayB);

  return {
    lanes: [
      { source, target },
      { source: target, target: source },
      { source: long, target: source },
    ].map((row) => ({
      sourceChain: row.source.chain,
      sourceGateway: toHex(row.source.gateway),
      targetChain: row.target.chain,
      targetGateway: toHex(row.target.gateway),
      laneId: `0x${laneIdOf(row.source, row.target)}`,
    })),
    packets: packetRows,
    trees: treeRows,
    signerSet: {
      epoch: Number(signers.epoch),
      threshold: signers.threshold,
      members: signers.members.map(toHex),
      hash: toHex(core.signerSetHash(signers)),
    },
    checkpoint: {
      laneId: `0x${lane}`,
      signerEpoch: Number(checkpoint.signerEpoch),
      signerSetHash: toHex(checkpoint.signerSetHash),
      manifestHash: toHex(checkpoint.manifestHash),
      firstSequence: Number(checkpoint.firstSequence),
      packetCount: checkpoint.packetCount,
      chunkSize: checkpoint.chunkSize,
      root: toHex(checkpoint.root),
      sourceHeight: Number(checkpoint.sourceHeight),
      sourceBlockHash: toHex(checkpoint.sourceBlockHash),
      chunkHashes: core.chunkHashes(flat, 8).map(toHex),
      packets: toHex(flat),
      chainId: 31338,
      gateway: toHex(gatewayB),
      domainSeparator: toHex(domain),
      digest: toHex(core.checkpointDigest(checkpoint, domain)),
      emptyAccumulator: toHex(word(0)),
    },
  };
}

/** The file's exact text. */
export function vectorsText(): string {
  return `${JSON.stringify(makeVectors(), null, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(FILE, vectorsText());
