/** The gRPC queries that clients send through `abci_query`, answered in protobuf. */
import { BaseAccount } from 'cosmjs-types/cosmos/auth/v1beta1/auth';
import { QueryAccountRequest, QueryAccountResponse } from 'cosmjs-types/cosmos/auth/v1beta1/query';
import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
  QueryBalanceRequest,
  QueryBalanceResponse,
  QuerySupplyOfRequest,
  QuerySupplyOfResponse,
  QueryTotalSupplyResponse,
} from 'cosmjs-types/cosmos/bank/v1beta1/query';
import { SimulateRequest, SimulateResponse } from 'cosmjs-types/cosmos/tx/v1beta1/service';
import { bytesField, joinBytes, messageField, readMessage, varintBytes } from '../../../../light-clients/protobuf.ts';
import { parseAddress } from './address.ts';
import type { CosmosApp } from './createApp.ts';
import { GAS } from './gas.ts';
import { sdkError, TxError } from './errors.ts';
import { accountOf, balanceOf } from './state.ts';

export interface QueryAnswer {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly value: Uint8Array;
}

export function answerQuery(app: CosmosApp, path: string, data: Uint8Array, height: bigint): QueryAnswer {
  try {
    return { code: 0, codespace: '', log: '', value: Uint8Array.from(valueOf(app, path, data, height)) };
  } catch (error) {
    const known = error instanceof TxError ? error : sdkError('invalidRequest', 'malformed request');
    return { code: known.code, codespace: known.codespace, log: known.message, value: new Uint8Array(0) };
  }
}

function valueOf(app: CosmosApp, path: string, data: Uint8Array, height: bigint): Uint8Array {
  const { state, config } = app;
  switch (path) {
    case '/cosmos.auth.v1beta1.Query/Account': {
      const address = accountAddress(QueryAccountRequest.decode(data).address, config.prefix);
      const account = accountOf(state, address);
      if (account === undefined) {
        throw sdkError('keyNotFound', `rpc error: code = NotFound desc = account ${address} not found`);
      }
      const { accountNumber, sequence } = account;
      const pubKey = account.publicKey && { typeUrl: account.publicKey.typeUrl, value: account.publicKey.value };
      const value = BaseAccount.encode({ address, accountNumber, sequence, ...(pubKey && { pubKey }) }).finish();
      const response = { account: { typeUrl: '/cosmos.auth.v1beta1.BaseAccount', value } };
      return QueryAccountResponse.encode(QueryAccountResponse.fromPartial(response)).finish();
    }
    case '/cosmos.bank.v1beta1.Query/Balance': {
      const request = QueryBalanceRequest.decode(data);
      if (!isDenom(request.denom)) {
        throw sdkError('invalidRequest', `rpc error: code = InvalidArgument desc = invalid denom: ${request.denom}`);
      }
      const amount = balanceOf(state, addressOf(request.address, config.prefix), request.denom);
      return QueryBalanceResponse.encode({ balance: { denom: request.denom, amount: amount.toString() } }).finish();
    }
    case '/cosmos.bank.v1beta1.Query/AllBalances':
    case '/cosmos.bank.v1beta1.Query/SpendableBalances': {
      const address = addressOf(QueryAllBalancesRequest.decode(data).address, config.prefix);
      const balances = coinsOf(state.holdings.get(address) ?? new Map<string, bigint>());
      return QueryAllBalancesResponse.encode({ balances, pagination: onePage(balances) }).finish();
    }
    case '/cosmos.bank.v1beta1.Query/SupplyOf': {
      const { denom } = QuerySupplyOfRequest.decode(data);
      const amount = (state.supply.get(denom) ?? 0n).toString();
      return QuerySupplyOfResponse.encode({ amount: { denom, amount } }).finish();
    }
    case '/cosmos.bank.v1beta1.Query/TotalSupply': {
      const supply = coinsOf(state.supply.changes());
      return QueryTotalSupplyResponse.encode({ supply, pagination: onePage(supply) }).finish();
    }
    case '/cosmos.tx.v1beta1.Service/Simulate':
      return simulate(app, SimulateRequest.decode(data).txBytes, height);
    case '/osmosis.tokenfactory.v1beta1.Query/Params': {
      const amount = (config.denomCreationFee ?? 0n).toString();
      const fee = joinBytes([textField(1, config.denom), textField(2, amount)]);
      const gas = joinBytes([Uint8Array.of(0x10), varintBytes(Number(GAS.denomCreation))]);
      return messageField(1, joinBytes([messageField(1, fee), gas]));
    }
    case '/osmosis.tokenfactory.v1beta1.Query/DenomsFromCreator': {
      const creator = readMessage(data, { 1: 'bytes' }, 'request').text(1);
      const denoms = [...state.admins.changes().keys()].filter((denom) => denom.startsWith(`factory/${creator}/`));
      return joinBytes(denoms.map((denom) => textField(1, denom)));
    }
    default:
      throw sdkError('unknownRequest', 'unknown query path');
  }
}

function simulate(app: CosmosApp, txBytes: Uint8Array, height: bigint): Uint8Array {
  const { code, log, data, events, gasUsed, gasWanted } = app.simulate(txBytes, height + 1n);
  if (code !== 0) {
    throw sdkError('unknownRequest', `rpc error: code = Unknown desc = ${log} with gas used: '${gasUsed}'`);
  }
  const copied = events.map(({ type, attributes }) => ({ type, attributes: attributes.map((one) => ({ ...one })) }));
  const result = { data, log, events: copied, msgResponses: [] };
  return SimulateResponse.encode({ gasInfo: { gasWanted, gasUsed }, result }).finish();
}

function addressOf(text: string, prefix: string): string {
  try {
    return parseAddress(text, prefix);
  } catch (error) {
    throw sdkError('invalidRequest', `rpc error: code = InvalidArgument desc = invalid address: ${wordsOf(error)}`);
  }
}

/** The account query says less than the bank's. */
function accountAddress(text: string, prefix: string): string {
  try {
    return parseAddress(text, prefix);
  } catch (error) {
    throw sdkError('invalidRequest', wordsOf(error));
  }
}

/** Without what the SDK's error of its own adds. */
function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : '').replace(/: invalid address$/, '');
}

function isDenom(text: string): boolean {
  return /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/.test(text);
}

/** All there is, as nodes answer a request that names no page. */
function onePage(items: readonly unknown[]): { readonly nextKey: Uint8Array; readonly total: bigint } {
  return { nextKey: new Uint8Array(0), total: BigInt(items.length) };
}

function coinsOf(coins: ReadonlyMap<string, bigint>): { denom: string; amount: string }[] {
  return [...coins]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([denom, amount]) => ({ denom, amount: amount.toString() }));
}

function textField(field: number, text: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(text));
}
