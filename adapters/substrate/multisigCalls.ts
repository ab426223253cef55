/** The calls of pallet-multisig that a vault is worked with, for any runtime, and what the chain keeps of an operation. */
import { compareBytes, equalBytes } from '../../relayer/core/bytes.ts';
import { accountOf, fieldOf, type InputRecord, integerOf, isStruct, type Value } from './codec.ts';
import type { Timepoint } from './cursor.ts';
import type { VaultAccount } from './gateway.ts';
import type { VaultSigners } from './multisig.ts';
import type { Runtime, Weight } from './runtime.ts';

export interface VaultCalls {
  /** Approves by hash: opens the operation where there is no timepoint yet. */
  approve(runtime: Runtime, caller: Uint8Array, callHash: Uint8Array, timepoint: Timepoint | undefined): Uint8Array;
  /** Carries the call out, once all other approvals that it takes are there. */
  execute(runtime: Runtime, caller: Uint8Array, call: Uint8Array, timepoint: Timepoint, weight: Weight): Uint8Array;
  cancel(runtime: Runtime, caller: Uint8Array, callHash: Uint8Array, timepoint: Timepoint): Uint8Array;
  /** Approvals that an operation needs before it can be carried out: those of k members and the opener's. */
  readonly approvalsNeeded: number;
}

/** Blocks after which an operation that the members did not approve is given up: what is to be refused may be other by then. */
export const STALE_BLOCKS = 100;

const NO_WEIGHT: Weight = { refTime: 0n, proofSize: 0n };

export function createVaultCalls(signers: VaultSigners, { opener, executor }: VaultAccount): VaultCalls {
  const signatories = [...signers.members, opener, executor];
  const threshold = signers.threshold + 2;
  const common = (caller: Uint8Array, timepoint: Timepoint | undefined): InputRecord => ({
    threshold,
    other_signatories: signatories.filter((account) => !equalBytes(account, caller)).sort(compareBytes),
    maybe_timepoint: timepoint === undefined ? 'None' : { Some: { ...timepoint } },
  });
  return {
    approvalsNeeded: signers.threshold + 1,
    approve: (runtime, caller, callHash, timepoint) =>
      runtime.call('Multisig', 'approve_as_multi', {
        ...common(caller, timepoint),
        call_hash: callHash,
        // An approval carries nothing out.
        max_weight: runtime.weightFor('Multisig', 'approve_as_multi', 'max_weight', NO_WEIGHT),
      }),
    execute: (runtime, caller, call, timepoint, weight) =>
      runtime.call('Multisig', 'as_multi', {
        ...common(caller, timepoint),
        call,
        store_call: false,
        max_weight: runtime.weightFor('Multisig', 'as_multi', 'max_weight', weight),
      }),
    cancel: (runtime, caller, callHash, timepoint) =>
      runtime.call('Multisig', 'cancel_as_multi', {
        ...common(caller, timepoint),
        timepoint: { ...timepoint },
        call_hash: callHash,
      }),
  };
}

/** What the chain keeps of an open operation. */
export interface StoredOperation {
  readonly timepoint: Timepoint;
  readonly depositor: Uint8Array;
  readonly approvals: readonly Uint8Array[];
}

export function readOperation(runtime: Runtime, bytes: Uint8Array): StoredOperation | undefined {
  const stored = runtime.readStorage('Multisig', 'Multisigs', bytes);
  if (!isStruct(stored)) return undefined;
  const when = fieldOf(stored, 'when', 0);
  const depositor = accountOf(fieldOf(stored, 'depositor', 2));
  const list = fieldOf(stored, 'approvals', 3);
  const height = isStruct(when) ? integerOf(fieldOf(when, 'height', 0)) : undefined;
  const index = isStruct(when) ? integerOf(fieldOf(when, 'index', 1)) : undefined;
  if (height === undefined || index === undefined || depositor === undefined || !Array.isArray(list)) return undefined;
  const approvals = (list as readonly Value[]).flatMap((account) => accountOf(account) ?? []);
  return { timepoint: { height: Number(height), index: Number(index) }, depositor, approvals };
}
