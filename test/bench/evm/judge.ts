/**
 * What was lost or doubled, by the chains and by the journals. Each question is asked where the answer cannot be ours: who was
 * credited how much, what the gateways hold and have minted, which sequences the target delivered, what the source's
 * accumulator says of the packets in the journal, and what the attesters have in their books.
 */
import { join } from 'node:path';
import { balanceOf, totalSupply } from '../../../adapters/evm/index.ts';
import { readViews } from '../../../adapters/evm/gatewayCalls.ts';
import { bytesToHex, equalBytes, fromHex, padWord, toHex, utf8 } from '../../../relayer/core/bytes.ts';
import { idBytes } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { accumulate } from '../../../relayer/core/packet.ts';
import { createJournal } from '../../../relayer/store/journal.ts';
import { createLevelStore } from '../../../relayer/store/index.ts';
import { type DeliveredChunk, endpointOf } from './chunks.ts';
import type { BenchNetwork } from './network.ts';

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
  /** The packets in the relayer's journal end in the accumulator of the source's gateway. */
  readonly accumulatorHolds: boolean;
  /** Every attester booked what was deposited; every journal has all of it delivered. */
  readonly booksHold: boolean;
}

const BALANCES_PER_CALL = 500;
const BALANCE_OF = keccak256(utf8('balanceOf(address)')).slice(0, 4);

/** After the relayers have stopped: their journals are opened here. */
export async function judge(
  network: BenchNetwork,
  chunks: readonly DeliveredChunk[],
  expected: Expected,
  signal: AbortSignal,
): Promise<Judgement> {
  const { a, b, lane, asset } = network;
  // Per sequence, how often it was delivered.
  const times = new Uint8Array(expected.deposits);
  let beyond = 0;
  for (const { firstSequence, count } of chunks) {
    for (let index = 0; index < count; index++) {
      const at = Number(firstSequence) + index;
      if (at < times.length) times[at] = (times[at] ?? 0) + 1;
      else beyond++;
    }
  }
  const lost = times.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
  const doubled = times.reduce((sum, count) => sum + Math.max(0, count - 1), beyond);

  let total = 0n;
  for (const amount of expected.credits.values()) total += amount;
  const locked = await balanceOf(endpointOf(a), a.token, a.gateway, signal);
  const minted = await totalSupply(endpointOf(b), b.token, signal);
  const [ledger] = await readViews(endpointOf(a), a.gateway, [{ functionName: 'locked', args: [asset] }], signal);

  return {
    lost,
    doubled,
    refused: chunks.reduce((sum, { refused }) => sum + refused, 0),
    ...(await checkBalances(network, expected.credits, signal)),
    supplyHolds: locked === expected.amount && ledger === expected.amount && minted === total,
    ...(await checkJournals(network, expected, signal)),
  };

  async function checkJournals(
    { attesters, relayer, dataDir }: BenchNetwork,
    { deposits, amount }: Expected,
    stop: AbortSignal,
  ): Promise<Pick<Judgement, 'accumulatorHolds' | 'booksHold'>> {
    let [accumulatorHolds, booksHold] = [false, true];
    const view = { functionName: 'accumulators', args: [toHex(idBytes(lane))] };
    const [onChain] = await readViews(endpointOf(a), a.gateway, [view], stop);
    for (const { name } of [...attesters, relayer]) {
      const store = await createLevelStore({ path: join(dataDir(name), 'journal') });
      try {
        const journal = createJournal(store);
        const { derived, delivered, totals } = await journal.lane(lane);
        const all = BigInt(deposits);
        booksHold &&= derived === all && delivered.through === all && (totals.get(asset) ?? 0n) === amount;
        if (name === relayer.name) {
          const packets = await journal.readPackets(lane, 0n, deposits);
          const end = packets && accumulate(new Uint8Array(32), packets);
          accumulatorHolds = end !== undefined && equalBytes(end, fromHex(String(onChain), 32));
        } else {
          const signed = await journal.signed(lane);
          booksHold &&= signed.through === all && (signed.totals.get(asset) ?? 0n) === amount;
        }
      } finally {
        await store.close();
      }
    }
    return { accumulatorHolds, booksHold };
  }
}

async function checkBalances(
  { b }: BenchNetwork,
  credits: ReadonlyMap<string, bigint>,
  signal: AbortSignal,
): Promise<Pick<Judgement, 'wrongBalances' | 'accountsChecked'>> {
  const endpoint = endpointOf(b);
  const entries = [...credits];
  let wrongBalances = 0;
  for (let first = 0; first < entries.length; first += BALANCES_PER_CALL) {
    const some = entries.slice(first, first + BALANCES_PER_CALL);
    const calls = some.map(([account]) => {
      const data = `0x${bytesToHex(BALANCE_OF)}${bytesToHex(padWord(fromHex(account)))}`;
      return { method: 'eth_call', params: [{ to: toHex(b.token), data }, 'latest'] };
    });
    const answers = await endpoint.batch(calls, signal);
    for (const [index, [, amount]] of some.entries()) {
      const answer = answers[index];
      const balance = answer?.kind === 'result' ? BigInt(String(answer.value)) : -1n;
      if (balance !== amount) wrongBalances++;
    }
  }
  return { wrongBalances, accountsChecked: entries.length };
}
