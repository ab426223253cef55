/**
 * What a runtime says of a transaction that it does not take, in the words of a node.
 * Source: sp-runtime `transaction_validity.rs`.
 */
import { createScaleReader } from '../../../../light-clients/scale.ts';
import { hexOf } from '../../../../light-clients/scale.ts';

export type Refusal =
  | { readonly kind: 'invalid'; readonly reason: InvalidReason; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string }
  /** The runtime panicked on it. */
  | { readonly kind: 'trap'; readonly text: string };

export type InvalidReason = (typeof INVALID)[number][0];

export interface Validity {
  readonly priority: bigint;
  /** Tags in hex. */
  readonly requires: readonly string[];
  readonly provides: readonly string[];
  /** Blocks. */
  readonly longevity: bigint;
}

const INVALID = [
  ['Call', 'Transaction call is not expected'],
  ['Payment', 'Inability to pay some fees (e.g. account balance too low)'],
  ['Future', 'Transaction will be valid in the future'],
  ['Stale', 'Transaction is outdated'],
  ['BadProof', 'Transaction has a bad signature'],
  ['AncientBirthBlock', 'Transaction has an ancient birth block'],
  ['ExhaustsResources', 'Transaction would exhaust the block limits'],
  ['Custom', 'InvalidTransaction custom error'],
  ['BadMandatory', 'A call was labelled as mandatory, but resulted in an Error.'],
  ['MandatoryDispatch', 'Transaction dispatch is mandatory; transactions must not be validated.'],
  ['BadSigner', 'Invalid signing address'],
] as const;
const UNKNOWN = ['CannotLookup', 'NoUnsignedValidator', 'Custom'] as const;
const TAGS_MAX = 1024;

/** `Result<ValidTransaction, TransactionValidityError>` */
export function readValidity(bytes: Uint8Array): Validity | Refusal {
  const reader = createScaleReader(bytes, 'validity');
  if (reader.u8() !== 0) return readRefusal(bytes.subarray(1));
  const priority = reader.u64();
  const tags = (): string[] => Array.from({ length: reader.length(TAGS_MAX) }, () => hexOf(reader.sized(TAGS_MAX)));
  const requires = tags();
  const provides = tags();
  return { priority, requires, provides, longevity: reader.u64() };
}

/** `TransactionValidityError` */
export function readRefusal(bytes: Uint8Array): Refusal {
  const [kind = 0, code = 0, custom = 0] = bytes;
  if (kind !== 0) return { kind: 'unknown', text: UNKNOWN[code] ?? 'Custom' };
  const [reason, text] = INVALID[code] ?? INVALID[0];
  return { kind: 'invalid', reason, text: reason === 'Custom' ? `Custom error: ${custom}` : text };
}

export function isRefusal(value: Validity | Refusal): value is Refusal {
  return 'kind' in value;
}
