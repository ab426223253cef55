/** Decimal amounts as people write them, to and from whole units. Exact: nothing is rounded. */
import { DecodeError } from './errors.ts';

/** `1.5` with 6 decimals is 1_500_000n. Throws `DecodeError` for anything that is not exactly representable. */
export function parseUnits(text: string, decimals: number): bigint {
  const match = /^(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text.trim());
  const fraction = (match?.[2] ?? '').replace(/0+$/, '');
  if (match === null || fraction.length > decimals) {
    throw new DecodeError({
      shortMessage: `Not an amount: ${JSON.stringify(text.slice(0, 50))}.`,
      metaMessages: [`A decimal number with at most ${decimals} digits after the point was expected, such as 1.5.`],
    });
  }
  return BigInt(match[1] ?? '0') * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, '0') || '0');
}

export function formatUnits(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
