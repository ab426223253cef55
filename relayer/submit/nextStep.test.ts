import { describe, expect, it } from 'vitest';
import { nextStep } from './nextStep.ts';

const policy = { replaceMs: 1000 };

describe('nextStep', () => {
  it.each([
    [{ pendingMs: 0, isDue: false }, 'wait'],
    [{ pendingMs: 9999, isDue: false }, 'wait'],
    [{ pendingMs: 500, isDue: true }, 'resend'],
    [{ pendingMs: 999, isDue: true }, 'resend'],
    [{ pendingMs: 1000, isDue: true }, 'replace'],
  ] as const)('%j: %s', (view, step) => {
    expect(nextStep(view, policy)).toBe(step);
  });
});
