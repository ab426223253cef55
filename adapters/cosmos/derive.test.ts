import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp, createChain, type CosmosChain } from '../../test/devnet/cosmos/index.ts';
import {
  type DevAccount,
  type DevMultisig,
  makeDevAccount,
  makeDevMultisig,
} from '../../test/devnet/cosmos/accounts.ts';
import { sendMessage, signOffline, submit } from '../../test/devnet/cosmos/offlineTx.ts';
import { encodeHeader, headerHash } from '../../light-clients/tendermint/index.ts';
import { concatBytes } from '../../relayer/core/bytes.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, type Packet } from '../../relayer/core/packet.ts';
import { packetsProblem } from '../../relayer/core/frame.ts';
import type { Derivation, VerifiedHead, Verdict } from '../../relayer/core/ports.ts';
import { parseAccount } from './account.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { createCosmosDerive } from './derive.ts';
import { encodeEvidence } from './evidence.ts';
import type { CosmosGateway } from './gateway.ts';
import { CHAIN_ID, EVM_LANE, HOME_LANE, makeGateway, SUB_LANE } from './vault.fixture.ts';

const TIP = 14n;
let chain: CosmosChain;
let gateway: CosmosGateway;
let [alice, bob]: DevAccount[] = [];
let vault: DevMultisig;

beforeAll(async () => {
  alice = await makeDevAccount('d', 'alice');
  bob = await makeDevAccount('d', 'bob');
  vault = await makeDevMultisig('d', 'vault', 2, 3);
  gateway = makeGateway([parseAccount(vault.address, 'cosmos')!], 3n);
  const app = createApp(
    { chainId: CHAIN_ID, prefix: 'cosmos', denom: 'utoken', feePerThousandGas: 0n, denomCreationFee: undefined },
    [alice, bob].map(({ address }) => ({ address, coins: { utoken: 10_000_000n } })),
  );
  const options = { chainId: CHAIN_ID, seed: 'd', validators: { a: 5n, b: 4n, c: 3n }, genesisNanos: 10n ** 18n };
  chain = createChain(app, { ...options, voteNanos: (last) => last + 10n ** 9n });
  for (let height = 1n; height <= TIP; height++) {
    // Block 2 lies before the gateway's start; 7 is empty; 9 fails; 11 has no memo.
    const memo =
      height === 11n
        ? ''
        : height % 2n === 0n
          ? `v1|anvil-a|${'ab'.repeat(20)}|0`
          : `v1|asset-hub|${'cd'.repeat(32)}|0`;
    if (height !== 7n && height > 1n) {
      const amount = height === 9n ? 900_000_000n : 100n * height;
      const one = sendMessage(alice.address, vault.address, [{ denom: 'utoken', amount: amount.toString() }]);
      submit(chain, await signOffline(chain, alice, [one, one], { memo }));
      submit(
        chain,
        await signOffline(chain, bob, [sendMessage(bob.address, vault.address, one.value.amount)], { memo }),
      );
    }
    chain.produceBlock();
  }
});

function headAt(height: bigint): VerifiedHead {
  const { header } = chain.block(height)!;
  return { height, hash: headerHash(header), timeSeconds: header.timeNanos / 10n ** 9n, header: encodeHeader(header) };
}

/** What an honest endpoint would show, of the first `count` blocks. */
function honest(after: bigint, head: bigint, count = Number(head - 1n - after)): Uint8Array {
  const blocks = Array.from({ length: Math.max(0, Number(head - 1n - after)) }, (_, i) =>
    chain.block(after + 1n + BigInt(i))!,
  );
  return encodeEvidence({ headers: blocks.map(({ header }) => header), blocks: blocks.slice(0, count), chunks: [] });
}

function value(verdict: Verdict<Derivation>): Derivation {
  if (verdict.kind !== 'valid') throw new Error(verdict.reason);
  return verdict.value;
}

function run(cursor: Uint8Array | undefined, head: bigint, evidence: Uint8Array): Verdict<Derivation> {
  return createCosmosDerive(gateway)({ cursor, head: headAt(head) }, evidence);
}

function packetsOf(derivations: readonly Derivation[]): Record<string, Packet[]> {
  const lanes: Record<string, Packet[]> = {};
  for (const { lane, firstSequence, packets } of derivations.flatMap(({ outbound }) => outbound)) {
    expect(packetsProblem(packets, firstSequence)).toBeUndefined();
    const list = (lanes[lane] ??= []);
    expect(firstSequence).toBe(BigInt(list.length));
    for (let at = 0; at < packets.length; at += PACKET_BYTES) list.push(decodePacket(packets, at));
  }
  return lanes;
}

describe('derivation of a vault', () => {
  it('numbers the deposits of each lane in the order of the chain, from the start height to below the head', () => {
    const derivation = value(run(undefined, TIP, honest(2n, TIP)));
    expect(derivation).toMatchObject({ height: TIP, settlements: [] });
    const lanes = packetsOf([derivation]);
    // Blocks 4, 6, 8, 10, 12 lead to the one chain, 3, 5, 13 to the other; 11 goes home; 14 is not proven yet.
    expect(lanes[EVM_LANE]).toHaveLength(15);
    expect(lanes[SUB_LANE]).toHaveLength(9);
    expect(lanes[HOME_LANE]).toHaveLength(3);
    expect(lanes[EVM_LANE]!.map(({ amount }) => amount / 10n ** 14n)).toEqual(
      [4n, 6n, 8n, 10n, 12n].flatMap((height) => [height, height, height]),
    );
    for (const packet of lanes[HOME_LANE]!) expect(packet).toMatchObject({ kind: 'return', receiver: packet.sender });
    const cursor = decodeCursor(derivation.cursor, 3n);
    expect(cursor.height).toBe(TIP - 1n);
    expect(cursor.hash).toEqual(headerHash(chain.block(TIP - 1n)!.header));
  });

  it('comes to the same packets however the way is cut', () => {
    const whole = packetsOf([value(run(undefined, TIP, honest(2n, TIP)))]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })), { minLength: 12 }),
        (cuts) => {
          const derivations: Derivation[] = [];
          let cursor: Uint8Array | undefined;
          for (const [step, count] of [...cuts, ...Array.from({ length: 14 }, () => [14, 14] as const)]) {
            const { height } = decodeCursor(cursor, 3n);
            const head = height + 1n + BigInt(step) > TIP ? TIP : height + 1n + BigInt(step);
            const most = Number(head - 1n - height);
            const derivation = value(run(cursor, head, honest(height, head, Math.min(count, most))));
            expect(derivation.height).toBeLessThanOrEqual(head);
            derivations.push(derivation);
            ({ cursor } = derivation);
          }
          expect(packetsOf(derivations)).toEqual(whole);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('has nothing to say at a head whose parent it knows, or below its start', () => {
    for (const head of [1n, 2n, 3n]) {
      expect(value(run(undefined, head, honest(2n, head)))).toMatchObject({ height: head, outbound: [] });
    }
    expect(run(undefined, 3n, honest(2n, 6n)).kind).toBe('invalid');
    const { cursor } = value(run(undefined, 6n, honest(2n, 6n)));
    expect(value(run(cursor, 6n, honest(5n, 6n)))).toMatchObject({ height: 6n, outbound: [], cursor });
  });

  it('waits for a head that comes without its header', () => {
    const head = { ...headAt(5n), header: new Uint8Array(0) };
    expect(createCosmosDerive(gateway)({ cursor: undefined, head }, honest(2n, 5n)).kind).toBe('needsMore');
  });

  it('freezes when the chain no longer leads to what was derived', () => {
    const { cursor } = value(run(undefined, 6n, honest(2n, 6n)));
    const known = decodeCursor(cursor, 3n);
    const other = encodeCursor({ ...known, hash: new Uint8Array(32).fill(7) });
    expect(run(other, 8n, honest(5n, 8n))).toEqual({
      kind: 'conflict',
      reason: 'block 5 is not the one that was derived before',
    });
  });

  it('takes only a cursor of its own, and says so', () => {
    expect(() => run(new Uint8Array([1]), 6n, honest(2n, 6n))).toThrow(
      'A stored cursor of a Cosmos gateway does not decode.',
    );
  });
});

describe('an endpoint that lies about a block', () => {
  const HEAD = 12n;
  const blocksTo = (): { headers: CosmosBlock['header'][]; blocks: CosmosBlock[] } => {
    const blocks = Array.from({ length: 9 }, (_, i) => chain.block(BigInt(i) + 3n)!);
    return { headers: blocks.map(({ header }) => header), blocks };
  };
  type CosmosBlock = NonNullable<ReturnType<CosmosChain['block']>>;
  const told = (change: (blocks: CosmosBlock[], headers: CosmosBlock['header'][]) => void): Verdict<Derivation> => {
    const { headers, blocks } = blocksTo();
    change(blocks, headers);
    return run(undefined, HEAD, encodeEvidence({ headers, blocks, chunks: [] }));
  };
  const edit = (blocks: CosmosBlock[], index: number, change: Partial<CosmosBlock>): void => {
    blocks[index] = { ...blocks[index]!, ...change };
  };

  it('is believed when it does not lie', () => {
    expect(told(() => undefined).kind).toBe('valid');
  });

  it.each<[string, (blocks: CosmosBlock[], headers: CosmosBlock['header'][]) => void]>([
    [
      'hides a transaction and its result',
      (b) => edit(b, 1, { txs: b[1]!.txs.slice(1), results: b[1]!.results.slice(1) }),
    ],
    ['hides all of a block', (b) => edit(b, 1, { txs: [], results: [] })],
    [
      'shows a transaction twice',
      (b) => edit(b, 1, { txs: [...b[1]!.txs, b[1]!.txs[0]!], results: [...b[1]!.results, b[1]!.results[0]!] }),
    ],
    ['swaps two transactions', (b) => edit(b, 1, { txs: b[1]!.txs.toReversed() })],
    ['says that a failed one succeeded', (b) => edit(b, 6, { results: b[6]!.results.map((r) => ({ ...r, code: 0 })) })],
    ['says that a good one failed', (b) => edit(b, 1, { results: b[1]!.results.map((r) => ({ ...r, code: 5 })) })],
    [
      'changes the gas used',
      (b) => edit(b, 1, { results: b[1]!.results.map((r) => ({ ...r, gasUsed: r.gasUsed + 1n })) }),
    ],
    ['shows the block of another height', (b) => (b[1] = b[3]!)],
    ['leaves a header out', (_, h) => h.splice(4, 1)],
    ['shows headers in another order', (_, h) => h.reverse()],
    ['changes a header', (_, h) => (h[4] = { ...h[4]!, dataHash: h[2]!.dataHash })],
    ['shows no contents', (b) => b.splice(0)],
    ['shows more contents than headers', (b) => b.push(b[0]!)],
  ])('%s', (_, change) => {
    expect(told((blocks, headers) => void change(blocks, headers)).kind).toBe('invalid');
  });

  it('is refused for any byte that it changes', () => {
    const evidence = honest(2n, HEAD);
    const expected = value(run(undefined, HEAD, evidence));
    const change = fc.tuple(fc.nat(evidence.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, flip]) => {
        const bytes = Uint8Array.from(evidence);
        bytes[at] = bytes[at]! ^ flip;
        expect(run(undefined, HEAD, bytes).kind).toBe('invalid');
      }),
      { numRuns: 400 },
    );
    expect(run(undefined, HEAD, concatBytes(evidence, new Uint8Array([0]))).kind).toBe('invalid');
    expect(value(run(undefined, HEAD, evidence))).toEqual(expected);
  });
});
