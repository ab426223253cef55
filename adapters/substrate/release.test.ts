/** A release through the members of a vault, on the asset hub's real runtime: opened, approved, carried out, settled. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordTelemetry } from '../../test/sim/statements.ts';
import { type LocalSubstrate, startLocalSubstrate } from '../../test/devnet/substrate/index.ts';
import { createBootstrapClient } from '../../light-clients/grandpa/bootstrap.ts';
import { concatBytes, equalBytes, fromHex } from '../../relayer/core/bytes.ts';
import { chunkHashes, merkleRoot } from '../../relayer/core/checkpoint.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { chainName, type LaneId } from '../../relayer/core/ids.ts';
import { silentLogger } from '../../relayer/core/log.ts';
import { decodePacket, encodePacket, type Packet, transferIdOf } from '../../relayer/core/packet.ts';
import type {
  Cosigners,
  Delivery,
  Derivation,
  ReleaseRequest,
  SignedTransaction,
  TargetAccount,
  TransactionOutcome,
} from '../../relayer/core/ports.ts';
import { followChain } from '../../relayer/ingest/followChain.ts';
import { createJournal } from '../../relayer/store/journal.ts';
import { createMemoryStore } from '../../relayer/store/memoryStore.ts';
import { createVerifier } from '../../relayer/verify/createVerifier.ts';
import { createEndpointRing, createHttpEndpoint } from '../endpoints/index.ts';
import { createChainView, type ChainView } from './chainView.ts';
import { decodeCursor, slotOf } from './cursor.ts';
import { createSubstrateDerive } from './derive.ts';
import { keyFromSeed, type SigningKey } from './keys.ts';
import { vaultAccount } from './multisig.ts';
import { createAsset, fundAccounts } from './operator.ts';
import { encodeOpening } from './opening.ts';
import { createSubstrateEndpoint, type SubstrateEndpoint } from './rpc.ts';
import { createRuntimes, metadataHash, type Runtimes } from './runtimes.ts';
import { createSubstrateSender, type SubstrateSender } from './sender.ts';
import { createSubstrateSource } from './source.ts';
import { assetSupply, balanceOf } from './user.ts';
import { createSubstrateVault } from './vault.ts';
import { ASSET, COIN, DEV_SEED, EVM_LANE, IN_LANE, makeGateway, MINTED, MINTED_ID } from './vault.fixture.ts';

const NAME = chainName('asset-hub');
const MEMBERS = ['//m1', '//m2', '//m3'];
const NATIVE = { kind: 'native' } as const;
const TOKEN = { kind: 'asset', id: MINTED_ID } as const;
const key = (path: string): SigningKey => keyFromSeed(DEV_SEED, path);
const signers = { members: MEMBERS.map((path) => key(path).account), threshold: 2 };
const vault = vaultAccount(signers, key('//opener').account, key('//executor').account);
const gateway = makeGateway([vault], 1n);

describe('a vault on an asset hub', () => {
  const stop = new AbortController();
  const { signal } = stop;
  const journal = createJournal(createMemoryStore());
  const telemetry = recordTelemetry();
  const derived: Derivation[] = [];
  let inbound = new Uint8Array(0);
  let local: LocalSubstrate;
  let runtimes: Runtimes;
  let view: ChainView;
  let alice: SubstrateSender;
  let following: Promise<void>;

  const endpointsOf = (chain: LocalSubstrate['relay' | 'assetHub']): SubstrateEndpoint[] =>
    chain.nodes.map(({ url }) =>
      createSubstrateEndpoint(createHttpEndpoint({ clock: systemClock }, { url }), { genesisHash: chain.genesisHash }),
    );
  const cursor = async (): Promise<Uint8Array | undefined> => (await journal.chain(NAME))?.cursor;
  const packetsOf = async (lane: LaneId, first: bigint, count: number): Promise<Uint8Array | undefined> =>
    Promise.resolve(
      lane === IN_LANE && inbound.length >= (Number(first) + count) * 135
        ? inbound.subarray(Number(first) * 135, (Number(first) + count) * 135)
        : undefined,
    );
  const isDelivered = async (lane: LaneId, first: bigint, count: number): Promise<boolean> =>
    Promise.resolve(
      derived
        .flatMap(({ settlements }) => settlements)
        .filter((settlement) => settlement.lane === lane)
        .flatMap(({ delivered }) => delivered)
        .some(
          (range) => range.firstSequence <= first && first + BigInt(count) <= range.firstSequence + BigInt(range.count),
        ),
    );
  const vaultOf = (path: string | undefined, submits: boolean, staleBlocks?: number) =>
    createSubstrateVault(
      { clock: systemClock, view, cursor, isDelivered },
      {
        gateway,
        signers,
        submitters: submits ? [{ opener: key('//opener'), executor: key('//executor') }] : [],
        memberKey: path === undefined ? undefined : key(path),
        againMs: 60,
        staleBlocks,
      },
    );

  /** Members that answer at once, as far as they are there. */
  const cosignersOf = (present: readonly string[], requests: ReleaseRequest[] = []): Cosigners => ({
    collect: async (request, take, ended) => {
      requests.push(request);
      const record = (await journal.chain(NAME))!;
      const seen = {
        height: record.derivedHeight!,
        timeSeconds: record.head.timeSeconds,
        standing: undefined,
        nextSlot: async () => Promise.resolve(0n),
      };
      for (const path of present) {
        const member = vaultOf(path, false).member!;
        const verdict = await member.check(request, seen);
        if (verdict.kind === 'valid' && take(await member.sign(request, verdict.value, ended)) === 'enough') return;
      }
    },
  });

  const deliveryOf = (packets: Uint8Array): Delivery => {
    const root = merkleRoot(chunkHashes(packets, packets.length / 135));
    const zero = new Uint8Array(32);
    const checkpoint = {
      lane: IN_LANE,
      signerEpoch: 1n,
      signerSetHash: zero,
      manifestHash: zero,
      firstSequence: decodePacket(packets).sequence,
      packetCount: packets.length / 135,
      chunkSize: packets.length / 135,
      root,
      sourceHeight: 1n,
      sourceBlockHash: zero,
    };
    return { checkpoint, signatures: new Uint8Array(0), chunkIndex: 0, packets, proof: [] };
  };

  const packet = (sequence: bigint, fields: Partial<Packet>): Uint8Array =>
    encodePacket({
      kind: 'transfer',
      sequence,
      asset: ASSET,
      amount: COIN,
      receiver: new Uint8Array(32).fill(0x50 + Number(sequence)),
      deadline: 0n,
      sourceReference: new Uint8Array(32).fill(7),
      sender: new Uint8Array(20).fill(8),
      ...fields,
    });

  /** As the engine's submitter does it. */
  const submit = async (account: TargetAccount, delivery: Delivery): Promise<TransactionOutcome> => {
    const preparation = await account.prepare(delivery, signal);
    if (preparation.kind !== 'send') throw new Error(JSON.stringify(preparation));
    const signed = await account.sign(preparation.call, await account.nextSlot(signal), 0, signal);
    await account.broadcast(signed, signal);
    return finished(account, signed);
  };
  const reached = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await systemClock.sleep(20, signal);
  };

  beforeAll(async () => {
    local = await startLocalSubstrate({ clock: systemClock }, { blockMs: 150 });
    const { runtime } = local.assetHub.chain;
    runtimes = createRuntimes(new Map([[runtime.version.specVersion, metadataHash(runtime.metadataBytes)]]));
    view = createChainView(createEndpointRing(endpointsOf(local.assetHub)), runtimes, local.assetHub.genesisHash);
    alice = createSubstrateSender({ clock: systemClock, view }, { key: key('//Alice'), ss58Prefix: 42, pollMs: 20 });
    const trustedHash = fromHex(local.relay.chain.finalized().hash, 32);
    const source = createSubstrateSource(
      { clock: systemClock },
      {
        endpoints: endpointsOf(local.assetHub),
        gateway,
        runtimes,
        trustedHash,
        parachain: { id: local.assetHub.paraId, relayEndpoints: endpointsOf(local.relay) },
        packetsOf,
        pollMs: 20,
      },
    );
    const parachain = { id: local.assetHub.paraId, slotMs: 12_000 };
    const lightClient = createBootstrapClient({ trustedHash, slotMs: 6_000, parachain });
    const derive = createSubstrateDerive(gateway, runtimes);
    const verifier = createVerifier(NAME, { journal, lightClient, derive, clock: systemClock });
    const onDerived = (derivation: Derivation): void => void derived.push(derivation);
    following = followChain(
      { source, verifier, clock: systemClock, log: silentLogger, telemetry, onDerived },
      20,
      signal,
    );
    await fundAccounts(
      alice,
      [vault.account, vault.opener, vault.executor, ...signers.members].map((account) => ({
        account,
        amount: 500n * COIN,
      })),
      signal,
    );
    await createAsset(
      alice,
      { id: MINTED_ID, name: 'Bridged', symbol: 'vB', decimals: 6, minBalance: 10n, issuer: vault.account },
      signal,
    );
  });
  afterAll(async () => {
    stop.abort();
    await following;
    await local.stop();
  });

  it('pays a chunk once two of three members approved, and sends back what cannot be paid', async () => {
    const packets = concatBytes(
      packet(0n, { amount: 5n * COIN }),
      packet(1n, { asset: MINTED, amount: 12_300n, receiver: alice.account }),
      packet(2n, { deadline: 1_000n }),
      packet(3n, { amount: 1n }),
      packet(4n, { kind: 'return', amount: 2n * COIN }),
    );
    inbound = packets;
    const requests: ReleaseRequest[] = [];
    const [account] = vaultOf(undefined, true).accounts(cosignersOf(['//m1', '//m3'], requests));
    expect(await submit(account!, deliveryOf(packets))).toMatchObject({ kind: 'included' });

    await reached(() => derived.some(({ settlements }) => settlements.length > 0));
    const settlements = derived.flatMap((derivation) => derivation.settlements);
    expect(settlements).toHaveLength(1);
    expect(settlements[0]).toMatchObject({ lane: IN_LANE, acceptedSequence: undefined, accepted: [] });
    expect(settlements[0]!.delivered).toMatchObject([{ firstSequence: 0n, count: 5 }]);
    expect(settlements[0]!.refused).toMatchObject([
      { sequence: 2n, reason: 'it expired' },
      { sequence: 3n, reason: expect.stringContaining('too little') as string },
    ]);
    expect(telemetry.alerts).toEqual([]);

    expect(await balanceOf(view, NATIVE, new Uint8Array(32).fill(0x50), signal)).toBe(5n * COIN);
    expect(await balanceOf(view, NATIVE, new Uint8Array(32).fill(0x54), signal)).toBe(2n * COIN);
    expect(await balanceOf(view, NATIVE, new Uint8Array(32).fill(0x53), signal)).toBe(0n);
    expect(await balanceOf(view, TOKEN, alice.account, signal)).toBe(123n);
    expect(await assetSupply(view, MINTED_ID, signal)).toBe(123n);

    const returns = (await journal.readPackets(EVM_LANE, 0n, 2))!;
    for (const [index, sequence] of [2, 3].entries()) {
      const back = decodePacket(returns, index * 135);
      const refused = decodePacket(packets, sequence * 135);
      expect(back).toMatchObject({ kind: 'return', amount: refused.amount, deadline: 0n });
      expect(equalBytes(back.receiver, refused.sender)).toBe(true);
      expect(equalBytes(back.sourceReference, fromHex(transferIdOf(IN_LANE, packets, sequence * 135)))).toBe(true);
    }
  });

  it('tries again without what made it fail, and is asked for nothing twice', async () => {
    const first = 5n;
    const packets = concatBytes(
      packet(first, { amount: 3n * COIN, receiver: alice.account }),
      packet(6n, { amount: 1n, receiver: new Uint8Array(32).fill(0x70) }),
    );
    inbound = concatBytes(inbound, packets);
    const delivery = deliveryOf(packets);
    const requests: ReleaseRequest[] = [];
    const [account] = vaultOf(undefined, true).accounts(cosignersOf(MEMBERS, requests));
    // A submitter that does not look: the second receiver cannot hold one planck.
    const blind: TargetAccount = {
      ...account!,
      prepare: async () => Promise.resolve({ kind: 'send', call: encodeOpening({ delivery, refused: [] }) }),
    };
    expect(await submit(blind, delivery)).toMatchObject({ kind: 'reverted', alreadyDelivered: false });
    await reached(() => derived.some(({ voided }) => voided !== undefined));
    const voided = derived.flatMap((derivation) => derivation.voided ?? []);
    expect(voided).toEqual([{ holder: account!.address, slot: requests[0]!.slot }]);

    // What is over is approved by nobody any more.
    const seen = { height: 1n << 40n, timeSeconds: 0n, standing: undefined, nextSlot: async () => Promise.resolve(0n) };
    const member = vaultOf('//m2', false).member!;
    expect(await member.check(requests[0]!, seen)).toMatchObject({ kind: 'invalid' });

    const before = derived.flatMap(({ settlements }) => settlements).length;
    const preparation = await account!.prepare(delivery, signal);
    if (preparation.kind !== 'send') throw new Error(preparation.kind);
    const signed = await account!.sign(preparation.call, await account!.nextSlot(signal), 0, signal);
    await account!.broadcast(signed, signal);
    const outcome = await finished(account!, signed);
    expect(outcome).toMatchObject({ kind: 'included' });
    await reached(() => derived.flatMap(({ settlements }) => settlements).length > before);
    expect(decodePacket((await journal.readPackets(EVM_LANE, 2n, 1))!)).toMatchObject({ kind: 'return', amount: 1n });

    // A process that starts anew finds out the same, and the same bytes do no harm.
    const [again] = vaultOf(undefined, true).accounts(cosignersOf(MEMBERS));
    await again!.broadcast(signed, signal);
    expect(await again!.outcome(signed, signal)).toEqual(outcome);
    expect(await again!.prepare(delivery, signal)).toEqual({ kind: 'alreadyDelivered' });
  });

  it('has members that approve nothing but the first open operation for its packets', async () => {
    const packets = packet(7n, { amount: 4n * COIN, receiver: alice.account });
    inbound = concatBytes(inbound, packets);
    const delivery = deliveryOf(packets);
    const requests: ReleaseRequest[] = [];
    // Nobody is there to approve: it stays open.
    const [account] = vaultOf(undefined, true).accounts(cosignersOf([], requests));
    const open = async (refused: readonly number[]): Promise<SignedTransaction> => {
      const signed = await account!.sign(
        encodeOpening({ delivery, refused }),
        await account!.nextSlot(signal),
        0,
        signal,
      );
      await account!.broadcast(signed, signal);
      return signed;
    };
    const first = await open([]);
    const openNow = async () => decodeCursor(await cursor(), 1n).open;
    while ((await openNow()).length === 0) await systemClock.sleep(20, signal);
    await reachedRequest(account!, first, requests, 1);
    const second = await open([0]);
    await reachedRequest(account!, second, requests, 2);
    expect(await account!.prepare(delivery, signal)).toMatchObject({ kind: 'wait' });

    const [wanted, other] = [requests[0]!, requests.at(-1)!];
    expect(other.slot).toBeGreaterThan(wanted.slot);
    const record = (await journal.chain(NAME))!;
    const seen = {
      height: record.derivedHeight!,
      timeSeconds: 0n,
      standing: undefined,
      nextSlot: async () => Promise.resolve(0n),
    };
    const { member } = vaultOf('//m1', false);
    const check = async (request: Partial<ReleaseRequest>, view = seen) =>
      member!.check({ ...wanted, ...request }, view);
    expect(await check({})).toMatchObject({ kind: 'valid', value: { holder: account!.address, slot: wanted.slot } });
    expect(await member!.check(other, seen)).toMatchObject({ kind: 'invalid' });
    expect(await check({}, { ...seen, height: (wanted.slot >> 32n) - 1n })).toMatchObject({ kind: 'needsMore' });
    expect(await check({ slot: other.slot })).toMatchObject({ kind: 'invalid' });
    expect(await check({ slot: other.slot, terms: other.terms })).toMatchObject({ kind: 'invalid' });
    expect(await check({ account: alice.address })).toMatchObject({ kind: 'invalid' });
    expect(await check({ delivery: undefined })).toMatchObject({ kind: 'invalid' });
    expect(await check({ terms: new Uint8Array(3) })).toMatchObject({ kind: 'invalid' });
    const richer = packet(7n, { amount: 400n * COIN, receiver: alice.account });
    expect(await check({ delivery: deliveryOf(richer) })).toMatchObject({ kind: 'invalid' });
    const elsewhere = { holder: account!.address, slot: 1n, content: new Uint8Array(32), expiryHeight: undefined };
    expect(await check({}, { ...seen, standing: elsewhere as never })).toMatchObject({ kind: 'invalid' });

    // An approval keeps its nonce for as long as its operation is open. Whoever asked may have had enough and dropped it: what
    // is handed out later must not wait behind it for ever.
    const approved = await check({});
    if (approved.kind !== 'valid') throw new Error(approved.kind);
    const nonceFor = async (slot: bigint): Promise<number> => {
      const raw = (await member!.sign(wanted, { ...approved.value, slot }, signal)).subarray(32);
      // Behind the length, version, address, signature and era of an extrinsic; a small number has one byte.
      return raw[2 + 1 + 33 + 65 + 2]! >> 2;
    };
    const nonce = await nonceFor(wanted.slot);
    expect(await nonceFor(other.slot)).toBe(nonce + 1);
    expect(await nonceFor(other.slot + 1n)).toBe(nonce + 1);
    expect(await nonceFor(wanted.slot)).toBe(nonce);

    // Then they come, and it goes on where it stood.
    const [back] = vaultOf(undefined, true).accounts(cosignersOf(['//m2', '//m3']));
    const outcome = await finished(back!, first);
    expect(outcome).toMatchObject({ kind: 'included' });
    expect(telemetry.alerts).toEqual([]);

    // The second operation is of no use any more: its slot is free, and the next opening takes its deposit back.
    await reached(() =>
      derived.some(({ settlements }) => settlements.some(({ delivered }) => delivered[0]?.firstSequence === 7n)),
    );
    expect(await nonceFor(other.slot)).toBe(nonce);
    expect(await back!.outcome(second, signal)).toMatchObject({ kind: 'reverted', alreadyDelivered: true });
    expect(await openOnChain()).toBe(1);
    const next = packet(8n, { amount: COIN, receiver: alice.account });
    inbound = concatBytes(inbound, next);
    expect(await submit(back!, deliveryOf(next))).toMatchObject({ kind: 'included' });
    expect(await openOnChain()).toBe(0);
  });

  /** Operations of the vault's account, as of the newest finalized block. */
  async function openOnChain(): Promise<number> {
    const { runtime, finalized } = await view.now(signal);
    const prefix = runtime.storageKey('Multisig', 'Multisigs', vault.account);
    return (await view.entries(prefix, finalized.hash, 10, signal)).length;
  }

  it('takes back what the members did not approve in time, and opens it anew', async () => {
    const packets = packet(9n, { amount: 6n * COIN, receiver: alice.account });
    inbound = concatBytes(inbound, packets);
    const delivery = deliveryOf(packets);
    const [impatient] = vaultOf(undefined, true, 3).accounts(cosignersOf([]));
    expect(await submit(impatient!, delivery)).toMatchObject({
      kind: 'reverted',
      reason: 'the members did not approve it in time',
    });
    const stale = decodeCursor(await cursor(), 1n).open.find(({ firstSequence }) => firstSequence === 9n)!;

    const [account] = vaultOf(undefined, true, 3).accounts(cosignersOf(MEMBERS));
    const preparation = await account!.prepare(delivery, signal);
    if (preparation.kind !== 'send') throw new Error(preparation.kind);
    const patient = vaultOf(undefined, true).accounts(cosignersOf(MEMBERS))[0]!;
    const signed = await account!.sign(preparation.call, await account!.nextSlot(signal), 0, signal);
    await account!.broadcast(signed, signal);
    expect(await finished(patient, signed)).toMatchObject({ kind: 'included' });
    const voided = derived.flatMap((derivation) => derivation.voided ?? []);
    expect(voided).toContainEqual({ holder: account!.address, slot: slotOf(stale.timepoint) });
  });

  async function finished(account: TargetAccount, signed: SignedTransaction): Promise<TransactionOutcome> {
    for (;;) {
      const outcome = await account.outcome(signed, signal);
      if (outcome.kind !== 'pending') return outcome;
      await systemClock.sleep(20, signal);
    }
  }

  async function reachedRequest(
    account: TargetAccount,
    signed: SignedTransaction,
    requests: readonly ReleaseRequest[],
    operations: number,
  ): Promise<void> {
    while (new Set(requests.map(({ slot }) => slot)).size < operations) {
      await account.outcome(signed, signal);
      await systemClock.sleep(20, signal);
    }
  }
});
