/**
 * What a node says about accounts, balances, its tip and transactions. Unverified: good for building and tracking
 * transactions, never for settlement. State is asked by gRPC paths through `abci_query`, as cosmjs does.
 */
import { BaseAccount } from 'cosmjs-types/cosmos/auth/v1beta1/auth';
import { QueryAccountRequest, QueryAccountResponse } from 'cosmjs-types/cosmos/auth/v1beta1/query';
import {
  QueryBalanceRequest,
  QueryBalanceResponse,
  QuerySupplyOfRequest,
  QuerySupplyOfResponse,
} from 'cosmjs-types/cosmos/bank/v1beta1/query';
import { bytesField, decoding, readMessage } from '../../light-clients/protobuf.ts';
import { decodeAbciQueryAnswer, decodeTimeJson, decodeTxAnswer } from '../../light-clients/tendermint/index.ts';
import { bytesToHex, fromHex, utf8 } from '../../relayer/core/bytes.ts';
import { asRecord, parseHeight } from './json.ts';
import type { CometCall, CometEndpoint } from './rpc.ts';

export interface ChainAccount {
  readonly accountNumber: bigint;
  /** The first sequence that no included transaction has used. */
  readonly sequence: bigint;
}

export interface ChainTip {
  readonly height: bigint;
  readonly timeSeconds: bigint;
}

export interface FoundTx {
  readonly height: bigint;
  readonly code: number;
  readonly gasUsed: bigint;
}

const STATUS: CometCall = { method: 'status', params: {} };
/** The SDK's code of what is not there (`ErrKeyNotFound`). */
const KEY_NOT_FOUND = 22;
const BASE_ACCOUNT = '/cosmos.auth.v1beta1.BaseAccount';

/** Undefined while the account holds nothing and never did. */
export async function readAccount(
  endpoint: CometEndpoint,
  address: string,
  signal: AbortSignal,
): Promise<ChainAccount | undefined> {
  return accountOf(endpoint, (await endpoint.results([accountCall(address)], signal))[0]);
}

/** Both in one request. */
export async function readAccountAndTip(
  endpoint: CometEndpoint,
  address: string,
  signal: AbortSignal,
): Promise<{ readonly account: ChainAccount | undefined; readonly tip: ChainTip }> {
  const [account, status] = await endpoint.results([accountCall(address), STATUS], signal);
  return { account: accountOf(endpoint, account), tip: tipOf(endpoint, status) };
}

function accountCall(address: string): CometCall {
  return queryCall('/cosmos.auth.v1beta1.Query/Account', QueryAccountRequest.encode({ address }).finish());
}

function accountOf(endpoint: CometEndpoint, answer: unknown): ChainAccount | undefined {
  const value = valueOf(endpoint, answer);
  if (value === undefined) return undefined;
  return decoded(endpoint, 'an account', () => {
    const { account } = QueryAccountResponse.decode(value);
    if (account?.typeUrl !== BASE_ACCOUNT) return undefined;
    const { accountNumber, sequence } = BaseAccount.decode(account.value);
    return { accountNumber, sequence };
  });
}

/** In the coin's own units. */
export async function readBalance(
  endpoint: CometEndpoint,
  address: string,
  denom: string,
  signal: AbortSignal,
): Promise<bigint> {
  const request = QueryBalanceRequest.encode({ address, denom }).finish();
  const value = await query(endpoint, '/cosmos.bank.v1beta1.Query/Balance', request, signal);
  if (value === undefined) return 0n;
  return decoded(endpoint, 'a balance', () => parseAmount(QueryBalanceResponse.decode(value).balance?.amount));
}

/** All there is of a coin, in its own units. */
export async function readSupply(endpoint: CometEndpoint, denom: string, signal: AbortSignal): Promise<bigint> {
  const request = QuerySupplyOfRequest.encode({ denom }).finish();
  const value = await query(endpoint, '/cosmos.bank.v1beta1.Query/SupplyOf', request, signal);
  if (value === undefined) return 0n;
  return decoded(endpoint, 'a supply', () => parseAmount(QuerySupplyOfResponse.decode(value).amount?.amount));
}

/** Full names of the token factory's tokens that an account made. */
export async function readTokensMadeBy(
  endpoint: CometEndpoint,
  address: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const path = '/osmosis.tokenfactory.v1beta1.Query/DenomsFromCreator';
  const value = await query(endpoint, path, bytesField(1, utf8(address)), signal);
  if (value === undefined) return [];
  const names = decoding('denoms', () => {
    const list = readMessage(value, { 1: 'repeatedBytes' }, 'denoms').repeated(1);
    return list.map((name) => new TextDecoder().decode(name));
  });
  if (names.kind !== 'valid') throw endpoint.failed('answered something that is not a list of tokens');
  return names.value;
}

export async function readTip(endpoint: CometEndpoint, signal: AbortSignal): Promise<ChainTip> {
  return tipOf(endpoint, (await endpoint.results([STATUS], signal))[0]);
}

function tipOf(endpoint: CometEndpoint, status: unknown): ChainTip {
  const sync = asRecord(asRecord(status)?.['sync_info']);
  const height = parseHeight(sync?.['latest_block_height']);
  const time = decodeTimeJson(sync?.['latest_block_time']);
  if (height === undefined || time.kind !== 'valid') throw endpoint.failed('does not say its height and time');
  return { height, timeSeconds: time.value / 1_000_000_000n };
}

/** Undefined when the node knows no such included transaction; it may not have indexed it yet. */
export async function readTx(endpoint: CometEndpoint, hash: string, signal: AbortSignal): Promise<FoundTx | undefined> {
  const base64 = Buffer.from(fromHex(hash, 32)).toString('base64');
  const answer = await endpoint.call({ method: 'tx', params: { hash: base64 } }, signal);
  if (answer.kind === 'error') return undefined;
  const read = decodeTxAnswer(answer.value);
  if (read.kind !== 'valid') throw endpoint.failed(`answered nonsense to tx: ${read.reason}`);
  const { height, result } = read.value;
  return { height, code: result.code, gasUsed: result.gasUsed };
}

async function query(
  endpoint: CometEndpoint,
  path: string,
  data: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  return valueOf(endpoint, (await endpoint.results([queryCall(path, data)], signal))[0]);
}

function queryCall(path: string, data: Uint8Array): CometCall {
  return { method: 'abci_query', params: { path, data: bytesToHex(data), prove: false } };
}

function valueOf(endpoint: CometEndpoint, result: unknown): Uint8Array | undefined {
  const answer = decodeAbciQueryAnswer(result);
  if (answer.kind !== 'valid') throw endpoint.failed(`answered nonsense to a query: ${answer.reason}`);
  if (answer.value.code === KEY_NOT_FOUND) return undefined;
  if (answer.value.code !== 0) throw endpoint.failed(`refused a query with code ${answer.value.code}`);
  return answer.value.value;
}

function parseAmount(text = '0'): bigint | undefined {
  return /^\d{1,78}$/.test(text) ? BigInt(text) : undefined;
}

/** cosmjs-types throws on malformed bytes. */
function decoded<T>(endpoint: CometEndpoint, what: string, decode: () => T | undefined): T {
  let value: T | undefined;
  try {
    value = decode();
  } catch {
    value = undefined;
  }
  if (value === undefined) throw endpoint.failed(`answered something that is not ${what}`);
  return value;
}
