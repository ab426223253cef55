import { describe, expect, it } from 'vitest';
import { totalsOf } from '../../test/sim/statements.ts';
import { assetId } from '../core/ids.ts';
import { checkOutflow } from './checkOutflow.ts';

const [A, B] = [assetId(1), assetId(2)];
const nowhere = (): boolean => false;

describe('checkOutflow', () => {
  it.each([
    ['nothing moved', [], [], []],
    ['as much as came', [totalsOf([A, 5n])], [totalsOf([A, 5n])], []],
    ['less than came', [totalsOf([A, 5n])], [totalsOf([A, 4n])], []],
    ['one unit more than came', [totalsOf([A, 5n])], [totalsOf([A, 6n])], [{ asset: A, inflow: 5n, outflow: 6n }]],
    ['without any inflow', [], [totalsOf([A, 1n])], [{ asset: A, inflow: 0n, outflow: 1n }]],
    ['over several lanes', [totalsOf([A, 2n]), totalsOf([A, 3n])], [totalsOf([A, 4n]), totalsOf([A, 1n])], []],
    [
      'over several lanes and too much',
      [totalsOf([A, 5n])],
      [totalsOf([A, 4n]), totalsOf([A, 2n])],
      [{ asset: A, inflow: 5n, outflow: 6n }],
    ],
    ['of another asset', [totalsOf([B, 9n])], [totalsOf([A, 1n])], [{ asset: A, inflow: 0n, outflow: 1n }]],
    ['of nothing', [], [totalsOf([A, 0n])], []],
  ])('outflow %s', (_, inflows, outflows, excess) => {
    expect(checkOutflow({ inflows, outflows, isHome: nowhere })).toEqual(excess);
  });

  it('asks nothing of an asset at home', () => {
    const isHome = (asset: number): boolean => asset === A;
    const outflows = [totalsOf([A, 9n], [B, 9n])];
    expect(checkOutflow({ inflows: [], outflows, isHome })).toEqual([{ asset: B, inflow: 0n, outflow: 9n }]);
  });
});
