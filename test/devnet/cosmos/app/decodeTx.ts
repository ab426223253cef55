/** A transaction taken apart. */
import { AuthInfo, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { sdkError, TxError } from './errors.ts';
import { type AnyMessage, decodeMessage, type Message, signersOf } from './messages.ts';

export interface DecodedTx {
  readonly bytes: Uint8Array;
  readonly bodyBytes: Uint8Array;
  readonly authInfoBytes: Uint8Array;
  readonly anyMessages: readonly AnyMessage[];
  readonly messages: readonly Message[];
  readonly memo: string;
  readonly timeoutHeight: bigint;
  readonly authInfo: AuthInfo;
  readonly signatures: readonly Uint8Array[];
  /** In the order of their first message, each once. */
  readonly signers: readonly string[];
}

export function decodeTx(bytes: Uint8Array): DecodedTx {
  try {
    const { bodyBytes, authInfoBytes, signatures } = TxRaw.decode(bytes);
    const body = TxBody.decode(bodyBytes);
    if (body.unordered || body.extensionOptions.length > 0) throw new TypeError('unknown extension options');
    const messages = body.messages.map(decodeMessage);
    if (messages.length === 0) throw sdkError('invalidRequest', 'must contain at least one message');
    return {
      bytes,
      bodyBytes,
      authInfoBytes,
      anyMessages: body.messages,
      messages,
      memo: body.memo,
      timeoutHeight: body.timeoutHeight,
      authInfo: AuthInfo.decode(authInfoBytes),
      signatures,
      signers: [...new Set(messages.flatMap(signersOf))],
    };
  } catch (error) {
    if (error instanceof TxError) throw error;
    throw sdkError('txDecode', `${error instanceof Error ? error.message : 'malformed'}: tx parse error`);
  }
}
