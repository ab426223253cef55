/**
 * The bank sends at the top of a transaction, from its bytes. Messages inside others (authz, groups, contracts) are not
 * looked at: what they move is not a deposit, since whoever wrapped them is not the one who pays.
 *
 * Strict: one value has one spelling. A transaction in another spelling than that of the standard encoders, which a chain
 * may still take, has no deposits here: better nothing than to read it in another way than the chain did.
 * Source: cosmos-sdk proto/cosmos/tx/v1beta1/tx.proto, proto/cosmos/bank/v1beta1/tx.proto.
 */
import { decoding, readMessage } from '../../light-clients/protobuf.ts';

export interface SentCoin {
  readonly denom: string;
  readonly amount: string;
}

export interface BankSend {
  /** Position among the transaction's messages. */
  readonly messageIndex: number;
  readonly from: string;
  readonly to: string;
  readonly coins: readonly SentCoin[];
}

export interface TxSends {
  readonly memo: string;
  readonly sends: readonly BankSend[];
}

const MSG_SEND = new TextEncoder().encode('/cosmos.bank.v1beta1.MsgSend');
const TX_RAW = { 1: 'bytes', 2: 'bytes', 3: 'repeatedBytes' } as const;
const TX_BODY = {
  1: 'repeatedBytes',
  2: 'bytes',
  3: 'varint',
  4: 'varint',
  5: 'bytes',
  1023: 'repeatedBytes',
  2047: 'repeatedBytes',
} as const;
const ANY = { 1: 'bytes', 2: 'bytes' } as const;
const SEND = { 1: 'bytes', 2: 'bytes', 3: 'repeatedBytes' } as const;
const COIN = { 1: 'bytes', 2: 'bytes' } as const;

/** Total: undefined for what is not a transaction, such as the extra bytes that some chains put first in a block. */
export function readTxSends(tx: Uint8Array): TxSends | undefined {
  const verdict = decoding('transaction', (): TxSends => {
    const body = readMessage(readMessage(tx, TX_RAW, 'TxRaw').bytes(1), TX_BODY, 'TxBody');
    const sends: BankSend[] = [];
    for (const [messageIndex, bytes] of body.repeated(1).entries()) {
      const any = readMessage(bytes, ANY, 'Any');
      if (Buffer.compare(any.bytes(1), MSG_SEND) !== 0) continue;
      const send = readMessage(any.bytes(2), SEND, 'MsgSend');
      const coins = send.repeated(3).map((coinBytes) => {
        const coin = readMessage(coinBytes, COIN, 'Coin');
        return { denom: coin.text(1), amount: coin.text(2) };
      });
      sends.push({ messageIndex, from: send.text(1), to: send.text(2), coins });
    }
    return { memo: body.text(2), sends };
  });
  return verdict.kind === 'valid' ? verdict.value : undefined;
}
