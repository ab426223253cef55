/**
 * The SDK's error codes (types/errors/errors.go, codespace `sdk`) that this chain answers with, and those of its modules.
 * Source: https://github.com/cosmos/cosmos-sdk/blob/v0.53.4/types/errors/errors.go
 */

const CODES = {
  txDecode: [2, 'tx parse error'],
  unauthorized: [4, 'unauthorized'],
  insufficientFunds: [5, 'insufficient funds'],
  unknownRequest: [6, 'unknown request'],
  invalidAddress: [7, 'invalid address'],
  invalidPublicKey: [8, 'invalid pubkey'],
  unknownAddress: [9, 'unknown address'],
  invalidCoins: [10, 'invalid coins'],
  outOfGas: [11, 'out of gas'],
  memoTooLarge: [12, 'memo too large'],
  insufficientFee: [13, 'insufficient fee'],
  tooManySignatures: [14, 'maximum number of signatures exceeded'],
  noSignatures: [15, 'no signatures supplied'],
  invalidRequest: [18, 'invalid request'],
  keyNotFound: [22, 'key not found'],
  timeoutHeight: [30, 'tx timeout height'],
  wrongSequence: [32, 'incorrect account sequence'],
} as const;

export class TxError extends Error {
  readonly code: number;
  readonly codespace: string;

  constructor(code: number, codespace: string, log: string) {
    super(log);
    this.name = 'TxError';
    this.code = code;
    this.codespace = codespace;
  }
}

/** As the SDK wraps: the detail, then the registered text; that alone where there is nothing more to say. */
export function sdkError(kind: keyof typeof CODES, detail?: string): TxError {
  const [code, text] = CODES[kind];
  return new TxError(code, 'sdk', detail === undefined ? text : `${detail}: ${text}`);
}

/** Codes and texts of a module of its own: x/bank/types/errors.go, x/authz/errors.go, tokenfactory x/tokenfactory/types/errors.go. */
export function moduleError(codespace: 'bank' | 'authz' | 'tokenfactory', code: number, log: string): TxError {
  return new TxError(code, codespace, log);
}
