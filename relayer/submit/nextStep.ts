/** What to do about a transaction that is not included yet. Pure. */

export interface PendingView {
  /** Since the newest attempt was signed. */
  readonly pendingMs: number;
  /** True when its bytes have not been sent for long enough. */
  readonly isDue: boolean;
}

export interface ReplacePolicy {
  readonly replaceMs: number;
}

/** A node may have dropped it silently, so the same bytes are sent again before more is paid. */
export function nextStep(
  { pendingMs, isDue }: PendingView,
  { replaceMs }: ReplacePolicy,
): 'wait' | 'resend' | 'replace' {
  if (!isDue) return 'wait';
  return pendingMs >= replaceMs ? 'replace' : 'resend';
}
