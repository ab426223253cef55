import { describe, expect, it } from 'vitest';
import { createFakeNetwork } from '../../test/sim/fakeNetwork.ts';
import type { ChainName } from '../core/ids.ts';
import { readQuotes } from './quoteAnswer.ts';

const { manifest, lane } = createFakeNetwork();
const [nameA, nameB] = manifest.chains.map(({ name }) => name) as [ChainName, ChainName];
const asked = { source: nameA, targets: [nameB], amount: 10n, mayChange: false };
const leg = { target: nameB, lanes: [lane.aToB], amount: '10', arrives: '10', seconds: 60 };
const answer = (legs: unknown[], more: object = {}): unknown => ({
  quotes: [{ targets: [nameB], seconds: 60, fee: '0', legs, explanation: ['so'] }],
  notes: [],
  ...more,
});

describe('a quote', () => {
  it('is taken when it is about what was asked', () => {
    expect(readQuotes(manifest, asked, answer([leg], { notes: ['a', 7, 'b'] }))).toEqual({
      quotes: [
        { legs: [{ target: nameB, via: undefined, amount: 10n, seconds: 60 }], seconds: 60, explanation: ['so'] },
      ],
      notes: ['a', 'b'],
    });
    const halves = [
      { ...leg, amount: '4' },
      { ...leg, amount: '6' },
    ];
    expect(readQuotes(manifest, asked, answer(halves)).quotes[0]?.legs.length).toBe(2);
  });

  it('cannot move the cursor of a terminal', () => {
    const quotes = [{ legs: [leg], seconds: -1, explanation: [`\u001b[2Jall gone\r\n${'x'.repeat(9_000)}`] }];
    const [read] = readQuotes(manifest, asked, { quotes }).quotes;
    expect(read?.explanation[0]?.startsWith('[2Jall gonexxx')).toBe(true);
    expect(read?.explanation[0]?.length).toBe(500);
    expect(read?.seconds).toBe(0);
  });

  it.each([
    ['nothing', undefined],
    ['no object', 'quotes'],
    ['no list', { quotes: {} }],
    ['no legs', answer([])],
    ['too many legs', answer(Array.from({ length: 17 }, () => leg))],
    ['a leg that is none', answer([null])],
    ['another target', answer([{ ...leg, target: nameA }])],
    ['another lane', answer([{ ...leg, lanes: [lane.bToA] }])],
    ['one lane too many', answer([{ ...leg, lanes: [lane.aToB, lane.bToA] }])],
    ['a change of lanes', answer([{ ...leg, via: nameA }])],
    ['more than was asked for', answer([{ ...leg, amount: '11' }])],
    ['less than was asked for', answer([{ ...leg, amount: '9' }])],
    ['an amount that is no text', answer([{ ...leg, amount: 10 }])],
    ['a negative amount', answer([leg, { ...leg, amount: '-1' }])],
    ['an endless amount', answer([{ ...leg, amount: '1'.repeat(40) }])],
  ])('with %s is refused', (_, body) => {
    expect(() => readQuotes(manifest, asked, body)).toThrow(/is not about what was asked/);
  });
});
