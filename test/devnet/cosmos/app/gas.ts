/**
 * What things cost. The constants are fitted to tokend 0.53.5: a MsgSend with memo takes 54.7k (355 bytes) and 81.8k as an
 * account's first transaction to a new recipient, a failed one 40.4k; of a 2-of-3 multisig 100 MsgSend take 22,965 each
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
  /** Each signature inside a multisig reads and writes more. */
  perMultisigSignature: 4_920n,
  /** Writing an account's public key with its first transaction. */
  firstPublicKey: 13_400n,
  newAccount: 13_700n,
  send: 21_090n,
  /** What a send has read when it finds the funds missing. */
  sendAttempt: 6_800n,
  multiSendInput: 13_000n,
  multiSendOutput: 7_900n,
  mint: 38_820n,
  burn: 38_820n,
  exec: 3_000n,
  createDenom: 70_000n,
  /** `denom_creation_gas_consume` */
  denomCreation: 2_000_000n,
} as const;

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
        throw sdkError('outOfGas', `out of gas in location: ${what}; gasWanted: ${limit}, gasUsed: ${used}`);
      }
    },
    used: () => used,
  };
}
