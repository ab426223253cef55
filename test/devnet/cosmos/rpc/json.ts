/** CometBFT 0.38's JSON of what the chain holds: hex in capitals, base64, 64-bit numbers as strings, zeros left out or not. */
import { FLAG_ABSENT, GO_ZERO_TIME } from '../../../../light-clients/tendermint/types.ts';
import type { BlockId, Commit, Header, PublicKey, Validator } from '../../../../light-clients/tendermint/index.ts';
import type { AppTxResult } from '../app/createApp.ts';
import type { AppEvent } from '../app/events.ts';
import type { ChainBlock } from '../consensus/createChain.ts';

export type Json = Readonly<Record<string, unknown>>;

/** JSON that is text already. */
export class RawJson {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/** In a string of what is written meanwhile; no other has it. */
const RAW_MARK = '\u0000raw';
const RAW_TEXT = JSON.stringify(RAW_MARK);

/** As `JSON.stringify`, with what is text already in its place. */
export function jsonBytes(value: unknown): Buffer {
  const raw: Buffer[] = [];
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (!(part instanceof RawJson)) return part;
    raw.push(part.bytes);
    return RAW_MARK;
  });
  const around = text.split(RAW_TEXT).map((part) => Buffer.from(part));
  return Buffer.concat(around.flatMap((part, index) => [part, ...raw.slice(index, index + 1)]));
}

const NANOS_PER_SECOND = 1_000_000_000n;

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** RFC 3339 as Go writes it: no trailing zeros of the fraction. */
export function timeJson(timeNanos: bigint): string {
  if (timeNanos === GO_ZERO_TIME) return '0001-01-01T00:00:00Z';
  const seconds = new Date(Number(timeNanos / NANOS_PER_SECOND) * 1000).toISOString().slice(0, 19);
  const fraction = (timeNanos % NANOS_PER_SECOND).toString().padStart(9, '0').replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}

export function blockIdJson(id: BlockId): Json {
  return { hash: hex(id.hash), parts: { total: id.partsTotal, hash: hex(id.partsHash) } };
}

export function headerJson(header: Header): Json {
  const app = header.versionApp === 0n ? {} : { app: header.versionApp.toString() };
  return {
    version: { block: header.versionBlock.toString(), ...app },
    chain_id: header.chainId,
    height: header.height.toString(),
    time: timeJson(header.timeNanos),
    last_block_id: blockIdJson(header.lastBlockId),
    last_commit_hash: hex(header.lastCommitHash),
    data_hash: hex(header.dataHash),
    validators_hash: hex(header.validatorsHash),
    next_validators_hash: hex(header.nextValidatorsHash),
    consensus_hash: hex(header.consensusHash),
    app_hash: hex(header.appHash),
    last_results_hash: hex(header.lastResultsHash),
    evidence_hash: hex(header.evidenceHash),
    proposer_address: hex(header.proposerAddress),
  };
}

export function commitJson(commit: Commit): Json {
  return {
    height: commit.height.toString(),
    round: commit.round,
    block_id: blockIdJson(commit.blockId),
    signatures: commit.signatures.map((entry) => ({
      block_id_flag: entry.flag,
      validator_address: hex(entry.address),
      timestamp: timeJson(entry.timeNanos),
      signature: entry.flag === FLAG_ABSENT ? null : base64(entry.signature),
    })),
  };
}

export function publicKeyJson(key: PublicKey): Json {
  return { type: 'tendermint/PubKeyEd25519', value: base64(key.bytes) };
}

export function validatorJson(validator: Validator): Json {
  return {
    address: hex(validator.address),
    pub_key: publicKeyJson(validator.publicKey),
    voting_power: validator.power.toString(),
    proposer_priority: '0',
  };
}

export function blockJson(block: ChainBlock): Json {
  return {
    block_id: blockIdJson(block.blockId),
    block: {
      header: headerJson(block.header),
      data: { txs: block.txs.map(base64) },
      evidence: { evidence: [] },
      last_commit: commitJson(block.lastCommit),
    },
  };
}

export function resultJson(result: AppTxResult): Json {
  return {
    code: result.code,
    data: result.data.length === 0 ? null : base64(result.data),
    log: result.log,
    info: '',
    gas_wanted: result.gasWanted.toString(),
    gas_used: result.gasUsed.toString(),
    events: result.eventsText === undefined ? eventsJson(result.events) : new RawJson(result.eventsText),
    codespace: result.codespace,
  };
}

export function eventsJson(events: readonly AppEvent[]): readonly Json[] {
  return events.map(({ type, attributes }) => ({ type, attributes }));
}

/** SDK chains repeat them with every block. Zeros are left out. */
const CONSENSUS_PARAMS = {
  block: { max_bytes: '22020096', max_gas: '-1' },
  evidence: { max_age_num_blocks: '100000', max_age_duration: '172800000000000', max_bytes: '1048576' },
  validator: { pub_key_types: ['ed25519'] },
  version: {},
  abci: {},
};

export function blockResultsJson(block: ChainBlock): Json {
  const updates = block.validatorUpdates.map(({ key, power }) => ({
    pub_key: { Sum: { type: 'tendermint.crypto.PublicKey_Ed25519', value: { ed25519: base64(key.publicKey.bytes) } } },
    // A removal has no power.
    ...(power === 0n ? {} : { power: power.toString() }),
  }));
  return {
    height: block.header.height.toString(),
    txs_results: block.results.length === 0 ? null : block.results.map(resultJson),
    finalize_block_events: [],
    validator_updates: updates.length === 0 ? null : updates,
    consensus_param_updates: CONSENSUS_PARAMS,
    app_hash: base64(block.appHash),
  };
}

export function metaJson(block: ChainBlock): Json {
  return {
    block_id: blockIdJson(block.blockId),
    block_size: block.size.toString(),
    header: headerJson(block.header),
    num_txs: block.txs.length.toString(),
  };
}
