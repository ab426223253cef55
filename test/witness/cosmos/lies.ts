/** What a lying provider changes in the light block of one height. */
import type { RpcCall } from './lyingProxy.ts';

export interface HeaderLie {
  readonly name: string;
  /** CometBFT's light client stops at two thirds of the power and does not see what comes after; ours looks at all. */
  readonly unseenByComet: boolean;
  tell(call: RpcCall, result: unknown, height: bigint): unknown;
}

interface Vote {
  block_id_flag: number;
  validator_address: string;
  timestamp: string;
  signature: string | null;
}
interface CommitAnswer {
  signed_header: {
    header: Record<string, string> & { time: string };
    commit: { height: string; block_id: { hash: string }; signatures: Vote[] };
  };
}
interface ValidatorsAnswer {
  validators: { address: string; pub_key: { value: string }; voting_power: string }[];
}

const COMMIT_LIES: readonly (readonly [string, (answer: CommitAnswer) => void, boolean?])[] = [
  [
    'changes the application hash',
    ({ signed_header: { header } }) => (header['app_hash'] = flipHex(header['app_hash']!)),
  ],
  [
    'changes the results hash',
    ({ signed_header: { header } }) => (header['last_results_hash'] = flipHex(header['last_results_hash']!)),
  ],
  ['changes the data hash', ({ signed_header: { header } }) => (header['data_hash'] = flipHex(header['data_hash']!))],
  [
    'changes the next validators hash',
    ({ signed_header: { header } }) => (header['next_validators_hash'] = flipHex(header['next_validators_hash']!)),
  ],
  [
    'changes the time',
    ({ signed_header: { header } }) => (header.time = header.time.replace(/\.\d+Z$/, '.000000001Z')),
  ],
  ['changes the chain id', ({ signed_header: { header } }) => (header['chain_id'] = `${header['chain_id']}x`)],
  [
    'changes the proposer',
    ({ signed_header: { header } }) => (header['proposer_address'] = flipHex(header['proposer_address']!)),
  ],
  [
    'changes the block that was voted for',
    ({ signed_header: { commit } }) => (commit.block_id.hash = flipHex(commit.block_id.hash)),
  ],
  [
    'changes the height of the commit',
    ({ signed_header: { commit } }) => (commit.height = `${BigInt(commit.height) + 1n}`),
  ],
  ['changes the first signature', ({ signed_header: { commit } }) => spoil(commit.signatures[0]!)],
  [
    'changes the time of the first vote',
    ({ signed_header: { commit } }) =>
      (commit.signatures[0]!.timestamp = commit.signatures[0]!.timestamp.replace(/\.\d+Z$/, '.000000001Z')),
  ],
  [
    'shows two of four votes',
    ({ signed_header: { commit } }) => {
      for (const vote of commit.signatures.slice(0, 2)) {
        Object.assign(vote, {
          block_id_flag: 1,
          validator_address: '',
          timestamp: '0001-01-01T00:00:00Z',
          signature: null,
        });
      }
    },
  ],
  ['leaves a vote out', ({ signed_header: { commit } }) => commit.signatures.pop()],
  [
    'swaps two signatures',
    ({ signed_header: { commit } }) => {
      const [a, b] = commit.signatures;
      [a!.signature, b!.signature] = [b!.signature, a!.signature];
    },
  ],
  ['changes the last signature', ({ signed_header: { commit } }) => spoil(commit.signatures.at(-1)!), true],
];

const VALIDATOR_LIES: readonly (readonly [string, (answer: ValidatorsAnswer) => void])[] = [
  ['changes the power of a validator', ({ validators }) => (validators[0]!.voting_power = '1000')],
  ['leaves a validator out', ({ validators }) => validators.pop()],
  [
    'swaps the keys of two validators',
    ({ validators: [a, b] }) => {
      [a!.pub_key.value, b!.pub_key.value] = [b!.pub_key.value, a!.pub_key.value];
    },
  ],
];

export const LIES: readonly HeaderLie[] = [
  ...COMMIT_LIES.map(([name, change, unseenByComet = false]) => lieOf(name, 'commit', change as Change, unseenByComet)),
  ...VALIDATOR_LIES.map(([name, change]) => lieOf(name, 'validators', change as Change, false)),
];

type Change = (answer: unknown) => void;

function lieOf(name: string, asked: string, change: Change, unseenByComet: boolean): HeaderLie {
  return {
    name,
    unseenByComet,
    tell: ({ method, params }, result, height) => {
      if (method !== asked || String(params['height']) !== `${height}`) return result;
      const copy = structuredClone(result);
      change(copy);
      return copy;
    },
  };
}

function flipHex(hex: string): string {
  return `${hex[0] === '0' ? '1' : '0'}${hex.slice(1)}`;
}

function spoil(vote: Vote): void {
  const bytes = Buffer.from(vote.signature ?? '', 'base64');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  vote.signature = bytes.toString('base64');
}
