import { describe, expect, it } from 'vitest';
import { type StatusView, transferStatus } from './transferStatus.ts';

const view: StatusView = {
  sequence: 5n,
  derived: 6n,
  attested: 6n,
  accepted: 6n,
  executed: false,
  returned: undefined,
  blocked: undefined,
  finality: '2 confirmations at 2 endpoints',
  isRefund: false,
};
const blocked = (step: string): Partial<StatusView> => ({ blocked: { step, reason: `${step} says no` } });
const unseen = { derived: 5n, attested: 5n, accepted: 5n };
const unsigned = { attested: 5n, accepted: 5n };
const unaccepted = { accepted: 5n };

describe('the state of a transfer', () => {
  it.each<[string, Partial<StatusView>, string, string | undefined, string | undefined]>([
    ['not derived', unseen, 'observed', 'verify', 'no verified block has it yet (2 confirmations at 2 endpoints)'],
    ['not derived, chain frozen', { ...unseen, ...blocked('verify') }, 'observed', 'verify', 'verify says no'],
    [
      'not derived, submitter blocked',
      { ...unseen, ...blocked('submit') },
      'observed',
      'verify',
      'no verified block has it yet (2 confirmations at 2 endpoints)',
    ],
    ['not signed', unsigned, 'verified', 'attest', 'waiting for a threshold of attesters to sign'],
    ['not signed, ledger', { ...unsigned, ...blocked('attest') }, 'verified', 'attest', 'attest says no'],
    [
      'not accepted',
      unaccepted,
      'attested',
      'submit',
      'signed; on its way to the target, or there and not verified yet',
    ],
    ['not accepted, planner blocked', { ...unaccepted, ...blocked('plan') }, 'attested', 'submit', 'plan says no'],
    ['not accepted, paused', { ...unaccepted, ...blocked('submit') }, 'attested', 'submit', 'submit says no'],
    ['accepted', {}, 'attested', 'confirm', 'accepted by the target gateway; waiting for its delivery to be verified'],
    ['accepted, limit', blocked('submit'), 'attested', 'confirm', 'submit says no'],
    ['executed', { executed: true }, 'delivered', undefined, undefined],
    [
      'executed, though this journal knows no certificate',
      { ...unsigned, executed: true },
      'delivered',
      undefined,
      undefined,
    ],
    [
      'refused',
      { executed: true, returned: { delivered: false } },
      'refused',
      'return',
      'the target refused it; the return is on its way to the sender',
    ],
    ['back', { executed: true, returned: { delivered: true } }, 'refunded', undefined, undefined],
    ['on the home lane', { executed: true, isRefund: true }, 'refunded', undefined, undefined],
    [
      'on the home lane, on its way',
      { isRefund: true },
      'attested',
      'confirm',
      'accepted by the target gateway; waiting for its delivery to be verified',
    ],
  ])('%s', (_, change, state, step, reason) => {
    expect(transferStatus({ ...view, ...change })).toEqual({
      state,
      settled: step === undefined,
      waitingFor: step === undefined ? undefined : { step, reason },
    });
  });
});
