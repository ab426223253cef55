/**
 * What was lost or doubled, by the chains and by the journals. Each question is asked where the answer cannot be ours: who was
 * credited how much, what the gateways hold and have minted, which sequences the target delivered, what the source's
 * accumulator says of the packets in the journal, and what the attesters have in their books.
 */
import { balanceOf, totalSupply } from '../../../adapters/evm/index.ts';
import { readViews } from '../../../adapters/evm/gatewayCalls.ts';
import { equalBytes, fromHex, toHex } from '../../../relayer/core/bytes.ts';
import { idBytes } from '../../../relayer/core/ids.ts';
import { accumulate } from '../../../relayer/core/packet.ts';
import { bookHolds, countDelivered, withJournal } from '../relayed/books.ts';
import type { PaidChunk } from '../relayed/chainEye.ts';
import { tokenBalances } from '../relayed/evmEye.ts';
import { type BenchNetwork, endpointOf } from './network.ts';

export interface Expected {
  /** Deposits on the lane. */
  readonly deposits: number;
  /** What they come to. */
  readonly amount: bigint;
  /** What every receiver must have, whoever delivered it, by account in hex. */
  readonly credits: ReadonlyMap<string, bigint>;
}

export interface Judgement {
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
  /** Receivers with another balance than they must have. */
  readonly wrongBalances: number;
  readonly accountsChecked: number;
  /** Locked on the source, and minted on the target for this lane, are what was deposited. */
  readonly supplyHolds: boolean;
  /** The packets in the relayer's journal end in the accumulator of the source's gateway; null when it keeps the newest only. */
  readonly accumulatorHolds: boolean | null;
  /** Every attester booked what was deposited; every journal has all of it delivered. */
  readonly booksHold: boolean;
}

/** After the relayers have stopped: their journals are opened here. */
export async function judge(
  network: BenchNetwork,
  chunks: readonly PaidChunk[],
  expected: Expected,
  signal: AbortSignal,
): Promise<Judgement> {
  const { a, b, lane, asset } = network;
  let total = 0n;
  for (const amount of expected.credits.values()) total += amount;
  const locked = await balanceOf(endpointOf(a), a.token, a.gateway, signal);
  const minted = await totalSupply(endpointOf(b), b.token, signal);
  const [ledger] = await readViews(endpointOf(a), a.gateway, [{ functionName: 'locked', args: [asset] }], signal);

  return {
    ...countDelivered(chunks, expected.deposits),
    ...(await checkBalances(network, expected.credits, signal)),
    supplyHolds: locked === expected.amount && ledger === expected.amount && minted === total,
    ...(await checkJournals(network, expected, signal)),
  };

  async function checkJournals(
    { attesters, relayer, dataDir }: BenchNetwork,
    { deposits, amount }: Expected,
    stop: AbortSignal,
  ): Promise<Pick<Judgement, 'accumulatorHolds' | 'booksHold'>> {
    let accumulatorHolds: boolean | null = null;
    let booksHold = true;
    const view = { functionName: 'accumulators', args: [toHex(idBytes(lane))] };
    const [onChain] = await readViews(endpointOf(a), a.gateway, [view], stop);
    for (const { name } of [...attesters, relayer]) {
      const isAttester = name !== relayer.name;
      await withJournal(dataDir(name), async (journal) => {
        booksHold &&= await bookHolds(journal, { lane, asset, deposits, amount }, isAttester);
        if (isAttester) return;
        const packets = await journal.readPackets(lane, 0n, deposits);
        if (packets === undefined) return;
        accumulatorHolds = equalBytes(accumulate(new Uint8Array(32), packets), fromHex(String(onChain), 32));
      });
    }
    return { accumulatorHolds, booksHold };
  }
}

async function checkBalances(
  { b }: BenchNetwork,
  credits: ReadonlyMap<string, bigint>,
  signal: AbortSignal,
): Promise<Pick<Judgement, 'wrongBalances' | 'accountsChecked'>> {
  const entries = [...credits];
  const accounts = entries.map(([account]) => fromHex(account));
  const balances = await tokenBalances(endpointOf(b), b.token, accounts, signal);
  const wrongBalances = entries.filter(([, amount], index) => balances[index] !== amount).length;
  return { wrongBalances, accountsChecked: entries.length };
}
