/**
 * A vault of four accounts of 2-of-3 on a real chain: it comes into being, pays, mints, refunds and refuses by the adapter's
 * own code with members that sign in memory, and what it did is derived from the chain's blocks. What it costs is measured.
 */
import { pullLightBlock } from '../../../adapters/cosmos/lightBlocks.ts';
import { formatAccount } from '../../../adapters/cosmos/account.ts';
import { readBalance, readTip } from '../../../adapters/cosmos/chainQueries.ts';
import { deployVault } from '../../../adapters/cosmos/deploy.ts';
import { SDK_053_COSTS } from '../../../adapters/cosmos/fees.ts';
import type { CosmosGateway } from '../../../adapters/cosmos/gateway.ts';
import { memberKey } from '../../../adapters/cosmos/memberKeys.ts';
import { createCosmosSender } from '../../../adapters/cosmos/sender.ts';
import { makeShard } from '../../../adapters/cosmos/shards.ts';
import { factoryDenom } from '../../../adapters/cosmos/tokenFactory.ts';
import { createCosmosVault } from '../../../adapters/cosmos/vault.ts';
import {
  CHAIN_ID,
  COARSE,
  EVM_LANE,
  FROM_EVM,
  HOME_LANE,
  makeGateway,
  SCALE,
} from '../../../adapters/cosmos/vault.fixture.ts';
import { chunkOf, MODULE_ACCOUNT, packet } from '../../../adapters/cosmos/vaultChain.fixture.ts';
import { sha256 } from '../../../light-clients/tendermint/index.ts';
import { ViaductError } from '../../../relayer/core/errors.ts';
import type { Packet } from '../../../relayer/core/packet.ts';
import type {
  Cosigners,
  Delivery,
  ReleaseView,
  SignedTransaction,
  TargetAccount,
} from '../../../relayer/core/ports.ts';
import { decodeReleaseRequest, encodeReleaseRequest } from '../../../relayer/core/release.ts';
import { type DevAccount, makeDevAccount } from '../../devnet/cosmos/accounts.ts';
import { startTokend } from '../../devnet/cosmos/tokend.ts';
import { expectSame, expectThat, jsonOf } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';
import { type CosmosUnderTest, sendOf, submitAndWait, waitForHeight } from './clients.ts';
import { endpointOf, type Followed, followFromGenesis, mustBeValid, packetsFrom } from './follow.ts';

export interface ReleaseFigure {
  readonly what: string;
  readonly payouts: number;
  readonly gas: number;
  readonly bytes: number;
}

export interface RateFigure {
  readonly what: string;
  readonly transfers: number;
  readonly seconds: number;
  readonly blocks: number;
}

export interface ReleaseFigures {
  readonly releases: readonly ReleaseFigure[];
  readonly rates: readonly RateFigure[];
  readonly blockSeconds: number;
}

const BLOCK_MS = 1_000;
const SHARDS = 4;
const ROUNDS = 3;
const POLL_MS = 100;
/** Releases of each account that are signed before any of them is sent. */
const AHEAD = 5;

export async function checkReleases(context: WitnessContext, tokendBinary: string): Promise<ReleaseFigures> {
  const { clock, seed, say } = context;
  const alice = await makeDevAccount(seed, 'depositor');
  const rich = await makeDevAccount(seed, 'rich');
  const holders = [
    { address: rich.address, coins: { utoken: 10n ** 15n } },
    { address: alice.address, coins: { utoken: 10n ** 9n } },
  ];
  say('a vault on the real chain');
  const tokend = await startTokend(
    { clock },
    { binary: tokendBinary, chainId: CHAIN_ID, holders, blockMs: BLOCK_MS, feePerThousandGas: 5n },
  );
  try {
    const chain: CosmosUnderTest = { chainId: CHAIN_ID, denom: tokend.denom, ...tokend.nodes[0] };
    return await pay(context, chain, alice, sha256(new TextEncoder().encode(`${seed}/account/rich`)));
  } finally {
    await tokend.stop();
  }
}

async function pay(
  context: WitnessContext,
  chain: CosmosUnderTest,
  alice: DevAccount,
  richKey: Uint8Array,
): Promise<ReleaseFigures> {
  const { checks, clock, signal, seed } = context;
  const endpoint = endpointOf(clock, chain.url, CHAIN_ID);
  const secrets = ['one', 'two', 'three'].map((name) => sha256(new TextEncoder().encode(`${seed}/member/${name}`)));
  const indexes = Array.from({ length: SHARDS }, (_, index) => index);
  const shards = indexes.map((index) =>
    makeShard(
      secrets.map((secret) => memberKey(secret, CHAIN_ID, index).publicKey),
      2,
    ),
  );
  const addresses = shards.map(({ account }) => formatAccount(account, 'cosmos'));
  const minted = factoryDenom(addresses[0]!, 'weth');
  const made = makeGateway(shards, 1n);
  const undeployed: CosmosGateway = {
    ...made,
    coins: [
      made.coins[0]!,
      { denom: minted, asset: COARSE, decimals: 6, canonicalDecimals: 6, refundMinimum: 0n, custody: 'mint' },
    ],
    blocked: [MODULE_ACCOUNT],
    costs: { ...SDK_053_COSTS, feePerThousandGas: 5n },
  };
  const funder = await createCosmosSender(
    { clock },
    {
      url: chain.url,
      chainId: CHAIN_ID,
      prefix: 'cosmos',
      privateKey: richKey,
      feeDenom: 'utoken',
      costs: undeployed.costs,
    },
  );
  const keys = indexes.map(
    (index) => new Map(secrets.map((secret, at) => [at, memberKey(secret, CHAIN_ID, index).privateKey] as const)),
  );

  const deployed = await checks.check(
    'a vault of four accounts of 2 of 3 comes into being, with a token of its own',
    async () =>
      deployVault({ clock }, { endpoint, gateway: undeployed, keys, funder, funding: { utoken: 10n ** 13n } }, signal),
  );
  if (deployed === undefined) return { releases: [], rates: [], blockSeconds: 0 };
  const gateway: CosmosGateway = { ...undeployed, startHeight: deployed.startHeight };

  const members = secrets.map(
    (memberSecret) =>
      createCosmosVault({}, { endpoints: [endpoint], gateway, clockDriftSeconds: 10n, memberSecret }).member!,
  );
  /** All in this process; each checks what it signs, over bytes, against the chain as a node shows it. */
  const cosigners: Cosigners = {
    collect: async (request, take) => {
      const told = decodeReleaseRequest(encodeReleaseRequest(request));
      const { height, timeSeconds } = await readTip(endpoint, signal);
      const view: ReleaseView = { height, timeSeconds, standing: undefined, nextSlot: async () => Promise.resolve(0n) };
      const reasons: string[] = [];
      for (const member of members) {
        const verdict = await member.check(told, view);
        if (verdict.kind !== 'valid') reasons.push(verdict.reason);
        else if (take(await member.sign(told, verdict.value, signal)) === 'enough') return;
      }
      const shortMessage = `Too few members sign: ${reasons.join(', ')}.`;
      throw new ViaductError({ code: 'COSIGNERS_MISSING', shortMessage });
    },
  };
  const accounts = createCosmosVault(
    {},
    { endpoints: [endpoint], gateway, clockDriftSeconds: 10n, memberSecret: undefined },
  ).accounts(cosigners);

  // What was released, to compare with what is derived.
  const released: { lane: string; firstSequence: bigint; count: number; transaction: string; delivery: Delivery }[] =
    [];
  const releases: ReleaseFigure[] = [];
  const rates: RateFigure[] = [];
  let next = 0n;
  const chunk = (count: number, change?: (index: number) => Partial<Packet>): Delivery => {
    const first = next;
    next += BigInt(count);
    return chunkOf(first, count, change);
  };
  const known = (index: number): Partial<Packet> => ({
    receiver: sha256(Uint8Array.of(index >> 8, index & 255)).slice(0, 20),
  });

  const prepare = async (account: TargetAccount, delivery: Delivery, slot: bigint): Promise<SignedTransaction> => {
    const preparation = await account.prepare(delivery, signal);
    expectThat(preparation.kind === 'send', `preparing: ${jsonOf(preparation)}`);
    return account.sign(preparation.call, slot, 0, signal);
  };
  const included = async (
    account: TargetAccount,
    transaction: SignedTransaction,
    delivery: Delivery,
  ): Promise<{ height: bigint; gas: number; bytes: number }> => {
    for (;;) {
      const outcome = await account.outcome(transaction, signal);
      if (outcome.kind === 'included') {
        const { lane, firstSequence, packetCount } = delivery.checkpoint;
        released.push({ lane, firstSequence, count: packetCount, transaction: transaction.hash, delivery });
        return { height: outcome.height, gas: Number(outcome.gasUsed), bytes: transaction.raw.length };
      }
      expectThat(outcome.kind === 'pending', `the release ended ${jsonOf(outcome)}`);
      await clock.sleep(POLL_MS, signal);
    }
  };
  const release = async (account: TargetAccount, delivery: Delivery): ReturnType<typeof included> => {
    const transaction = await prepare(account, delivery, await account.nextSlot(signal));
    await account.broadcast(transaction, signal);
    return included(account, transaction, delivery);
  };
  const holds = async (receiver: Uint8Array, denom = 'utoken'): Promise<bigint> =>
    readBalance(endpoint, formatAccount(receiver, 'cosmos'), denom, signal);
  const measure = async (what: string, delivery: Delivery, account = accounts[0]!): Promise<void> => {
    const { gas, bytes } = await release(account, delivery);
    releases.push({ what, payouts: delivery.checkpoint.packetCount, gas, bytes });
  };

  for (const count of [1, 100, 500]) {
    await checks.check(
      `a release of ${count} to new accounts is paid, with gas and fee as computed beforehand`,
      async () => {
        const delivery = chunk(count);
        await measure('MsgSend, new accounts', delivery);
        const first = delivery.checkpoint.firstSequence;
        for (const at of [first, first + BigInt(count) / 2n, first + BigInt(count) - 1n]) {
          expectSame(await holds(packet(at).receiver), 10n, `packet ${at}`);
        }
      },
    );
  }
  await checks.check('a release of 500 to known accounts is paid', async () => {
    await release(accounts[0]!, chunk(500, known));
    await measure('MsgSend, known accounts', chunk(500, known));
    expectSame(await holds(known(499).receiver!), 20n, 'the last receiver');
  });
  await checks.check('a release of 100 is minted', async () => {
    const delivery = chunk(100, () => ({ asset: COARSE, amount: 5n }));
    await measure('MsgMint, new accounts', delivery);
    const again = chunk(100, (index) => ({ ...known(index), asset: COARSE, amount: 5n }));
    await release(accounts[0]!, again);
    await measure(
      'MsgMint, known holders',
      chunk(100, (index) => ({ ...known(index), asset: COARSE, amount: 5n })),
    );
    expectSame(await holds(packet(delivery.checkpoint.firstSequence).receiver, minted), 5n, 'the first receiver');
    expectSame(await holds(known(99).receiver!, minted), 10n, 'the last known receiver');
  });
  await checks.check('what cannot be paid is left out, and the rest is paid', async () => {
    const { timeSeconds } = await readTip(endpoint, signal);
    const special: Partial<Packet>[] = [{}, { deadline: timeSeconds - 30n }, { receiver: MODULE_ACCOUNT }, {}];
    const delivery = chunk(4, (index) => special[index]!);
    await release(accounts[1]!, delivery);
    const first = delivery.checkpoint.firstSequence;
    const held = await Promise.all([0n, 1n, 3n].map(async (at) => holds(packet(first + at).receiver)));
    expectSame(held, [10n, 0n, 10n], 'balances');
  });

  const follow = async (): Promise<Followed> => {
    const { height } = await readTip(endpoint, signal);
    await waitForHeight(chain, Number(height) + 2, clock, signal);
    const packetsOfChunk = async (lane: string, first: bigint): Promise<Uint8Array | undefined> =>
      Promise.resolve(released.find((one) => one.lane === lane && one.firstSequence === first)?.delivery.packets);
    const verdict = await followFromGenesis(clock, [chain.url], gateway, height, signal, packetsOfChunk);
    return mustBeValid(verdict, 'following');
  };

  await checks.check('a deposit that cannot travel is derived as a refund, released, and arrives', async () => {
    const before = await readBalance(endpoint, alice.address, 'utoken', signal);
    const sent = await submitAndWait(chain, alice, [sendOf(chain, alice.address, addresses[2]!, 12_345)], {
      memo: 'where to?',
    });
    expectSame(sent.code, 0, 'code');
    const home = packetsFrom(await follow()).filter(({ lane }) => lane === HOME_LANE);
    expectSame(
      home.map(({ kind, amount }) => ({ kind, amount })),
      [{ kind: 'return', amount: 12_345n * SCALE }],
      'refunds',
    );
    const { lane: _, ...refund } = home[0]!;
    await release(
      accounts[3]!,
      chunkOf(refund.sequence, 1, () => refund, HOME_LANE),
    );
    const fee = BigInt(Math.ceil(260_000 / 200));
    expectSame(await readBalance(endpoint, alice.address, 'utoken', signal), before - fee, 'what the depositor has');
  });

  await checks.check('four accounts pay at the same time', async () => {
    for (const [what, used] of [
      ['one account, 500 a release, each after the last is included', accounts.slice(0, 1)],
      ['four accounts in parallel, 500 a release', accounts],
    ] as const) {
      const began = clock.now();
      const heights = await Promise.all(
        used.map(async (account) => {
          const own: bigint[] = [];
          for (let round = 0; round < ROUNDS; round++) own.push((await release(account, chunk(500, known))).height);
          return own;
        }),
      );
      const seconds = (clock.now() - began) / 1_000;
      const blocks = new Set(heights.flat()).size;
      rates.push({ what, transfers: used.length * ROUNDS * 500, seconds, blocks });
    }
  });

  await checks.check('four accounts pay what was signed beforehand, slot after slot without waiting', async () => {
    const signed = await Promise.all(
      accounts.map(async (account) => {
        const slot = await account.nextSlot(signal);
        const own: { account: TargetAccount; delivery: Delivery; transaction: SignedTransaction }[] = [];
        for (let ahead = 0n; ahead < AHEAD; ahead++) {
          const delivery = chunk(500, known);
          own.push({ account, delivery, transaction: await prepare(account, delivery, slot + ahead) });
        }
        return own;
      }),
    );
    const began = clock.now();
    await Promise.all(
      signed.map(async (own) => {
        for (const { account, transaction } of own) await account.broadcast(transaction, signal);
      }),
    );
    const ends = await Promise.all(
      signed.flat().map(async ({ account, transaction, delivery }) => included(account, transaction, delivery)),
    );
    rates.push({
      what: `four accounts, 500 a release, ${AHEAD} signed ahead by each`,
      transfers: ends.length * 500,
      seconds: (clock.now() - began) / 1_000,
      blocks: new Set(ends.map(({ height }) => height)).size,
    });
  });

  await checks.check('exactly what was released is derived as settled, and what was left out goes back', async () => {
    const followed = await follow();
    const delivered = followed.derivations.flatMap(({ settlements }) =>
      settlements.flatMap(({ lane, delivered: ranges }) => ranges.map((range) => ({ lane, ...range }))),
    );
    const order = (a: { lane: string; firstSequence: bigint }, b: { lane: string; firstSequence: bigint }): number =>
      a.lane === b.lane ? Number(a.firstSequence - b.firstSequence) : a.lane < b.lane ? -1 : 1;
    const wanted = released.map(({ delivery: _, ...one }) => one).toSorted(order);
    expectSame(
      delivered
        .map(({ lane, firstSequence, count, transaction }) => ({ lane, firstSequence, count, transaction }))
        .toSorted(order),
      wanted,
      'settlements',
    );
    const back = packetsFrom(followed).filter(({ lane }) => lane === EVM_LANE);
    expectSame(
      back.map(({ kind, sequence }) => [kind, sequence]),
      [
        ['return', 0n],
        ['return', 1n],
      ],
      'returns',
    );
    expectThat(
      wanted.every(({ lane }) => lane === FROM_EVM || lane === HOME_LANE),
      'other lanes',
    );
  });

  // The middle one: blocks that hold thousands of payments take longer.
  const { height } = await readTip(endpoint, signal);
  const times: bigint[] = [];
  for (let at = height - 40n; at <= height; at++) {
    times.push((await pullLightBlock(endpoint, at, signal)).header.timeNanos);
  }
  const intervals = times.slice(1).map((time, index) => Number(time - times[index]!) / 1e9);
  const blockSeconds = intervals.toSorted((a, b) => a - b)[intervals.length >> 1]!;
  funder.close();
  return { releases, rates, blockSeconds };
}
