import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, utf8 } from '../../relayer/core/bytes.ts';
import { decodePacket, encodePacket, type Packet } from '../../relayer/core/packet.ts';
import type { Derivation, Verdict } from '../../relayer/core/ports.ts';
import {
  headOf,
  key,
  makeBlock,
  METADATA,
  moved,
  movedAsset,
  RUNTIME,
  RUNTIMES,
  signed,
  succeeded,
  type TestBlock,
  type TestEvent,
} from './blocks.fixture.ts';
import { decodeCursor, slotOf } from './cursor.ts';
import { referenceOf } from './deposits.ts';
import { createSubstrateDerive } from './derive.ts';
import { encodeEvidence, type Evidence } from './evidence.ts';
import { vaultAccount } from './multisig.ts';
import { createVaultCalls } from './multisigCalls.ts';
import { callHash, chunkRemark, releaseCall } from './releaseCall.ts';
import { encodeReleaseRemark } from './releaseRemark.ts';
import { createRuntimes, metadataHash } from './runtimes.ts';
import { depositCall } from './user.ts';
import { ASSET, COIN, EVM_LANE, HOME_LANE, IN_LANE, makeGateway, MINTED, MINTED_ID } from './vault.fixture.ts';

const alice = key('//Alice');
const opener = key('//opener');
const executor = key('//executor');
const signers = { members: ['//m1', '//m2', '//m3'].map((path) => key(path).account), threshold: 2 };
const vault = vaultAccount(signers, opener.account, executor.account);
const gateway = makeGateway([vault], 1n);
const derive = createSubstrateDerive(gateway, RUNTIMES);
const calls = createVaultCalls(signers, vault);
const NATIVE = { kind: 'native' } as const;
const MEMO = utf8(`v1|anvil-a|${'ab'.repeat(20)}|77`);

function run(
  blocks: readonly TestBlock[],
  { cursor, ...more }: Partial<Evidence> & { readonly cursor?: Uint8Array | undefined } = {},
): Verdict<Derivation> {
  const from = Number(decodeCursor(cursor, 1n).height);
  const evidence = encodeEvidence({
    headers: blocks.slice(0, -1).map(({ header }) => header),
    blocks: blocks.map(({ content }) => content),
    calls: [],
    chunks: [],
    ...more,
  });
  return derive({ cursor, head: headOf(blocks.at(-1)!, from + blocks.length) }, evidence);
}

function valid(verdict: Verdict<Derivation>): Derivation {
  if (verdict.kind !== 'valid') throw new Error(`${verdict.kind}: ${verdict.reason}`);
  return verdict.value;
}

/** The packets that one extrinsic of Alice makes. */
function packetsOf(call: Uint8Array, events: readonly TestEvent[]): (Packet & { lane: string })[] {
  const block = makeBlock(undefined, 1, [Uint8Array.of(4, 4), signed(call, alice)], events);
  return valid(run([block])).outbound.flatMap(({ lane, packets }) =>
    Array.from({ length: packets.length / 135 }, (_, i) => ({ ...decodePacket(packets, i * 135), lane })),
  );
}

const native = (amount: bigint, remark = MEMO): Uint8Array =>
  depositCall(RUNTIME, { vault: vault.account, token: NATIVE, amount }, remark);
const credit = (amount: bigint): TestEvent[] => [moved(1, alice.account, vault.account, amount), succeeded(1)];

describe('a deposit', () => {
  it('of native coin becomes a packet of the lane that its memo names', () => {
    const block = makeBlock(undefined, 1, [Uint8Array.of(4, 4), signed(native(5n * COIN), alice)], credit(5n * COIN));
    const [outbound] = valid(run([block])).outbound;
    expect(outbound).toMatchObject({ lane: EVM_LANE, firstSequence: 0n });
    const packet = decodePacket(outbound!.packets);
    expect(packet).toMatchObject({ kind: 'transfer', sequence: 0n, asset: ASSET, amount: 5n * COIN, deadline: 77n });
    expect(equalBytes(packet.sender, alice.account)).toBe(true);
    expect(equalBytes(packet.sourceReference, referenceOf(block.hash, 1))).toBe(true);
  });

  it('of a pallet asset counts in canonical units', () => {
    const token = { kind: 'asset', id: MINTED_ID } as const;
    const call = depositCall(RUNTIME, { vault: vault.account, token, amount: 40n }, MEMO);
    const events = [movedAsset(1, MINTED_ID, alice.account, vault.account, 40n), succeeded(1)];
    expect(packetsOf(call, events)).toMatchObject([{ lane: EVM_LANE, asset: MINTED, amount: 4_000n }]);
  });

  it('is what the chain moved, not what the call says', () => {
    expect(packetsOf(native(5n * COIN), credit(3n * COIN))).toMatchObject([{ amount: 3n * COIN }]);
  });

  it.each([
    ['no memo', utf8('hello'), 5n * COIN],
    ['a chain without a lane', utf8('v1|nowhere|ab|0'), 5n * COIN],
    ['an amount below the minimum', MEMO, COIN / 2n],
    ['an amount above the maximum', MEMO, 1_001n * COIN],
    ['an amount too fine', MEMO, 5n * COIN + 1n],
  ])('goes back for %s', (_, memo, amount) => {
    const [packet, ...rest] = packetsOf(native(amount, memo), credit(amount));
    expect(rest).toEqual([]);
    expect(packet).toMatchObject({ lane: HOME_LANE, kind: 'return', amount, deadline: 0n });
    expect(equalBytes(packet!.receiver, alice.account)).toBe(true);
  });

  it('too small to go back is kept', () => {
    expect(packetsOf(native(5n, utf8('hello')), credit(5n))).toEqual([]);
  });

  it('is nothing when the extrinsic failed, or moved nothing, or paid twice', () => {
    const [credited] = credit(5n * COIN);
    expect(packetsOf(native(5n * COIN), [credited!])).toEqual([]);
    expect(packetsOf(native(5n * COIN), [succeeded(1)])).toEqual([]);
    expect(packetsOf(native(5n * COIN), [credited!, ...credit(5n * COIN)])).toEqual([]);
  });

  it('is only of exactly its shape', () => {
    const transfer = RUNTIME.call('Balances', 'transfer_keep_alive', { dest: vault.account, value: 5n * COIN });
    const remark = RUNTIME.call('System', 'remark', { remark: MEMO });
    const batch = (...list: Uint8Array[]): Uint8Array => RUNTIME.call('Utility', 'batch_all', { calls: list });
    const others = [
      transfer,
      RUNTIME.call('Utility', 'batch', { calls: [transfer, remark] }),
      batch(transfer),
      batch(remark, transfer),
      batch(transfer, remark, remark),
      batch(batch(transfer, remark)),
      RUNTIME.call('Utility', 'as_derivative', { index: 1, call: batch(transfer, remark) }),
      RUNTIME.call('Proxy', 'proxy', { real: alice.account, force_proxy_type: 'None', call: batch(transfer, remark) }),
    ];
    for (const call of others) expect(packetsOf(call, credit(5n * COIN))).toEqual([]);
    expect(packetsOf(batch(transfer, remark), credit(5n * COIN))).toHaveLength(1);
  });

  it('keeps its place over blocks, sequences and restarts', () => {
    const one = makeBlock(undefined, 1, [Uint8Array.of(4, 4), signed(native(COIN), alice)], credit(COIN));
    const two = makeBlock(one, 2, [Uint8Array.of(4, 4), signed(native(2n * COIN), alice)], credit(2n * COIN), {
      version: 1,
    });
    const whole = valid(run([one, two]));
    expect(whole).toMatchObject({ height: 2n, outbound: [{ firstSequence: 0n }] });
    const first = valid(run([one, two], { blocks: [one.content] }));
    expect(first.height).toBe(1n);
    const second = valid(run([two], { cursor: first.cursor }));
    expect(second.outbound).toMatchObject([{ firstSequence: 1n }]);
    expect(second.cursor).toEqual(whole.cursor);
  });
});

describe('evidence', () => {
  const one = makeBlock(undefined, 1, [Uint8Array.of(4, 4), signed(native(COIN), alice)], credit(COIN));
  const two = makeBlock(one, 2, [Uint8Array.of(4, 4)], [succeeded(0)]);

  it('that hides, adds or changes something is refused', () => {
    const { extrinsics, proof } = one.content;
    const without = (content: Evidence['blocks'][number]): string => run([one, two], { blocks: [content] }).kind;
    expect(without({ extrinsics: extrinsics.slice(1), proof })).toBe('invalid');
    expect(without({ extrinsics: extrinsics.toReversed(), proof })).toBe('invalid');
    expect(without({ extrinsics: [...extrinsics, Uint8Array.of(4, 4)], proof })).toBe('invalid');
    expect(without({ extrinsics, proof: two.content.proof })).toBe('invalid');
    for (const index of proof.keys()) {
      const flipped = proof.map((node, i) =>
        i === index ? node.map((byte, at) => (at === 7 ? byte ^ 1 : byte)) : node,
      );
      expect(without({ extrinsics, proof: flipped })).toBe('invalid');
      expect(without({ extrinsics, proof: proof.filter((_, i) => i !== index) })).toBe('invalid');
    }
    expect(run([one, two], { headers: [] }).kind).toBe('invalid');
    expect(run([one, two], { headers: [two.header] }).kind).toBe('invalid');
    expect(run([one, two], { blocks: [] }).kind).toBe('invalid');
    expect(derive({ cursor: undefined, head: headOf(two, 2) }, new Uint8Array(3)).kind).toBe('invalid');
  });

  it('of another fork than the one derived is a conflict', () => {
    const { cursor } = valid(run([one]));
    const fork = makeBlock({ hash: new Uint8Array(32).fill(9) }, 2, [], [succeeded(0)]);
    expect(run([fork], { cursor }).kind).toBe('conflict');
  });

  it('of a runtime that is not pinned waits for the pin', () => {
    const upgraded = makeBlock(undefined, 1, [], [succeeded(0)], { specVersion: 269 });
    expect(run([upgraded])).toMatchObject({ kind: 'needsMore' });
    const runtimes = createRuntimes(new Map([[269, metadataHash(METADATA)]]));
    expect(runtimes.bring(269, METADATA.slice(1))).toBe(false);
    expect(runtimes.bring(269, METADATA)).toBe(true);
  });
});

describe('a release', () => {
  const packet = (sequence: bigint, fields: Partial<Packet>): Uint8Array =>
    encodePacket({
      kind: 'transfer',
      sequence,
      asset: ASSET,
      amount: COIN,
      receiver: alice.account,
      deadline: 0n,
      sourceReference: new Uint8Array(32).fill(7),
      sender: new Uint8Array(20).fill(8),
      ...fields,
    });
  const chunk = concatBytes(packet(0n, {}), packet(1n, { deadline: 5n }), packet(2n, { kind: 'return' }));
  const chunks = [{ lane: IN_LANE, firstSequence: 0n, packets: chunk }];
  const remark = chunkRemark(IN_LANE, 0n, chunk, [1, 2]);
  const call = releaseCall(gateway, RUNTIME, vault.account, remark, chunk)!;
  const hash = callHash(call);
  const at = { height: 1, index: 0 };

  const opening = (of = remark, hashed = hash): Uint8Array =>
    RUNTIME.call('Utility', 'batch_all', {
      calls: [
        calls.approve(RUNTIME, opener.account, hashed, undefined),
        RUNTIME.call('System', 'remark', { remark: encodeReleaseRemark('opens', of) }),
      ],
    });
  const opened = (index: number, hashed = hash): TestEvent[] => [
    [index, 'Multisig', { NewMultisig: { approving: opener.account, multisig: vault.account, call_hash: hashed } }],
    succeeded(index),
  ];
  const closed = (index: number, name: string, more: object): TestEvent[] => [
    [
      index,
      'Multisig',
      {
        [name]: {
          approving: executor.account,
          cancelling: opener.account,
          timepoint: at,
          multisig: vault.account,
          call_hash: hash,
          ...more,
        },
      },
    ],
    succeeded(index),
  ];
  const executed = (index: number, more: object = {}): TestEvent[] =>
    closed(index, 'MultisigExecuted', { result: { Ok: [[]] }, ...more });
  const execution = signed(
    calls.execute(RUNTIME, executor.account, call, at, { refTime: 1n, proofSize: 1n }),
    executor,
  );
  const first = makeBlock(undefined, 1, [signed(opening(), opener)], opened(0));
  const second = makeBlock(first, 2, [execution], executed(0));
  const openOf = (derivation: Derivation) => decodeCursor(derivation.cursor, 1n).open;

  it('is open from its opening on, and settles what its packets say when it is carried out', () => {
    expect(openOf(valid(run([first])))).toMatchObject([{ lane: IN_LANE, firstSequence: 0n, count: 3, timepoint: at }]);
    const derivation = valid(run([first, second], { calls: [call], chunks }));
    expect(openOf(derivation)).toEqual([]);
    expect(derivation.settlements).toMatchObject([
      { lane: IN_LANE, acceptedSequence: undefined, delivered: [{ firstSequence: 0n, count: 3 }] },
    ]);
    expect(derivation.settlements[0]!.refused.map(({ sequence }) => sequence)).toEqual([1n, 2n]);
    // The refused transfer goes back; the refused return does not travel again.
    expect(derivation.outbound).toHaveLength(1);
    const back = decodePacket(derivation.outbound[0]!.packets);
    expect(back).toMatchObject({ kind: 'return', sequence: 0n, amount: COIN });
    expect(equalBytes(back.receiver, new Uint8Array(20).fill(8))).toBe(true);
    expect(derivation.voided).toBeUndefined();
  });

  it('waits for its call and its packets, and takes no others', () => {
    expect(run([first, second], { chunks })).toMatchObject({ kind: 'needsMore' });
    expect(run([first, second], { calls: [call] })).toMatchObject({ kind: 'needsMore' });
    const altered = [{ ...chunks[0]!, packets: chunk.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) }];
    expect(run([first, second], { calls: [call], chunks: altered })).toMatchObject({ kind: 'needsMore' });
  });

  it('that does not pay what it names is a conflict', () => {
    const wrong = releaseCall(
      gateway,
      RUNTIME,
      vault.account,
      remark,
      concatBytes(packet(0n, { amount: 2n * COIN }), chunk.subarray(135)),
    )!;
    const block = makeBlock(first, 2, [execution], executed(0, { call_hash: callHash(wrong) }));
    expect(run([first, block], { calls: [wrong], chunks })).toMatchObject({ kind: 'conflict' });
  });

  it.each([
    ['fails inside', executed(0, { result: { Err: 'BadOrigin' } })],
    ['is cancelled', closed(0, 'MultisigCancelled', {})],
  ])('that %s is void', (_, events) => {
    const derivation = valid(run([first, makeBlock(first, 2, [execution], events)]));
    expect(derivation.settlements).toEqual([]);
    expect(derivation.voided).toMatchObject([{ slot: slotOf(at) }]);
    expect(openOf(derivation)).toEqual([]);
  });

  it('shuts out another one for any of its packets until it is closed', () => {
    const other = chunkRemark(IN_LANE, 1n, chunk.subarray(135, 270), []);
    const otherHash = new Uint8Array(32).fill(3);
    const reopening = signed(opening(other, otherHash), opener);
    const both = makeBlock(first, 2, [reopening], opened(0, otherHash));
    expect(openOf(valid(run([first, both])))).toMatchObject([{ timepoint: at }]);
    const after = makeBlock(
      first,
      2,
      [execution, reopening],
      [...closed(0, 'MultisigCancelled', {}), ...opened(1, otherHash)],
    );
    expect(openOf(valid(run([first, after])))).toMatchObject([{ timepoint: { height: 2, index: 1 }, count: 1 }]);
  });

  it('is opened by nobody but the opener of its account', () => {
    const stranger = makeBlock(undefined, 1, [signed(opening(), alice)], opened(0));
    expect(openOf(valid(run([stranger])))).toEqual([]);
    const elsewhere: TestEvent = [
      0,
      'Multisig',
      { NewMultisig: { approving: opener.account, multisig: alice.account, call_hash: hash } },
    ];
    const misled = makeBlock(undefined, 1, [signed(opening(), opener)], [elsewhere, succeeded(0)]);
    expect(openOf(valid(run([misled])))).toEqual([]);
  });

  it('is not what members do with the vault by hand', () => {
    const byHand = RUNTIME.call('Balances', 'transfer_keep_alive', { dest: alice.account, value: COIN });
    const block = makeBlock(first, 2, [execution], executed(0, { call_hash: callHash(byHand) }));
    const derivation = valid(run([first, block], { calls: [byHand] }));
    expect(derivation.settlements).toEqual([]);
    expect(derivation.voided).toBeUndefined();
  });
});
