/**
 * The body of `POST /v1/forwards` to terms that the manifest allows, and a forward as JSON. Total: anybody may send anything.
 *
 * | field      | is                                                                                     |
 * |------------|----------------------------------------------------------------------------------------|
 * | `chain`    | the chain in the middle                                                                |
 * | `target`   | the final chain                                                                        |
 * | `asset`    | number of the asset                                                                    |
 * | `amount`   | in units of the token on the chain in the middle, a decimal integer                    |
 * | `receiver` | account on the final chain, as people write it there                                   |
 * | `recovery` | account on the chain in the middle: who gets what does not go on                       |
 * | `expiry`   | Unix seconds of the chain in the middle, from which nothing is sent on any more        |
 * | `nonce`    | 64 hex digits: another one for each transfer                                           |
 */
import { bytesToHex, fromHex } from '../core/bytes.ts';
import type { ForwardTerms } from '../core/forward.ts';
import type { ChainName, LaneId } from '../core/ids.ts';
import {
  formatAccount,
  gatewayBytes,
  isHomeLane,
  laneBetween,
  laneGranularity,
  type Manifest,
  type ManifestChain,
  type ManifestLane,
  parseAccount,
} from '../manifest/index.ts';

export interface Forward {
  readonly chain: ChainName;
  readonly address: Uint8Array;
  readonly terms: ForwardTerms;
  readonly state: string;
  readonly place: { readonly lane: LaneId; readonly sequence: bigint } | undefined;
  readonly transaction: string | undefined;
  readonly reason: string | undefined;
}

/** What sends on through one chain. */
export interface ForwardsPort {
  readonly chain: ChainName;
  /** Unix seconds of the chain. */
  nowSeconds(): number;
  register(terms: ForwardTerms): Promise<Forward>;
  find(address: Uint8Array): Forward | undefined;
}

export type ForwardReading =
  | { readonly kind: 'valid'; readonly chain: ChainName; readonly terms: ForwardTerms }
  | { readonly kind: 'invalid'; readonly code: string; readonly message: string };

/** Seconds that a forward may be open. Whoever wants longer registers again. */
export const FORWARD_SECONDS_MAX = 7 * 86_400;
const FIELDS = ['chain', 'target', 'asset', 'amount', 'receiver', 'recovery', 'expiry', 'nonce'];
const TEXT_MAX = 200;

/** `nowSeconds`: of the chain in the middle; undefined where this process sends nothing on. */
export function readForward(
  manifest: Manifest,
  body: unknown,
  nowSeconds: (chain: ChainName) => number | undefined,
): ForwardReading {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return invalid('BAD_BODY', `A JSON object is expected, with ${FIELDS.join(', ')}.`);
  }
  const row = body as Readonly<Record<string, unknown>>;
  if (Object.keys(row).some((key) => !FIELDS.includes(key))) {
    return invalid('BAD_BODY', `The fields are ${FIELDS.join(', ')}.`);
  }
  const text = (key: string): string => (typeof row[key] === 'string' ? row[key].slice(0, TEXT_MAX) : '');
  const chain = manifest.chains.find(({ name }) => name === row['chain']);
  const target = manifest.chains.find(({ name }) => name === row['target']);
  const now = chain === undefined ? undefined : nowSeconds(chain.name);
  if (chain === undefined || now === undefined) {
    return invalid('BAD_CHAIN', 'chain is one through which this relayer sends on.');
  }
  const lane = target && laneBetween(manifest, chain.name, target.name);
  if (target === undefined || lane === undefined || !lane.enabled || isHomeLane(lane)) {
    return invalid('BAD_CHAIN', `target is a chain with an open lane from ${chain.name}.`);
  }
  const amount = /^[1-9]\d{0,76}$/.test(text('amount')) ? BigInt(text('amount')) : 0n;
  const asset = manifest.assets.find(({ id }) => id === row['asset']);
  const problem = asset === undefined ? 'the lane does not carry it' : amountProblem(asset, lane, chain, amount);
  if (asset === undefined || problem !== undefined) return invalid('BAD_AMOUNT', `asset and amount: ${problem}.`);
  const receiver = parseAccount(target, text('receiver'));
  if (receiver.kind === 'invalid')
    return invalid('BAD_RECEIVER', `Not an account of ${target.name}: ${receiver.reason}.`);
  const recovery = parseAccount(chain, text('recovery'));
  if (recovery.kind === 'invalid' || recovery.bytes.every((byte) => byte === 0)) {
    return invalid('BAD_RECEIVER', `recovery is an account of ${chain.name}.`);
  }
  const expiry = row['expiry'];
  if (
    typeof expiry !== 'number' ||
    !Number.isSafeInteger(expiry) ||
    expiry <= now ||
    expiry > now + FORWARD_SECONDS_MAX
  ) {
    return invalid('BAD_EXPIRY', `expiry lies in the next ${FORWARD_SECONDS_MAX} seconds of ${chain.name}.`);
  }
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(text('nonce'))) return invalid('BAD_NONCE', 'nonce has 64 hex digits.');
  return {
    kind: 'valid',
    chain: chain.name,
    terms: {
      gateway: gatewayBytes(chain.gateway),
      lane: lane.id,
      asset: asset.id,
      amount,
      receiver: receiver.bytes,
      recovery: recovery.bytes,
      expirySeconds: BigInt(expiry),
      nonce: fromHex(text('nonce'), 32),
    },
  };
}

export function renderForward(manifest: Manifest, forward: Forward): Record<string, unknown> {
  const { terms, address, place, transaction, reason, state } = forward;
  const chain = manifest.chains.find(({ name }) => name === forward.chain);
  const lane = manifest.lanes.find(({ id }) => id === terms.lane);
  const target = manifest.chains.find(({ name }) => name === lane?.target);
  const show = (on: ManifestChain | undefined, account: Uint8Array): string => (on ? formatAccount(on, account) : '');
  return {
    chain: forward.chain,
    address: show(chain, address),
    state,
    target: target?.name,
    lane: terms.lane,
    asset: terms.asset,
    amount: terms.amount.toString(),
    receiver: show(target, terms.receiver),
    recovery: show(chain, terms.recovery),
    expiry: Number(terms.expirySeconds),
    // With it all of the terms are here: anyone may poke the forwarder, should this relayer not.
    nonce: bytesToHex(terms.nonce),
    ...(place === undefined ? {} : { place: `${place.lane}-${place.sequence}` }),
    ...(transaction === undefined ? {} : { transaction }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** What the second lane would refuse. */
function amountProblem(
  asset: Manifest['assets'][number],
  lane: ManifestLane,
  chain: ManifestChain,
  amount: bigint,
): string | undefined {
  const terms = lane.assets.find(({ id }) => id === asset.id);
  const local = asset.representations.find((row) => row.chain === chain.name);
  if (terms === undefined || local === undefined) return 'the lane does not carry it';
  const scale = 10n ** BigInt(Math.abs(local.decimals - asset.decimals));
  if (local.decimals > asset.decimals && amount % scale !== 0n) return 'the amount is finer than its canonical units';
  const canonical = local.decimals > asset.decimals ? amount / scale : amount * scale;
  const { minAmount, maxAmount } = terms;
  if (canonical < minAmount || canonical <= 0n || (maxAmount !== undefined && canonical > maxAmount)) {
    return 'the amount is outside what the lane takes';
  }
  return canonical % (laneGranularity(asset, lane) ?? 1n) === 0n
    ? undefined
    : 'the amount is finer than both ends hold';
}

function invalid(code: string, message: string): ForwardReading {
  return { kind: 'invalid', code, message };
}
