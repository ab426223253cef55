import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../relayer/bus/index.ts';
import { toHex, utf8 } from '../../relayer/core/bytes.ts';
import { decodeDelivery, encodeCertificate } from '../../relayer/core/certificate.ts';
import { checkpointDigest, chunkHashes, merkleRoot, signerSetHash } from '../../relayer/core/checkpoint.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { encodeFrame } from '../../relayer/core/frame.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { encodePacket } from '../../relayer/core/packet.ts';
import { sign } from '../../relayer/core/secp256k1.ts';
import { deliveryBuilder } from '../../relayer/plan/buildDelivery.ts';
import { createSubjects } from '../../relayer/core/subjects.ts';
import { createFakeNetwork, type FakeNetwork, TOKEN } from './fakeNetwork.ts';

const alice = keccak256(utf8('alice')).slice(0, 20);
const bob = keccak256(utf8('bob')).slice(0, 20);

let network: FakeNetwork;
beforeEach(() => {
  network = createFakeNetwork();
});
afterEach(async () => network.stop());

function sendMany(count: number, amount = 1n, receiver = bob): void {
  for (let i = 0; i < count; i++) network.a.send(network.lane.aToB, { asset: TOKEN, amount, receiver, sender: alice });
}

function credited(account = bob): bigint {
  return network.b.balances.get(`${toHex(account)}/${TOKEN}`) ?? 0n;
}

function onceEach(count: number): void {
  expect(network.b.effects.size).toBe(count);
  expect([...network.b.effects.values()].every((times) => times === 1)).toBe(true);
}

describe('the engine paying from a vault', () => {
  beforeEach(() => {
    network = createFakeNetwork({ gatewayB: 'vault' });
  });

  it('delivers every transfer once, and knows it as delivered', async () => {
    for (const index of [0, 1, 2]) await network.attester(index);
    const relayer = await network.relayer();
    sendMany(100);
    await network.until('100 credited', () => credited() === 100n);
    onceEach(100);
    await network.until('settled in the journal', async () => {
      const record = await relayer.node.journal.lane(network.lane.aToB);
      return record.delivered.through === 100n && record.accepted === 100n;
    });
    expect(network.alerts).toEqual([]);
  });

  it('pays nothing twice through crashes with and without journals, two relayers at once and a wiped bus', async () => {
    const attesters = [await network.attester(0), await network.attester(1), await network.attester(2)];
    let relayer = await network.relayer();
    const rival = await network.relayer(undefined, undefined, 'rival');
    sendMany(40);
    await network.until('some credited', () => credited() >= 8n);

    const disk = await relayer.crash();
    sendMany(40);
    network.a.mine();
    relayer = await network.relayer(disk);
    await network.until('80 credited after a restart', () => credited() === 80n);

    await relayer.crash();
    await rival.crash();
    network.broker.wipe();
    sendMany(40);
    relayer = await network.relayer();
    await network.until('120 credited with an emptied journal and bus', () => credited() === 120n);

    // Two members lose what they promised in the middle of it: they wait until nothing of that can happen any more.
    sendMany(40);
    await network.until('some more credited', () => credited() > 120n);
    await attesters[0]?.crash();
    await attesters[1]?.crash();
    network.broker.wipe();
    for (const index of [0, 1]) await network.attester(index);
    await network.until('160 credited with emptied members', () => credited() === 160n, 1500);
    onceEach(160);
  });

  it('sends a refused packet back to its sender', async () => {
    for (const index of [0, 1, 2]) await network.attester(index);
    await network.relayer();
    network.b.refusing.add(toHex(bob));
    sendMany(3, 5n);
    await network.until('refunded', () => network.a.balances.get(`${toHex(alice)}/${TOKEN}`) === 15n);
    expect(credited()).toBe(0n);
  });
});

describe('the engine over fake chains', () => {
  it('delivers every transfer once, in chunks, and knows it as delivered', async () => {
    for (const index of [0, 1, 2]) await network.attester(index);
    const relayer = await network.relayer();
    sendMany(100);
    await network.until('100 credited', () => credited() === 100n);
    onceEach(100);
    await network.until('settled in the journal', async () => {
      const record = await relayer.node.journal.lane(network.lane.aToB);
      return record.delivered.through === 100n;
    });
    expect(network.alerts).toEqual([]);
  });

  it('sends a refused packet back to its sender', async () => {
    for (const index of [0, 1, 2]) await network.attester(index);
    await network.relayer();
    network.b.refusing.add(toHex(bob));
    sendMany(3, 5n);
    await network.until('refunded', () => network.a.balances.get(`${toHex(alice)}/${TOKEN}`) === 15n);
    expect(credited()).toBe(0n);
  });

  it('signs nothing with one attester, and goes on when a second one joins', async () => {
    await network.attester(0);
    const relayer = await network.relayer();
    sendMany(5);
    await network.until('derived', async () => (await relayer.node.journal.lane(network.lane.aToB)).derived === 5n);
    for (let i = 0; i < 20; i++) network.a.mine();
    expect(await relayer.node.journal.certificates(network.lane.aToB, 0n, 10)).toEqual([]);
    await network.attester(1);
    await network.until('credited', () => credited() === 5n);
    onceEach(5);
  });

  it('survives crashes of an attester and the relayer, with and without their journals, and a wiped bus', async () => {
    const attesters = [await network.attester(0), await network.attester(1), await network.attester(2)];
    let relayer = await network.relayer();
    sendMany(40);
    await network.until('some credited', () => credited() >= 8n);

    const disk = await relayer.crash();
    sendMany(40);
    network.a.mine();
    relayer = await network.relayer(disk);
    await network.until('80 credited after a restart', () => credited() === 80n);

    await relayer.crash();
    network.broker.wipe();
    sendMany(40);
    relayer = await network.relayer();
    await network.until('120 credited with an emptied journal and bus', () => credited() === 120n);

    await attesters[0]?.crash();
    await attesters[1]?.crash();
    sendMany(40);
    await network.attester(0);
    network.broker.wipe();
    await network.until('160 credited with an emptied attester', () => credited() === 160n);
    onceEach(160);
    expect(network.b.doubles).toBe(0);
  });

  it('delivers an accepted checkpoint from the chains alone when every journal and the bus are lost', async () => {
    const attesters = [await network.attester(0), await network.attester(1)];
    const { aToB } = network.lane;
    sendMany(40);
    const certificates = async () => attesters[0]!.node.journal.certificates(aToB, 0n, 1);
    await network.until('certified', async () => (await certificates()).length > 0);
    const [certificate] = await certificates();
    const { packetCount } = certificate!.checkpoint;
    const packets = await attesters[0]!.node.journal.readPackets(aToB, 0n, packetCount);
    const { signal } = new AbortController();
    const account = network.b.account('by-hand');
    const first = await account.prepare(decodeDelivery(deliveryBuilder(certificate!, packets!)!(0)), signal);
    if (first.kind !== 'send') throw new Error(first.kind);
    await account.broadcast(await account.sign(first.call, 0n, 0, signal), signal);
    await network.until('the first chunk credited', () => credited() === 8n);

    for (const attester of attesters) await attester.crash();
    network.broker.wipe();
    for (const index of [0, 1]) await network.attester(index);
    await network.relayer();
    await network.until('the rest credited', () => credited() === 40n);
    onceEach(40);
    expect(network.b.doubles).toBe(0);
  });

  it('works with its roles in several processes, each with its own journal', async () => {
    for (const index of [0, 1]) await network.attester(index);
    await network.relayer(undefined, ['verify'], 'verifier');
    await network.relayer(undefined, ['plan'], 'planner');
    await network.relayer(undefined, ['submit'], 'submitter-1');
    await network.relayer(undefined, ['submit'], 'submitter-2');
    sendMany(50);
    await network.until('credited', () => credited() === 50n);
    network.broker.wipe();
    sendMany(50);
    await network.until('credited after a wipe', () => credited() === 100n);
    onceEach(100);
  });

  it('goes on after an outage of the chains and of the bus', async () => {
    for (const index of [0, 1]) await network.attester(index);
    await network.relayer();
    sendMany(10);
    network.a.unreachable = true;
    network.b.unreachable = true;
    for (let i = 0; i < 10; i++) network.a.mine();
    network.broker.stop();
    network.a.unreachable = false;
    network.b.unreachable = false;
    network.broker.start();
    await network.until('credited', () => credited() === 10n, 1500);
    onceEach(10);
  });

  it('ATK-18 ATK-20: does not sign outflow from a chain into which nothing came', async () => {
    for (const index of [0, 1, 2]) await network.attester(index);
    const relayer = await network.relayer();
    network.b.send(network.lane.bToA, { asset: TOKEN, amount: 1n, receiver: alice, sender: bob });
    await network.until('derived', async () => (await relayer.node.journal.lane(network.lane.bToA)).derived === 1n);
    await network.until('the ledger speaks up', () => network.alerts.includes('LEDGER_VIOLATED'));
    expect(await relayer.node.journal.certificates(network.lane.bToA, 0n, 10)).toEqual([]);
    expect(network.a.effects.size).toBe(0);
  });

  it('ATK-38: is not moved by forged votes, certificates, frames and work on the bus', async () => {
    for (const index of [0, 1, 2]) await network.attester(index);
    const relayer = await network.relayer();
    const subjects = createSubjects('fake');
    const bus = createMemoryBus({ broker: network.broker, clock: systemClock, subjects });
    await bus.ensureTopology();
    const lane = network.lane.aToB;
    const rules = network.rules.aToB;
    const packets = encodePacket({
      kind: 'transfer',
      sequence: 0n,
      asset: TOKEN,
      amount: 1_000_000n,
      receiver: bob,
      deadline: 0n,
      sourceReference: keccak256(utf8('forged')),
      sender: alice,
    });
    const source = { height: 1n, hash: keccak256(utf8('forged block')) };
    const checkpoint = {
      lane,
      signerEpoch: 1n,
      signerSetHash: signerSetHash(rules.signers),
      manifestHash: rules.manifestHash,
      firstSequence: 0n,
      packetCount: 1,
      chunkSize: rules.chunkSize,
      root: merkleRoot(chunkHashes(packets, rules.chunkSize)),
      sourceHeight: source.height,
      sourceBlockHash: source.hash,
    };
    const digest = checkpointDigest(checkpoint, rules.domain);
    const stranger = sign(digest, keccak256(utf8('stranger')));
    const traitor = sign(digest, network.keys[0] as Uint8Array);
    const junk = utf8('junk');
    for (const signatures of [stranger, traitor]) {
      const vote = encodeCertificate({ checkpoint, signatures });
      bus.publish(subjects.attest(lane), vote);
      await bus.publishDurable(subjects.checkpoint(lane), vote, { id: toHex(keccak256(vote)) });
    }
    const twice = encodeCertificate({ checkpoint, signatures: new Uint8Array([...traitor, ...traitor]) });
    await bus.publishDurable(subjects.checkpoint(lane), twice, { id: 'twice' });
    bus.publish(subjects.attest(lane), junk);
    await bus.publishDurable(subjects.checkpoint(lane), junk, { id: 'junk-checkpoint' });
    await bus.publishDurable(subjects.frame(lane), junk, { id: 'junk-frame' });
    await bus.publishDurable(subjects.work(network.b.name), junk, { id: 'junk-work' });
    await bus.publishDurable(subjects.frame(lane), encodeFrame({ lane, firstSequence: 0n, source, packets }), {
      id: 'forged',
    });
    sendMany(9);
    await network.until('the true ones credited', () => credited() === 9n);
    onceEach(9);
    expect(await relayer.node.journal.certificates(lane, 0n, 10)).toHaveLength(1);
    await bus.close();
  });
});
