/**
 * Gas limits of deliveries, from what deliveries took. `eth_estimateGas` runs a call again and again, some 25 times on anvil
 * (0.1 to 0.2 s for a chunk of 512), to find a limit that one run can confirm when it is suggested.
 *
 * A suggestion is only that: the call is tried with it at the latest block before anything is signed, and estimated when it
 * does not pass. So a bad one costs a call, never a transaction.
 */

export interface GasLimits {
  /** Gas to try call data of so many bytes with; undefined as long as nothing was learned. */
  suggest(dataBytes: number): bigint | undefined;
  /** Call data of so many bytes needed so much gas. */
  learn(dataBytes: number, gas: bigint): void;
}

/** Not by size: the transaction itself, the signatures, the checkpoint, and what must be left before the last payment. */
const FIXED_GAS = 300_000n;
/**
 * The dearest of so many decides: batches differ by how many of their receivers are new holders, three times the price of others.
 */
const SAMPLES_MAX = 32;
/** Rates are kept in gas per so many bytes. */
const RATE_BYTES = 1_024n;

export function createGasLimits(): GasLimits {
  const rates: bigint[] = [];
  return {
    suggest: (dataBytes) => {
      if (rates.length === 0) return undefined;
      const dearest = rates.reduce((most, rate) => (rate > most ? rate : most), 0n);
      return FIXED_GAS + (dearest * BigInt(dataBytes)) / RATE_BYTES;
    },
    learn: (dataBytes, gas) => {
      const bySize = gas > FIXED_GAS ? gas - FIXED_GAS : 0n;
      rates.push((bySize * RATE_BYTES + BigInt(dataBytes) - 1n) / BigInt(Math.max(1, dataBytes)));
      if (rates.length > SAMPLES_MAX) rates.shift();
    },
  };
}
