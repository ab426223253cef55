/**
 * What the bytes of one transfer cost where every transfer passes: each step once, over flat packets, CPU microseconds per
 * packet.
 */
import { concatBytes, utf8 } from '../../../relayer/core/bytes.ts';
import { chunkHashes, merkleRoot } from '../../../relayer/core/checkpoint.ts';
import { decodeFrame, encodeFrame, packetsProblem } from '../../../relayer/core/frame.ts';
import { assetId, laneId } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { CHUNK_PACKETS_MAX, FRAME_PACKETS_MAX, PACKET_BYTES } from '../../../relayer/core/limits.ts';
import { accumulate, encodePacket } from '../../../relayer/core/packet.ts';
import { type Bench, type BenchResult, must, rounded, rssMb, timed } from '../bench.ts';

/** A checkpoint of 32 chunks. */
const PACKETS = 32 * CHUNK_PACKETS_MAX;

export const codec: Bench = {
  name: 'codec',
  shows: 'packet checks, accumulator, chunk hash, root, frames: CPU us per packet',
  run: async ({ seconds, seed, say }) => {
    const packets = makePackets(seed);
    const lane = laneId(keccak256(utf8('lane')));
    const source = { height: 1n, hash: keccak256(utf8('block')) };
    const pieces: { readonly firstSequence: bigint; readonly packets: Uint8Array }[] = [];
    for (let at = 0; at < PACKETS; at += FRAME_PACKETS_MAX) {
      const piece = packets.subarray(at * PACKET_BYTES, (at + FRAME_PACKETS_MAX) * PACKET_BYTES);
      pieces.push({ firstSequence: BigInt(at), packets: piece });
    }
    const frames = pieces.map((piece) => encodeFrame({ lane, source, ...piece }));
    const hashes = chunkHashes(packets, CHUNK_PACKETS_MAX);
    const zero = new Uint8Array(32);

    const steps: readonly (readonly [part: string, step: () => void])[] = [
      ['packet checks', () => must(packetsProblem(packets, 0n) === undefined)],
      ['accumulator', () => must(accumulate(zero, packets).length === 32)],
      ['chunk hash', () => must(chunkHashes(packets, CHUNK_PACKETS_MAX).length === hashes.length)],
      ['root', () => must(merkleRoot(hashes).length === 32)],
      ['frame encode', () => pieces.forEach((piece) => encodeFrame({ lane, source, ...piece }))],
      ['frame decode', () => frames.forEach((frame) => must(decodeFrame(frame).count > 0))],
    ];
    let wallMicros = 0;
    let cpuMicros = 0;
    const parts = steps.map(([part, step]) => {
      const timing = timed(seconds / steps.length, step);
      wallMicros += timing.wallMicros / PACKETS;
      cpuMicros += timing.cpuMicros / PACKETS;
      say(`${part.padEnd(16)} ${rounded(timing.cpuMicros / PACKETS)} us`);
      return { part, cpuMicros: rounded(timing.cpuMicros / PACKETS), iterations: timing.iterations };
    });
    const result: BenchResult = {
      perSecond: rounded(1_000_000 / wallMicros),
      cpuMicrosPerTransfer: rounded(cpuMicros),
      cores: rounded(cpuMicros / wallMicros),
      p50Ms: null,
      p99Ms: null,
      rssMb: rssMb(),
      lost: null,
      doubled: null,
      note: `each step once per packet, ${PACKETS} packets of ${PACKET_BYTES} bytes, no bus, store or chain`,
      parts,
    };
    return Promise.resolve(result);
  },
};

function makePackets(seed: number): Uint8Array {
  const account = keccak256(utf8(`account ${seed}`));
  return concatBytes(
    ...Array.from({ length: PACKETS }, (_, i) =>
      encodePacket({
        kind: 'transfer',
        sequence: BigInt(i),
        asset: assetId(1),
        amount: BigInt(i) * 1_000_000_007n,
        receiver: account.slice(0, 20),
        deadline: 0n,
        sourceReference: account,
        sender: account.slice(12, 32),
      }),
    ),
  );
}
