/** The bytes of releases, judged by cosmjs, and the payments in them. */
import { Secp256k1Wallet } from '@cosmjs/amino';
import { SigningStargateClient } from '@cosmjs/stargate';
import { MsgMultiSend, MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { AuthInfo, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetId } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { encodePacket, type Packet } from '../../relayer/core/packet.ts';
import { formatAccount } from './account.ts';
import { transactionCost } from './fees.ts';
import { createPacketJudge } from './judgePackets.ts';
import { memberKey } from './memberKeys.ts';
import { aminoTypes, isSignedBy, multisigTx, registry, releaseTx, sendOf } from './releaseTx.ts';
import type { ReleaseTerms } from './releaseTerms.ts';
import { makeShard } from './shards.ts';
import { MINT } from './tokenFactory.ts';
import { CHAIN_ID, COARSE, SCALE } from './vault.fixture.ts';
import { ADDRESSES, chunkOf, MINTED, MODULE_ACCOUNT, packet, SHARDS, vaultGateway } from './vaultChain.fixture.ts';

const gateway = vaultGateway(1n);
const judge = createPacketJudge(gateway);
const TERMS: ReleaseTerms = { accountNumber: 7n, asOf: 1_000n, timeoutHeight: 99n, feeStep: 0, refused: [] };
const [OWN, OTHER] = SHARDS as [(typeof SHARDS)[0], (typeof SHARDS)[0]];

function bodyOf(raw: Uint8Array): TxBody {
  return TxBody.decode(TxRaw.decode(raw).bodyBytes);
}

describe('what is judged', () => {
  const kinds: readonly Partial<Packet>[] = [
    {},
    { asset: COARSE, amount: 1n },
    { deadline: 999n },
    { deadline: 1_000n },
    { kind: 'return', deadline: 999n },
    { receiver: MODULE_ACCOUNT },
    { receiver: OTHER.account },
    { receiver: new Uint8Array(32).fill(5) },
    { receiver: new Uint8Array(21).fill(5) },
    { amount: SCALE + 1n },
    { amount: 0n },
    { asset: assetId(77) },
  ];
  const reasons = [
    ...[undefined, undefined, 'expired', undefined, undefined, 'receiver takes nothing', 'receiver takes nothing'],
    ...[undefined, 'receiver malformed', 'amount not representable', 'amount not representable', 'asset unknown'],
  ];

  it.each(kinds.map((kind, index) => [index, reasons[index] ?? 'paid', kind] as const))('%i: %s', (_, reason, kind) => {
    const { payouts, refusals } = judge(encodePacket(packet(0n, kind)), 1_000n, OWN);
    expect(refusals[0]?.reason ?? 'paid').toBe(reason);
    expect(payouts).toHaveLength(reason === 'paid' ? 1 : 0);
  });

  it('is either paid or refused, each packet once and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(kinds.length - 1), { minLength: 1, maxLength: 60 }), (picks) => {
        const { packets } = chunkOf(0n, picks.length, (index) => kinds[picks[index]!]!);
        const { payouts, refusals } = judge(packets, TERMS.asOf, OWN);
        const positions = [...payouts, ...refusals].map(({ position }) => position);
        expect(positions.toSorted((a, b) => a - b)).toEqual(picks.map((_, index) => index));
        expect(payouts.map(({ position }) => position)).toEqual(
          picks.flatMap((_, index) => (payouts.some((one) => one.position === index) ? [index] : [])),
        );
        // One by one it comes to the same.
        for (const index of picks.keys()) {
          const single = judge(packets.subarray(index * PACKET_BYTES, (index + 1) * PACKET_BYTES), TERMS.asOf, OWN);
          expect(single.refusals.length).toBe(refusals.some(({ position }) => position === index) ? 1 : 0);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('the transaction', () => {
  const mixed = chunkOf(40n, 6, (index) => (index % 3 === 0 ? { asset: COARSE, amount: 4n } : {}));
  const { payouts } = judge(mixed.packets, TERMS.asOf, OWN);

  it('has what cosmjs would sign, byte for byte', async () => {
    const key = memberKey(new Uint8Array(32).fill(3), CHAIN_ID, 0);
    const wallet = await Secp256k1Wallet.fromKey(key.privateKey, 'cosmos');
    const client = await SigningStargateClient.offline(wallet, { registry, aminoTypes });
    const address = (await wallet.getAccounts())[0]!.address;
    const shard = makeShard([key.publicKey], 1);
    const messages = [
      sendOf(address, ADDRESSES[0]!, 'utoken', 5n),
      {
        typeUrl: MINT,
        value: { sender: address, amount: { denom: MINTED, amount: '3' }, mintToAddress: ADDRESSES[1]! },
      },
    ];
    const fee = { amount: [{ denom: 'utoken', amount: '12' }], gas: '345' };
    for (const timeoutHeight of [0n, 99n]) {
      const tx = multisigTx(gateway, shard, 21n, 2n ** 60n, { messages, fee, memo: 'a <&> b', timeoutHeight });
      const data = { accountNumber: 2n ** 60n, sequence: 21, chainId: CHAIN_ID };
      const timeout = timeoutHeight === 0n ? undefined : timeoutHeight;
      const signed = await client.sign(address, messages, fee, 'a <&> b', data, timeout);
      expect(isSignedBy(shard, 0, tx.signBytes, Uint8Array.from(signed.signatures[0]!))).toBe(true);
      expect(isSignedBy(shard, 1, tx.signBytes, Uint8Array.from(signed.signatures[0]!))).toBe(false);
      const assembled = TxRaw.decode(tx.assemble(new Map([[0, Uint8Array.from(signed.signatures[0]!)]])));
      expect(Buffer.from(assembled.bodyBytes)).toEqual(Buffer.from(signed.bodyBytes));
      expect(AuthInfo.decode(assembled.authInfoBytes).signerInfos[0]!.sequence).toBe(21n);
    }
  });

  const raw = (lockForm: 'send' | 'multiSend', shard = OWN, multiSendMax = 500): TxBody => {
    const terms = { ...gateway, lockForm, costs: { ...gateway.costs, multiSendMax } };
    const judged = judge(mixed.packets, TERMS.asOf, shard).payouts;
    const tx = releaseTx(terms, shard, 1n, { delivery: mixed, payouts: judged }, TERMS);
    return bodyOf(tx.assemble(new Map([0, 2].map((member) => [member, new Uint8Array(64)]))));
  };

  it('pays in packet order, minting what its shard makes', () => {
    const { messages, timeoutHeight, memo } = raw('send');
    expect(messages.map(({ typeUrl }) => typeUrl.split('.').at(-1))).toEqual(
      [0, 1, 1, 0, 1, 1].map((send) => (send === 1 ? 'MsgSend' : 'MsgMint')),
    );
    expect(MsgSend.decode(messages[1]!.value)).toEqual({
      fromAddress: ADDRESSES[0],
      toAddress: formatAccount(packet(41n).receiver, 'cosmos'),
      amount: [{ denom: 'utoken', amount: '10' }],
    });
    expect(timeoutHeight).toBe(99n);
    expect(memo).toMatch(/^v1d\|[0-9a-f]{16}\|40\|6\|[0-9a-f]{64}\|$/);
  });

  it('sends the minted coin from what it holds where another shard makes it', () => {
    const { messages } = raw('send', OTHER);
    expect(messages.every(({ typeUrl }) => typeUrl.endsWith('MsgSend'))).toBe(true);
    expect(MsgSend.decode(messages[0]!.value).amount).toEqual([{ denom: MINTED, amount: '4' }]);
  });

  it('sends many at once where the chain is paid so, in messages of a bounded size', () => {
    const { messages } = raw('multiSend', OTHER, 4);
    const sends = messages.map(({ value }) => MsgMultiSend.decode(value));
    expect(sends.map(({ outputs }) => outputs.length)).toEqual([4, 2]);
    expect(sends[0]!.inputs).toEqual([
      {
        address: ADDRESSES[1],
        coins: [
          { denom: MINTED, amount: '8' },
          { denom: 'utoken', amount: '20' },
        ],
      },
    ]);
    expect(raw('multiSend').messages.map(({ typeUrl }) => typeUrl.split('.').at(-1))).toEqual([
      'MsgMultiSend',
      'MsgMint',
      'MsgMint',
    ]);
  });

  it('offers what the cost model says, more with each step', () => {
    const feeOf = (feeStep: number): { gas: bigint; fee: bigint } => {
      const tx = releaseTx(gateway, OWN, 1n, { delivery: mixed, payouts }, { ...TERMS, feeStep });
      const { fee } = AuthInfo.decode(
        TxRaw.decode(tx.assemble(new Map([0, 1].map((member) => [member, new Uint8Array(64)])))).authInfoBytes,
      );
      return { gas: fee!.gasLimit, fee: BigInt(fee!.amount[0]?.amount ?? '0') };
    };
    const { gas, fee } = transactionCost(gateway.costs, { send: 4, mint: 2, multiSend: 0 }, 2);
    expect(feeOf(0)).toEqual({ gas, fee });
    expect(feeOf(1)).toEqual({ gas, fee: (fee * 5n + 3n) / 4n });
  });

  it('differs in its bytes when anything differs', () => {
    const signBytes = (change: Partial<ReleaseTerms>, slot = 1n, shard = OWN, delivery = mixed): string =>
      Buffer.from(releaseTx(gateway, shard, slot, { delivery, payouts }, { ...TERMS, ...change }).signBytes).toString();
    const all = [
      signBytes({}),
      signBytes({ accountNumber: 8n }),
      signBytes({ timeoutHeight: 100n }),
      signBytes({ feeStep: 1 }),
      signBytes({ refused: [2] }),
      signBytes({}, 2n),
      signBytes({}, 1n, OTHER),
      signBytes({}, 1n, OWN, chunkOf(40n, 6)),
    ];
    expect(new Set(all).size).toBe(all.length);
    // When it was judged shows in what is refused, and in nothing else.
    expect(signBytes({ asOf: 5n })).toBe(all[0]);
  });
});
