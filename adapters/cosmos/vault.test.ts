/** A vault paying on the local chain: what its account builds, what its members sign, and what they do not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { balanceOf as held } from '../../test/devnet/cosmos/app/state.ts';
import type { Delivery, ReleaseRequest, TargetAccount, VaultMember } from '../../relayer/core/ports.ts';
import { formatAccount } from './account.ts';
import { FUNDING_MEMO } from './memo.ts';
import { sendOf } from './releaseTx.ts';
import { decodeTerms, encodeTerms, type ReleaseTerms } from './releaseTerms.ts';
import { createCosmosVault } from './vault.ts';
import { COARSE, HOME_LANE, SCALE, SUB_LANE } from './vault.fixture.ts';
import {
  ADDRESSES,
  chunkOf,
  cosignersOf,
  MINTED,
  MODULE_ACCOUNT,
  packet,
  release,
  SHARDS,
  startVaultChain,
  type VaultChain,
  viewOf,
} from './vaultChain.fixture.ts';

let vault: VaultChain;
let account: TargetAccount;
let second: TargetAccount;
let next = 0n;

beforeAll(async () => {
  vault = await startVaultChain('v');
  [account, second] = vault.vaultOf(undefined).accounts(cosignersOf(vault)) as [TargetAccount, TargetAccount];
});

afterAll(async () => {
  await vault.stop();
});

/** Sequences that nothing else uses. */
function chunk(count: number, change?: Parameters<typeof chunkOf>[2], lane?: Parameters<typeof chunkOf>[3]): Delivery {
  const first = next;
  next += BigInt(count);
  return chunkOf(first, count, change, lane);
}

function balance(receiver: Uint8Array, denom = 'utoken'): bigint {
  return held(vault.local.chain.app.state, formatAccount(receiver, 'cosmos'), denom);
}

describe('paying', () => {
  it.each([1, 100, 500])('%i packets in one transaction', async (count) => {
    const delivery = chunk(count);
    const first = delivery.checkpoint.firstSequence;
    const transaction = await release(vault, account, delivery);
    expect(await account.outcome(transaction, vault.signal)).toMatchObject({ kind: 'included' });
    for (let i = 0n; i < count; i++) expect(balance(packet(first + i).receiver)).toBe(10n);
    expect(await account.nextSlot(vault.signal)).toBe(transaction.slot + 1n);
  });

  it('mints what it makes itself, beside what it holds, in packet order', async () => {
    const delivery = chunk(4, (index) => (index % 2 === 0 ? { asset: COARSE, amount: 5n } : {}));
    const first = delivery.checkpoint.firstSequence;
    const transaction = await release(vault, account, delivery);
    expect(await account.outcome(transaction, vault.signal)).toMatchObject({ kind: 'included' });
    expect(balance(packet(first).receiver, MINTED)).toBe(5n);
    expect(balance(packet(first + 3n).receiver)).toBe(10n);
  });

  it('leaves to another shard what that one mints', async () => {
    const delivery = chunk(1, () => ({ asset: COARSE, amount: 5n }));
    expect(await second.prepare(delivery, vault.signal)).toMatchObject({
      kind: 'notOurs',
      reason: expect.stringContaining(`holds 0 ${MINTED}; needed are 5`) as string,
    });
    expect((await account.prepare(delivery, vault.signal)).kind).toBe('send');
  });

  it('pays what comes back home, and refuses nothing of it for its deadline', async () => {
    const delivery = chunk(2, () => ({ kind: 'return', deadline: 1n }), HOME_LANE);
    await release(vault, account, delivery);
    expect(balance(packet(delivery.checkpoint.firstSequence).receiver)).toBe(10n);
  });

  it('leaves out what it cannot pay, and pays the rest', async () => {
    const asOf = viewOf(vault).timeSeconds;
    const special = [
      {},
      { deadline: asOf - 1n },
      { receiver: MODULE_ACCOUNT },
      { receiver: new Uint8Array(19).fill(3) },
      { receiver: SHARDS[1]!.account },
      { amount: SCALE / 2n },
      { amount: 0n },
      { kind: 'return', deadline: 1n } as const,
    ];
    const delivery = chunk(special.length, (index) => special[index]!);
    const first = delivery.checkpoint.firstSequence;
    const cosigners = cosignersOf(vault);
    const [own] = vault.vaultOf(undefined).accounts(cosigners) as [TargetAccount];
    const transaction = await release(vault, own, delivery);
    expect(await own.outcome(transaction, vault.signal)).toMatchObject({ kind: 'included' });
    expect(decodeTerms(cosigners.asked[0]!.terms, 8)!.refused).toEqual([1, 2, 3, 4, 5, 6]);
    expect(balance(packet(first).receiver)).toBe(10n);
    expect(balance(packet(first + 7n).receiver)).toBe(10n);
    expect(balance(packet(first + 1n).receiver)).toBe(0n);
  });

  it('uses a slot even for a chunk of which nothing can be paid', async () => {
    const transaction = await release(
      vault,
      account,
      chunk(3, () => ({ receiver: MODULE_ACCOUNT })),
    );
    expect(await account.outcome(transaction, vault.signal)).toMatchObject({ kind: 'included' });
  });

  it('refuses a lane that leads elsewhere, and waits with what it does not hold', async () => {
    expect(await account.prepare(chunk(1, undefined, SUB_LANE), vault.signal)).toMatchObject({ kind: 'refused' });
    const rich = chunk(1, () => ({ amount: 10n ** 14n * SCALE }));
    expect(await account.prepare(rich, vault.signal)).toMatchObject({
      kind: 'wait',
      reason: expect.stringMatching(/holds \d+ utoken; needed are 1000000\d{8}/) as string,
    });
  });

  it('counts what is in flight, so that two chunks do not spend the same coins', async () => {
    const half = held(vault.local.chain.app.state, ADDRESSES[1]!, 'utoken') / 2n + 1n;
    const [one, two] = [chunk(1, () => ({ amount: half * SCALE })), chunk(1, () => ({ amount: half * SCALE }))];
    const preparation = await second.prepare(one, vault.signal);
    if (preparation.kind !== 'send') throw new Error('send');
    expect((await second.prepare(two, vault.signal)).kind).toBe('send');
    const transaction = await second.sign(preparation.call, 0n, 0, vault.signal);
    expect(await second.prepare(two, vault.signal)).toMatchObject({ kind: 'wait' });
    await second.broadcast(transaction, vault.signal);
    vault.local.chain.produceBlock();
    expect(await second.prepare(two, vault.signal)).toMatchObject({ kind: 'wait' });
    expect(await second.outcome(transaction, vault.signal)).toMatchObject({ kind: 'included' });
  });

  it('knows what was delivered, where it is told', async () => {
    const [own] = vault
      .vaultOf(undefined, { isDelivered: async (_, first) => Promise.resolve(first === 7n) })
      .accounts(cosignersOf(vault)) as [TargetAccount];
    expect(await own.prepare(chunkOf(7n, 3), vault.signal)).toEqual({ kind: 'alreadyDelivered' });
    expect(await own.prepare(chunkOf(8n, 3), vault.signal)).toMatchObject({ kind: 'send' });
  });
});

describe('a chain without a token factory', () => {
  it('pays a foreign asset from a pool that was filled by hand', async () => {
    const pool = { denom: 'upool', asset: COARSE, decimals: 6, canonicalDecimals: 6, refundMinimum: 0n } as const;
    const poor = await startVaultChain('p', {
      gateway: { coins: [...vault.gateway.coins.slice(0, 1), { ...pool, custody: 'lock' }], lockForm: 'multiSend' },
      funding: { utoken: 10n ** 9n, upool: 1_000n },
      tokenFactory: false,
    });
    const [own] = poor.vaultOf(undefined).accounts(cosignersOf(poor)) as [TargetAccount];
    const delivery = chunkOf(0n, 3, (index) => (index === 1 ? {} : { asset: COARSE, amount: 450n }));
    const transaction = await release(poor, own, delivery);
    expect(await own.outcome(transaction, poor.signal)).toMatchObject({ kind: 'included' });
    const receiver = formatAccount(packet(2n).receiver, 'cosmos');
    expect(held(poor.local.chain.app.state, receiver, 'upool')).toBe(450n);
    // The pool is empty until it is filled, which is no deposit.
    const more = chunkOf(3n, 1, () => ({ asset: COARSE, amount: 450n }));
    expect(await own.prepare(more, poor.signal)).toMatchObject({ kind: 'wait' });
    await poor.funder.send([sendOf(poor.funder.address, ADDRESSES[0]!, 'upool', 400n)], FUNDING_MEMO, poor.signal);
    expect((await own.prepare(more, poor.signal)).kind).toBe('send');
    await poor.stop();
  });
});

describe('slots', () => {
  it('are used without paying by the blank call', async () => {
    const slot = await account.nextSlot(vault.signal);
    const transaction = await account.sign(account.blank(), slot, 0, vault.signal);
    await account.broadcast(transaction, vault.signal);
    vault.local.chain.produceBlock();
    expect(await account.outcome(transaction, vault.signal)).toMatchObject({ kind: 'included' });
    expect(await account.nextSlot(vault.signal)).toBe(slot + 1n);
  });

  it('take several transactions before a block, and say which have to wait', async () => {
    const slot = await account.nextSlot(vault.signal);
    const calls = [chunk(2), chunk(2)].map(async (delivery) => account.prepare(delivery, vault.signal));
    const [one, two] = await Promise.all(calls);
    if (one?.kind !== 'send' || two?.kind !== 'send') throw new Error('send');
    const first = await account.sign(one.call, slot, 0, vault.signal);
    const after = await account.sign(two.call, slot + 1n, 0, vault.signal);
    await expect(account.broadcast(after, vault.signal)).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      shortMessage: expect.stringContaining('waits for those before it') as string,
    });
    await account.broadcast(first, vault.signal);
    await account.broadcast(after, vault.signal);
    // The same bytes once more are as good.
    await account.broadcast(after, vault.signal);
    expect(await account.outcome(after, vault.signal)).toEqual({ kind: 'pending' });
    expect(vault.local.chain.produceBlock()!.results.map(({ code }) => code)).toEqual([0, 0]);
    await account.broadcast(after, vault.signal);
  });

  it('give way to another attempt when the first timed out, and only one of them pays', async () => {
    const delivery = chunk(1);
    const receiver = packet(delivery.checkpoint.firstSequence).receiver;
    const preparation = await account.prepare(delivery, vault.signal);
    if (preparation.kind !== 'send') throw new Error('send');
    const slot = await account.nextSlot(vault.signal);
    const first = await account.sign(preparation.call, slot, 0, vault.signal);
    vault.local.nodes[0]!.faults.add({ kind: 'dropBroadcast', count: 1 });
    await account.broadcast(first, vault.signal);
    for (let i = 0n; i <= vault.gateway.releaseExpiryBlocks; i++) vault.local.chain.produceBlock();
    expect(await account.outcome(first, vault.signal)).toEqual({ kind: 'pending' });
    await expect(account.broadcast(first, vault.signal)).rejects.toMatchObject({ code: 'TX_UNDERPRICED' });
    const again = await account.sign(preparation.call, slot, 1, vault.signal);
    expect(again.hash).not.toBe(first.hash);
    await account.broadcast(again, vault.signal);
    // One in the mempool stands for all attempts of its slot.
    const third = await account.sign(preparation.call, slot, 2, vault.signal);
    await account.broadcast(third, vault.signal);
    vault.local.chain.produceBlock();
    expect(await account.outcome(again, vault.signal)).toMatchObject({ kind: 'included' });
    await expect(account.broadcast(third, vault.signal)).rejects.toMatchObject({ code: 'TX_NONCE_TAKEN' });
    expect(await account.outcome(third, vault.signal)).toEqual({ kind: 'pending' });
    vault.local.chain.produceBlock();
    vault.local.chain.produceBlock();
    expect(await account.outcome(third, vault.signal)).toEqual({ kind: 'slotTaken' });
    expect(balance(receiver)).toBe(10n);
  });

  it('say how a transaction failed', async () => {
    // It held enough when it was prepared.
    const holds = held(vault.local.chain.app.state, ADDRESSES[0]!, 'utoken');
    const delivery = chunk(2, () => ({ amount: (holds / 2n - 1_000n) * SCALE }));
    const preparation = await account.prepare(delivery, vault.signal);
    if (preparation.kind !== 'send') throw new Error('send');
    const slot = await account.nextSlot(vault.signal);
    const other = chunk(1, () => ({ amount: 5_000n * SCALE }));
    const small = await account.prepare(other, vault.signal);
    if (small.kind !== 'send') throw new Error('send');
    const transactions = [
      await account.sign(small.call, slot, 0, vault.signal),
      await account.sign(preparation.call, slot + 1n, 0, vault.signal),
    ];
    for (const transaction of transactions) await account.broadcast(transaction, vault.signal);
    vault.local.chain.produceBlock();
    expect(await account.outcome(transactions[1]!, vault.signal)).toMatchObject({
      kind: 'reverted',
      reason: 'the chain answered code 5',
      alreadyDelivered: false,
    });
    expect(await account.nextSlot(vault.signal)).toBe(slot + 2n);
  });
});

describe('nodes', () => {
  it('may be away or behind, as long as one answers', async () => {
    const [first, second] = vault.local.nodes;
    const [own] = vault.vaultOf(undefined, {}, vault.endpoints).accounts(cosignersOf(vault)) as [TargetAccount];
    first!.faults.add({ kind: 'httpStatus', method: 'broadcast_tx_sync', status: 503 });
    first!.faults.add({ kind: 'httpStatus', method: 'abci_query', status: 503 });
    const one = await release(vault, own, chunk(2));
    expect(await own.outcome(one, vault.signal)).toMatchObject({ kind: 'included' });
    first!.faults.clear();
    second!.faults.add({ kind: 'dropBroadcast', count: 1 });
    const two = await release(vault, own, chunk(2));
    expect(await own.outcome(two, vault.signal)).toMatchObject({ kind: 'included' });
    second!.faults.clear();
  });

  it('that answer nonsense are passed over, and named when there is no other', async () => {
    const [node] = vault.local.nodes;
    const wrong = [
      { method: 'abci_query', path: 'response.value', value: 'AAAA' },
      { method: 'abci_query', path: 'response.code', value: 5 },
      { method: 'status', path: 'sync_info.latest_block_time', value: 'noon' },
    ];
    for (const lie of wrong) {
      node!.faults.add({ kind: 'lie', ...lie });
      await expect(account.prepare(chunkOf(0n, 1), vault.signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
      const [own] = vault.vaultOf(undefined, {}, vault.endpoints).accounts(cosignersOf(vault)) as [TargetAccount];
      expect((await own.prepare(chunkOf(0n, 1), vault.signal)).kind).toBe('send');
      node!.faults.clear();
    }
  });
});

describe('members', () => {
  it('are known by good signatures only', async () => {
    const bad: ((answer: Uint8Array) => Uint8Array)[] = [
      (answer) => answer.map((byte, index) => (index === 9 ? byte ^ 1 : byte)),
      (answer) => Uint8Array.of((answer[0]! + 1) % 3, ...answer.slice(1)),
      (answer) => Uint8Array.of(9, ...answer.slice(1)),
      (answer) => answer.slice(0, 64),
      () => new Uint8Array(0),
      () => new Uint8Array(65),
    ];
    for (const spoil of bad) {
      const cosigners = cosignersOf(vault, { answer: (answer, member) => (member === 0 ? spoil(answer) : answer) });
      const [own] = vault.vaultOf(undefined).accounts(cosigners) as [TargetAccount];
      const transaction = await release(vault, own, chunk(1));
      expect(await own.outcome(transaction, vault.signal)).toMatchObject({ kind: 'included' });
    }
  });

  it('are too few when only one is left, and then asked for the same again', async () => {
    let away = true;
    const cosigners = cosignersOf(vault, { answer: (answer, member) => (member > 0 && away ? undefined : answer) });
    const [own, other] = vault.vaultOf(undefined).accounts(cosigners) as [TargetAccount, TargetAccount];
    const [delivery, later] = [chunk(1), chunk(1)];
    const preparation = await own.prepare(delivery, vault.signal);
    if (preparation.kind !== 'send') throw new Error('send');
    const slot = await own.nextSlot(vault.signal);
    await expect(own.sign(preparation.call, slot, 0, vault.signal)).rejects.toMatchObject({
      code: 'COSIGNERS_MISSING',
    });
    // The one that signed would sign neither for another slot nor another chunk in this one.
    expect(await own.prepare(later, vault.signal)).toMatchObject({ kind: 'wait' });
    expect(await other.prepare(delivery, vault.signal)).toMatchObject({ kind: 'wait' });
    away = false;
    await release(vault, own, delivery);
    expect((await own.prepare(later, vault.signal)).kind).toBe('send');
  });

  it('sign the same bytes whichever of them is asked', async () => {
    const members = [0, 1, 2].map((index) => vault.vaultOf(index).member!);
    const asked = await requestFor(chunk(3));
    const contents = await Promise.all(
      members.map(async (member) => {
        const verdict = await member.check(asked, viewOf(vault));
        return verdict.kind === 'valid' ? verdict.value : undefined;
      }),
    );
    expect(contents[0]).toBeDefined();
    expect(contents[1]).toEqual(contents[0]);
    expect(contents[2]).toEqual(contents[0]);
  });

  it('promise the same for every attempt in a slot, and another thing for anything else', async () => {
    const delivery = chunk(3);
    const content = async (request: ReleaseRequest): Promise<string> => {
      const verdict = await vault.vaultOf(0).member!.check(request, viewOf(vault));
      if (verdict.kind !== 'valid') throw new Error(verdict.reason);
      return Buffer.from(verdict.value.content).toString('hex');
    };
    const request = await requestFor(delivery);
    const own = await content(request);
    expect(await content(withTerms(request, { feeStep: 3, timeoutHeight: viewOf(vault).height + 2n }))).toBe(own);
    expect(await content({ ...request, slot: 99n })).toBe(own);
    expect(await content(await requestFor(chunk(3)))).not.toBe(own);
    expect(await content({ ...request, delivery: undefined })).not.toBe(own);
  });

  it('refuse whatever differs from what everybody would come to', async () => {
    const { member } = vault.vaultOf(0) as { member: VaultMember };
    const view = viewOf(vault);
    const request = await requestFor(
      chunk(4, (index) => (index === 2 ? { receiver: MODULE_ACCOUNT } : { deadline: view.timeSeconds + 61n })),
    );
    const check = async (asked: ReleaseRequest, seen = view) => member.check(asked, seen);
    expect((await check(request)).kind).toBe('valid');
    const packets = request.delivery!.packets;
    const spoiled = (offset: number): Delivery => ({
      ...request.delivery!,
      packets: packets.map((byte, index) => (index === offset ? byte ^ 1 : byte)),
    });
    const wrong: readonly (readonly [ReleaseRequest, RegExp])[] = [
      [{ ...request, account: vault.funder.address }, /none of this vault/],
      [{ ...request, slot: 2n ** 60n }, /no such slot/],
      [{ ...request, terms: request.terms.slice(0, 20) }, /terms do not decode/],
      [{ ...request, terms: Uint8Array.of(...request.terms, 0) }, /terms do not decode/],
      [{ ...request, terms: Uint8Array.of(2, ...request.terms.slice(1)) }, /terms do not decode/],
      [withTerms(request, { refused: [] }), /other packets/],
      [withTerms(request, { refused: [1, 2] }), /other packets/],
      [withTerms(request, { refused: [3] }), /other packets/],
      [withTerms(request, { refused: [2, 4] }), /terms do not decode/],
      [withTerms(request, { feeStep: 9 }), /terms do not decode/],
      [withTerms(request, { asOf: view.timeSeconds + 61n }), /not verified here yet/],
      [withTerms(request, { asOf: view.timeSeconds - 61n }), /long past/],
      [withTerms(request, { timeoutHeight: view.height }), /timed out/],
      [withTerms(request, { timeoutHeight: 0n }), /timed out/],
      [withTerms(request, { timeoutHeight: view.height + 41n }), /longer than a release may/],
      [{ ...request, delivery: chunkOf(0n, 4, undefined, SUB_LANE) }, /does not lead here/],
      [{ ...request, delivery: chunkOf(0n, 4, undefined, HOME_LANE) }, /is no return/],
      [{ ...request, delivery: { ...request.delivery!, packets: packets.slice(135) } }, /number of packets/],
      [{ ...request, delivery: { ...request.delivery!, chunkIndex: 1 } }, /number of packets/],
      [{ ...request, delivery: spoiled(0) }, /unknown kind/],
      [{ ...request, delivery: spoiled(8) }, /another sequence/],
    ];
    for (const [asked, reason] of wrong) {
      expect(await check(asked)).toMatchObject({ reason: expect.stringMatching(reason) as string });
    }
    // A member that is behind waits, and does not judge by a time that it has not seen.
    expect(await check(request, { ...view, timeSeconds: view.timeSeconds - 61n })).toMatchObject({ kind: 'needsMore' });
    expect(await check(request, { ...view, height: view.height - 21n })).toMatchObject({ kind: 'needsMore' });
    expect(await check(request, { ...view, height: view.height - 20n })).toMatchObject({ kind: 'valid' });
  });

  it('of another vault are told so at the start', () => {
    const options = {
      endpoints: [vault.endpoint],
      gateway: vault.gateway,
      clockDriftSeconds: 0n,
      memberSecret: new Uint8Array(32).fill(1),
    };
    expect(() => createCosmosVault({}, options)).toThrow("This member's key is not among those of vault account 0.");
  });
});

/** As the account would ask. */
async function requestFor(delivery: Delivery): Promise<ReleaseRequest> {
  const cosigners = cosignersOf(vault);
  const [own] = vault.vaultOf(undefined).accounts(cosigners) as [TargetAccount];
  const preparation = await own.prepare(delivery, vault.signal);
  if (preparation.kind !== 'send') throw new Error(preparation.kind);
  await own.sign(preparation.call, await own.nextSlot(vault.signal), 0, vault.signal);
  return cosigners.asked[0]!;
}

function withTerms(request: ReleaseRequest, change: Partial<ReleaseTerms>): ReleaseRequest {
  const terms = decodeTerms(request.terms, 512)!;
  return { ...request, terms: encodeTerms({ ...terms, ...change }) };
}
