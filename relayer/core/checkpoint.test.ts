import { encodeAbiParameters, hashDomain, hashTypedData, keccak256 as viemKeccak } from 'viem';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors/load.ts';
import { fromHex, type Hex, toHex } from './bytes.ts';
import {
  type Checkpoint,
  checkpointDigest,
  chunkCount,
  chunkHash,
  chunkHashes,
  domainSeparator,
  merkleRoot,
  signerSetHash,
} from './checkpoint.ts';
import { ViaductError } from './errors.ts';
import { caip2, laneId } from './ids.ts';
import { CHUNK_PACKETS_MAX, PACKET_BYTES } from './limits.ts';

const { checkpoint: row, signerSet } = loadVectors();
const packets = fromHex(row.packets);
const gateway = fromHex(row.gateway, 20);
const checkpoint: Checkpoint = {
  lane: laneId(row.laneId),
  signerEpoch: BigInt(row.signerEpoch),
  signerSetHash: fromHex(row.signerSetHash, 32),
  manifestHash: fromHex(row.manifestHash, 32),
  firstSequence: BigInt(row.firstSequence),
  packetCount: row.packetCount,
  chunkSize: row.chunkSize,
  root: fromHex(row.root, 32),
  sourceHeight: BigInt(row.sourceHeight),
  sourceBlockHash: fromHex(row.sourceBlockHash, 32),
};

const EIP712 = {
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Checkpoint: [
      { name: 'laneId', type: 'bytes32' },
      { name: 'signerEpoch', type: 'uint64' },
      { name: 'signerSetHash', type: 'bytes32' },
      { name: 'manifestHash', type: 'bytes32' },
      { name: 'firstSequence', type: 'uint64' },
      { name: 'packetCount', type: 'uint32' },
      { name: 'chunkSize', type: 'uint32' },
      { name: 'root', type: 'bytes32' },
      { name: 'sourceHeight', type: 'uint64' },
      { name: 'sourceBlockHash', type: 'bytes32' },
    ],
  },
} as const;

/** The digest through viem, from the same fields. */
function judge(of: Checkpoint, chainId: number, verifyingContract: Hex): Hex {
  return hashTypedData({
    ...EIP712,
    primaryType: 'Checkpoint',
    domain: { name: 'Viaduct', version: '1', chainId: BigInt(chainId), verifyingContract },
    message: {
      laneId: `0x${of.lane}`,
      signerEpoch: of.signerEpoch,
      signerSetHash: toHex(of.signerSetHash),
      manifestHash: toHex(of.manifestHash),
      firstSequence: of.firstSequence,
      packetCount: of.packetCount,
      chunkSize: of.chunkSize,
      root: toHex(of.root),
      sourceHeight: of.sourceHeight,
      sourceBlockHash: toHex(of.sourceBlockHash),
    },
  });
}

describe('signed statement', () => {
  const domain = domainSeparator(caip2(`eip155:${row.chainId}`), gateway);

  it('has the golden domain and digest, and those that viem computes', () => {
    expect(toHex(domain)).toBe(row.domainSeparator);
    expect(
      hashDomain({
        domain: { name: 'Viaduct', version: '1', chainId: BigInt(row.chainId), verifyingContract: row.gateway },
        types: EIP712.types,
      }),
    ).toBe(row.domainSeparator);
    expect(toHex(checkpointDigest(checkpoint, domain))).toBe(row.digest);
    expect(judge(checkpoint, row.chainId, row.gateway)).toBe(row.digest);
  });

  it('changes with each field, with the chain id and with the gateway (ATK-33)', () => {
    const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 31 ? byte ^ 1 : byte));
    const variants: Checkpoint[] = [
      checkpoint,
      { ...checkpoint, lane: laneId(flipped(fromHex(checkpoint.lane))) },
      { ...checkpoint, signerEpoch: checkpoint.signerEpoch + 1n },
      { ...checkpoint, signerSetHash: flipped(checkpoint.signerSetHash) },
      { ...checkpoint, manifestHash: flipped(checkpoint.manifestHash) },
      { ...checkpoint, firstSequence: checkpoint.firstSequence + 1n },
      { ...checkpoint, packetCount: checkpoint.packetCount + 1 },
      { ...checkpoint, chunkSize: checkpoint.chunkSize + 1 },
      { ...checkpoint, root: flipped(checkpoint.root) },
      { ...checkpoint, sourceHeight: checkpoint.sourceHeight + 1n },
      { ...checkpoint, sourceBlockHash: flipped(checkpoint.sourceBlockHash) },
    ];
    const digests = variants.map((variant) => toHex(checkpointDigest(variant, domain)));
    expect(digests).toEqual(variants.map((variant) => judge(variant, row.chainId, row.gateway)));
    digests.push(toHex(checkpointDigest(checkpoint, domainSeparator(caip2('eip155:1'), gateway))));
    digests.push(toHex(checkpointDigest(checkpoint, domainSeparator(caip2('eip155:31338'), new Uint8Array(20)))));
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('has another domain for every vault, which only its members check', () => {
    const other = Uint8Array.from(gateway, (byte) => byte ^ 1);
    const domains = [
      domainSeparator(caip2('cosmos:a-1'), gateway),
      domainSeparator(caip2('cosmos:a-2'), gateway),
      domainSeparator(caip2('polkadot:91b171bb158e2d3848fa23a9f1c25182'), gateway),
      domainSeparator(caip2('cosmos:a-1'), other),
      domainSeparator(caip2('eip155:1'), gateway),
    ];
    expect(new Set(domains.map(toHex)).size).toBe(domains.length);
  });
});

describe('signer set hash', () => {
  it('is the golden one, and abi.encode through viem', () => {
    const set = {
      epoch: BigInt(signerSet.epoch),
      threshold: signerSet.threshold,
      members: signerSet.members.map((member) => fromHex(member, 20)),
    };
    expect(toHex(signerSetHash(set))).toBe(signerSet.hash);
    const abi = encodeAbiParameters(
      [{ type: 'uint64' }, { type: 'uint32' }, { type: 'address[]' }],
      [set.epoch, set.threshold, signerSet.members],
    );
    expect(viemKeccak(abi)).toBe(signerSet.hash);
    expect(row.signerSetHash).toBe(signerSet.hash);
  });
});

describe('chunks', () => {
  it('hash their packets laid end to end', () => {
    const hashes = chunkHashes(packets, row.chunkSize);
    expect(hashes.map(toHex)).toEqual(row.chunkHashes);
    expect(hashes.map(toHex)).toEqual(
      [0, 8, 16].map((first) => viemKeccak(packets.subarray(first * PACKET_BYTES, (first + 8) * PACKET_BYTES))),
    );
    expect(toHex(merkleRoot(hashes))).toBe(row.root);
    expect(toHex(chunkHash(packets))).toBe(viemKeccak(packets));
  });

  it.each([
    [1, 8, 1],
    [8, 8, 1],
    [9, 8, 2],
    [20, 8, 3],
    [512, 1, 512],
  ])('%i packets in chunks of %i are %i chunks', (packetCount, chunkSize, expected) => {
    expect(chunkCount({ packetCount, chunkSize })).toBe(expected);
  });

  it.each([
    ['no packets', new Uint8Array(0), 8],
    ['half a packet', packets.subarray(0, 200), 8],
    ['a chunk size of 0', packets, 0],
    ['a chunk size above the limit', packets, CHUNK_PACKETS_MAX + 1],
  ])('are not cut from %s', (_, bytes, size) => {
    expect(() => chunkHashes(bytes, size)).toThrow(ViaductError);
  });
});
