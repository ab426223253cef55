/** State-trie proofs on recorded bytes: a parachain head of a live relay chain, and proofs that broke another client. */
import { decodeHeader, readParachainHead } from '../../../light-clients/grandpa/index.ts';
import { createScaleReader, hexOf } from '../../../light-clients/scale.ts';
import { paraHeadKey, readTrie } from '../../../light-clients/trie/index.ts';
import { createProofReader } from '../../../light-clients/trie/proofReader.ts';
import { corruptions, parseJson, runSuite, type SuiteResult, unhex } from './fixtures.ts';

interface ParaHeadProof {
  readonly stateRoot: string;
  readonly storageKey: string;
  readonly proof: readonly string[];
}

export function trieParaHeadProof(): SuiteResult {
  return runSuite('trie para head proof', 'substrate', ['para-head-proof.json'], ([file], check) => {
    const recording = parseJson<ParaHeadProof>(file as Uint8Array);
    const root = unhex(recording.stateRoot);
    const nodes = recording.proof.map(unhex);
    const key = paraHeadKey(1000);
    const refused = (proof: readonly Uint8Array[], under = root): boolean =>
      readTrie(under, proof, { keys: [key] }).kind === 'invalid';

    check('storage key', hexOf(key) === recording.storageKey.slice(2));
    const read = readParachainHead(root, 1000, nodes);
    check('head is proven', read.kind === 'valid');
    if (read.kind === 'valid') {
      const header = decodeHeader(read.value);
      check('head is a header', header.number === 2_036_522);
      const engines = header.digest.map((item) => ('engine' in item ? item.engine : item.kind));
      check('head is sealed by Aura', engines.join() === 'aura,aura');
    }
    check('in any order', readTrie(root, [...nodes].reverse(), { keys: [key] }).kind === 'valid');
    check('another parachain is not in it', readParachainHead(root, 1001, nodes).kind === 'invalid');
    check('another root', refused(nodes, new Uint8Array(32)));
    nodes.forEach((node, index) => {
      check(`node ${index} missing`, refused(nodes.filter((_, i) => i !== index)));
      check(`node ${index} twice`, refused([...nodes, node]));
      let accepted = 0;
      for (const changed of corruptions(node)) {
        if (!refused(nodes.map((original, i) => (i === index ? changed : original)))) accepted++;
      }
      check(`node ${index} changed in any byte`, accepted === 0);
    });
  });
}

/** A map of the relay chain; the proofs cover its keys. */
const PREFIX = '63f78c98723ddc9073523ef3beefda0ca95dac46c07a40d91506e7637ec4ba57';

interface Regression {
  readonly file: string;
  readonly root: string;
  /** A key, and the one that follows it. */
  readonly steps: readonly (readonly [string, string])[];
}

const FIRST = [PREFIX, `${PREFIX}071ceff5b0f64d362e080000`] as const;
const SECOND = [`${PREFIX}071ceff5b0f64d362e080000`, `${PREFIX}0f474ee85a3cd622f8070000`] as const;
const REGRESSIONS: readonly Regression[] = [
  {
    file: 'trie-issue_2035_proof.bin',
    root: 'f72fa98efbf23c21d162a6690a2412d0b2e3d2e769cab46a7eb6004138ebeda7',
    steps: [FIRST],
  },
  {
    file: 'trie-issue_2035_bis_proof.bin',
    root: 'f119f9b4d26ca952df2698c929da6b8877a53e9f649f2c3fd3dcc391771dfb62',
    steps: [FIRST, SECOND],
  },
  {
    file: 'trie-issue_2035_ter_proof.bin',
    root: '293aa6e077dbe7090ca71154dba71af3d43f61736b1a6e900cd771ac08c18e3c',
    steps: [FIRST, SECOND],
  },
];

/**
 * The published regressions ask for the key that follows another. Beyond that, all keys that the proof reaches from there are
 * walked and read.
 */
export function trieRegressions(): SuiteResult {
  const files = REGRESSIONS.map(({ file }) => file);
  return runSuite('trie regressions', 'substrate', files, (contents, check) => {
    REGRESSIONS.forEach(({ file, root, steps }, index) => {
      const nodes = decodeProof(contents[index] as Uint8Array);
      const reader = createProofReader(unhex(root), nodes);
      for (const [key, next] of steps) {
        const found = reader.nextKey(unhex(key));
        check(`${file}: the key after ${key.slice(64)}`, found !== undefined && hexOf(found) === next);
      }
      const walked = walk((key) => reader.nextKey(key));
      check(`${file}: keys reached`, walked.keys.length === 65);
      check(
        `${file}: each has a value`,
        walked.keys.every((key) => reader.read(key) !== undefined),
      );
      check(`${file}: what lies beyond is missing, not absent`, walked.reason === 'trie proof: a node is missing');
      check(`${file}: more than one key asks for is refused`, refusesExtra(unhex(root), nodes));
    });
  });
}

/** The keys from the map's prefix on, until the proof ends. */
function walk(nextKey: (key: Uint8Array) => Uint8Array | undefined): { keys: Uint8Array[]; reason: string } {
  const keys: Uint8Array[] = [];
  try {
    for (let key = nextKey(unhex(PREFIX)); key !== undefined; key = nextKey(key)) keys.push(key);
  } catch (thrown) {
    return { keys, reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
  return { keys, reason: 'the last key' };
}

function refusesExtra(root: Uint8Array, nodes: readonly Uint8Array[]): boolean {
  return readTrie(root, nodes, { keys: [unhex(FIRST[1])] }).kind === 'invalid';
}

function decodeProof(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = createScaleReader(bytes, 'proof');
  const nodes: Uint8Array[] = [];
  for (let left = reader.length(1_000); left > 0; left--) nodes.push(reader.sized(100_000));
  reader.end();
  return nodes;
}
