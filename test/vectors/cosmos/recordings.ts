/**
 * Answers of real nodes: every root that a header carries is made again from what the answers hold, and every commit whose
 * validators are known is verified. Versions 0.34 to 0.40, failed transactions included.
 */
import {
  commitHash,
  dataHash,
  decodeBlockAnswer,
  decodeBlockResultsAnswer,
  decodeBlockchainAnswer,
  decodeCommitAnswer,
  decodeTimeJson,
  decodeTxAnswer,
  decodeValidatorsAnswer,
  headerHash,
  resultsHash,
  sha256,
  validatorsHash,
  verifyBlockTxs,
  verifySignedBlock,
  verifyTx,
  walkBack,
  type Header,
  type TrustRules,
  type TxAnswer,
} from '../../../light-clients/tendermint/index.ts';
import { blockIdBytes, timestampBytes } from '../../../light-clients/tendermint/canonical.ts';
import { checkQuorum, checkShape, checkSignatures } from '../../../light-clients/tendermint/checkBlock.ts';
import { merkleRoot, rootFromProof } from '../../../light-clients/merkle/rfc6962.ts';
import { asBase64, asHex, asInt64, asObject, type JsonObject } from '../../../light-clients/json.ts';
import { bytesField, joinBytes, messageField, varintField } from '../../../light-clients/protobuf.ts';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listJson, must, readJson, runSuite, type SuiteResult } from './fixtures.ts';

type Check = (what: string, passes: () => boolean) => void;

/** Kvstore nodes of 0.34, 0.37 and 0.38. */
export function cometbftRpc(): SuiteResult {
  return runSuite('cometbft rpc', 'cometbft-rpc', (directory, check) => {
    for (const version of readdirSync(directory).sort()) {
      const folder = join(directory, version);
      const headers = new Map<string, Header>();
      const txs: { file: string; tx: TxAnswer }[] = [];
      for (const file of listJson(folder)) {
        const name = `${version}/${file}`;
        visit(readJson(folder, file), (node) => {
          if ('block' in node && 'block_id' in node) {
            const header = checkBlock(name, node, check);
            headers.set(keyOf(header), header);
          }
          if ('block_metas' in node) checkChain(name, node, check);
          if ('signed_header' in node) checkCommit(name, node, folder, check);
          if ('begin_block_events' in node || 'finalize_block_events' in node) {
            check(`${name}: results`, () => decodeBlockResultsAnswer(node).kind === 'valid');
          }
          if ('tx_result' in node && 'tx' in node) txs.push({ file: name, tx: must(decodeTxAnswer(node)) });
        });
      }
      for (const { file, tx } of txs) checkTx(file, tx, headers, check);
      if (existsSync(join(folder, 'consensus_params.json'))) checkParams(version, folder, headers, check);
    }
  });
}

/** Real SDK chains and kvstore nodes: block H with its results, and header H+1 that commits to them. */
export function cosmosRecorded(): SuiteResult {
  return runSuite('cosmos recorded', 'cosmos-recorded', (directory, check) => {
    for (const node of readdirSync(directory).sort()) {
      const folder = join(directory, node);
      for (const file of listJson(folder).filter((name) => name.endsWith('block_H.json'))) {
        checkRecordedBlock(folder, file.slice(0, -'block_H.json'.length), `${node}/${file}`, check);
      }
    }
  });
}

function checkRecordedBlock(folder: string, prefix: string, name: string, check: Check): void {
  const answer = (what: string): unknown => asObject(readJson(folder, `${prefix}${what}.json`), 'answer')['result'];
  const block = must(decodeBlockAnswer(answer('block_H')));
  const below = must(decodeCommitAnswer(answer('commit_H')));
  const above = must(decodeCommitAnswer(answer('commit_Hplus1')));
  const results = must(decodeBlockResultsAnswer(answer('block_results_H')));
  const { validators } = must(decodeValidatorsAnswer(answer('validators_H')));
  const rules: TrustRules = {
    chainId: block.header.chainId,
    trustLevel: { numerator: 1n, denominator: 3n },
    trustingPeriodNanos: 86_400_000_000_000n,
    clockDriftNanos: 0n,
  };
  checkBlock(name, asObject(answer('block_H'), 'block'), check);
  check(`${name}: validators hash`, () => equal(validatorsHash(validators), block.header.validatorsHash));
  check(`${name}: results hash`, () => equal(resultsHash(results.results), above.header.lastResultsHash));
  check(`${name}: shape`, () => results.shape === (/v0\.37|simd046/.test(folder) ? 'beginEnd' : 'finalize'));
  check(`${name}: whole block`, () => {
    const included = must(verifyBlockTxs(block.header, above.header, block.txs, results.results));
    return included.length === block.txs.length && included.length > 0;
  });
  check(`${name}: commit of H`, () => {
    const signed = { ...below, validators };
    return (checkShape(signed, rules.chainId) ?? checkQuorum(signed) ?? checkSignatures(signed)) === undefined;
  });
  check(`${name}: H+1 verified from H`, () => {
    const { height, timeNanos } = below.header;
    const now = above.header.timeNanos + 1n;
    const anchor = { height, timeNanos, nextValidators: validators };
    return verifySignedBlock(anchor, { ...above, validators }, rules, now).kind === 'valid';
  });
  check(`${name}: H from H+1 backwards`, () => walkBack(above.header, [block.header]).kind === 'valid');
  if (existsSync(join(folder, `${prefix}tx_prove.json`))) {
    check(`${name}: tx proof`, () => {
      const tx = must(decodeTxAnswer(answer('tx_prove')));
      const proof = tx.proof;
      if (proof === undefined || proof.total !== 1) return false;
      const { index, total, siblings } = proof;
      const claim = { index, total, tx: tx.tx, txSiblings: siblings, result: tx.result, resultSiblings: [] };
      return verifyTx(block.header, above.header, claim).kind === 'valid';
    });
  }
}

function checkBlock(name: string, node: JsonObject, check: Check): Header {
  const block = must(decodeBlockAnswer(node));
  const { header } = block;
  const at = `${name} height ${header.height}`;
  check(`${at}: header hash`, () => equal(headerHash(header), block.blockId.hash));
  check(`${at}: data hash`, () => equal(dataHash(block.txs), header.dataHash));
  check(`${at}: last commit hash`, () => equal(commitHash(block.lastCommit), header.lastCommitHash));
  check(`${at}: last block id`, () => equal(block.lastCommit.blockId.hash, header.lastBlockId.hash));
  check(`${at}: evidence hash`, () => equal(evidenceHash(asObject(node['block'], 'block')), header.evidenceHash));
  return header;
}

function checkChain(name: string, node: JsonObject, check: Check): void {
  const headers = must(decodeBlockchainAnswer(node));
  check(`${name}: chain of headers`, () => {
    const [first, ...rest] = headers;
    return first !== undefined && rest.length > 0 && walkBack(first, rest).kind === 'valid';
  });
}

/** The single validator of these nodes is in their status; a recording of another run has another one. */
function checkCommit(name: string, node: JsonObject, folder: string, check: Check): void {
  const signed = must(decodeCommitAnswer(node));
  check(`${name}: commit is for the header`, () => equal(headerHash(signed.header), signed.commit.blockId.hash));
  const genesis = asObject(asObject(readJson(folder, 'genesis.json'), 'answer')['result'], 'result');
  const list = asObject(genesis['genesis'], 'genesis')['validators'] as readonly JsonObject[];
  const { validators } = must(
    decodeValidatorsAnswer({ validators: list.map((item) => ({ ...item, voting_power: item['power'] })) }),
  );
  if (!equal(validatorsHash(validators), signed.header.validatorsHash)) return;
  check(`${name}: commit`, () => {
    const block = { ...signed, validators };
    return (checkShape(block, signed.header.chainId) ?? checkQuorum(block) ?? checkSignatures(block)) === undefined;
  });
}

function checkTx(file: string, tx: TxAnswer, headers: ReadonlyMap<string, Header>, check: Check): void {
  check(`${file}: tx hash`, () => equal(sha256(tx.tx), tx.hash));
  const { proof } = tx;
  if (proof === undefined) return;
  check(`${file}: tx proof`, () => {
    const root = rootFromProof(sha256(tx.tx), proof.index, proof.total, proof.siblings, sha256);
    return root !== undefined && equal(root, proof.rootHash) && proof.index === tx.index;
  });
  for (const header of headers.values()) {
    if (header.height !== tx.height || !equal(header.dataHash, proof.rootHash)) continue;
    const next = [...headers.values()].find((upper) => equal(upper.lastBlockId.hash, headerHash(header)));
    if (next === undefined || proof.total !== 1) continue;
    check(`${file}: results hash of height ${header.height}`, () =>
      equal(resultsHash([tx.result]), next.lastResultsHash),
    );
  }
}

function checkParams(version: string, folder: string, headers: ReadonlyMap<string, Header>, check: Check): void {
  const answer = asObject(asObject(readJson(folder, 'consensus_params.json'), 'answer')['result'], 'result');
  const block = asObject(asObject(answer['consensus_params'], 'params')['block'], 'block');
  const hash = sha256(
    joinBytes([
      varintField(1, asInt64(block['max_bytes'], 'max_bytes')),
      varintField(2, asInt64(block['max_gas'], 'max_gas')),
    ]),
  );
  check(`${version}: consensus hash`, () => [...headers.values()].some((header) => equal(header.consensusHash, hash)));
}

/** Evidence is not needed for anything that is proven here; its root is made again as a check of our reading of the spec. */
function evidenceHash(block: JsonObject): Uint8Array {
  const list = (asObject(block['evidence'] ?? {}, 'evidence')['evidence'] ?? []) as readonly JsonObject[];
  return merkleRoot(
    list.map((item) => {
      const value = asObject(item['value'], 'value');
      return joinBytes([
        messageField(1, voteBytes(asObject(value['vote_a'], 'vote_a'))),
        messageField(2, voteBytes(asObject(value['vote_b'], 'vote_b'))),
        varintField(3, asInt64(value['total_voting_power'] ?? value['TotalVotingPower'], 'power')),
        varintField(4, asInt64(value['validator_power'] ?? value['ValidatorPower'], 'power')),
        messageField(5, timestampBytes(must(decodeTimeJson(value['timestamp'] ?? value['Timestamp'])))),
      ]);
    }),
    sha256,
  );
}

function voteBytes(vote: JsonObject): Uint8Array {
  const id = asObject(vote['block_id'], 'block_id');
  const parts = asObject(id['parts'], 'parts');
  return joinBytes([
    varintField(1, asInt64(vote['type'], 'type')),
    varintField(2, asInt64(vote['height'], 'height')),
    varintField(3, asInt64(vote['round'], 'round')),
    messageField(
      4,
      blockIdBytes({
        hash: asHex(id['hash'], 'hash'),
        partsTotal: Number(asInt64(parts['total'], 'total')),
        partsHash: asHex(parts['hash'], 'hash'),
      }),
    ),
    messageField(5, timestampBytes(must(decodeTimeJson(vote['timestamp'])))),
    bytesField(6, asHex(vote['validator_address'], 'address')),
    varintField(7, asInt64(vote['validator_index'], 'index')),
    bytesField(8, asBase64(vote['signature'], 'signature')),
  ]);
}

/** Calls back for every object in a JSON document. */
function visit(node: unknown, see: (node: JsonObject) => void): void {
  if (Array.isArray(node)) for (const item of node) visit(item, see);
  else if (typeof node === 'object' && node !== null) {
    see(node as JsonObject);
    for (const item of Object.values(node)) visit(item, see);
  }
}

function keyOf(header: Header): string {
  return Buffer.from(headerHash(header)).toString('hex');
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
