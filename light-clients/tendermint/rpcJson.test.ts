import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeAbciQueryAnswer,
  decodeBlockAnswer,
  decodeBlockResultsAnswer,
  decodeBlockchainAnswer,
  decodeCommitAnswer,
  decodeHeaderJson,
  decodeTimeJson,
  decodeTxAnswer,
  decodeValidatorsAnswer,
} from './rpcJson.ts';

const DECODERS = [
  decodeAbciQueryAnswer,
  decodeBlockAnswer,
  decodeBlockResultsAnswer,
  decodeBlockchainAnswer,
  decodeCommitAnswer,
  decodeTxAnswer,
  decodeValidatorsAnswer,
];

const HASH = 'AB'.repeat(32);
const BLOCK_ID = { hash: HASH, parts: { total: 1, hash: HASH } };
const HEADER = {
  version: { block: '11' },
  chain_id: 'chain-1',
  height: '7',
  time: '2026-11-20T22:33:43.8377Z',
  last_block_id: BLOCK_ID,
  last_commit_hash: HASH,
  data_hash: HASH,
  validators_hash: HASH,
  next_validators_hash: HASH,
  consensus_hash: HASH,
  app_hash: '00',
  last_results_hash: HASH,
  evidence_hash: '',
  proposer_address: 'CD'.repeat(20),
};
const COMMIT = {
  height: '7',
  round: 0,
  block_id: BLOCK_ID,
  signatures: [
    { block_id_flag: 2, validator_address: 'CD'.repeat(20), timestamp: '2026-11-20T22:33:44Z', signature: 'AAAA' },
    { block_id_flag: 1, validator_address: '', timestamp: '0001-01-01T00:00:00Z', signature: null },
  ],
};
const KEY = { type: 'tendermint/PubKeyEd25519', value: Buffer.alloc(32).toString('base64') };
const VALIDATORS = {
  block_height: '7',
  validators: [{ address: 'CD'.repeat(20), pub_key: KEY, voting_power: '10', proposer_priority: '-5' }],
  count: '1',
  total: '1',
};
const RESULT = { code: 5, data: null, log: 'no', info: '', gas_wanted: '200000', gas_used: '40406', events: [] };
const RESULTS = { height: '7', txs_results: [RESULT], finalize_block_events: [], validator_updates: null };

describe('decoding RPC answers', () => {
  it('reads what nodes write', () => {
    const header = decodeHeaderJson(HEADER);
    if (header.kind !== 'valid') throw new Error(header.reason);
    expect(header.value).toMatchObject({ versionApp: 0n, height: 7n, evidenceHash: new Uint8Array(0) });
    expect(header.value.timeNanos % 1_000_000_000n).toBe(837_700_000n);
    expect(decodeCommitAnswer({ signed_header: { header: HEADER, commit: COMMIT }, canonical: true }).kind).toBe(
      'valid',
    );
    expect(decodeValidatorsAnswer(VALIDATORS).kind).toBe('valid');
    const block = { header: HEADER, data: { txs: ['azA9djA='] }, evidence: {}, last_commit: COMMIT };
    expect(decodeBlockAnswer({ block_id: BLOCK_ID, block }).kind).toBe('valid');
  });

  it('tells the versions of block results apart by their keys, and refuses neither and both', () => {
    const { finalize_block_events: events, ...rest } = RESULTS;
    expect(decodeBlockResultsAnswer(RESULTS)).toMatchObject({ kind: 'valid', value: { shape: 'finalize' } });
    const old = { ...rest, begin_block_events: null, end_block_events: null };
    expect(decodeBlockResultsAnswer(old)).toMatchObject({ kind: 'valid', value: { shape: 'beginEnd' } });
    expect(decodeBlockResultsAnswer(rest).kind).toBe('invalid');
    expect(decodeBlockResultsAnswer({ ...old, finalize_block_events: events }).kind).toBe('invalid');
    expect(decodeBlockResultsAnswer({ ...RESULTS, txs_results: null })).toMatchObject({ value: { results: [] } });
  });

  it('refuses other key types by name', () => {
    for (const type of ['tendermint/PubKeySr25519', 'cometbft/PubKeyBls12_381', 'toString', '__proto__']) {
      const validators = [{ ...VALIDATORS.validators[0], pub_key: { ...KEY, type } }];
      const verdict = decodeValidatorsAnswer({ ...VALIDATORS, validators });
      expect(verdict).toEqual({ kind: 'invalid', reason: `validators: key type not supported: ${type}` });
    }
    const short = [{ ...VALIDATORS.validators[0], pub_key: { ...KEY, value: 'AAAA' } }];
    expect(decodeValidatorsAnswer({ ...VALIDATORS, validators: short }).kind).toBe('invalid');
  });

  it('refuses integers, hex, base64 and times in any but their one spelling', () => {
    const header = (change: object): string => decodeHeaderJson({ ...HEADER, ...change }).kind;
    for (const height of ['07', '7.0', '0x7', ' 7', '-0', '9223372036854775808', 1e300, NaN, true, {}, [], '1e3']) {
      expect(header({ height }), JSON.stringify(height)).toBe('invalid');
    }
    for (const hash of ['ABC', 'XY', 7, {}, `0x${HASH}`]) expect(header({ data_hash: hash })).toBe('invalid');
    const tx = (value: unknown): string =>
      decodeBlockAnswer({
        block_id: BLOCK_ID,
        block: { header: HEADER, data: { txs: [value] }, last_commit: COMMIT },
      }).kind;
    for (const bad of ['AA', 'AA==\n', 'A A=', 'AB==', 'AA-_', null, 3]) expect(tx(bad), String(bad)).toBe('invalid');
    for (const bad of [
      '2026-02-30T00:00:00Z',
      '2026-11-20T24:00:00Z',
      '2026-11-20T22:33:43+00:00',
      '2026-11-20T22:33:43.1234567890Z',
      '2026-11-20',
      '2026-11-20t22:33:43z',
      1,
    ]) {
      expect(decodeTimeJson(bad).kind, String(bad)).toBe('invalid');
    }
    expect(decodeTimeJson('0001-01-01T00:00:00Z')).toEqual({ kind: 'valid', value: -62_135_596_800_000_000_000n });
    expect(decodeTimeJson('1969-12-31T23:59:59.9Z')).toEqual({ kind: 'valid', value: -100_000_000n });
  });

  it('never throws on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        for (const decode of DECODERS) expect(decode(value).kind).toMatch(/valid/);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws when any part of a good answer is anything else', () => {
    const answers: [(value: unknown) => { kind: string }, object][] = [
      [decodeCommitAnswer, { signed_header: { header: HEADER, commit: COMMIT } }],
      [decodeValidatorsAnswer, VALIDATORS],
      [decodeBlockResultsAnswer, RESULTS],
      [decodeBlockAnswer, { block_id: BLOCK_ID, block: { header: HEADER, data: { txs: [] }, last_commit: COMMIT } }],
    ];
    const junk = [null, undefined, 0, -1, 1.5, '', 'x', '99999999999999999999', [], [null], {}, true, '\ud800'];
    let tried = 0;
    for (const [decode, answer] of answers) {
      for (const changed of replacements(answer, junk)) {
        tried++;
        expect(decode(changed).kind).toMatch(/valid/);
      }
    }
    expect(tried).toBeGreaterThan(1_000);
  });
});

/** Every copy of a document in which one part is replaced. */
function* replacements(value: unknown, junk: readonly unknown[]): Generator {
  for (const item of junk) yield item;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const inner of replacements(item, junk)) yield (value as unknown[]).with(index, inner);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      for (const inner of replacements(item, junk)) yield { ...value, [key]: inner };
    }
  }
}
