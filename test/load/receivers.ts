/**
 * To whom and how much the deposits of a load go, by number alone. *Existing* receivers are a pool that is used over and over:
 * from its second round on each of them holds the token already. *Fresh* ones appear once: a new holder, which costs a target
 * chain more.
 */
import { bytesToHex, utf8 } from '../../relayer/core/bytes.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';

export interface ReceiverPlan {
  readonly seed: string;
  /** Receivers in the pool. */
  readonly holders: number;
  /** Of 100 deposits so many go to fresh receivers. */
  readonly freshPercent: number;
  /** What one receiver is for: a deposit, or all of a transaction, where a memo names one for all of it. */
  readonly per: 'deposit' | 'transaction';
  /** Bytes of an account on the target. */
  readonly length: number;
}

export interface Receivers {
  /** The pool of existing ones. */
  readonly holders: readonly Uint8Array[];
  /** Of deposit `number`; of a transaction, that of its first. */
  receiver(number: number): Uint8Array;
  /** Of deposit `number`, in steps of whatever the chain counts: 1 to 9, so that swapped deposits do not cancel out. */
  amount(number: number): bigint;
  /** What [first, first + count) come to. */
  total(first: number, count: number): bigint;
  /** What each receiver must have got from these transactions, by its account in hex. */
  credits(ranges: readonly { readonly first: number; readonly count: number }[]): Map<string, bigint>;
}

const AMOUNTS = 9;
/** 1 + 2 + ... + 9. */
const AMOUNTS_SUM = 45n;

export function createReceivers(plan: ReceiverPlan): Receivers {
  const { seed, holders, freshPercent, length } = plan;
  const make = (name: string): Uint8Array => keccak256(utf8(`${seed} ${name}`)).slice(0, length);
  const pool = Array.from({ length: holders }, (_, index) => make(`holder ${index}`));

  const receiver = (number: number): Uint8Array => {
    const isFresh = number % 100 < freshPercent || pool.length === 0;
    return isFresh ? make(`fresh ${number}`) : (pool[number % pool.length] as Uint8Array);
  };
  const amount = (number: number): bigint => BigInt(1 + (number % AMOUNTS));
  /** Of [0, end). */
  const totalBelow = (end: number): bigint => {
    const rest = BigInt(end % AMOUNTS);
    return BigInt(Math.floor(end / AMOUNTS)) * AMOUNTS_SUM + (rest * (rest + 1n)) / 2n;
  };

  return {
    holders: pool,
    receiver,
    amount,
    total: (first, count) => totalBelow(first + count) - totalBelow(first),
    credits: (ranges) => {
      const credits = new Map<string, bigint>();
      for (const { first, count } of ranges) {
        if (plan.per === 'transaction') {
          const account = bytesToHex(receiver(first));
          credits.set(account, (credits.get(account) ?? 0n) + totalBelow(first + count) - totalBelow(first));
          continue;
        }
        for (let number = first; number < first + count; number++) {
          const account = bytesToHex(receiver(number));
          credits.set(account, (credits.get(account) ?? 0n) + amount(number));
        }
      }
      return credits;
    },
  };
}
