/**
 * What things cost. The constants are fitted to tokend 0.53.5: a MsgSend with memo and no fee takes 54.7k (355 bytes) and
 * 81.8k as an account's first transaction to a new recipient, a failed one 40.4k; paying a fee takes 18.3k more; of a 2-of-3 multisig 100 MsgSend take 22,965 each
 * and 500 take 22,602; an output of a MsgMultiSend 8,537, or 22,334 for a new holder; a mint 40.9k in a batch, or 54.9k;
 * create-denom 2.1 million.
 */
import { sdkError } from './errors.ts';

export const GAS = {
  /** Reading parameters and the account, taking the fee. */
  ante: 29_060n,
  /** `tx_size_cost_per_byte` */
  perByte: 10n,
  /** `sig_verify_cost_secp256k1` */
  perSignature: 1_000n,
  /** A multisig's key is as long as its members' together. */
  perMultisigKeyByte: 38n,
  /** Writing an account's public key with its first transaction. */
  firstPublicKey: 11_300n,
  firstPublicKeyByte: 23n,
  /** Moving the fee, when there is one. */
  fee: 18_300n,
  newAccount: 13_700n,
  send: 21_090n,
  /** What a send has read when it finds the funds missing. */
  sendAttempt: 4_800n,
  /** Whether coins may be sent at all. */
  sendCheck: 2_000n,
  multiSendInput: 13_000n,
  multiSendOutput: 7_900n,
  /** A long denom makes the keys of balances long. */
  sendDenomByte: 90n,
  /** Who may mint and burn a token. */
  factoryLookup: 2_300n,
  mint: 34_220n,
  /** The first coins of a denom. */
  newSupply: 14_300n,
  burnAttempt: 3_000n,
  burn: 31_200n,
  exec: 1_200n,
  createDenom: 65_700n,
  /** Asking whether a token is there already. */
  createDenomAttempt: 4_300n,
  /** `denom_creation_gas_consume` */
  denomCreation: 2_000_000n,
} as const;

/** `WriteCostFlat`, the largest step but for long values. */
const STEP = 2_000n;

export interface GasMeter {
  use(amount: bigint, what: string): void;
  used(): bigint;
}

/** Without a limit for simulation. */
export function createGasMeter(limit: bigint | undefined): GasMeter {
  let used = 0n;
  return {
    use: (amount, what) => {
      used += amount;
      if (limit !== undefined && used > limit) {
        // A real meter counts in small steps, and ends a little above the limit.
        if (used > limit + STEP) used = limit + STEP;
        throw sdkError('outOfGas', `out of gas in location: ${what}; gasWanted: ${limit}, gasUsed: ${used}`);
      }
    },
    used: () => used,
  };
}
