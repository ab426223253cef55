/** The published ICS-23 cases: real proofs of the three trees, and the cases of single operations and spec checks. */
import { checkAgainstSpec, checkLeaf } from '../../../light-clients/ics23/checkSpec.ts';
import {
  IAVL_SPEC,
  SMT_SPEC,
  TENDERMINT_SPEC,
  decodeCommitmentProof,
  verifyMembership,
  verifyNonMembership,
  type ExistenceProof,
  type InnerOp,
  type LeafOp,
  type ProofSpec,
} from '../../../light-clients/ics23/index.ts';
import { leftBranchesAreEmpty, rightBranchesAreEmpty } from '../../../light-clients/ics23/neighbours.ts';
import { applyHash, applyInner, applyLeaf, calculateRoot } from '../../../light-clients/ics23/ops.ts';
import { asBase64, asHex, asObject, asSmall, type JsonObject } from '../../../light-clients/json.ts';
import { listJson, must, readJson, runSuite, type SuiteResult } from './fixtures.ts';
import { join } from 'node:path';

const SPECS: Readonly<Record<string, ProofSpec>> = { iavl: IAVL_SPEC, tendermint: TENDERMINT_SPEC, smt: SMT_SPEC };
type Cases = Readonly<Record<string, JsonObject>>;

export function ics23(): SuiteResult {
  return runSuite('ics23', 'ics23', (directory, check) => {
    for (const [tree, spec] of Object.entries(SPECS)) {
      for (const file of listJson(join(directory, tree))) {
        check(`${tree}/${file}`, () => {
          const { key, value, root, proof } = readJson<Record<string, string>>(directory, tree, file);
          const decoded = must(decodeCommitmentProof(asHex(proof, 'proof')));
          const [rootBytes, path] = [asHex(root, 'root'), [asHex(key, 'key')]];
          const verdict =
            value === ''
              ? verifyNonMembership(rootBytes, [spec], path, [decoded])
              : verifyMembership(rootBytes, [spec], path, asHex(value, 'value'), [decoded]);
          return verdict.kind === 'valid';
        });
      }
    }
    const cases = (file: string): [string, JsonObject][] => Object.entries(readJson<Cases>(directory, file));
    for (const [name, item] of cases('TestCheckAgainstSpecData.json')) {
      check(`spec: ${name}`, () => {
        const problem = checkAgainstSpec(existenceOf(item['Proof']), specOf(item['Spec']));
        return (problem === undefined) === (item['Err'] === '');
      });
    }
    for (const [name, item] of cases('TestCheckLeafData.json')) {
      check(`leaf: ${name}`, () => {
        const problem = checkLeaf(leafOf(item['Leaf']), leafOf(item['Spec']));
        return (problem !== undefined) === item['IsErr'];
      });
    }
    for (const [name, item] of cases('TestDoHashData.json')) {
      check(`hash: ${name}`, () => {
        const preimage = new TextEncoder().encode(String(item['Preimage'] ?? item['PreImage']));
        return same(applyHash(Number(item['HashOp']), preimage), asHex(item['ExpectedHash'], 'hash'));
      });
    }
    for (const item of readJson<readonly JsonObject[]>(directory, 'TestEmptyBranchData.json')) {
      check(`empty branch: ${JSON.stringify(item['Op'])}`, () => {
        const [op, { inner }] = [innerOf(item['Op']), specOf(item['Spec'])];
        return (
          leftBranchesAreEmpty(inner, op) === item['IsLeft'] && rightBranchesAreEmpty(inner, op) === item['IsRight']
        );
      });
    }
    for (const [name, item] of cases('TestExistenceProofData.json')) {
      check(`existence: ${name}`, () => outcome(calculateRoot(existenceOf(item['Proof'])), item));
    }
    for (const [name, item] of cases('TestInnerOpData.json')) {
      check(`inner: ${name}`, () => outcome(applyInner(innerOf(item['Op']), asBase64(item['Child'], 'child')), item));
    }
    for (const [name, item] of cases('TestLeafOpData.json')) {
      check(`leaf operation: ${name}`, () =>
        outcome(applyLeaf(leafOf(item['Op']), asBase64(item['Key'], 'key'), asBase64(item['Value'], 'value')), item),
      );
    }
  });
}

function outcome(result: Uint8Array | undefined, item: JsonObject): boolean {
  return item['IsErr'] === true ? result === undefined : same(result, asBase64(item['Expected'], 'expected'));
}

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

function number(value: unknown): number {
  return asSmall(value, 'number', 0, 1 << 30);
}

function leafOf(value: unknown): LeafOp {
  const leaf = asObject(value, 'leaf');
  return {
    hash: number(leaf['hash']),
    prehashKey: number(leaf['prehash_key']),
    prehashValue: number(leaf['prehash_value']),
    length: number(leaf['length']),
    prefix: asBase64(leaf['prefix'], 'prefix'),
  };
}

function innerOf(value: unknown): InnerOp {
  const inner = asObject(value, 'inner');
  return {
    hash: number(inner['hash']),
    prefix: asBase64(inner['prefix'], 'prefix'),
    suffix: asBase64(inner['suffix'], 'suffix'),
  };
}

function existenceOf(value: unknown): ExistenceProof {
  const proof = asObject(value, 'proof');
  return {
    key: asBase64(proof['key'], 'key'),
    value: asBase64(proof['value'], 'value'),
    leaf: proof['leaf'] === undefined ? undefined : leafOf(proof['leaf']),
    path: ((proof['path'] ?? []) as readonly unknown[]).map(innerOf),
  };
}

function specOf(value: unknown): ProofSpec {
  const spec = asObject(value, 'spec');
  const inner = asObject(spec['inner_spec'], 'inner_spec');
  return {
    leaf: leafOf(spec['leaf_spec']),
    inner: {
      childOrder: inner['child_order'] as readonly number[],
      childSize: number(inner['child_size']),
      minPrefixLength: number(inner['min_prefix_length']),
      maxPrefixLength: number(inner['max_prefix_length']),
      emptyChild: asBase64(inner['empty_child'], 'empty_child'),
      hash: number(inner['hash']),
    },
    maxDepth: number(spec['max_depth']),
    minDepth: number(spec['min_depth']),
    prehashKeyBeforeComparison: false,
  };
}
