/**
 * A second Rococo whose own `bridgeWococoGrandpa` pallet judges justifications of the first: Parity's GRANDPA light
 * client, written by others in another language, as compiled into a runtime that ran in public.
 */
import { joinBytes, u64Bytes } from '../../../../light-clients/scale.ts';
import { type AuthoritySet, encodeHeader } from '../../../../light-clients/grandpa/index.ts';
import type { DevAccount } from '../accounts.ts';
import { hashBytes, stateOf } from '../chain/block.ts';
import { vectorBytes } from '../chain/genesis.ts';
import { signTransaction } from '../chain/signTransaction.ts';
import { RuntimeTrap } from '../executor/createExecutor.ts';
import { createOverlay, type Overlay } from '../executor/overlay.ts';
import { createRelay } from '../relay/createRelay.ts';
import { babeRules } from '../relay/inherents.ts';
import { sudoCall } from '../relay/rotation.ts';
import { rococoSpec } from '../specs.ts';

export interface BridgePallet {
  /** What the pallet says of a header with a justification; its state stays as it is. */
  judge(header: Uint8Array, justification: Uint8Array): PalletVerdict;
  /** As `judge`, and goes on from what it accepted. */
  submit(header: Uint8Array, justification: Uint8Array): PalletVerdict;
}

/** `accepted`, the name of the pallet's error, or `undecodable`. */
export type PalletVerdict = 'accepted' | 'undecodable' | (typeof ERRORS)[number];

const PALLET = 'BridgeWococoGrandpa';
const ERRORS = [
  'InvalidJustification',
  'InvalidAuthoritySet',
  'TooManyRequests',
  'OldHeader',
  'UnknownHeader',
  'UnsupportedScheduledChange',
  'NotInitialized',
  'AlreadyInitialized',
  'Halted',
  'StorageRootMismatch',
] as const;
const MODULE_ERROR = 3;
const NOT_HALTED = Uint8Array.of(0);
const EMPTY_HASH = new Uint8Array(32);
const FUNDS = 10n ** 18n;

export async function createBridgePallet(
  accounts: readonly DevAccount[],
  trusted: { readonly header: Uint8Array } & AuthoritySet,
  startMs: number,
): Promise<BridgePallet> {
  const holders = accounts.map(({ pair }) => ({ publicKey: pair.publicKey, amount: FUNDS }));
  const relay = createRelay(await rococoSpec(), { accounts, validators: 4, holders, startMs, parachains: [] });
  const { chain } = relay;
  const { runtime } = chain;
  const signer = accounts[0]?.pair;
  if (signer === undefined) throw new Error('no account to submit with');

  const list = vectorBytes(trusted.authorities.map(({ key, weight }) => joinBytes([key, u64Bytes(weight)])));
  const initial = joinBytes([trusted.header, list, u64Bytes(trusted.setId), NOT_HALTED]);
  relay.produce({
    transactions: [signTransaction(chain, signer, sudoCall(chain, runtime.encodeCall(PALLET, 'initialize', initial)))],
  });

  const signed = (header: Uint8Array, justification: Uint8Array): Uint8Array =>
    signTransaction(chain, signer, runtime.encodeCall(PALLET, 'submit_finality_proof', header, justification));
  /** A block that has begun and never ends. */
  const begin = (): Overlay => {
    const parent = chain.best();
    const overlay = createOverlay(stateOf(parent));
    const header = {
      parentHash: hashBytes(parent),
      number: parent.number + 1,
      stateRoot: EMPTY_HASH,
      extrinsicsRoot: EMPTY_HASH,
      digest: babeRules(runtime).digest(parent, parent.slot + 1n),
    };
    runtime.executor.call(overlay, 'Core_initialize_block', encodeHeader(header));
    return overlay;
  };
  let begun: Overlay | undefined;

  const judge = (header: Uint8Array, justification: Uint8Array): PalletVerdict => {
    begun ??= begin();
    begun.start();
    try {
      return verdictOf(runtime.executor.call(begun, 'BlockBuilder_apply_extrinsic', signed(header, justification)));
    } catch (error) {
      if (error instanceof RuntimeTrap) return 'undecodable';
      throw error;
    } finally {
      while (begun.depth > 0) begun.rollback();
    }
  };

  return {
    judge,
    submit: (header, justification) => {
      const verdict = judge(header, justification);
      if (verdict !== 'accepted') return verdict;
      relay.produce({ transactions: [signed(header, justification)] });
      begun = undefined;
      return verdict;
    },
  };

  /** `ApplyExtrinsicResult` */
  function verdictOf(result: Uint8Array): PalletVerdict {
    const [applied, outcome, kind, pallet, error] = result;
    if (applied === 0 && outcome === 0) return 'accepted';
    const own = runtime.metadata.callIndex(PALLET, 'initialize')[0];
    const name = applied === 0 && kind === MODULE_ERROR && pallet === own ? ERRORS[error ?? -1] : undefined;
    if (name === undefined) throw new Error(`the pallet could not be asked: ${result.join(' ')}`);
    return name;
  }
}
