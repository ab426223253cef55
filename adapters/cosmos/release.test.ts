/** What releases settle, as an independent verifier derives it from the chain's blocks. */
import { AuthInfo, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeHeader, headerHash, type TrustRules } from '../../light-clients/tendermint/index.ts';
import { concatBytes } from '../../relayer/core/bytes.ts';
import { packetsProblem } from '../../relayer/core/frame.ts';
import { chainName, idBytes } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, type Packet, transferIdOf } from '../../relayer/core/packet.ts';
import type { Delivery, Derivation, TargetAccount, VerifiedHead, Verdict } from '../../relayer/core/ports.ts';
import { deposit } from './deposit.ts';
import { runByShard } from './deploy.ts';
import { createCosmosDerive } from './derive.ts';
import { encodeEvidence } from './evidence.ts';
import { sendOf } from './releaseTx.ts';
import { multisigKeyAny } from './shards.ts';
import { createShardTxReader } from './shardTxs.ts';
import { createCosmosSource } from './source.ts';
import { EVM_LANE, FROM_EVM, HOME_LANE, SCALE } from './vault.fixture.ts';
import {
  ADDRESSES,
  chunkOf,
  cosignersOf,
  MODULE_ACCOUNT,
  packet,
  release,
  SHARDS,
  startVaultChain,
  type VaultChain,
  viewOf,
} from './vaultChain.fixture.ts';
import { withChunks } from './withChunks.ts';

let vault: VaultChain;
let accounts: TargetAccount[];

beforeAll(async () => {
  vault = await startVaultChain('r');
  accounts = [...vault.vaultOf(undefined).accounts(cosignersOf(vault))];
});

afterAll(async () => {
  await vault.stop();
});

function headAt(height: bigint): VerifiedHead {
  const { header } = vault.local.chain.block(height)!;
  return { height, hash: headerHash(header), timeSeconds: header.timeNanos / 10n ** 9n, header: encodeHeader(header) };
}

/** Derives what was added since `from`, with the packets that a journal would know. */
async function derive(from: Derivation | undefined, known: readonly Delivery[]): Promise<Verdict<Derivation>> {
  const { chain } = vault.local;
  vault.local.chain.produceBlock();
  const first = from === undefined ? vault.gateway.startHeight : from.height;
  const blocks = Array.from({ length: Number(chain.height() - first) }, (_, i) => chain.block(first + BigInt(i))!);
  const pulled = { headers: blocks.map(({ header }) => header), blocks };
  const packetsOf = async (lane: string, sequence: bigint): Promise<Uint8Array | undefined> =>
    Promise.resolve(
      known.find(({ checkpoint }) => checkpoint.lane === lane && checkpoint.firstSequence === sequence)?.packets,
    );
  const { evidence } = await withChunks(pulled, createShardTxReader(vault.gateway), packetsOf);
  const request = { cursor: from?.cursor, head: headAt(chain.height()) };
  return createCosmosDerive(vault.gateway)(request, encodeEvidence(evidence));
}

function value(verdict: Verdict<Derivation>): Derivation {
  if (verdict.kind !== 'valid') throw new Error(`${verdict.kind}: ${verdict.reason}`);
  return verdict.value;
}

function packetsOn(derivation: Derivation, lane: string): Packet[] {
  return derivation.outbound
    .filter((one) => one.lane === lane)
    .flatMap(({ packets }) =>
      Array.from({ length: packets.length / PACKET_BYTES }, (_, i) => decodePacket(packets, i * PACKET_BYTES)),
    );
}

let at: Derivation | undefined;
let next = 0n;
function chunk(count: number, change?: Parameters<typeof chunkOf>[2], lane = FROM_EVM): Delivery {
  const first = next;
  next += BigInt(count);
  return chunkOf(first, count, change, lane);
}

describe('derivation of releases', () => {
  it('settles what was paid, by both shards, and takes neither them nor funding for deposits', async () => {
    const [one, two] = [chunk(3), chunk(200)];
    const paid = [await release(vault, accounts[0]!, one), await release(vault, accounts[1]!, two)];
    const [own, other] = SHARDS.map((shard, index) => ({ shard, keys: vault.keys[index]! }));
    await runByShard(
      vault,
      { ...vault, ...own!, messages: [sendOf(ADDRESSES[0]!, ADDRESSES[1]!, 'utoken', 500n)], gas: 0n },
      vault.signal,
    );
    expect(other).toBeDefined();
    at = value(await derive(undefined, []));
    expect(at.settlements).toEqual([
      {
        lane: FROM_EVM,
        acceptedSequence: undefined,
        accepted: [],
        delivered: [
          { firstSequence: 0n, count: 3, transaction: paid[0]!.hash },
          { firstSequence: 3n, count: 200, transaction: paid[1]!.hash },
        ],
        refused: [],
      },
    ]);
    expect(at.outbound).toEqual([]);
    // The token was made below the start height, and the levelling paid no packets.
    expect(at.voided).toEqual([
      { holder: ADDRESSES[0], slot: 0n },
      { holder: ADDRESSES[0], slot: 2n },
    ]);
  });

  it('sends refused transfers back, in the order of the chain between deposits, and holds refused returns', async () => {
    const user = { vault: SHARDS[1]!.account, denom: 'utoken', target: chainName('anvil-a') };
    const receiver = new Uint8Array(20).fill(0xab);
    const before = await deposit(vault.funder, { ...user, amounts: [100n, 200n], receiver }, vault.signal);
    const asOf = viewOf(vault).timeSeconds;
    const special = [{}, { deadline: asOf - 1n }, { kind: 'return', receiver: MODULE_ACCOUNT } as const, {}];
    const delivery = chunk(6, (index) => special[index] ?? { receiver: MODULE_ACCOUNT });
    const paid = await release(vault, accounts[0]!, delivery);
    const after = await deposit(vault.funder, { ...user, amounts: [300n], receiver }, vault.signal);
    const first = delivery.checkpoint.firstSequence;

    const missing = await derive(at, []);
    expect(missing).toMatchObject({ kind: 'valid' });
    // Without the packets it goes up to the block before them, and no further.
    const part = value(missing);
    expect(packetsOn(part, EVM_LANE)).toHaveLength(2);
    expect(await derive(part, [])).toMatchObject({
      kind: 'needsMore',
      reason: expect.stringContaining('packets of a release') as string,
    });

    const whole = value(await derive(at, [delivery]));
    const back = packetsOn(whole, EVM_LANE);
    expect(back.map(({ kind, sequence }) => [kind, sequence])).toEqual([
      ['transfer', 0n],
      ['transfer', 1n],
      ['return', 2n],
      ['return', 3n],
      ['return', 4n],
      ['transfer', 5n],
    ]);
    expect([back[0], back[1], back[5]].map((one) => one!.sourceReference)).toEqual([
      ...before.sourceReferences,
      ...after.sourceReferences,
    ]);
    const refused = packet(first + 1n, special[1]);
    expect(back[2]).toEqual({
      kind: 'return',
      sequence: 2n,
      asset: refused.asset,
      amount: refused.amount,
      receiver: refused.sender,
      sender: refused.receiver,
      deadline: 0n,
      sourceReference: idBytes(transferIdOf(FROM_EVM, delivery.packets, PACKET_BYTES)),
    });
    for (const { lane, firstSequence, packets } of whole.outbound) {
      expect([lane, packetsProblem(packets, firstSequence)]).toEqual([lane, undefined]);
    }
    expect(whole.settlements[0]!.delivered).toEqual([{ firstSequence: first, count: 6, transaction: paid.hash }]);
    const reasons = whole.settlements[0]!.refused.map(({ sequence, reason }) => [sequence - first, reason]);
    expect(reasons).toEqual([
      [1n, 'expired'],
      [2n, 'receiver takes nothing'],
      [4n, 'receiver takes nothing'],
      [5n, 'receiver takes nothing'],
    ]);
    // The same in two pieces.
    const rest = value(await derive(part, [delivery]));
    expect(
      concatBytes(...part.outbound.map(({ packets }) => packets), ...rest.outbound.map((one) => one.packets)),
    ).toEqual(concatBytes(...whole.outbound.map(({ packets }) => packets)));
    at = rest;
  });

  it('waits for packets whose source chain is derived here a little later', async () => {
    const delivery = chunk(1, () => ({ receiver: MODULE_ACCOUNT }));
    await release(vault, accounts[0]!, delivery);
    vault.local.chain.produceBlock();
    const rules: TrustRules = {
      chainId: vault.gateway.chainId,
      trustLevel: { numerator: 1n, denominator: 3n },
      trustingPeriodNanos: 10n ** 15n,
      clockDriftNanos: 10n ** 10n,
    };
    let asked = 0;
    const packetsOf = async () => Promise.resolve(asked++ < 3 ? undefined : delivery.packets);
    const { endpoints, gateway } = vault;
    const source = createCosmosSource(vault, {
      endpoints,
      gateway,
      rules,
      checkpointHeight: 1n,
      pollMs: 50,
      packetsOf,
    });
    const head = headAt(vault.local.chain.height());
    const next = async (cursor: Uint8Array): Promise<Derivation> => {
      const evidence = await source.pullEvidence({ cursor, head }, vault.signal);
      return value(createCosmosDerive(gateway)({ cursor, head }, evidence));
    };
    // First up to the block before the release, then that one.
    const below = await next(at!.cursor);
    expect([below.outbound, asked]).toEqual([[], 1]);
    const derived = await next(below.cursor);
    expect(packetsOn(derived, EVM_LANE)).toMatchObject([{ kind: 'return' }]);
    expect(asked).toBe(4);
    await source.close();
    at = derived;
  });

  it('does not believe other packets than those that were released', async () => {
    const delivery = chunk(3, () => ({ receiver: MODULE_ACCOUNT }));
    await release(vault, accounts[0]!, delivery);
    vault.local.chain.produceBlock();
    const { chain } = vault.local;
    const blocks = Array.from({ length: Number(chain.height() - at!.height) }, (_, i) =>
      chain.block(at!.height + BigInt(i))!,
    );
    const headers = blocks.map(({ header }) => header);
    const request = { cursor: at!.cursor, head: headAt(chain.height()) };
    const told = (chunks: readonly Uint8Array[]) =>
      createCosmosDerive(vault.gateway)(request, encodeEvidence({ headers, blocks, chunks }));
    const right = value(told([delivery.packets]));
    expect(packetsOn(right, EVM_LANE)).toHaveLength(3);
    for (let offset = 0; offset < delivery.packets.length; offset += 7) {
      const changed = delivery.packets.map((byte, index) => (index === offset ? byte ^ 1 : byte));
      expect(told([changed]).kind).toBe('needsMore');
    }
    expect(told([]).kind).toBe('needsMore');
    expect(told([delivery.packets.slice(PACKET_BYTES)]).kind).toBe('needsMore');
    expect(told([delivery.packets.slice(1)]).kind).toBe('invalid');
    expect(told([new Uint8Array(513 * PACKET_BYTES)]).kind).toBe('invalid');
    // What is not asked for does no harm.
    expect(told([chunkOf(0n, 2).packets, delivery.packets])).toEqual(told([delivery.packets]));
    at = right;
  });

  it('reads nothing of a shard in what others signed, or signed along, or what uses no sequence', async () => {
    const { raw } = await release(vault, accounts[0]!, chunk(1));
    at = value(await derive(at, []));
    const read = createShardTxReader(vault.gateway);
    const tx = TxRaw.decode(raw);
    const auth = AuthInfo.decode(tx.authInfoBytes);
    const [signer] = auth.signerInfos;
    const withAuth = (signerInfos: typeof auth.signerInfos): Uint8Array => {
      const authInfoBytes = AuthInfo.encode(AuthInfo.fromPartial({ ...auth, signerInfos })).finish();
      return Uint8Array.from(TxRaw.encode({ ...tx, authInfoBytes }).finish());
    };
    expect(read(withAuth([signer!]))).toEqual(read(raw));
    expect(read(withAuth([]))).toBeUndefined();
    expect(read(withAuth([signer!, signer!]))).toBeUndefined();
    const { typeUrl, value: key } = multisigKeyAny({ ...SHARDS[0]!, threshold: 1 });
    expect(read(withAuth([{ ...signer!, publicKey: { typeUrl, value: key } }]))).toBeUndefined();
    // Field 4 of the body: `unordered`, which cosmjs does not know.
    const unordered = Uint8Array.from(
      TxRaw.encode({ ...tx, bodyBytes: Uint8Array.of(...tx.bodyBytes, 0x20, 0x01) }).finish(),
    );
    expect(read(unordered)).toBeUndefined();
    for (let cut = 0; cut < 400; cut += 7) expect(read(raw.slice(0, cut))).toBeUndefined();
  });

  it('says which slots paid nobody, once a later one proves that they were used', async () => {
    const holds = async (): Promise<bigint> => {
      const state = vault.local.chain.app.state.holdings.get(ADDRESSES[1]!);
      return Promise.resolve(state?.get('utoken') ?? 0n);
    };
    const account = accounts[1]!;
    const slot = await account.nextSlot(vault.signal);
    // Prepared while there was enough, then there is not: it fails, and its sequence is taken.
    const large = (((await holds()) * 2n) / 3n) * SCALE;
    const failing = chunk(1, () => ({ amount: large }));
    const preparation = await account.prepare(failing, vault.signal);
    if (preparation.kind !== 'send') throw new Error('send');
    await release(
      vault,
      account,
      chunk(1, () => ({ amount: large })),
    );
    const transaction = await account.sign(preparation.call, slot + 1n, 0, vault.signal);
    await account.broadcast(transaction, vault.signal);
    vault.local.chain.produceBlock();
    expect(await account.outcome(transaction, vault.signal)).toMatchObject({ kind: 'reverted' });
    at = value(await derive(at, []));
    expect(at.settlements[0]!.delivered).toHaveLength(1);
    expect(at.voided).toEqual([]);

    const blank = await account.sign(account.blank(), slot + 2n, 0, vault.signal);
    await account.broadcast(blank, vault.signal);
    vault.local.chain.produceBlock();
    at = value(await derive(at, []));
    expect(at.settlements).toEqual([]);
    expect(at.voided).toEqual([
      { holder: ADDRESSES[1], slot: slot + 1n },
      { holder: ADDRESSES[1], slot: slot + 2n },
    ]);
  });

  it('does not take the word of others: a memo alone settles nothing', async () => {
    const delivery = chunk(1);
    const { raw } = await release(vault, accounts[0]!, delivery);
    expect(createShardTxReader(vault.gateway)(raw)?.release?.memo.count).toBe(1);
    const memo = Buffer.from(raw)
      .toString('latin1')
      .match(/v1d\|[0-9a-f|]+/)![0];
    await vault.funder.send([sendOf(vault.funder.address, vault.funder.address, 'utoken', 1n)], memo, vault.signal);
    at = value(await derive(at, []));
    expect(at.settlements[0]!.delivered).toHaveLength(1);
    // And one that a user sends along with a deposit is no routing memo.
    await vault.funder.send([sendOf(vault.funder.address, ADDRESSES[0]!, 'utoken', 10n)], memo, vault.signal);
    at = value(await derive(at, []));
    expect(at.settlements).toEqual([]);
    expect(packetsOn(at, HOME_LANE)).toMatchObject([{ kind: 'return', amount: 10n * SCALE }]);
  });

  it('pays the refund that it derived, on the way home', async () => {
    const derived = at!.outbound.find(({ lane }) => lane === HOME_LANE)!;
    const delivery = { ...chunkOf(0n, 1, undefined, HOME_LANE), packets: derived.packets };
    const before = vault.local.chain.app.state.holdings.get(vault.funder.address)!.get('utoken')!;
    await release(vault, accounts[0]!, delivery);
    const after = vault.local.chain.app.state.holdings.get(vault.funder.address)!.get('utoken')!;
    expect(after - before).toBe(10n);
    at = value(await derive(at, []));
    expect(at.settlements).toMatchObject([{ lane: HOME_LANE, delivered: [{ firstSequence: 0n, count: 1 }] }]);
  });
});
