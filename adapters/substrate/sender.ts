/**
 * Sends extrinsics of one account and waits until they are in a finalized block: the user's and the operator's side. Nothing
 * of it is verified; what counts for the bridge is derived from verified blocks.
 */
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { bytesToHex } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { assert, ViaductError } from '../../relayer/core/errors.ts';
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
  /** Several extrinsics with nonces in a row, all sent before the first is waited for. */
  sendMany(
    makeCalls: readonly ((runtime: Runtime) => Uint8Array)[],
    signal: AbortSignal,
  ): Promise<readonly SubstrateReceipt[]>;
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

  async function sendMany(
    makeCalls: readonly ((runtime: Runtime) => Uint8Array)[],
    signal: AbortSignal,
  ): Promise<readonly SubstrateReceipt[]> {
    const { runtime, context, finalized } = await view.now(signal);
    const first = await view.nextIndex(address, signal);
    const signed = makeCalls.map((makeCall, index) =>
      signExtrinsic(runtime, makeCall(runtime), key, context, { nonce: first + BigInt(index), tip: 0n }),
    );
    for (const { raw } of signed) {
      const { meaning, words } = await view.submit(raw, signal);
      if (meaning !== 'taken' && meaning !== 'known') throw notTaken(address, meaning === 'outOfFunds', words);
    }
    const found = new Map<number, Found>();
    for (let next = finalized.number + 1; ;) {
      const now = await view.now(signal);
      for (; next <= now.finalized.number; next++) {
        const missing = signed.flatMap(({ raw }, index) => (found.has(index) ? [] : [{ index, raw }]));
        const here = await findAllIn(view, runtime, next, missing, signal);
        for (const [index, one] of here) found.set(index, one);
      }
      if (found.size === signed.length) break;
      const lostOne = signed.find((_, index) => !found.has(index));
      if (lostOne !== undefined && now.finalized.number > finalized.number + ERA_BLOCKS)
        throw lost(address, lostOne.hash);
      await clock.sleep(pollMs, signal);
    }
    return signed.flatMap(({ hash }, index) => {
      const one = found.get(index);
      return one === undefined ? [] : [receiptOf(runtime, hash, one)];
    });
  }

  return {
    account: key.account,
    address,
    sendMany,
    send: async (makeCall, signal) => {
      const [receipt] = await sendMany([makeCall], signal);
      assert(receipt !== undefined, 'one receipt for one extrinsic');
      return receipt;
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
  return (await findAllIn(view, runtime, height, [{ index: 0, raw }], signal)).get(0);
}

/** Those of the extrinsics that are in the block at a height, by their own index. */
async function findAllIn(
  view: ChainView,
  runtime: Runtime,
  height: number,
  wanted: readonly { readonly index: number; readonly raw: Uint8Array }[],
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Found>> {
  const found = new Map<number, Found>();
  const blockHash = await view.hashAt(height, signal);
  if (blockHash === undefined || wanted.length === 0) return found;
  const byHash = new Map(wanted.map(({ index, raw }) => [bytesToHex(blake2b256(raw)), index]));
  const extrinsics = await view.extrinsics(blockHash, signal);
  const places = extrinsics.flatMap((one, index) => {
    const own = byHash.get(bytesToHex(blake2b256(one)));
    return own === undefined ? [] : [{ own, index }];
  });
  if (places.length === 0) return found;
  const events = await view.events(runtime, blockHash, signal);
  for (const { own, index } of places) {
    found.set(own, { blockHash, height, index, events: events.filter(({ extrinsic }) => extrinsic === index) });
  }
  return found;
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
