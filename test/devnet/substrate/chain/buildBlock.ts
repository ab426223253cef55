/**
 * Authors one block the way a node does: initialise, inherents, transactions, finalise. A transaction that the runtime
 * does not take is rolled back and left out; an inherent that it does not take ends the attempt.
 */
import { decodeHeader, encodeHeader, type DigestItem, type Header } from '../../../../light-clients/grandpa/index.ts';
import { RuntimeTrap } from '../executor/createExecutor.ts';
import { createOverlay, type Overlay } from '../executor/overlay.ts';
import type { State } from '../state/state.ts';
import { type Block, hashBytes, stateOf } from './block.ts';
import type { Runtime } from './runtime.ts';
import { readRefusal, type Refusal } from './validity.ts';

export interface BlockPlan {
  readonly parent: Block;
  readonly digest: readonly DigestItem[];
  readonly inherents: readonly Uint8Array[];
  readonly transactions: readonly Uint8Array[];
  /** Bytes of all transactions; what does not fit waits. */
  readonly bytesMax: number;
}

export interface BuiltBlock {
  readonly header: Header;
  readonly extrinsics: readonly Uint8Array[];
  readonly state: State;
  readonly refused: readonly { readonly transaction: Uint8Array; readonly refusal: Refusal }[];
  readonly offchain: Overlay['offchain'];
}

const EMPTY_HASH = new Uint8Array(32);
const NOTHING = new Uint8Array(0);
/** After so many that do not fit, the block counts as full. (sc-basic-authorship `MAX_SKIPPED_TRANSACTIONS`) */
const SKIPPED_MAX = 8;

export function buildBlock(runtime: Runtime, plan: BlockPlan): BuiltBlock {
  const { parent } = plan;
  const overlay = createOverlay(stateOf(parent));
  const template = encodeHeader({
    parentHash: hashBytes(parent),
    number: parent.number + 1,
    stateRoot: EMPTY_HASH,
    extrinsicsRoot: EMPTY_HASH,
    digest: plan.digest,
  });
  runtime.executor.call(overlay, 'Core_initialize_block', template);

  const extrinsics: Uint8Array[] = [];
  for (const inherent of plan.inherents) {
    const refusal = applyExtrinsic(runtime, overlay, inherent);
    if (refusal !== undefined) throw new Error(`an inherent was refused: ${refusal.text}`);
    extrinsics.push(inherent);
  }
  const refused: { transaction: Uint8Array; refusal: Refusal }[] = [];
  let bytes = 0;
  let skipped = 0;
  for (const transaction of plan.transactions) {
    if (bytes + transaction.length > plan.bytesMax) continue;
    const refusal = applyExtrinsic(runtime, overlay, transaction);
    if (refusal === undefined) {
      extrinsics.push(transaction);
      bytes += transaction.length;
      continue;
    }
    refused.push({ transaction, refusal });
    if (refusal.kind === 'invalid' && refusal.reason === 'ExhaustsResources' && ++skipped > SKIPPED_MAX) break;
  }
  const header = decodeHeader(runtime.executor.call(overlay, 'BlockBuilder_finalize_block', NOTHING));
  return { header, extrinsics, state: overlay.applied(), refused, offchain: overlay.offchain };
}

/** Undefined when it was applied, whether its call succeeded or not. */
function applyExtrinsic(runtime: Runtime, overlay: Overlay, extrinsic: Uint8Array): Refusal | undefined {
  const { depth } = overlay;
  overlay.start();
  let refusal: Refusal;
  try {
    // ApplyExtrinsicResult: 0 ‖ DispatchResult, or 1 ‖ TransactionValidityError.
    const result = runtime.executor.call(overlay, 'BlockBuilder_apply_extrinsic', extrinsic);
    if (result[0] === 0) {
      overlay.commit();
      return undefined;
    }
    refusal = readRefusal(result.subarray(1));
  } catch (error) {
    if (!(error instanceof RuntimeTrap)) throw error;
    refusal = { kind: 'trap', text: error.message };
  }
  while (overlay.depth > depth) overlay.rollback();
  return refusal;
}
