/**
 * Load on a Substrate chain: each deposit is an extrinsic of its own, since a memo names one receiver and a vault credits what a
 * plain account signed itself. Several accounts that one funder pays send in turn.
 *
 * It signs with keys made from a seed, which anybody can make too: for local networks only.
 */
import { sr25519KeypairFromSeed, sr25519Sign, waitReady } from '@polkadot/wasm-crypto';
import { createEndpointRing, createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import { signExtrinsic } from '../../adapters/substrate/extrinsic.ts';
import {
  type ChainNow,
  type ChainView,
  createChainView,
  createRuntimes,
  createSubstrateEndpoint,
  createSubstrateSender,
  encodeMemo,
  fundAccounts,
  keyFromSeed,
  type SigningKey,
  type SubstrateSender,
  transfer,
  type VaultToken,
} from '../../adapters/substrate/index.ts';
import { depositCall } from '../../adapters/substrate/user.ts';
import { blake2b256 } from '../../light-clients/blake2b.ts';
import { toHex, utf8 } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { ChainName } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import type { SubstrateChain } from '../../relayer/manifest/index.ts';
import type { IncludedBatch, LoadDriver } from './load.ts';
import type { Receivers } from './receivers.ts';

export interface OpenSubstrate {
  readonly view: ChainView;
  readonly ss58Prefix: number;
}

export interface SubstrateLoadOptions {
  readonly chain: OpenSubstrate;
  /** Accounts of the vault, used in turn. */
  readonly vaults: readonly Uint8Array[];
  readonly target: ChainName;
  readonly token: VaultToken;
  /** Units of the token in one step of the receivers' amounts. */
  readonly unit: bigint;
  /** With one receiver per deposit. */
  readonly receivers: Receivers;
  /** The seed of an sr25519 key, 32 bytes: has the coins and tokens that the senders get. */
  readonly funder: Uint8Array;
  readonly senders: number;
  readonly seed: string;
}

interface Sender {
  readonly key: SigningKey;
  nonce: bigint;
}

await waitReady();

/** The kind of signature in a `MultiSignature`. */
const SR25519 = 0x01;
/** Of fees: an extrinsic costs some hundredths of a coin. */
const SENDER_COINS = 10_000n * 10n ** 12n;
/** A tenth of a coin: more than a chain asks for. */
const EXISTENCE = 10n ** 11n;
/** Transfers in one extrinsic: a tenth of a block's weight. */
const FUNDINGS_MAX = 256;
/** Extrinsics are mortal: they are signed for a block that is not older than that. */
const CONTEXT_MS = 3_000;
const LOOK_MS = 100;
/** Blocks that finality may be behind. */
const SHOWN_TRIES = 300;

/** The same key as `keyFromSeed` makes, signing by WebAssembly: 0.15 ms in place of 0.9, and a load signs hundreds a second. */
export function fastKey(seed: Uint8Array): SigningKey {
  const pair = sr25519KeypairFromSeed(seed);
  const [secret, account] = [pair.slice(0, 64), pair.slice(64)];
  return { account, sign: (message) => Uint8Array.of(SR25519, ...sr25519Sign(account, secret, message)) };
}

export function openSubstrate(deps: { readonly clock: Clock }, chain: SubstrateChain, url: string): OpenSubstrate {
  const genesisHash = toHex(chain.genesisHash);
  const endpoint = createSubstrateEndpoint(createHttpEndpoint(deps, { url }), { genesisHash });
  const view = createChainView(createEndpointRing([endpoint]), createRuntimes(chain.runtimes), genesisHash);
  return { view, ss58Prefix: chain.ss58Prefix };
}

/** The little of the native coin that makes accounts exist, so that assets can be paid to them. */
export async function giveExistence(
  deps: { readonly clock: Clock },
  chain: OpenSubstrate,
  funder: Uint8Array,
  accounts: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<void> {
  const sender = senderOf(deps, chain, funder);
  for (let first = 0; first < accounts.length; first += FUNDINGS_MAX) {
    const some = accounts.slice(first, first + FUNDINGS_MAX);
    await fundAccounts(
      sender,
      some.map((account) => ({ account, amount: EXISTENCE })),
      signal,
    );
  }
}

export function createSubstrateLoad(deps: { readonly clock: Clock }, options: SubstrateLoadOptions): LoadDriver {
  const { chain, vaults, target, token, unit, receivers } = options;
  const { view } = chain;
  const senders: Sender[] = [];
  let turn = 0;
  let known: { readonly now: ChainNow; readonly atMs: number } | undefined;
  let firstHeight = 0;

  async function current(signal: AbortSignal): Promise<ChainNow> {
    const atMs = deps.clock.now();
    if (known === undefined || atMs - known.atMs > CONTEXT_MS) known = { now: await view.now(signal), atMs };
    return known.now;
  }

  return {
    batchMax: 1,
    parallel: options.senders,
    // A block takes some 500 of them by weight.
    waitingMax: 1_000,

    async prepare(deposits, batch, signal) {
      const funder = senderOf(deps, chain, options.funder);
      const amount = receivers.total(0, Math.ceil(deposits / options.senders) + batch + 9) * unit;
      const keys = Array.from({ length: options.senders }, (_, index) =>
        fastKey(keccak256(utf8(`${options.seed} sender ${index}`))),
      );
      const coins = SENDER_COINS + (token.kind === 'native' ? amount : 0n);
      await fundAccounts(
        funder,
        keys.map(({ account }) => ({ account, amount: coins })),
        signal,
      );
      for (const key of keys) {
        if (token.kind === 'asset') await transfer(funder, token, key.account, amount, signal);
        const { runtime, finalized } = await view.now(signal);
        senders.push({ key, nonce: await view.nonce(runtime, key.account, undefined, signal) });
        firstHeight = finalized.number;
      }
    },

    async send(first, count, signal) {
      const number = turn++;
      const sender = senders[number % senders.length];
      const vault = vaults[number % vaults.length];
      if (sender === undefined || vault === undefined) throw failed('has no sender or no vault');
      const { runtime, context } = await current(signal);
      const amount = receivers.amount(first) * unit;
      const memo = encodeMemo({ target, receiver: receivers.receiver(first), deadline: 0n });
      const call = depositCall(runtime, { vault, token, amount }, utf8(memo));
      const { raw, hash } = signExtrinsic(runtime, call, sender.key, context, { nonce: sender.nonce++, tip: 0n });
      const { meaning, words } = await view.submit(raw, signal);
      if (meaning !== 'taken' && meaning !== 'known') throw failed(`refused a deposit: ${words.join(' ')}`);
      return { first, count, transaction: hash };
    },

    async waiting(signal) {
      const { runtime } = await current(signal);
      const left = senders.map(async ({ key, nonce }) =>
        Number(nonce - (await view.nonce(runtime, key.account, undefined, signal))),
      );
      return (await Promise.all(left)).reduce((sum, one) => sum + one, 0);
    },

    /** By the finalized blocks: an extrinsic that is in one and failed moved nothing. */
    async settle(batches, signal) {
      const missing = new Set(batches.map(({ transaction }) => transaction));
      const found = new Map<string, { readonly height: bigint; readonly succeeded: boolean }>();
      let next = firstHeight + 1;
      for (let tries = 0; missing.size > 0 && tries < SHOWN_TRIES; tries++) {
        const { runtime, finalized } = await view.now(signal);
        for (; next <= finalized.number; next++) {
          const at = await view.hashAt(next, signal);
          if (at === undefined) break;
          const hashes = (await view.extrinsics(at, signal)).map((raw) => toHex(blake2b256(raw)));
          if (!hashes.some((hash) => missing.has(hash))) continue;
          const failures = new Set(
            (await view.events(runtime, at, signal)).flatMap(({ pallet, variant, extrinsic }) =>
              pallet === 'System' && variant === 'ExtrinsicFailed' && extrinsic !== undefined ? [extrinsic] : [],
            ),
          );
          for (const [index, hash] of hashes.entries()) {
            if (missing.delete(hash)) found.set(hash, { height: BigInt(next), succeeded: !failures.has(index) });
          }
        }
        if (missing.size > 0) await deps.clock.sleep(LOOK_MS, signal);
      }
      return batches.map((batch): IncludedBatch => {
        const one = found.get(batch.transaction);
        if (one === undefined) throw failed(`lost extrinsic ${batch.transaction}`);
        return { ...batch, ...one };
      });
    },
  };
}

function senderOf(deps: { readonly clock: Clock }, chain: OpenSubstrate, seed: Uint8Array): SubstrateSender {
  const { view, ss58Prefix } = chain;
  return createSubstrateSender({ ...deps, view }, { key: keyFromSeed(seed), ss58Prefix, pollMs: LOOK_MS });
}

function failed(what: string): ViaductError {
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `The loaded chain ${what}.` });
}
