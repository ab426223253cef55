/**
 * GRANDPA on recorded bytes of live networks: one justification, one gossiped commit, and two headers that announce an
 * authority set. The networks' authority sets of those days are not part of the recordings, so the voters themselves make
 * up the set; that the real signatures verify over our message is what the vectors show.
 */
import {
  type AuthoritySet,
  consensusLogs,
  decodeCommit,
  decodeHeader,
  decodeJustification,
  encodeHeader,
  encodeJustification,
  hashHeader,
  type Justification,
  slotOf,
  verifyJustification,
} from '../../../light-clients/grandpa/index.ts';
import { compactBytes } from '../../../light-clients/scale.ts';
import { type Check, corruptions, parseJson, runSuite, type SuiteResult, unhex } from './fixtures.ts';

interface Recording {
  readonly round: number;
  readonly setId: number;
  readonly targetNumber: number;
  readonly votes: number;
  readonly scale: string;
}
interface Live {
  readonly justification: Recording;
  readonly commit: Recording;
}

export function grandpaLiveJustification(): SuiteResult {
  return runSuite('grandpa live justification', 'substrate', ['grandpa-live.json'], ([file], check) => {
    const recording = parseJson<Live>(file as Uint8Array).justification;
    const bytes = unhex(recording.scale);
    checkRecording(recording, decodeJustification(bytes), check);
    check('re-encodes to the same bytes', same(encodeJustification(decodeJustification(bytes)), bytes));
  });
}

export function grandpaLiveCommit(): SuiteResult {
  return runSuite('grandpa live commit', 'substrate', ['grandpa-live.json'], ([file], check) => {
    const recording = parseJson<Live>(file as Uint8Array).commit;
    const { setId, justification } = decodeCommit(unhex(recording.scale));
    check('set id', setId === BigInt(recording.setId));
    checkRecording(recording, justification, check);
  });
}

/** What holds for a recording, and for every small change of it. */
function checkRecording(recording: Recording, justification: Justification, check: Check): void {
  const { precommits, round, target } = justification;
  const set: AuthoritySet = {
    setId: BigInt(recording.setId),
    authorities: precommits.map((precommit) => ({ key: precommit.authority, weight: 1n })),
  };
  const bytes = encodeJustification(justification);
  const accepts = (changed: Uint8Array, under = set): boolean => verifyJustification(changed, under).kind === 'valid';

  check('round', round === BigInt(recording.round));
  check('target number', target.number === recording.targetNumber);
  check('number of votes', precommits.length === recording.votes);
  check('every signature', accepts(bytes));
  check('another set id is refused', !accepts(bytes, { ...set, setId: set.setId + 1n }));
  check('another round is refused', !accepts(encodeJustification({ ...justification, round: round + 1n })));
  precommits.forEach((_, gone) => {
    const others = { ...set, authorities: set.authorities.filter((__, i) => i !== gone) };
    check(`a set without voter ${gone} is refused`, !accepts(bytes, others));
  });
  // Members that did not vote, until the votes are too few.
  const silent = (count: number): AuthoritySet['authorities'] =>
    Array.from({ length: count }, (_, i) => ({ key: new Uint8Array(32).fill(i + 1), weight: 1n }));
  const enough = Math.floor((precommits.length - 1) / 2);
  check('two thirds of a larger set', accepts(bytes, { ...set, authorities: [...set.authorities, ...silent(enough)] }));
  const fewer = { ...set, authorities: [...set.authorities, ...silent(enough + 1)] };
  check('fewer than two thirds are refused', !accepts(bytes, fewer));
  let accepted = 0;
  for (const changed of corruptions(bytes)) if (accepts(changed)) accepted++;
  check('no change of a byte is accepted', accepted === 0);
}

interface KnownHeader {
  readonly file: string;
  readonly number: number;
  readonly hash: string;
  /** Members of the announced set. */
  readonly next: number;
  readonly disabled: number;
}

/** The recordings name the numbers and what is announced; the hashes are pinned by us, against regressions. */
const HEADERS: readonly KnownHeader[] = [
  {
    file: 'header-polkadot-512271.bin',
    number: 512_271,
    hash: '53b47b7c47e5fd8e082afa8dd85d3113f2499ecbf4e1cbf08daf421b92a74727',
    next: 197,
    disabled: 0,
  },
  {
    file: 'header-kusama-7472481.bin',
    number: 7_472_481,
    hash: 'fb5aaba0f01ee697dd296fb261dda5167d68b44aa5557f0f43293681fcf73e40',
    next: 900,
    disabled: 11,
  },
];

export function grandpaScheduledChangeHeaders(): SuiteResult {
  const files = HEADERS.map((known) => known.file);
  return runSuite('grandpa scheduled change headers', 'substrate', files, (contents, check) => {
    HEADERS.forEach((known, index) => {
      const bytes = contents[index] as Uint8Array;
      const header = decodeHeader(bytes);
      const logs = consensusLogs(header);
      const change = logs.find((log) => log.kind === 'scheduledChange');
      const what = (name: string): string => `${known.file}: ${name}`;
      check(what('number'), header.number === known.number);
      check(what('hash'), same(hashHeader(bytes), unhex(known.hash)));
      check(what('re-encodes to the same bytes'), same(encodeHeader(header), bytes));
      check(what('has a slot'), slotOf(header) !== undefined);
      check(what('announced set'), change?.kind === 'scheduledChange' && change.next.length === known.next);
      // BABE announces the same validators in the same header: kind 1, members of 40 bytes, 32 of randomness.
      const babe = header.digest.filter((item) => item.kind === 'consensus' && item.engine === 'BABE');
      const epochBytes = 1 + compactBytes(known.next).length + 40 * known.next + 32;
      check(
        what('set of the same size in BABE'),
        babe.some((item) => 'data' in item && item.data.length === epochBytes),
      );
      check(what('without delay'), change?.kind === 'scheduledChange' && change.delay === 0);
      check(
        what('weights of 1'),
        change?.kind === 'scheduledChange' && change.next.every(({ weight }) => weight === 1n),
      );
      check(what('disabled authorities'), logs.filter((log) => log.kind === 'onDisabled').length === known.disabled);
    });
  });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
