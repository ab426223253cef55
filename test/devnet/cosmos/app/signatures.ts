/**
 * Signatures as the SDK checks them: sign modes direct and legacy Amino JSON, single secp256k1 keys and Amino multisigs.
 * Source: cosmos-sdk x/auth/ante/sigverify.go, x/auth/migrations/legacytx/stdsign.go, crypto/keys/multisig/multisig.go.
 */
import secp256k1 from 'secp256k1';
import { MultiSignature } from 'cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig';
import { SignMode } from 'cosmjs-types/cosmos/tx/signing/v1beta1/signing';
import { type ModeInfo, SignDoc } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { sha256 } from '../../../../light-clients/tendermint/index.ts';
import type { MultisigKey, SignerKey } from './address.ts';
import type { DecodedTx } from './decodeTx.ts';
import { sdkError, type TxError } from './errors.ts';
import { aminoOf } from './messages.ts';

export interface SignerData {
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
}

/** How many keys sign, at most: `tx_sig_limit`. */
export const SIGNATURES_MAX = 7;

/** Throws `unauthorized` unless the signature is good. */
export function checkSignature(
  tx: DecodedTx,
  key: SignerKey,
  mode: ModeInfo | undefined,
  signature: Uint8Array,
  signer: SignerData,
): void {
  if (key.kind === 'single') {
    if (mode?.single === undefined) throw refused(signer);
    if (!isGood(key.key, signBytes(tx, mode.single.mode, signer), signature)) {
      throw mode.single.mode === SignMode.SIGN_MODE_DIRECT ? refusedDirect(signer) : refused(signer);
    }
  } else {
    checkMultisig(tx, key, mode, signature, signer);
  }
}

function checkMultisig(
  tx: DecodedTx,
  key: MultisigKey,
  mode: ModeInfo | undefined,
  signature: Uint8Array,
  signer: SignerData,
): void {
  const multi = mode?.multi;
  if (multi?.bitarray === undefined) throw refused(signer);
  const { elems, extraBitsStored } = multi.bitarray;
  const size = extraBitsStored === 0 ? elems.length * 8 : (elems.length - 1) * 8 + extraBitsStored;
  if (size !== key.keys.length) throw refused(signer);
  const members = key.keys.filter((_, index) => (((elems[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) === 1);
  const { signatures } = MultiSignature.decode(signature);
  if (members.length < key.threshold) throw refused(signer);
  if (signatures.length !== members.length || multi.modeInfos.length !== members.length) {
    throw refused(signer);
  }
  // All of them sign the same.
  const signed = signBytes(tx, SignMode.SIGN_MODE_LEGACY_AMINO_JSON, signer);
  for (const [index, member] of members.entries()) {
    const single = multi.modeInfos[index]?.single;
    const own = signatures[index];
    if (single === undefined || own === undefined || single.mode !== SignMode.SIGN_MODE_LEGACY_AMINO_JSON) {
      throw refused(signer);
    }
    if (!isGood(member, signed, own)) throw refused(signer);
  }
}

function signBytes(tx: DecodedTx, mode: SignMode, signer: SignerData): Uint8Array {
  if (mode === SignMode.SIGN_MODE_DIRECT) {
    const { bodyBytes, authInfoBytes } = tx;
    const { chainId, accountNumber } = signer;
    return SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber }).finish();
  }
  if (mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON) return aminoSignBytes(tx, signer);
  throw refused(signer);
}

function aminoSignBytes(tx: DecodedTx, signer: SignerData): Uint8Array {
  const { fee } = tx.authInfo;
  const msgs = tx.messages.map(aminoOf);
  if (msgs.includes(undefined)) throw refused(signer);
  const document = {
    account_number: signer.accountNumber.toString(),
    chain_id: signer.chainId,
    fee: {
      amount: (fee?.amount ?? []).map(({ denom, amount }) => ({ denom, amount })),
      gas: (fee?.gasLimit ?? 0n).toString(),
      ...(fee?.payer ? { payer: fee.payer } : {}),
      ...(fee?.granter ? { granter: fee.granter } : {}),
    },
    memo: tx.memo,
    msgs,
    sequence: signer.sequence.toString(),
    ...(tx.timeoutHeight === 0n ? {} : { timeout_height: tx.timeoutHeight.toString() }),
  };
  // Go's encoder escapes these in strings, and they occur nowhere else.
  const text = JSON.stringify(sorted(document)).replace(
    /[&<>\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new TextEncoder().encode(text);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

function isGood(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  // libsecp256k1 takes the lower S only, as the SDK does.
  try {
    return signature.length === 64 && secp256k1.ecdsaVerify(signature, sha256(message), key);
  } catch {
    return false;
  }
}

/** Says what to look at, never which check failed: as the SDK does for Amino JSON, and so for multisigs. */
function refused({ accountNumber, sequence, chainId }: SignerData): TxError {
  const detail = `signature verification failed; please verify account number (${accountNumber}), sequence (${sequence}) and chain-id (${chainId})`;
  return sdkError('unauthorized', detail);
}

function refusedDirect({ accountNumber, chainId }: SignerData): TxError {
  const detail = `signature verification failed; please verify account number (${accountNumber}) and chain-id (${chainId}): (unable to verify single signer signature)`;
  return sdkError('unauthorized', detail);
}

/** The signatures that events name: of a multisig those of its members, then all of them as one. */
export function signaturesIn(key: SignerKey, signature: Uint8Array): readonly Uint8Array[] {
  return key.kind === 'single' ? [signature] : [...MultiSignature.decode(signature).signatures, signature];
}
