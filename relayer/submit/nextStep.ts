/** What to do about a transaction that is not included yet. Pure. */

export interface PendingView {
  /** Since the newest attempt was signed. */
  readonly pendingMs: number;
  readonly attempts: number;
}

export interface ReplacePolicy {
  readonly trackMs: number;
  readonly replaceMs: number;
}

/** A node may have dropped it silently, so the same bytes are sent again before more is paid. */
export function nextStep({ pendingMs }: PendingView, policy: ReplacePolicy): 'wait' | 'resend' | 'replace' {
  if (pendingMs >= policy.replaceMs) return 'replace';
  return pendingMs >= policy.replaceMs / 2 ? 'resend' : 'wait';
}
