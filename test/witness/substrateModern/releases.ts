/** What a payout of a vault weighs, how many fit into a block, and whether what was paid is what is derived. */
import { encodeAddress } from '@polkadot/util-crypto';
import { balanceOf, type ChainView } from '../../../adapters/substrate/index.ts';
import type { Weight } from '../../../adapters/substrate/runtime.ts';
import { COIN, IN_LANE, MINTED_ID } from '../../../adapters/substrate/vault.fixture.ts';
import { fromHex } from '../../../relayer/core/bytes.ts';
import { CHUNK_PACKETS_MAX } from '../../../relayer/core/limits.ts';
import { type NetworkSpecs, startLocalSubstrate } from '../../devnet/substrate/index.ts';
import { expectSame, expectThat } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';
import { followToTip, viewOf } from './follow.ts';
import { startOf } from './relayChain.ts';
import {
  BENCH_ACCOUNTS,
  createVaultBench,
  type ExecutedBlock,
  PAYOUT_KINDS,
  type PayoutKind,
  receiverOf,
  type VaultBench,
  type WeightLimits,
} from './vaultBench.ts';

export interface ReleaseFigure {
  readonly kind: PayoutKind;
  readonly payouts: number;
  readonly weight: Weight;
  readonly bytes: number;
}

export interface FillFigure {
  readonly kind: PayoutKind;
  readonly payoutsEach: number;
  /** Releases that one block took. */
  readonly releases: number;
}

export interface ReleaseFigures {
  /** Such as `westmint 9400`. */
  readonly runtime: string;
  readonly limits: WeightLimits;
  /** Payouts in one release, of as many as a chunk may have. */
  readonly most: ReadonlyMap<PayoutKind, number>;
  readonly releases: readonly ReleaseFigure[];
  readonly fills: readonly FillFigure[];
}

export const SLOT_SECONDS = 12;

type Range = readonly [first: bigint, count: number];

const FUNDS = 1_000_000n * COIN;
/** Payouts in a release, beside the most that it can have. */
const SIZES = [1, 128];
const FILL_SIZES = [64, 128];

export async function checkReleases(
  { checks, clock, signal }: WitnessContext,
  specs: NetworkSpecs,
  kinds: readonly PayoutKind[] = PAYOUT_KINDS,
): Promise<ReleaseFigures> {
  const holders = BENCH_ACCOUNTS.map((account) => ({ address: encodeAddress(account), amount: FUNDS }));
  const local = await startLocalSubstrate({ clock }, { specs, startMs: startOf(clock), holders });
  try {
    const trustedHash = fromHex(local.relay.chain.finalized().hash, 32);
    const view = viewOf(clock, local);
    const bench = await createVaultBench(local, view, signal);
    const { specName, specVersion } = local.assetHub.chain.runtime.version;
    const paid: Range[] = [];
    const most = new Map<PayoutKind, number>();
    const releases: ReleaseFigure[] = [];
    const fills: FillFigure[] = [];

    for (const kind of kinds) {
      await checks.check(`${specName}: releases of up to as many payouts as fit are paid: ${kind}`, async () => {
        const largest = await bench.mostPayouts(kind);
        most.set(kind, largest);
        for (const payouts of [...SIZES, largest]) {
          const { first, executions } = await releaseAll(bench, kind, payouts, 1, paid);
          const receiver = receiverOf(kind, first + BigInt(payouts - 1), payouts - 1);
          expectThat((await held(view, kind, receiver, signal)) > 0n, 'the last receiver has nothing');
          const [execution] = executions;
          expectThat(execution !== undefined, 'not carried out');
          releases.push({ kind, payouts, ...execution });
        }
      });
    }
    await checks.check(`${specName}: the adapter opens no release that would fit into no block`, async () => {
      for (const [kind, largest] of most) {
        expectSame((await bench.prepare(kind, largest)).kind, 'send', `${largest}, ${kind}`);
        if (largest === CHUNK_PACKETS_MAX) continue;
        expectSame((await bench.prepare(kind, largest + 1)).kind, 'refused', `${largest + 1}, ${kind}`);
      }
    });
    // Most payouts go to accounts that are there already.
    for (const kind of kinds.filter((one) => one.includes('known'))) {
      for (const payoutsEach of [...FILL_SIZES, most.get(kind) ?? 0]) {
        await checks.check(
          `${specName}: a block takes releases of ${payoutsEach} until it is full: ${kind}`,
          async () => {
            const known = releases.findLast((one) => one.kind === kind);
            expectThat(known !== undefined, 'no release to judge by');
            const room = Math.ceil(roomFor(bench.limits.block, known) / payoutsEach);
            const { taken } = await releaseAll(bench, kind, payoutsEach, room + 1, paid);
            expectThat(taken <= room, `the block took ${taken} releases and was not full`);
            fills.push({ kind, payoutsEach, releases: taken });
          },
        );
      }
    }
    await checks.check(
      `${specName}: exactly what was released is derived as settled, from verified blocks`,
      async () => {
        const { derivations } = await followToTip({
          ...{ clock, local, trustedHash, gateway: bench.gateway },
          packetsOf: (lane, first, count) => (lane === IN_LANE ? bench.packets(first, count) : undefined),
        });
        const settled = derivations.flatMap(({ settlements }) => settlements.flatMap(({ delivered }) => delivered));
        const ranges = settled.map(({ firstSequence, count }): Range => [firstSequence, count]);
        expectSame(ranges, paid, 'ranges');
      },
    );
    return { runtime: `${specName} ${specVersion}`, limits: bench.limits, most, releases, fills };
  } finally {
    await local.stop();
  }
}

async function held(view: ChainView, kind: PayoutKind, account: Uint8Array, signal: AbortSignal): Promise<bigint> {
  const isMinted = kind.startsWith('minted');
  return balanceOf(view, isMinted ? { kind: 'asset', id: MINTED_ID } : { kind: 'native' }, account, signal);
}

/** Payouts of which a block has room for no more, by weight alone. */
function roomFor({ refTime, proofSize }: Weight, { weight, payouts }: ReleaseFigure): number {
  const byTime = (Number(refTime) / Number(weight.refTime)) * payouts;
  const byProof = weight.proofSize > 0n ? (Number(proofSize) / Number(weight.proofSize)) * payouts : byTime;
  return Math.min(byTime, byProof);
}

/** Approves, fills one block, and carries out the rest in later ones. What is told is of the first block. */
async function releaseAll(
  bench: VaultBench,
  kind: PayoutKind,
  payouts: number,
  count: number,
  paid: Range[],
): Promise<ExecutedBlock & { readonly first: bigint }> {
  const approved = await bench.approve(kind, payouts, count);
  const filled = await bench.execute(approved);
  for (let done = filled.taken; done < approved.length;) {
    const { taken } = await bench.execute(approved.slice(done));
    expectThat(taken > 0, 'a release fits into no block');
    done += taken;
  }
  paid.push(...approved.map((one): Range => [one.first, one.count]));
  return { ...filled, first: approved[0]?.first ?? 0n };
}
