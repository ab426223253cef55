import fc from 'fast-check';
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgMultiSend, MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../relayer/core/bytes.ts';
import { formatAccount } from './account.ts';
import { type Deposit, readDeposits } from './deposits.ts';
import { ASSET, COARSE, EVM_LANE, makeGateway, SCALE, SUB_LANE } from './vault.fixture.ts';

const [VAULT, SHARD, ALICE] = [1, 2, 3].map((fill) => new Uint8Array(20).fill(fill)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const gateway = makeGateway([VAULT, SHARD]);
const EVM = `v1|anvil-a|${'ab'.repeat(20)}|0`;
const SUB = `v1|asset-hub|${'cd'.repeat(32)}|99`;
const address = (bytes: Uint8Array): string => formatAccount(bytes, 'cosmos');

function send(
  amount: string | number,
  options: { to?: string; from?: string; denom?: string; more?: string } = {},
): Any {
  const { to = address(VAULT), from = address(ALICE), denom = 'utoken', more } = options;
  const amounts = [{ denom, amount: String(amount) }, ...(more === undefined ? [] : [{ denom: more, amount: '7000' }])];
  const value = MsgSend.encode({ fromAddress: from, toAddress: to, amount: amounts }).finish();
  return { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value };
}

function transaction(memo: string, messages: readonly Any[]): Uint8Array {
  const bodyBytes = TxBody.encode(TxBody.fromPartial({ memo, messages: [...messages] })).finish();
  return TxRaw.encode({ bodyBytes, authInfoBytes: new Uint8Array([10, 0]), signatures: [new Uint8Array(64)] }).finish();
}

function read(memo: string, ...messages: Any[]): readonly Deposit[] {
  return readDeposits(gateway, transaction(memo, messages), 0);
}

const reason = (memo: string, message: Any): unknown => {
  const [deposit] = read(memo, message);
  return deposit?.kind === 'refund' ? deposit.reason : deposit?.kind;
};

describe('a deposit', () => {
  it('is a send to a vault with a routing memo', () => {
    expect(read(EVM, send(1500))).toEqual([
      {
        kind: 'transfer',
        messageIndex: 0,
        coinIndex: 0,
        lane: EVM_LANE,
        asset: ASSET,
        amount: 1500n * SCALE,
        receiver: new Uint8Array(20).fill(0xab),
        deadline: 0n,
        sender: ALICE,
        sourceReference: expect.any(Uint8Array) as Uint8Array,
      },
    ]);
    expect(read(SUB, send(200))).toMatchObject([{ kind: 'transfer', lane: SUB_LANE, deadline: 99n }]);
  });

  it('may come several times in one transaction, to any vault, each with a reference of its own', () => {
    const deposits = read(EVM, send(20), send(20, { to: address(ALICE) }), send(30, { to: address(SHARD) }), send(20));
    expect(deposits.map(({ messageIndex }) => messageIndex)).toEqual([0, 2, 3]);
    expect(new Set(deposits.map(({ sourceReference }) => bytesToHex(sourceReference))).size).toBe(3);
  });

  it('is recognised by the account, not by the letters of its address', () => {
    expect(read(EVM, send(20, { to: address(VAULT).toUpperCase() }))).toHaveLength(1);
    expect(read(EVM, send(20, { to: formatAccount(VAULT, 'osmo') }))).toEqual([]);
    expect(read(EVM, send(20, { to: `${address(VAULT).slice(0, -1)}x` }))).toEqual([]);
  });

  it('is none in a transaction that failed, for every code but 0', () => {
    const tx = transaction(EVM, [send(20)]);
    for (const code of [1, 5, 11, 0xffffffff]) expect(readDeposits(gateway, tx, code)).toEqual([]);
  });

  it('is none inside another message', () => {
    const inner = send(20);
    const exec = {
      typeUrl: '/cosmos.authz.v1beta1.MsgExec',
      value: MsgExec.encode({ grantee: address(ALICE), msgs: [inner] }).finish(),
    };
    const contract = { typeUrl: '/cosmwasm.wasm.v1.MsgExecuteContract', value: inner.value };
    const parties = { address: address(VAULT), coins: [{ denom: 'utoken', amount: '20' }] };
    const multi = MsgMultiSend.encode({
      inputs: [{ ...parties, address: address(ALICE) }],
      outputs: [parties],
    }).finish();
    const multiSend = { typeUrl: '/cosmos.bank.v1beta1.MsgMultiSend', value: multi };
    expect(read(EVM, exec, contract, multiSend)).toEqual([]);
    // Beside them it still is one, at its own place.
    expect(read(EVM, exec, send(20))).toMatchObject([{ kind: 'transfer', messageIndex: 1 }]);
  });

  it('is none when a vault itself moves money', () => {
    expect(read(EVM, send(20, { from: address(SHARD) }))).toEqual([]);
  });
});

describe('what cannot travel goes back', () => {
  it('to the sender, with the amount that came', () => {
    expect(read('hello', send(20))).toMatchObject([
      { kind: 'refund', asset: ASSET, amount: 20n * SCALE, sender: ALICE, reason: 'the memo is no routing memo' },
    ]);
  });

  it.each([
    ['', send(20), 'the memo is no routing memo'],
    [`${EVM} `, send(20), 'the memo is no routing memo'],
    [EVM.replace('anvil-a', 'nowhere'), send(20), 'no open lane to that chain'],
    [EVM.replace('anvil-a', 'closed'), send(20), 'no open lane to that chain'],
    [`v1|anvil-a|${'ab'.repeat(32)}|0`, send(20), 'the receiver is no account of that chain'],
    [EVM, send(9), 'the amount is below the minimum'],
    [EVM, send(1_000_001), 'the amount is above the maximum'],
    [SUB, send(250), 'the amount is too fine for the target chain'],
    [SUB, send(700, { denom: 'fine' }), 'the lane does not carry this asset'],
    [EVM, send(750, { denom: 'fine' }), 'the amount is too fine for the target chain'],
    [EVM, send(700, { denom: 'fine', more: 'utoken' }), 'several coins in one message'],
    // Not worth sending back, or not expressible, or not known.
    [EVM, send(4), 'kept'],
    [EVM, send(99, { denom: 'fine' }), 'refund of nothing'],
    [EVM, send('9'.repeat(78)), 'kept'],
    [EVM, send(20, { denom: 'ibc/unknown' }), 'kept'],
    [EVM, send('0'), 'kept'],
    [EVM, send('-5'), 'kept'],
    [EVM, send('1.5'), 'kept'],
    [EVM, send('0x10'), 'kept'],
  ])('%j: %#', (memo, message, expected) => {
    expect(reason(memo, message)).toBe(expected === 'refund of nothing' ? 'kept' : expected);
  });

  it('coin by coin when several came in one message', () => {
    const deposits = read(EVM, send(799, { denom: 'fine', more: 'utoken' }));
    expect(deposits).toMatchObject([
      { kind: 'refund', asset: COARSE, amount: 7n, coinIndex: 0 },
      { kind: 'refund', asset: ASSET, amount: 7000n * SCALE, coinIndex: 1 },
    ]);
  });
});

describe('whatever the bytes are', () => {
  it('reading never throws, and never gives more than was sent', () => {
    const tx = transaction(EVM, [send(20), send(30)]);
    const mutation = fc.record({ at: fc.nat(tx.length - 1), value: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.array(mutation, { minLength: 1, maxLength: 3 })), (input) => {
        let bytes = Uint8Array.from(tx);
        if (input instanceof Uint8Array) bytes = Uint8Array.from(input);
        else for (const { at, value, cut } of input) cut ? (bytes = bytes.slice(0, at)) : (bytes[at] = value);
        for (const deposit of readDeposits(gateway, bytes, 0)) {
          if (deposit.kind === 'kept') continue;
          expect(deposit.amount).toBeGreaterThan(0n);
          expect(deposit.amount).toBeLessThan(1n << 128n);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('payments and refunds are worth exactly what came, less what canonical units cannot say', () => {
    const parts = fc.record({
      denom: fc.constantFrom('utoken', 'fine', 'other'),
      amount: fc.bigInt({ min: 1n, max: 10n ** 9n }),
      vault: fc.constantFrom(VAULT, SHARD, ALICE),
    });
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), fc.constantFrom(EVM, SUB, 'no memo'), (sends, memo) => {
        const deposits = read(
          memo,
          ...sends.map(({ denom, amount, vault }) => send(amount.toString(), { denom, to: address(vault) })),
        );
        const toVault = sends.filter(({ vault }) => vault !== ALICE);
        expect(deposits).toHaveLength(toVault.length);
        deposits.forEach((deposit, index) => {
          const { denom, amount } = toVault[index]!;
          if (deposit.kind === 'kept') return;
          expect(deposit.amount).toBe(denom === 'utoken' ? amount * SCALE : amount / 100n);
          if (deposit.kind === 'transfer' && denom === 'fine') expect(amount % 100n).toBe(0n);
        });
      }),
    );
  });
});
