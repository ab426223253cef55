import { describe, expect, it } from 'vitest';
import { encodeEvidence } from '../../../adapters/evm/evidence.ts';
import { createEvmDerive } from '../../../adapters/evm/index.ts';
import { createConfirmationsClient } from '../../../light-clients/confirmations/index.ts';
import type { Delivery } from '../../../relayer/core/ports.ts';
import { concatBytes, toHex } from '../../../relayer/core/bytes.ts';
import { encodeDelivery } from '../../../relayer/core/certificate.ts';
import {
  checkpointDigest,
  chunkHashes,
  merkleProof,
  merkleRoot,
  signerSetHash,
} from '../../../relayer/core/checkpoint.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { PACKET_BYTES } from '../../../relayer/core/limits.ts';
import type { Derivation, LightClientStep, Verdict } from '../../../relayer/core/ports.ts';
import { sign } from '../../../relayer/core/secp256k1.ts';
import { evidenceParts } from './evidenceParts.ts';
import { ATTESTER_KEY, benchManifest, gatewayAddress, genesisHeader } from './network.ts';
import { USUAL_RUN } from './measure.ts';
import { summed } from './profile.ts';
import { benchRules } from './rules.ts';
import { createReceiver, type Message, sendMessage } from './messages.ts';
import { partOf } from './startLoad.ts';
import { callOf, readTransaction, signTransaction } from './transaction.ts';
import { createWorld, type World } from './world.ts';

const CHUNK = 8;
const manifest = benchManifest(2, CHUNK);
const [there] = manifest.lanes;
const rules = benchRules(manifest, there!);
const NOW = 1_800_000_000_000;

function valid<T>(verdict: Verdict<T>): T {
  if (verdict.kind !== 'valid') throw new Error(`${verdict.kind}: ${verdict.reason}`);
  return verdict.value;
}

function newWorld(): World {
  const options = { chains: 2, chunkSize: CHUNK, lanes: 1, blockMs: 100, transactionsMax: 10 };
  return createWorld(options, manifest, (lane) => benchRules(manifest, manifest.lanes[lane]!));
}

/** Follows a chain as the relayer does. */
function follower(world: World, index: number) {
  const chain = world.chains[index]!;
  const trusted = { height: 0n, hash: keccak256(genesisHeader(index)) };
  const client = createConfirmationsClient({ trusted, confirmations: 0, quorum: 1, endpoints: 1, driftSecondsMax: 0 });
  const derive = createEvmDerive({
    address: gatewayAddress(index),
    startHeight: 1n,
    outbound: [manifest.lanes[index]!.id],
    inbound: [manifest.lanes[1 - index]!.id],
  });
  let step: LightClientStep = valid(client.start() as Verdict<LightClientStep>);
  let cursor: Uint8Array | undefined;
  return (): Derivation => {
    const update = chain.update(Number(step.head.height));
    step = valid(client.update(step.state, update, BigInt(NOW / 1_000)) as Verdict<LightClientStep>);
    const evidence = concatBytes(...chain.evidence(0, Number(step.head.height), cursor));
    const derivation = valid(derive({ head: step.head, cursor }, evidence));
    ({ cursor } = derivation);
    return derivation;
  };
}

function delivery(packets: Uint8Array, chunkIndex: number): Delivery {
  const hashes = chunkHashes(packets, CHUNK);
  const checkpoint = {
    lane: there!.id,
    signerEpoch: rules.signers.epoch,
    signerSetHash: signerSetHash(rules.signers),
    manifestHash: rules.manifestHash,
    firstSequence: 0n,
    packetCount: packets.length / PACKET_BYTES,
    chunkSize: CHUNK,
    root: merkleRoot(hashes),
    sourceHeight: 1n,
    sourceBlockHash: new Uint8Array(32),
  };
  const signatures = sign(checkpointDigest(checkpoint, rules.domain), ATTESTER_KEY);
  const from = chunkIndex * CHUNK * PACKET_BYTES;
  const chunk = packets.subarray(from, from + CHUNK * PACKET_BYTES);
  return { checkpoint, signatures, chunkIndex, packets: chunk, proof: merkleProof(hashes, chunkIndex) };
}

describe('the simulated chains', () => {
  it('prove what they did to the light client and the derivation, and pay each chunk once', () => {
    const world = newWorld();
    const [source, target] = [follower(world, 0), follower(world, 1)];
    world.setLoad({ kind: 'peak', underWay: 3 * CHUNK }, NOW);
    world.turn(NOW);
    world.setLoad({ kind: 'none' }, NOW);
    const { packets } = source().outbound[0]!;
    expect(packets).toHaveLength(3 * CHUNK * PACKET_BYTES);
    expect(target().settlements).toEqual([]);

    const account = world.chains[1]!;
    const send = (chunk: Delivery, slot: bigint, submittedMs: number): string => {
      const { raw, hash } = signTransaction(callOf(chunk), slot, 0, keccak256(Uint8Array.of(1)));
      account.broadcast('0x01', raw, submittedMs);
      return hash;
    };
    const hashes = [1, 0, 1].map((index, slot) => send(delivery(packets, index), BigInt(slot), NOW + 300));
    // A node that gets it once more had it before.
    send(delivery(packets, 1), 0n, NOW + 600);
    world.turn(NOW + 700);
    expect(hashes.map((hash) => account.outcome(hash)?.reverted)).toEqual([undefined, undefined, 'already delivered']);
    const [settlement] = target().settlements;
    expect(settlement).toMatchObject({ lane: there!.id, acceptedSequence: BigInt(3 * CHUNK) });
    expect(settlement!.delivered.map(({ firstSequence, count }) => [Number(firstSequence), count])).toEqual([
      [0, CHUNK],
      [CHUNK, CHUNK],
    ]);
    expect(world.stats()).toMatchObject({
      sent: 24,
      delivered: 16,
      doubled: 0,
      altered: 0,
      p50Ms: 300,
      paidP50Ms: 700,
    });
    send(delivery(packets, 2), 3n, NOW + 750);
    world.turn(NOW + 800);
    expect(target().settlements[0]!.delivered).toHaveLength(1);
    expect(world.stats()).toMatchObject({ sent: 24, delivered: 24, p50Ms: 750, paidP50Ms: 800 });
  });

  it('pay nothing that the signers did not sign, and notice packets that nobody sent', () => {
    const world = newWorld();
    world.setLoad({ kind: 'peak', underWay: CHUNK }, NOW);
    world.turn(NOW);
    const packets = concatBytes(...world.chains[0]!.outbound.packets(0, CHUNK));
    const forged = { ...delivery(packets, 0), signatures: sign(keccak256(packets), ATTESTER_KEY) };
    const target = world.chains[1]!;
    const send = (chunk: Delivery, slot: bigint): string | undefined => {
      const { raw, hash } = signTransaction(callOf(chunk), slot, 0, keccak256(Uint8Array.of(1)));
      target.broadcast('0x01', raw, NOW);
      world.turn(NOW);
      return target.outcome(hash)?.reverted;
    };
    expect(send(forged, 0n)).toMatch(/signature/);
    const other = packets.slice();
    other[30]! ^= 1;
    // Signed, since the signers are the only guard against this, and then seen by the count.
    expect(send(delivery(other, 0), 1n)).toBeUndefined();
    expect(world.stats()).toMatchObject({ altered: 1 });
  });

  it('send at a pace', () => {
    const world = newWorld();
    world.setLoad({ kind: 'paced', perSecond: 100 }, NOW);
    for (let ms = 100; ms <= 1_000; ms += 100) world.turn(NOW + ms);
    expect(world.stats().sent).toBe(100);
    expect(world.progress()).toEqual({ sent: [100, 0], delivered: [0, 0] });
  });
});

describe('parts of the chains', () => {
  it('are whole pairs, each in one process', () => {
    const part = (index: number, of: number) => ({ roles: [], part: [index, of] as const });
    const plan = { ...USUAL_RUN, chains: 10, processes: [part(0, 3), part(1, 3), part(2, 3), { roles: [] }] };
    expect(plan.processes.map((_, index) => partOf(plan, index))).toEqual([
      [0, 2],
      [2, 6],
      [6, 10],
      [0, 10],
    ]);
  });
});

describe('evidence in parts', () => {
  it('is the same as encoded whole', () => {
    const evidence = {
      accountProof: [new Uint8Array(70).fill(1)],
      storage: [{ slot: new Uint8Array(32).fill(2), proof: [new Uint8Array(40), new Uint8Array(3)] }],
      inbound: [{ lane: there!.id, checkpoints: [], deliveries: [], refusals: [] }],
    };
    for (const size of [0, 20, 56, 300, 70_000]) {
      const packets = Uint8Array.from({ length: size }, (_, i) => i | 128);
      const outbound = size === 0 ? [] : [{ lane: there!.id, packets }];
      const parts = [packets.subarray(0, size / 2), packets.subarray(size / 2)];
      const whole = encodeEvidence({ ...evidence, outbound });
      expect(toHex(concatBytes(...evidenceParts(evidence, there!.id, parts)))).toBe(toHex(whole));
    }
  });
});

describe('transactions', () => {
  it('carry their call, copied for a second attempt only', () => {
    const key = keccak256(Uint8Array.of(1));
    const call = callOf(delivery(new Uint8Array(CHUNK * PACKET_BYTES), 0));
    expect(call).toEqual(encodeDelivery(delivery(new Uint8Array(CHUNK * PACKET_BYTES), 0)));
    const [first, second] = [0, 1].map((attempt) => signTransaction(call, 7n, attempt, key));
    expect([first!.raw.buffer === call.buffer, second!.raw.buffer === call.buffer]).toEqual([true, false]);
    for (const { raw } of [first!, second!]) expect(readTransaction(raw)).toEqual({ slot: 7, call });
    const blank = signTransaction(new Uint8Array(0), 7n, 0, key);
    const other = callOf(delivery(new Uint8Array(CHUNK * PACKET_BYTES).fill(1), 0));
    const hashes = [first!, second!, blank, signTransaction(other, 7n, 0, key)].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(4);
  });
});

describe('messages', () => {
  it('come whole, however they are cut on the way', () => {
    const bytes: Uint8Array[] = [];
    const socket = { cork: () => 0, uncork: () => 0, write: (part: Uint8Array) => bytes.push(part) };
    const parts = [new Uint8Array(0), new Uint8Array(9_000).fill(7), Uint8Array.of(1, 2)];
    for (const id of [1, 2, 3]) sendMessage(socket as never, { id, what: 5, chain: 300 }, ...parts.slice(0, id));
    const all = concatBytes(...bytes);
    for (const step of [1, 3, 11, 12, 8_192, all.length]) {
      const got: Message[] = [];
      const receive = createReceiver((message) => void got.push(message));
      for (let at = 0; at < all.length; at += step) receive(all.slice(at, at + step));
      expect(got.map(({ id, what, chain, payload }) => [id, what, chain, payload.length])).toEqual([
        [1, 5, 300, 0],
        [2, 5, 300, 9_000],
        [3, 5, 300, 9_002],
      ]);
      expect(new Uint8Array(got[2]!.payload)).toEqual(concatBytes(...parts));
    }
  });
});

describe('profiles', () => {
  it('count a sample for the nearest caller that is a stage', () => {
    const frame = (functionName: string, url = ''): { functionName: string; url: string; lineNumber: number } => ({
      functionName,
      url,
      lineNumber: 0,
    });
    const nodes = [
      { id: 1, callFrame: frame('(root)'), children: [2, 5, 6] },
      { id: 2, callFrame: frame('consider', 'file:///relayer/attest/laneAttester.ts'), children: [3] },
      { id: 3, callFrame: frame('chunkHashes', 'file:///relayer/core/checkpoint.ts'), children: [4] },
      { id: 4, callFrame: frame('wasm', 'wasm://1') },
      { id: 5, callFrame: frame('(idle)') },
      { id: 6, callFrame: frame('(garbage collector)') },
    ];
    expect(summed(nodes, [4, 4, 5, 2, 6], [10, 20, 100, 5, 7])).toMatchObject({
      busyMicros: 42,
      stages: [
        { stage: 'attest', micros: 35 },
        { stage: 'garbage collection', micros: 7 },
      ],
    });
  });
});
