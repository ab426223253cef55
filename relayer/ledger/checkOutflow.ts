/**
 * The ledger's rule, checked before every signature: what leaves a chain where an asset is only represented can never
 * exceed what came into it. A forged mint or a gateway that lost its books shows up here as outflow without inflow, even
 * when every proof is right.
 *
 * It proves nothing about the asset's home chain: there, outflow is what users lock, and the gateway counts it.
 */
import type { AssetId } from '../core/ids.ts';
import { sumTotals, type Totals } from '../core/totals.ts';

export interface OutflowView {
  /** Verified totals of every lane into the chain. */
  readonly inflows: readonly Totals[];
  /** Signed totals of every lane out of the chain, the one about to be signed included. */
  readonly outflows: readonly Totals[];
  /** True when the chain is where the asset is locked. */
  isHome(asset: AssetId): boolean;
}

export interface OutflowExcess {
  readonly asset: AssetId;
  readonly inflow: bigint;
  readonly outflow: bigint;
}

/** The assets for which the signature would break the rule; empty when it holds. */
export function checkOutflow(view: OutflowView): OutflowExcess[] {
  const excess: OutflowExcess[] = [];
  const outflow = sumTotals(view.outflows);
  const inflow = sumTotals(view.inflows);
  for (const [asset, amount] of outflow) {
    const came = inflow.get(asset) ?? 0n;
    if (!view.isHome(asset) && amount > came) excess.push({ asset, inflow: came, outflow: amount });
  }
  return excess;
}
