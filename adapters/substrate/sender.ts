/**
 * Sends extrinsics of one account and waits until they are in a finalized block: the user's and the operator's side. Nothing
 * of it is verified; what counts for the bridge is derived from verified blocks.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { equalBytes } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { RETRY_MS_MIN } from '../../relayer/core/limits.ts';
import type { ChainView } from './chainView.ts';
import { fieldOf } from './codec.ts';
import { ERA_BLOCKS, signExtrinsic } from './extrinsic.ts';
import type { SigningKey } from './keys.ts';
import type { Runtime, RuntimeEvent } from './runtime.ts';
import { formatAccount } from './account.ts';

export interface SubstrateReceipt {
  /** `0x` text; of the extrinsic, which may not be the only one with it. */
  readonly hash: string;
  readonly blockHash: string;
  readonly height: bigint;
  /** Of the extrinsic in its block. */
  readonly index: number;
  readonly events: readonly RuntimeEvent[];
}

export interface SubstrateSender {
  readonly account: Uint8Array;
  readonly address: string;
  /** Throws `TX_REVERTED` when it is included and fails. */
  send(makeCall: (runtime: Runtime) => Uint8Array, signal: AbortSignal): Promise<SubstrateReceipt>;
}

export interface SubstrateSenderOptions {
  readonly key: SigningKey;
  readonly ss58Prefix: number;
  /** Milliseconds between looks at the chain. */
  readonly pollMs?: number | undefined;
}

export function createSubstrateSender(
  deps: { readonly clock: Clock; readonly view: ChainView },
  { key, ss58Prefix, pollMs = RETRY_MS_MIN }: SubstrateSenderOptions,
): SubstrateSender {
  const { clock, view } = deps;
  const address = formatAccount(key.account, ss58Prefix);
  return {
    account: key.account,
    address,
    send: async (makeCall, signal) => {
      const { runtime, context, finalized } = await view.now(signal);
      const nonce = await view.nextIndex(address, signal);
      const { raw, hash } = signExtrinsic(runtime, makeCall(runtime), key, context, { nonce, tip: 0n });
      const { meaning, words } = await view.submit(raw, signal);
      if (meaning !== 'taken' && meaning !== 'known') throw notTaken(address, meaning === 'outOfFunds', words);
      for (let next = finalized.number + 1; ;) {
        const now = await view.now(signal);
        for (; next <= now.finalized.number; next++) {
          const found = await findIn(view, runtime, next, raw, signal);
          if (found !== undefined) return receiptOf(runtime, hash, found);
        }
        if (now.finalized.number > finalized.number + ERA_BLOCKS) throw lost(address, hash);
        await clock.sleep(pollMs, signal);
      }
    },
  };
}

interface Found {
  readonly blockHash: string;
  readonly height: number;
  readonly index: number;
  readonly events: readonly RuntimeEvent[];
}

/** The extrinsic in the block at a height, with its events. */
export async function findIn(
  view: ChainView,
  runtime: Runtime,
  height: number,
  raw: Uint8Array,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const blockHash = await view.hashAt(height, signal);
  if (blockHash === undefined) return undefined;
  const wanted = blake2b256(raw);
  const index = (await view.extrinsics(blockHash, signal)).findIndex((one) => equalBytes(blake2b256(one), wanted));
  if (index < 0) return undefined;
  const events = (await view.events(runtime, blockHash, signal)).filter(({ extrinsic }) => extrinsic === index);
  return { blockHash, height, index, events };
}

function receiptOf(runtime: Runtime, hash: string, found: Found): SubstrateReceipt {
  const failed = failureOf(runtime, found.events);
  if (failed !== undefined) {
    throw new ViaductError({
      code: 'TX_REVERTED',
      shortMessage: `Extrinsic ${hash} failed: ${failed}.`,
      metaMessages: [`It is number ${found.index} of block ${found.height}.`],
    });
  }
  return { ...found, hash, height: BigInt(found.height) };
}

/** Why an extrinsic failed, by its events; undefined when it did not. */
export function failureOf(runtime: Runtime, events: readonly RuntimeEvent[]): string | undefined {
  const failed = events.find(({ pallet, variant }) => pallet === 'System' && variant === 'ExtrinsicFailed');
  return failed === undefined ? undefined : runtime.errorName(fieldOf(failed, 'dispatch_error', 0));
}

function notTaken(address: string, isPoor: boolean, words: readonly string[]): ViaductError {
  const metaMessages = words.map((word) => `An endpoint says: ${word}`);
  if (isPoor) {
    return new ViaductError({
      code: 'ACCOUNT_OUT_OF_FUNDS',
      shortMessage: `Account ${address} cannot pay for its extrinsic.`,
      metaMessages: [...metaMessages, 'Send it native coin of this chain.'],
    });
  }
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'No endpoint took the extrinsic.', metaMessages });
}

function lost(address: string, hash: string): ViaductError {
  return new ViaductError({
    code: 'TX_NONCE_TAKEN',
    shortMessage: `Extrinsic ${hash} of account ${address} was not included in its time and cannot be any more.`,
  });
}
