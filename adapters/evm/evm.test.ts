/**
 * The adapter against two real anvil nodes and the real contracts: deposit on A, verify, derive, deliver on B, settle.
 *
 * One idea: the cases share one pair of nodes and what earlier cases did on them, so they stay in one file.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeExecutionHeader } from '../../light-clients/ethereum/executionHeader.ts';
import { encodeVerifiedBlock } from '../../light-clients/ethereum/verifiedBlock.ts';
import { equalBytes, fromHex, toHex } from '../../relayer/core/bytes.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket } from '../../relayer/core/packet.ts';
import { decodeEvidence, encodeEvidence, type Evidence } from './evidence.ts';
import { balanceOf, createEvmAccount, createEvmTarget, deposit, depositBatch } from './index.ts';

import {
  advance,
  CONFIRMATIONS,
  NATIVE,
  now,
  relayAccount,
  shifted,
  type Side,
  signal,
  SIGNER_KEYS,
  startTwoChains,
  toHex32,
  type TwoChains,
} from './twoChains.fixture.ts';

let chains: TwoChains;
let a: Side;
let b: Side;
let laneAb: LaneId;
let laneBa: LaneId;

beforeAll(async () => {
  chains = await startTwoChains();
  ({ a, b, laneAb, laneBa } = chains);
});

afterAll(async () => chains?.close());

describe('the EVM adapter on real nodes', () => {
  it('carries a deposit from a log to a proven packet, and nothing else', async () => {
    const receiver = new Uint8Array(20).fill(0xab);
    const one = await deposit(a.owner, { ...chains.terms(), amount: 5n * 10n ** 18n, receiver }, signal);
    const batch = await depositBatch(
      a.owner,
      {
        ...chains.terms(),
        transfers: [1n, 2n, 3n].map((n) => ({ amount: n * 10n ** 18n, receiver: new Uint8Array(20).fill(Number(n)) })),
      },
      signal,
    );
    const { head, cursor, derivation } = await advance(a);
    expect(derivation.outbound).toHaveLength(1);
    const [news] = derivation.outbound;
    expect(news?.lane).toBe(laneAb);
    expect(news?.firstSequence).toBe(0n);
    const sent = [...one.packets, ...batch.packets].map(({ packet }) => toHex(packet));
    const got = Array.from({ length: 4 }, (_, i) =>
      toHex(news!.packets.subarray(i * PACKET_BYTES, (i + 1) * PACKET_BYTES)),
    );
    expect(got).toEqual(sent);
    const packet = decodePacket(news!.packets);
    expect(packet).toMatchObject({ kind: 'transfer', sequence: 0n, asset: 7, amount: 5_000_000n, receiver });
    expect(equalBytes(packet.sender, a.owner.address)).toBe(true);
    expect(derivation.settlements).toEqual([]);

    // The cursor goes on where it stopped.
    await deposit(a.owner, { ...chains.terms(), amount: 10n ** 18n, receiver }, signal);
    const next = await advance(a, cursor);
    expect(next.head.height).toBeGreaterThan(head.height);
    expect(next.derivation.outbound.map(({ firstSequence, packets }) => [firstSequence, packets.length])).toEqual([
      [4n, PACKET_BYTES],
    ]);
    // And says so when there is nothing to do.
    const evidence = await a.source.pullEvidence({ head: next.head, cursor: next.cursor }, signal);
    expect(a.derive({ head: next.head, cursor: next.cursor }, evidence).kind).toBe('needsMore');

    // Look-up by transaction.
    expect(await a.source.findDeposits(batch.receipt.transaction, signal)).toEqual(
      [1n, 2n, 3n].map((sequence) => ({ lane: laneAb, sequence, height: batch.receipt.height })),
    );
    expect(await a.source.findDeposits(toHex(new Uint8Array(32)), signal)).toBeUndefined();
  });

  it('refuses evidence that was forged, shortened, reordered or proves something else', async () => {
    const { head, cursor, evidence, before } = await advance(a);
    const good = decodeEvidence(evidence)!;
    const verdictOf = (changed: Evidence, at = head): string => {
      const verdict = a.derive({ head: at, cursor: before }, encodeEvidence(changed));
      return verdict.kind === 'invalid' ? verdict.reason : verdict.kind;
    };
    expect(verdictOf(good)).toBe('valid');
    const packets = good.outbound[0]!.packets;
    const withPackets = (changed: Uint8Array): Evidence => ({
      ...good,
      outbound: [{ lane: laneAb, packets: changed }],
    });
    const amount = packets.slice();
    amount[28]! ^= 1;
    expect(verdictOf(withPackets(amount))).toMatch(/accumulator/);
    expect(verdictOf(withPackets(packets.slice(0, -PACKET_BYTES)))).toMatch(/accumulator/);
    expect(verdictOf(withPackets(packets.slice(PACKET_BYTES)))).toMatch(/carries sequence/);
    expect(verdictOf(withPackets(new Uint8Array([...packets, ...packets.slice(-PACKET_BYTES)])))).toMatch(
      /carries sequence/,
    );
    expect(verdictOf(withPackets(packets.slice(0, -1)))).toMatch(/not whole/);
    expect(verdictOf({ ...good, outbound: [] })).toMatch(/accumulator/);
    expect(verdictOf({ ...good, outbound: [{ lane: laneBa, packets }] })).toMatch(/not of this gateway/);
    expect(verdictOf({ ...good, outbound: [...good.outbound, ...good.outbound] })).toMatch(/named twice/);
    for (let i = 0; i < packets.length; i++) {
      const changed = packets.slice();
      changed[i]! ^= 0x10;
      expect(verdictOf(withPackets(changed))).not.toBe('valid');
    }

    // Proofs: of another slot, missing, twice, too many, of another account, of another block.
    const [first, second] = good.storage;
    expect(verdictOf({ ...good, storage: [{ slot: first!.slot, proof: second!.proof }, second!] })).toMatch(
      /proof of an accumulator/,
    );
    expect(verdictOf({ ...good, storage: [second!] })).toMatch(/no proof of an accumulator/);
    expect(verdictOf({ ...good, storage: [...good.storage, first!] })).toMatch(/proven twice/);
    expect(verdictOf({ ...good, storage: [...good.storage, { ...first!, slot: new Uint8Array(32) }] })).toMatch(
      /not asked for/,
    );
    expect(verdictOf({ ...good, accountProof: good.accountProof.slice(1) })).toMatch(/account proof/);
    expect(verdictOf({ ...good, accountProof: [] })).toMatch(/account proof/);
    const stranger = await a.endpoint.result('eth_getProof', [toHex(a.token), [], toHex32(head.height)], signal);
    expect(
      verdictOf({
        ...good,
        accountProof: (stranger as { accountProof: string[] }).accountProof.map((node) => fromHex(node)),
      }),
    ).toMatch(/account proof/);
    await a.anvil.rpc('anvil_mine', [toHex32(BigInt(CONFIRMATIONS + 1))]);
    const later = await advance(a, cursor);
    expect(verdictOf(good, later.head)).not.toBe('valid');

    // The same head as the sync-committee client hands it out.
    const decoded = decodeExecutionHeader(head.header);
    if (decoded.kind !== 'header') throw new Error(decoded.reason);
    const { hash: blockHash, number, timestamp, stateRoot, receiptsRoot } = decoded.header;
    const block = { slot: 1n, beaconRoot: new Uint8Array(32), blockHash, number, timestamp, stateRoot, receiptsRoot };
    expect(verdictOf(good, { ...head, header: encodeVerifiedBlock(block) })).toBe('valid');
    expect(verdictOf(good, { ...head, header: encodeVerifiedBlock({ ...block, stateRoot: receiptsRoot }) })).toMatch(
      /account proof/,
    );
    expect(verdictOf(good, { ...head, header: encodeVerifiedBlock({ ...block, number: 1n }) })).toMatch(
      /another height/,
    );
    expect(verdictOf(good, { ...head, header: encodeVerifiedBlock({ ...block, blockHash: stateRoot }) })).toMatch(
      /another hash/,
    );

    // A head whose header is not its own, or missing.
    expect(verdictOf(good, { ...head, hash: later.head.hash })).toMatch(/another hash/);
    expect(verdictOf(good, { ...head, height: head.height + 1n })).toMatch(/another height/);
    expect(verdictOf(good, { ...head, header: new Uint8Array(0) })).toBe('needsMore');

    // Any byte of the evidence.
    for (let i = 0; i < evidence.length; i += 7) {
      const changed = evidence.slice();
      changed[i]! ^= 0x04;
      expect(a.derive({ head, cursor: before }, changed).kind).not.toBe('valid');
    }
  });

  it('delivers by 2 of 3 signatures, once, and proves the settlement', async () => {
    const { derivation } = await advance(a);
    const { packets } = derivation.outbound[0]!;
    const account = relayAccount(b);
    const delivery = chains.deliver(packets, 2, 0);
    const before = await advance(b);
    expect(before.derivation.settlements).toEqual([]);

    const prepared = await account.prepare(delivery, signal);
    if (prepared.kind !== 'send') throw new Error(JSON.stringify(prepared));
    const slot = await account.nextSlot(signal);
    const signed = await account.sign(prepared.call, slot, 0, signal);
    expect(await account.outcome(signed, signal)).toEqual({ kind: 'pending' });
    await account.broadcast(signed, signal);
    // The node mines beside its answer.
    let outcome = await account.outcome(signed, signal);
    while (outcome.kind === 'pending') outcome = await account.outcome(signed, signal);
    expect(outcome).toMatchObject({ kind: 'included' });
    // Again: known, or already included: both are success.
    await account.broadcast(signed, signal);
    expect(await account.prepare(delivery, signal)).toEqual({ kind: 'alreadyDelivered' });

    // A later chunk of the accepted checkpoint, by `deliver`.
    const second = await account.prepare(chains.deliver(packets, 2, 1), signal);
    expect(second.kind).toBe('send');
    const after = await advance(b, before.cursor);
    expect(after.derivation.settlements).toEqual([
      {
        lane: laneAb,
        acceptedSequence: BigInt(packets.length / PACKET_BYTES),
        accepted: [chains.deliver(packets, 2, 0).checkpoint],
        delivered: [{ firstSequence: 0n, count: 2, transaction: signed.hash }],
        refused: [],
      },
    ]);
    expect(await balanceOf(b.endpoint, b.token, new Uint8Array(20).fill(0xab), signal)).toBe(5_000_000n);
    const lanes = await createEvmTarget({ endpoints: [b.endpoint], gateway: b.gateway.address }).lanes(
      [laneAb],
      signal,
    );
    expect(lanes.get(laneAb)).toEqual({ acceptedSequence: BigInt(packets.length / PACKET_BYTES), paused: false });

    // The same chunk twice in flight: the second reverts and says that it was done.
    const call = second.kind === 'send' ? second.call : new Uint8Array(0);
    await b.anvil.rpc('evm_setAutomine', [false]);
    const other = relayAccount(b, 6);
    const [mine, theirs] = [
      await account.sign(call, slot + 1n, 0, signal),
      await other.sign(call, await other.nextSlot(signal), 0, signal),
    ];
    await account.broadcast(mine, signal);
    await other.broadcast(theirs, signal);
    await b.anvil.rpc('evm_mine');
    await b.anvil.rpc('evm_setAutomine', [true]);
    const outcomes = await Promise.all([account.outcome(mine, signal), other.outcome(theirs, signal)]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['included', 'reverted']);
    expect(outcomes.find(({ kind }) => kind === 'reverted')).toMatchObject({ alreadyDelivered: true });
    const final = await advance(b, after.cursor);
    expect(
      final.derivation.settlements[0]?.delivered.map(({ firstSequence, count }) => [firstSequence, count]),
    ).toEqual([[2n, 2]]);

    // Settlement evidence that hides the checkpoint or the bit, or claims another.
    const full = decodeEvidence(after.evidence)!;
    const inbound = full.inbound[0]!;
    const verdictOf = (changed: Evidence): string => {
      const verdict = b.derive({ head: after.head, cursor: before.cursor }, encodeEvidence(changed));
      return verdict.kind === 'invalid' ? verdict.reason : verdict.kind;
    };
    expect(verdictOf(full)).toBe('valid');
    expect(verdictOf({ ...full, inbound: [] })).toMatch(/checkpoints are missing/);
    const wider = inbound.checkpoints[0]!.slice();
    wider[6 * 32 + 31]! ^= 1;
    expect(verdictOf({ ...full, inbound: [{ ...inbound, checkpoints: [wider] }] })).toMatch(/not the accepted one/);
    expect(
      verdictOf({
        ...full,
        inbound: [{ ...inbound, checkpoints: [inbound.checkpoints[0]!, inbound.checkpoints[0]!] }],
      }),
    ).toMatch(/not the next one/);
    expect(verdictOf({ ...full, storage: full.storage.slice(0, -1) })).toMatch(/no proof of replay bits/);
    // A cursor that has seen more than the gateway now shows: the chain took back what was verified.
    const late = await b.source.pullEvidence({ head: before.head, cursor: undefined }, signal);
    expect(
      b.derive({ head: { ...before.head }, cursor: shifted(after.cursor, before.head.height - 1n) }, late).kind,
    ).toBe('conflict');
  });

  it('proves a refusal by its return on the opposite lane, and delivers native coin', async () => {
    const receiver = new Uint8Array(20).fill(0xcd);
    const start = (await advance(a)).cursor;
    await deposit(a.owner, { ...chains.terms(), amount: 10n ** 18n, receiver, deadline: now() + 60n }, signal);
    await deposit(
      a.owner,
      { ...chains.terms(), asset: NATIVE, token: undefined, amount: 10n ** 10n, receiver },
      signal,
    );
    // The other side can pay native coin only out of what users locked there.
    await deposit(
      b.owner,
      { gateway: b.gateway.address, lane: laneBa, asset: NATIVE, token: undefined, amount: 10n ** 12n, receiver },
      signal,
    );
    const before = await advance(b);
    const { outbound } = (await advance(a, start)).derivation;
    const { packets, firstSequence } = outbound[0]!;
    expect(packets.length).toBe(2 * PACKET_BYTES);

    await b.anvil.rpc('evm_increaseTime', [600]);
    await b.anvil.rpc('evm_mine');
    const account = relayAccount(b);
    const prepared = await account.prepare(chains.deliver(packets, 2, 0, { firstSequence }), signal);
    if (prepared.kind !== 'send') throw new Error(JSON.stringify(prepared));
    const signed = await account.sign(prepared.call, await account.nextSlot(signal), 0, signal);
    await account.broadcast(signed, signal);
    const { derivation } = await advance(b, before.cursor);
    expect(derivation.settlements[0]).toMatchObject({
      delivered: [{ firstSequence, count: 2, transaction: signed.hash }],
      refused: [{ sequence: firstSequence, reason: 'expired', transaction: signed.hash }],
    });
    expect(derivation.outbound).toHaveLength(1);
    const back = decodePacket(derivation.outbound[0]!.packets);
    expect(back).toMatchObject({ kind: 'return', asset: 7, amount: 1_000_000n, receiver: a.owner.address });
    expect(await balanceOf(b.endpoint, undefined, receiver, signal)).toBe(10n ** 10n);
  });

  it('keeps several deliveries of one account in flight, whichever transaction accepts the checkpoint', async () => {
    const start = (await advance(a)).cursor;
    const transfers = Array.from({ length: 5 }, () => ({
      amount: 10n ** 15n,
      receiver: new Uint8Array(20).fill(0xee),
    }));
    await depositBatch(a.owner, { ...chains.terms(), transfers }, signal);
    const { packets, firstSequence } = (await advance(a, start)).derivation.outbound[0]!;
    const before = await advance(b);
    const account = relayAccount(b);
    await b.anvil.rpc('evm_setAutomine', [false]);
    const slot = await account.nextSlot(signal);
    const sent = [];
    for (const index of [0, 1, 2]) {
      const prepared = await account.prepare(chains.deliver(packets, 2, index, { firstSequence }), signal);
      if (prepared.kind !== 'send') throw new Error(JSON.stringify(prepared));
      const signed = await account.sign(prepared.call, slot + BigInt(index), 0, signal);
      await account.broadcast(signed, signal);
      sent.push(signed);
    }
    await b.anvil.rpc('evm_mine');
    await b.anvil.rpc('evm_setAutomine', [true]);
    for (const signed of sent) expect((await account.outcome(signed, signal)).kind).toBe('included');
    const { derivation } = await advance(b, before.cursor);
    expect(derivation.settlements[0]?.delivered.map(({ count }) => count)).toEqual([2, 2, 1]);
    expect(await balanceOf(b.endpoint, b.token, new Uint8Array(20).fill(0xee), signal)).toBe(5_000n);
  });

  it('waits or refuses as the gateway says', async () => {
    const { derivation } = await advance(a);
    const { packets } = derivation.outbound[0]!;
    const account = relayAccount(b);
    const accepted = BigInt(packets.length / PACKET_BYTES);
    expect(
      (await createEvmTarget({ endpoints: [b.endpoint], gateway: b.gateway.address }).lanes([laneAb], signal)).get(
        laneAb,
      ),
    ).toEqual({
      acceptedSequence: accepted,
      paused: false,
    });
    const ahead = chains.deliver(packets, 2, 0, { firstSequence: accepted + 1n });
    expect(await account.prepare(ahead, signal)).toMatchObject({ kind: 'wait' });
    const stranger = chains.deliver(packets, 2, 0, { firstSequence: accepted }, [
      new Uint8Array(32).fill(8),
      new Uint8Array(32).fill(9),
    ]);
    expect(await account.prepare(stranger, signal)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('Signer') as string,
    });
    const lone = chains.deliver(packets, 2, 0, { firstSequence: accepted }, SIGNER_KEYS.slice(0, 1));
    expect(await account.prepare(lone, signal)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('TooFew') as string,
    });
    const other = chains.deliver(packets.slice(0, PACKET_BYTES), 2, 0);
    expect(await account.prepare(other, signal)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('another') as string,
    });
  });

  it('replaces an attempt by one that pays enough more, and knows when its nonce is taken', async () => {
    const account = relayAccount(b, 7);
    await b.anvil.rpc('evm_setAutomine', [false]);
    const slot = await account.nextSlot(signal);
    const first = await account.sign(account.blank(), slot, 0, signal);
    await account.broadcast(first, signal);
    await account.broadcast(first, signal);
    // Another process with the same key, which does not know what was offered: too little.
    const rival = relayAccount(b, 7);
    const cheap = await rival.sign(rival.blank(), slot, 0, signal);
    const different = { ...cheap, ...(await relayAccount(b, 7, 1n).sign(rival.blank(), slot, 0, signal)) };
    await expect(account.broadcast(different, signal)).rejects.toMatchObject({ code: 'TX_UNDERPRICED' });
    const second = await account.sign(account.blank(), slot, 1, signal);
    await account.broadcast(second, signal);
    await b.anvil.rpc('evm_mine');
    await b.anvil.rpc('evm_setAutomine', [true]);
    expect(await account.outcome(second, signal)).toMatchObject({ kind: 'included', gasUsed: 21_000n });
    expect(await account.outcome(first, signal)).toEqual({ kind: 'slotTaken' });
    await expect(account.broadcast(first, signal)).rejects.toMatchObject({ code: 'TX_NONCE_TAKEN' });
    await account.broadcast(second, signal);
    expect(await account.nextSlot(signal)).toBe(slot + 1n);
  });

  it('says when an account has no money', async () => {
    const poor = createEvmAccount({
      chainId: b.chainId,
      endpoints: [b.endpoint],
      gateway: b.gateway.address,
      privateKey: new Uint8Array(32).fill(0x77),
    });
    const signed = await poor.sign(poor.blank(), 0n, 0, signal);
    const failure = await poor.broadcast(signed, signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ACCOUNT_OUT_OF_FUNDS' });
    expect(String(failure)).not.toContain('77777777');
  });
});
