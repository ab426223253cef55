/**
 * What a transaction offers for its inclusion (EIP-1559). Pure.
 *
 * A replacement must raise both the fee cap and the tip by at least 10 % in geth's and reth's pools, 12.5 % in others:
 * here always by 12.5 %, rounded up, over what was offered before, and never below what the market asks now.
 */

/** All in wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

export interface FeeMarket {
  /** Of the next block. */
  readonly baseFeePerGas: bigint;
  /** What recent transactions paid on top. */
  readonly priorityFeePerGas: bigint;
}

export interface FeeLimits {
  /** No transaction offers more than this, whatever the market asks. */
  readonly maxFeePerGasMax: bigint;
  readonly priorityFeePerGasMin: bigint;
  readonly priorityFeePerGasMax: bigint;
}

export type FeeOffer =
  | { readonly kind: 'offer'; readonly fees: Fees }
  /** The limit leaves no room to replace what was offered before. */
  | { readonly kind: 'capped'; readonly needed: bigint };

export const DEFAULT_FEE_LIMITS: FeeLimits = {
  maxFeePerGasMax: 500_000_000_000n,
  priorityFeePerGasMin: 1_000_000n,
  priorityFeePerGasMax: 50_000_000_000n,
};

/**
 * The offer of attempt `attempt` (0 = first). `previous` is the last offer for the same slot; when it is not known any
 * more (after a restart), the market's fee raised `attempt` times stands in for it.
 */
export function nextFees(market: FeeMarket, attempt: number, previous: Fees | undefined, limits: FeeLimits): FeeOffer {
  const tip = clamp(market.priorityFeePerGas, limits.priorityFeePerGasMin, limits.priorityFeePerGasMax);
  // Twice the base fee lasts through six full blocks in a row, each raising it by an eighth.
  const fresh: Fees = { maxFeePerGas: 2n * market.baseFeePerGas + tip, maxPriorityFeePerGas: tip };
  if (attempt === 0 && previous === undefined) return { kind: 'offer', fees: capped(fresh, limits.maxFeePerGasMax) };

  const floor = previous === undefined ? raisedTimes(fresh, attempt) : raised(previous);
  const fees: Fees = {
    maxFeePerGas: max(fresh.maxFeePerGas, floor.maxFeePerGas),
    maxPriorityFeePerGas: max(fresh.maxPriorityFeePerGas, floor.maxPriorityFeePerGas),
  };
  if (previous !== undefined && floor.maxFeePerGas > limits.maxFeePerGasMax) {
    return { kind: 'capped', needed: floor.maxFeePerGas };
  }
  return { kind: 'offer', fees: capped(fees, limits.maxFeePerGasMax) };
}

/** 12.5 % more, rounded up. */
export function raised(fees: Fees): Fees {
  return { maxFeePerGas: raise(fees.maxFeePerGas), maxPriorityFeePerGas: raise(fees.maxPriorityFeePerGas) };
}

function raisedTimes(fees: Fees, times: number): Fees {
  let current = fees;
  for (let i = 0; i < Math.min(times, 64); i++) current = raised(current);
  return current;
}

function raise(fee: bigint): bigint {
  return (fee * 9n + 7n) / 8n;
}

function capped(fees: Fees, most: bigint): Fees {
  const maxFeePerGas = fees.maxFeePerGas < most ? fees.maxFeePerGas : most;
  return {
    maxFeePerGas,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas < maxFeePerGas ? fees.maxPriorityFeePerGas : maxFeePerGas,
  };
}

function clamp(value: bigint, least: bigint, most: bigint): bigint {
  return value < least ? least : value > most ? most : value;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
