/** The user's side of an EVM gateway: approve and send from a private key, read balances, read what was sent. */
import { type Abi, decodeFunctionResult, encodeFunctionData, erc20Abi, type Hex } from 'viem';
import { fromHex, toHex } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type AssetId, laneId, type LaneId } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { TOPICS } from './gateway.ts';
import { encode, laneArgument } from './gatewayCalls.ts';
import { asList, asRecord, parseData, parseQuantity } from './json.ts';
import type { RpcEndpoint } from './rpc.ts';
import type { EvmReceipt, EvmSender } from './sender.ts';

/** Without its literal types, for calls whose name is a variable. */
const ERC20: Abi = erc20Abi;

export interface DepositTerms {
  /** 20 bytes. */
  readonly gateway: Uint8Array;
  readonly lane: LaneId;
  readonly asset: AssetId;
  /** 20 bytes; undefined for the chain's own coin. */
  readonly token: Uint8Array | undefined;
  /** Unix seconds; 0n = none. */
  readonly deadline?: bigint;
}

export interface SentPacket {
  readonly lane: LaneId;
  /** 135 bytes. */
  readonly packet: Uint8Array;
}

export interface SentDeposits {
  readonly receipt: EvmReceipt;
  readonly packets: readonly SentPacket[];
}

/** One transfer. `amount` is in the token's own units. */
export async function deposit(
  sender: EvmSender,
  terms: DepositTerms & { readonly amount: bigint; readonly receiver: Uint8Array },
  signal: AbortSignal,
): Promise<SentDeposits> {
  const { lane, asset, amount, receiver, deadline = 0n } = terms;
  const data = encode('send', [laneArgument(lane), asset, amount, toHex(receiver), deadline]);
  return sendDeposits(sender, terms, amount, data, signal);
}

/** Many transfers of one asset with one payment. All receivers have the length that the lane wants. */
export async function depositBatch(
  sender: EvmSender,
  terms: DepositTerms & { readonly transfers: readonly { readonly amount: bigint; readonly receiver: Uint8Array }[] },
  signal: AbortSignal,
): Promise<SentDeposits> {
  const { lane, asset, transfers, deadline = 0n } = terms;
  const amounts = transfers.map(({ amount }) => amount);
  const receivers = `0x${transfers.map(({ receiver }) => toHex(receiver).slice(2)).join('')}`;
  const data = encode('sendBatch', [laneArgument(lane), asset, amounts, receivers, deadline]);
  const sum = amounts.reduce((total, amount) => total + amount, 0n);
  return sendDeposits(sender, terms, sum, data, signal);
}

/** Base units of a token, or wei when the token is undefined. */
export async function balanceOf(
  endpoint: RpcEndpoint,
  token: Uint8Array | undefined,
  account: Uint8Array,
  signal: AbortSignal,
): Promise<bigint> {
  if (token === undefined) {
    const balance = parseQuantity(await endpoint.result('eth_getBalance', [toHex(account), 'latest'], signal));
    if (balance === undefined) throw malformed(endpoint, 'eth_getBalance');
    return balance;
  }
  return (await readToken(endpoint, token, 'balanceOf', [toHex(account)], signal)) as bigint;
}

/** What `claim` would pay or has been burnt is not here: the supply of a token, in base units. */
export async function totalSupply(endpoint: RpcEndpoint, token: Uint8Array, signal: AbortSignal): Promise<bigint> {
  return (await readToken(endpoint, token, 'totalSupply', [], signal)) as bigint;
}

/** The packets that a receipt shows for one gateway: only its own logs count. */
export function packetsOfReceipt(receipt: Readonly<Record<string, unknown>>, gateway: Uint8Array): SentPacket[] {
  return (asList(receipt['logs']) ?? []).flatMap((log) => {
    const record = asRecord(log);
    const [topic, lane] = asList(record?.['topics']) ?? [];
    const data = parseData(record?.['data']);
    const address = record?.['address'];
    if (typeof address !== 'string' || address.toLowerCase() !== toHex(gateway) || topic !== TOPICS.packetSent)
      return [];
    if (parseData(lane, 32) === undefined || data === undefined || data.length < 64 + PACKET_BYTES) return [];
    return [{ lane: laneId(lane as string), packet: data.slice(64, 64 + PACKET_BYTES) }];
  });
}

async function sendDeposits(
  sender: EvmSender,
  { gateway, token }: DepositTerms,
  sum: bigint,
  data: Uint8Array,
  signal: AbortSignal,
): Promise<SentDeposits> {
  if (token !== undefined) await approve(sender, token, gateway, sum, signal);
  const receipt = await sender.send({ to: gateway, data, value: token === undefined ? sum : 0n }, signal);
  return { receipt, packets: packetsOfReceipt(receipt.raw, gateway) };
}

/** Exactly what is sent, never more: an approval that is left over is a risk without a use. */
async function approve(
  sender: EvmSender,
  token: Uint8Array,
  spender: Uint8Array,
  amount: bigint,
  signal: AbortSignal,
): Promise<void> {
  const args = [toHex(sender.address), toHex(spender)] as const;
  const allowance = (await readToken(sender.endpoint, token, 'allowance', args, signal)) as bigint;
  if (allowance === amount) return;
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [toHex(spender), amount] });
  await sender.send({ to: token, data: fromHex(data) }, signal);
}

async function readToken(
  endpoint: RpcEndpoint,
  token: Uint8Array,
  functionName: 'balanceOf' | 'allowance' | 'totalSupply',
  args: readonly Hex[],
  signal: AbortSignal,
): Promise<unknown> {
  const data = encodeFunctionData({ abi: ERC20, functionName, args });
  const answer = await endpoint.result('eth_call', [{ to: toHex(token), data }, 'latest'], signal);
  try {
    return decodeFunctionResult({ abi: erc20Abi, functionName, data: answer as Hex });
  } catch {
    throw malformed(endpoint, functionName);
  }
}

function malformed(endpoint: RpcEndpoint, what: string): ViaductError {
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `${endpoint.name} answered nonsense to ${what}.` });
}
