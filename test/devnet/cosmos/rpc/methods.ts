/**
 * The JSON-RPC methods of a CometBFT 0.38 node, with its texts and its limits.
 * Source: cometbft rpc/core at v0.38, https://docs.cometbft.com/v0.38/rpc
 */
import { sha256 } from '../../../../light-clients/tendermint/index.ts';
import { answerQuery } from '../app/query.ts';
import type { AppTxResult } from '../app/createApp.ts';
import type { ChainBlock } from '../consensus/createChain.ts';
import {
  base64,
  blockIdJson,
  blockJson,
  blockResultsJson,
  commitJson,
  headerJson,
  hex,
  type Json,
  metaJson,
  publicKeyJson,
  resultJson,
  timeJson,
  validatorJson,
} from './json.ts';
import type { Node } from './node.ts';
import { findTx, parseQuery, searchTxs, txJson } from './txSearch.ts';

export class RpcError extends Error {
  readonly code: number;
  readonly data: string;

  constructor(code: number, message: string, data: string) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

/** What a caller gave by name; positional parameters are not taken. */
export type Params = Readonly<Record<string, unknown>>;
export type Method = (node: Node, params: Params) => unknown;

const PER_PAGE = 30;
const PER_PAGE_MAX = 100;
const BLOCK_METAS_MAX = 20n;

export const METHODS: Readonly<Record<string, Method>> = {
  health: () => ({}),
  status,
  abci_info: (node) => ({
    response: {
      data: 'viaduct-local',
      last_block_height: node.height().toString(),
      last_block_app_hash: base64(blockAt(node, {}).appHash),
    },
  }),
  abci_query: abciQuery,
  block: (node, params) => blockJson(blockAt(node, params)),
  block_by_hash: (node, params) => {
    const hash = textParam(params, 'hash').replace(/^0x/i, '').toUpperCase();
    for (let height = node.height(); height >= 1n; height--) {
      const block = node.block(height);
      if (block !== undefined && hex(block.blockId.hash) === hash) return blockJson(block);
    }
    return {
      block_id: blockIdJson({ hash: new Uint8Array(0), partsTotal: 0, partsHash: new Uint8Array(0) }),
      block: null,
    };
  },
  block_results: (node, params) => {
    if (node.faults.find('discardResults') !== undefined) {
      throw internal('node is not persisting finalize block responses');
    }
    return blockResultsJson(blockAt(node, params));
  },
  blockchain,
  // Does not wait for the check, so it has nothing to say about it.
  broadcast_tx_async: (node, params) => ({ ...broadcast(node, params).answer, code: 0, log: '', codespace: '' }),
  broadcast_tx_sync: (node, params) => broadcast(node, params).answer,
  commit: (node, params) => {
    const block = blockAt(node, params);
    return {
      signed_header: { header: headerJson(block.header), commit: commitJson(block.commit) },
      canonical: block.header.height < node.height(),
    };
  },
  header: (node, params) => ({ header: headerJson(blockAt(node, params).header) }),
  consensus_params: (node) => ({ block_height: node.height().toString(), consensus_params: CONSENSUS_PARAMS }),
  genesis: (node) => ({ genesis: genesisJson(node) }),
  net_info: () => ({ listening: true, listeners: ['Listener(@)'], n_peers: '0', peers: [] }),
  num_unconfirmed_txs: (node) => ({ ...mempoolJson(node), txs: null }),
  unconfirmed_txs: (node) => ({ ...mempoolJson(node), txs: node.chain.mempool.waiting().map(base64) }),
  tx: (node, params) => {
    const hash = hashParam(params);
    const found = findTx(node, hash);
    if (found === undefined) throw internal(`tx (${hash}) not found`);
    return txJson(found, params['prove'] === true || params['prove'] === 'true');
  },
  tx_search: txSearch,
  validators,
};

export function commitAnswer(tx: Uint8Array, checked: AppTxResult, block: ChainBlock | undefined): Json {
  const hash = hex(sha256(tx));
  const index = block?.txs.findIndex((one) => Buffer.compare(one, tx) === 0) ?? -1;
  return {
    check_tx: resultJson(checked),
    tx_result: resultJson(block?.results[index] ?? NO_RESULT),
    hash,
    height: (block?.header.height ?? 0n).toString(),
  };
}

/** Checks a transaction into the mempool; the answer is that of `broadcast_tx_sync`. */
export function broadcast(
  node: Node,
  params: Params,
): { answer: Json; tx: Uint8Array; checked: AppTxResult | undefined } {
  const tx = base64Param(params, 'tx');
  const hash = hex(sha256(tx));
  if (node.faults.takeDrop()) {
    return { answer: { code: 0, data: '', log: '', codespace: '', hash }, tx, checked: undefined };
  }
  const added = node.chain.mempool.add(tx);
  if (added.kind === 'refused') throw internal(added.reason);
  const { code, log, codespace } = added.result;
  return { answer: { code, data: '', log, codespace, hash }, tx, checked: added.result };
}

function status(node: Node): Json {
  const [first, last] = [node.block(1n), node.block(node.height())];
  if (first === undefined || last === undefined) throw internal('no block yet');
  const validator = last.validators[0];
  if (validator === undefined) throw internal('no validators');
  return {
    node_info: {
      protocol_version: { p2p: '8', block: '11', app: '0' },
      id: hex(first.blockId.hash.subarray(0, 20)).toLowerCase(),
      listen_addr: 'tcp://127.0.0.1:26656',
      network: node.chain.options.chainId,
      version: '0.38.19',
      channels: '40202122233038606100',
      moniker: 'local',
      other: { tx_index: 'on', rpc_address: 'tcp://127.0.0.1:26657' },
    },
    sync_info: {
      latest_block_hash: hex(last.blockId.hash),
      latest_app_hash: hex(last.appHash),
      latest_block_height: last.header.height.toString(),
      latest_block_time: timeJson(last.header.timeNanos),
      earliest_block_hash: hex(first.blockId.hash),
      earliest_app_hash: hex(first.header.appHash),
      earliest_block_height: '1',
      earliest_block_time: timeJson(first.header.timeNanos),
      catching_up: false,
    },
    validator_info: {
      address: hex(validator.address),
      pub_key: publicKeyJson(validator.publicKey),
      voting_power: validator.power.toString(),
    },
  };
}

function abciQuery(node: Node, params: Params): Json {
  const height = node.height();
  const data = Uint8Array.from(Buffer.from(typeof params['data'] === 'string' ? params['data'] : '', 'hex'));
  const { code, codespace, log, value } = answerQuery(
    node.chain.app,
    typeof params['path'] === 'string' ? params['path'] : '',
    data,
    height,
  );
  const shown = value.length === 0 ? null : base64(value);
  return {
    response: {
      ...{ code, log, info: '', index: '0', key: null, value: shown, proofOps: null },
      ...{ height: height.toString(), codespace },
    },
  };
}

function blockchain(node: Node, params: Params): Json {
  const last = node.height();
  const given = (key: string): bigint => heightParam(params, key) ?? 0n;
  const max = given('maxHeight') === 0n || given('maxHeight') > last ? last : given('maxHeight');
  let min = given('minHeight') < 1n ? 1n : given('minHeight');
  if (max - min >= BLOCK_METAS_MAX) min = max - BLOCK_METAS_MAX + 1n;
  if (min > max) throw internal(`min height ${min} can't be greater than max height ${max}`);
  const metas: Json[] = [];
  for (let height = max; height >= min; height--) {
    const block = node.block(height);
    if (block !== undefined) metas.push(metaJson(block));
  }
  return { last_height: last.toString(), block_metas: metas };
}

function txSearch(node: Node, params: Params): Json {
  const conditions = parseQuery(textParam(params, 'query'));
  if (conditions === undefined) throw internal('failed to parse query');
  const found = searchTxs(node, conditions);
  if (params['order_by'] === 'desc') found.reverse();
  const { page, perPage } = pageParams(params, found.length);
  const shown = found.slice((page - 1) * perPage, page * perPage);
  const prove = params['prove'] === true;
  return { txs: shown.map((one) => txJson(one, prove)), total_count: found.length.toString() };
}

function validators(node: Node, params: Params): Json {
  // The set of the next height is known as well.
  const height = heightParam(params, 'height') ?? node.height() + 1n;
  if (height > node.height() + 1n) throw tooHigh(height, node.height());
  const all = node.block(height)?.validators ?? blockAt(node, {}).nextValidators;
  const { page, perPage } = pageParams(params, all.length);
  const shown = all.slice((page - 1) * perPage, page * perPage);
  return {
    block_height: height.toString(),
    validators: shown.map(validatorJson),
    count: shown.length.toString(),
    total: all.length.toString(),
  };
}

function blockAt(node: Node, params: Params): ChainBlock {
  const height = heightParam(params, 'height') ?? node.height();
  if (height < 1n) throw internal(`height must be greater than 0, but got ${height}`);
  const block = node.block(height);
  if (block === undefined) throw tooHigh(height, node.height());
  return block;
}

function pageParams(params: Params, total: number): { page: number; perPage: number } {
  const perPage = Math.min(PER_PAGE_MAX, Number(heightParam(params, 'per_page') ?? PER_PAGE) || PER_PAGE);
  const page = Number(heightParam(params, 'page') ?? 1n);
  const pages = Math.max(1, Math.ceil(total / perPage));
  if (page < 1 || page > pages) throw internal(`page should be within [1, ${pages}] range, given ${page}`);
  return { page, perPage };
}

function heightParam(params: Params, key: string): bigint | undefined {
  const value = params[key];
  if (value === undefined || value === null || value === '') return undefined;
  // 64-bit numbers are texts, in requests as in answers.
  if (typeof value !== 'string')
    throw badParams(`invalid 64-bit integer encoding ${JSON.stringify(`${value as number}`)}, expected string`);
  if (/^-?\d{1,19}$/.test(value)) return BigInt(value);
  throw badParams(`invalid character '${[...value][0] ?? ''}' looking for beginning of value`);
}

function badParams(why: string): RpcError {
  return new RpcError(-32602, 'Invalid params', `error converting json params to arguments: ${why}`);
}

/** Nothing where it is left out. */
function base64Param(params: Params, key: string): Uint8Array {
  const value = params[key] ?? '';
  const text = typeof value === 'string' ? value : '*';
  const strange = /[^A-Za-z0-9+/=]/.exec(text);
  if (strange !== null) throw badParams(`illegal base64 data at input byte ${strange.index}`);
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

function mempoolJson(node: Node): Json {
  const waiting = node.chain.mempool.waiting();
  const bytes = waiting.reduce((sum, tx) => sum + tx.length, 0);
  return { n_txs: `${waiting.length}`, total: `${waiting.length}`, total_bytes: `${bytes}` };
}

function textParam(params: Params, key: string): string {
  const value = params[key];
  if (typeof value === 'string') return value;
  throw badParams(`${key} is missing`);
}

/** Base64 in JSON, hex in a URL. */
function hashParam(params: Params): string {
  const text = textParam(params, 'hash');
  return /^(0x)?[0-9a-fA-F]{64}$/.test(text) ? text.slice(-64).toUpperCase() : hex(base64Param(params, 'hash'));
}

function genesisJson(node: Node): Json {
  const { options } = node.chain;
  const first = node.block(1n);
  return {
    genesis_time: timeJson(options.genesisNanos),
    chain_id: options.chainId,
    initial_height: '1',
    consensus_params: CONSENSUS_PARAMS,
    validators: (first?.validators ?? []).map((validator) => ({
      address: hex(validator.address),
      pub_key: publicKeyJson(validator.publicKey),
      power: validator.power.toString(),
      name: '',
    })),
    app_hash: '',
  };
}

const CONSENSUS_PARAMS = {
  block: { max_bytes: '22020096', max_gas: '-1' },
  evidence: { max_age_num_blocks: '100000', max_age_duration: '172800000000000', max_bytes: '1048576' },
  validator: { pub_key_types: ['ed25519'] },
  version: { app: '0' },
  abci: { vote_extensions_enable_height: '0' },
};

const NO_RESULT: AppTxResult = {
  ...{ code: 0, codespace: '', data: new Uint8Array(0), log: '' },
  ...{ gasWanted: 0n, gasUsed: 0n, events: [] },
};

export function internal(data: string): RpcError {
  return new RpcError(-32603, 'Internal error', data);
}

function tooHigh(height: bigint, last: bigint): RpcError {
  return internal(`height ${height} must be less than or equal to the current blockchain height ${last}`);
}
