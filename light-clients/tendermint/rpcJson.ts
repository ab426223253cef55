/**
 * CometBFT's RPC answers (the `result` of JSON-RPC, already parsed) to typed values, for 0.34 to 0.40. Total and bounded;
 * says nothing about truth. Versions are told apart by the keys that are there: the version string of a node is not reliable.
 */
import { asBase64, asHex, asInt64, asList, asObject, asSmall, asText, asUint64, type JsonObject } from '../json.ts';
import { Malformed, decoding } from '../protobuf.ts';
import type { Verdict } from '../verdict.ts';
import { KEY_BYTES } from './keys.ts';
import {
  BLOCK_TXS_MAX,
  FLAG_ABSENT,
  GO_ZERO_TIME,
  VALIDATORS_MAX,
  type BlockId,
  type Commit,
  type CommitSignature,
  type Header,
  type KeyType,
  type PublicKey,
  type TxResult,
  type Validator,
} from './types.ts';

const INT32_MAX = 2 ** 31 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const NANOS_PER_SECOND = 1_000_000_000n;
const SIBLINGS_MAX = 64;
const PROOF_OPS_MAX = 16;
const KEY_TYPES: Readonly<Record<string, KeyType>> = {
  'tendermint/PubKeyEd25519': 'ed25519',
  'tendermint/PubKeySecp256k1': 'secp256k1',
};

export interface BlockAnswer {
  readonly blockId: BlockId;
  readonly header: Header;
  readonly txs: readonly Uint8Array[];
  readonly lastCommit: Commit;
}

export interface BlockResultsAnswer {
  readonly height: bigint;
  readonly results: readonly TxResult[];
  /** `beginEnd` up to 0.37, `finalize` from 0.38 on. The results root is made the same way for both. */
  readonly shape: 'beginEnd' | 'finalize';
}

export interface ValidatorsAnswer {
  readonly height: bigint;
  readonly validators: readonly Validator[];
  /** Of all pages. */
  readonly total: number;
}

export interface TxProofAnswer {
  readonly index: number;
  readonly total: number;
  readonly rootHash: Uint8Array;
  readonly leafHash: Uint8Array;
  readonly siblings: readonly Uint8Array[];
}

export interface TxAnswer {
  readonly hash: Uint8Array;
  readonly height: bigint;
  readonly index: number;
  readonly tx: Uint8Array;
  readonly result: TxResult;
  /** There when it was asked for. */
  readonly proof: TxProofAnswer | undefined;
}

export interface AbciQueryAnswer {
  readonly code: number;
  readonly height: bigint;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly proofOps: readonly { readonly type: string; readonly key: Uint8Array; readonly data: Uint8Array }[];
}

/** `/commit`. */
export function decodeCommitAnswer(result: unknown): Verdict<{ readonly header: Header; readonly commit: Commit }> {
  return decoding('commit', () => {
    const signed = asObject(asObject(result, 'answer')['signed_header'], 'signed_header');
    return { header: readHeader(signed['header']), commit: readCommit(signed['commit']) };
  });
}

/** `/validators`, one page. */
export function decodeValidatorsAnswer(result: unknown): Verdict<ValidatorsAnswer> {
  return decoding('validators', () => {
    const answer = asObject(result, 'answer');
    return {
      height: asInt64(answer['block_height'], 'block_height'),
      validators: readValidators(answer['validators']),
      total: asSmall(answer['total'], 'total', 0, VALIDATORS_MAX),
    };
  });
}

/** `/block` and `/block_by_hash`. */
export function decodeBlockAnswer(result: unknown): Verdict<BlockAnswer> {
  return decoding('block', () => {
    const answer = asObject(result, 'answer');
    const block = asObject(answer['block'], 'block');
    const data = asObject(block['data'], 'data');
    return {
      blockId: readBlockId(answer['block_id']),
      header: readHeader(block['header']),
      txs: asList(data['txs'], 'txs', BLOCK_TXS_MAX).map((tx) => asBase64(asText(tx, 'tx'), 'tx')),
      lastCommit: readCommit(block['last_commit']),
    };
  });
}

/** `/blockchain`: up to twenty headers. */
export function decodeBlockchainAnswer(result: unknown): Verdict<readonly Header[]> {
  return decoding('blockchain', () =>
    asList(asObject(result, 'answer')['block_metas'], 'block_metas', VALIDATORS_MAX).map((meta) =>
      readHeader(asObject(meta, 'block_meta')['header']),
    ),
  );
}

/** `/block_results`. */
export function decodeBlockResultsAnswer(result: unknown): Verdict<BlockResultsAnswer> {
  return decoding('block results', () => {
    const answer = asObject(result, 'answer');
    const finalize = Object.hasOwn(answer, 'finalize_block_events');
    const beginEnd = Object.hasOwn(answer, 'begin_block_events') || Object.hasOwn(answer, 'end_block_events');
    if (finalize === beginEnd) throw new Malformed('events of neither or of both known versions');
    return {
      height: asInt64(answer['height'], 'height'),
      results: asList(answer['txs_results'], 'txs_results', BLOCK_TXS_MAX).map(readTxResult),
      shape: finalize ? 'finalize' : 'beginEnd',
    };
  });
}

/** `/tx`, or one entry of `/tx_search`. */
export function decodeTxAnswer(result: unknown): Verdict<TxAnswer> {
  return decoding('tx', () => {
    const answer = asObject(result, 'answer');
    const proof = answer['proof'];
    return {
      hash: asHex(answer['hash'], 'hash'),
      height: asInt64(answer['height'], 'height'),
      index: asSmall(answer['index'], 'index', 0, BLOCK_TXS_MAX),
      tx: asBase64(answer['tx'], 'tx'),
      result: readTxResult(answer['tx_result']),
      proof: proof === undefined || proof === null ? undefined : readTxProof(proof),
    };
  });
}

/** `/abci_query`. */
export function decodeAbciQueryAnswer(result: unknown): Verdict<AbciQueryAnswer> {
  return decoding('abci query', () => {
    const response = asObject(asObject(result, 'answer')['response'], 'response');
    const proof = response['proofOps'] ?? response['proof_ops'];
    const ops = proof === undefined || proof === null ? undefined : asObject(proof, 'proofOps')['ops'];
    return {
      code: asSmall(response['code'], 'code', 0, UINT32_MAX),
      height: asInt64(response['height'], 'height'),
      key: asBase64(response['key'], 'key'),
      value: asBase64(response['value'], 'value'),
      proofOps: asList(ops, 'ops', PROOF_OPS_MAX).map((item) => {
        const op = asObject(item, 'op');
        return {
          type: asText(op['type'], 'type'),
          key: asBase64(op['key'], 'key'),
          data: asBase64(op['data'], 'data'),
        };
      }),
    };
  });
}

/** A header on its own. */
export function decodeHeaderJson(value: unknown): Verdict<Header> {
  return decoding('header', () => readHeader(value));
}

/** A commit on its own. */
export function decodeCommitJson(value: unknown): Verdict<Commit> {
  return decoding('commit', () => readCommit(value));
}

/** A list of validators on its own. */
export function decodeValidatorsJson(value: unknown): Verdict<readonly Validator[]> {
  return decoding('validators', () => readValidators(value));
}

/** A time as CometBFT writes it (RFC 3339, UTC, up to nanoseconds). */
export function decodeTimeJson(value: unknown): Verdict<bigint> {
  return decoding('time', () => readTime(value));
}

function readHeader(value: unknown): Header {
  const header = asObject(value, 'header');
  const version = asObject(header['version'], 'version');
  const hex = (key: string): Uint8Array => asHex(header[key], key);
  return {
    versionBlock: asUint64(version['block'], 'version.block'),
    versionApp: asUint64(version['app'], 'version.app'),
    chainId: asText(header['chain_id'], 'chain_id'),
    height: asInt64(header['height'], 'height'),
    timeNanos: readTime(header['time']),
    lastBlockId: readBlockId(header['last_block_id']),
    lastCommitHash: hex('last_commit_hash'),
    dataHash: hex('data_hash'),
    validatorsHash: hex('validators_hash'),
    nextValidatorsHash: hex('next_validators_hash'),
    consensusHash: hex('consensus_hash'),
    appHash: hex('app_hash'),
    lastResultsHash: hex('last_results_hash'),
    evidenceHash: hex('evidence_hash'),
    proposerAddress: hex('proposer_address'),
  };
}

function readCommit(value: unknown): Commit {
  const commit = asObject(value, 'commit');
  return {
    height: asInt64(commit['height'], 'commit.height'),
    round: asSmall(commit['round'], 'round', 0, INT32_MAX),
    blockId: readBlockId(commit['block_id']),
    signatures: asList(commit['signatures'], 'signatures', VALIDATORS_MAX).map(readCommitSignature),
  };
}

function readCommitSignature(value: unknown): CommitSignature {
  const entry = asObject(value, 'signature');
  const flag = asSmall(entry['block_id_flag'], 'block_id_flag', 0, 255);
  const timeNanos = entry['timestamp'] === null ? 0n : readTime(entry['timestamp']);
  return {
    flag,
    address: asHex(entry['validator_address'], 'validator_address'),
    // An absent vote has Go's zero time; other encoders write null or 1970 for it. Nothing signs it.
    timeNanos: flag === FLAG_ABSENT && timeNanos === 0n ? GO_ZERO_TIME : timeNanos,
    signature: asBase64(entry['signature'], 'signature'),
  };
}

/** Absent before the first block. Nodes write the parts as `parts`; `part_set_header` is protobuf's name for them. */
function readBlockId(value: unknown): BlockId {
  if (value === null || value === undefined) {
    return { hash: new Uint8Array(0), partsTotal: 0, partsHash: new Uint8Array(0) };
  }
  const id = asObject(value, 'block_id');
  const parts = asObject(id['parts'] ?? id['part_set_header'] ?? {}, 'parts');
  return {
    hash: asHex(id['hash'], 'block_id.hash'),
    partsTotal: asSmall(parts['total'], 'parts.total', 0, UINT32_MAX),
    partsHash: asHex(parts['hash'], 'parts.hash'),
  };
}

function readValidators(value: unknown): readonly Validator[] {
  return asList(value, 'validators', VALIDATORS_MAX).map((item) => {
    const validator = asObject(item, 'validator');
    return {
      address: asHex(validator['address'], 'address'),
      publicKey: readPublicKey(asObject(validator['pub_key'], 'pub_key')),
      power: asInt64(validator['voting_power'], 'voting_power'),
    };
  });
}

function readPublicKey(key: JsonObject): PublicKey {
  const name = asText(key['type'], 'pub_key.type');
  const type = Object.hasOwn(KEY_TYPES, name) ? KEY_TYPES[name] : undefined;
  if (type === undefined) throw new Malformed(`key type not supported: ${name.slice(0, 64)}`);
  const bytes = asBase64(key['value'], 'pub_key.value');
  if (bytes.length !== KEY_BYTES[type]) throw new Malformed(`${type} key of wrong length`);
  return { type, bytes };
}

function readTxResult(value: unknown): TxResult {
  const result = asObject(value, 'result');
  return {
    code: asSmall(result['code'], 'code', 0, UINT32_MAX),
    data: asBase64(result['data'], 'data'),
    gasWanted: asInt64(result['gas_wanted'], 'gas_wanted'),
    gasUsed: asInt64(result['gas_used'], 'gas_used'),
  };
}

function readTxProof(value: unknown): TxProofAnswer {
  const outer = asObject(value, 'proof');
  const inner = asObject(outer['proof'], 'proof.proof');
  return {
    index: asSmall(inner['index'], 'proof.index', 0, BLOCK_TXS_MAX),
    total: asSmall(inner['total'], 'proof.total', 0, BLOCK_TXS_MAX),
    rootHash: asHex(outer['root_hash'], 'root_hash'),
    leafHash: asBase64(inner['leaf_hash'], 'leaf_hash'),
    siblings: asList(inner['aunts'], 'aunts', SIBLINGS_MAX).map((aunt) => asBase64(aunt, 'aunt')),
  };
}

function readTime(value: unknown): bigint {
  const text = asText(value, 'time');
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  const millis = match === null ? NaN : Date.parse(`${match[1]}Z`);
  // The engine turns 30 February into March: only what is written the same way back is taken.
  if (match === null || Number.isNaN(millis) || new Date(millis).toISOString().slice(0, 19) !== match[1]) {
    throw new Malformed('time: not RFC 3339 in UTC');
  }
  return (BigInt(millis) / 1000n) * NANOS_PER_SECOND + BigInt((match[2] ?? '').padEnd(9, '0'));
}
