/**
 * What is checked of a transaction before its messages run, in the SDK's order: form, memo, timeout, fee, keys,
 * signatures, sequence. What is taken here (fee, sequence) stays taken when a message fails.
 * Source: cosmos-sdk x/auth/ante/ante.go.
 */
import { accountBytes, decodeKey, knownAddress, type SignerKey } from './address.ts';
import { toBech32 } from '@cosmjs/encoding';
import { type Context, moveCoins, textOf } from './bank.ts';
import { MEMO_CHARACTERS_MAX } from './config.ts';
import type { DecodedTx } from './decodeTx.ts';
import { sdkError, TxError } from './errors.ts';
import { type AppEvent, event } from './events.ts';
import { GAS } from './gas.ts';
import type { Coin } from './messages.ts';
import { checkSignature, signaturesIn, SIGNATURES_MAX } from './signatures.ts';
import { type Account, accountOf, type PublicKeyAny } from './state.ts';

export interface AnteOptions {
  /** The block that the transaction would be in. */
  readonly height: bigint;
  /**
   * Where it is looked at: nodes ask for a fee, blocks do not; simulation has no signatures, and what is checked again after a block
   * had good ones before.
   */
  readonly mode: 'check' | 'recheck' | 'deliver' | 'simulate';
}

/** Throws `TxError`. */
export function runAnte(context: Context, tx: DecodedTx, options: AnteOptions): AppEvent[] {
  const { state, config, gas } = context;
  const { fee, signerInfos } = tx.authInfo;
  const gasLimit = fee?.gasLimit ?? 0n;

  if (tx.signatures.length === 0) throw sdkError('noSignatures');
  if (tx.signatures.length !== tx.signers.length || signerInfos.length !== tx.signers.length) {
    const detail = `wrong number of signers; expected ${tx.signers.length}, got ${tx.signatures.length}`;
    throw sdkError('unauthorized', detail);
  }
  if (tx.timeoutHeight !== 0n && options.height > tx.timeoutHeight) {
    const detail = `block height: ${options.height}, timeout height: ${tx.timeoutHeight}`;
    throw sdkError('timeoutHeight', detail);
  }
  const memoLength = new TextEncoder().encode(tx.memo).length;
  if (memoLength > MEMO_CHARACTERS_MAX) {
    const detail = `maximum number of characters is ${MEMO_CHARACTERS_MAX} but received ${memoLength} characters`;
    throw sdkError('memoTooLarge', detail);
  }
  gas.use(GAS.ante, 'WritePerByte');
  gas.use(GAS.perByte * BigInt(tx.bytes.length), 'txSize');

  const amount = fee?.amount ?? [];
  if (options.mode === 'check' || options.mode === 'recheck') {
    const needed = (gasLimit * config.feePerThousandGas + 999n) / 1000n;
    const offered = BigInt(amount.find(({ denom }) => denom === config.denom)?.amount ?? '0');
    if (offered < needed) {
      const detail = `insufficient fees; got: ${textOf(amount)} required: ${needed}${config.denom}`;
      throw sdkError('insufficientFee', detail);
    }
  }
  const payer = knownAddress(context, fee?.payer || (tx.signers[0] ?? ''));
  if (fee?.granter) throw sdkError('unauthorized', 'fee allowance: not found');
  if (!tx.signers.includes(payer)) throw sdkError('unauthorized', 'the fee payer does not sign');
  if (accountOf(state, payer) === undefined) {
    throw sdkError('unknownAddress', `fee payer address: ${payer} does not exist`);
  }
  const events = amount.length === 0 ? [] : takeFee(context, payer, amount);
  events.push(event('tx', { fee: textOf(amount), fee_payer: payer }));

  for (const [index, signer] of tx.signers.entries()) {
    const account = accountOf(state, knownAddress(context, signer));
    if (account === undefined) throw sdkError('unknownAddress', `account ${signer} does not exist`);
    const info = signerInfos[index];
    const signature = tx.signatures[index];
    const { key, publicKey } = keyOf(context, account, info?.publicKey, signer);
    gas.use(signatureGas(key, publicKey), 'ante verify: secp256k1');
    if (info?.sequence !== account.sequence) {
      const detail = `account sequence mismatch, expected ${account.sequence}, got ${info?.sequence ?? 0n}`;
      throw sdkError('wrongSequence', detail);
    }
    if (options.mode === 'check' || options.mode === 'deliver') {
      checkSignature(tx, key, info.modeInfo, signature ?? new Uint8Array(0), { ...account, chainId: config.chainId });
    }
    events.push(event('tx', { acc_seq: `${account.address}/${account.sequence}` }));
    for (const one of signaturesIn(key, signature ?? new Uint8Array(0))) {
      events.push(event('tx', { signature: Buffer.from(one).toString('base64') }));
    }
    state.accounts.set(account.address, { ...account, publicKey, sequence: account.sequence + 1n });
  }
  return events;
}

function keyOf(
  { config, gas }: Context,
  account: Account,
  given: Account['publicKey'],
  signer: string,
): { key: SignerKey; publicKey: NonNullable<Account['publicKey']> } {
  const publicKey = account.publicKey ?? given;
  if (publicKey === undefined) throw sdkError('invalidPublicKey', 'account public key not set in signer info');
  const key = decodeKey(given ?? publicKey);
  if (toBech32(config.prefix, accountBytes(key)) !== account.address) {
    throw sdkError('invalidPublicKey', `pubKey does not match signer address ${signer} with signer index: 0`);
  }
  if (key.kind === 'multisig' && key.keys.length > SIGNATURES_MAX) {
    throw sdkError('tooManySignatures', `signatures: ${key.keys.length}, limit: ${SIGNATURES_MAX}`);
  }
  if (account.publicKey === undefined) {
    gas.use(GAS.firstPublicKey + GAS.firstPublicKeyByte * keyBytes(publicKey), 'WriteFlat');
  }
  return { key, publicKey: { typeUrl: publicKey.typeUrl, value: publicKey.value } };
}

/** The key is read and written with its account, so that a large one costs more with every transaction. */
function signatureGas(key: SignerKey, publicKey: PublicKeyAny): bigint {
  if (key.kind === 'single') return GAS.perSignature;
  return GAS.perSignature * BigInt(key.threshold) + GAS.perMultisigKeyByte * keyBytes(publicKey);
}

function keyBytes({ typeUrl, value }: PublicKeyAny): bigint {
  return BigInt(typeUrl.length + value.length);
}

/** The SDK wraps what the bank says once more. */
function takeFee(context: Context, payer: string, amount: readonly Coin[]): AppEvent[] {
  try {
    const events = moveCoins(context, payer, context.config.modules.fee_collector, amount);
    context.gas.use(GAS.fee, 'WriteFlat');
    return events;
  } catch (error) {
    if (error instanceof TxError && error.code === 5) throw sdkError('insufficientFunds', error.message);
    throw error;
  }
}
