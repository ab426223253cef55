import { describe, expect, it } from 'vitest';
import { headerHash, validatorsHash, voteSignBytes } from './canonical.ts';
import {
  GENESIS_NANOS,
  RULES,
  SECOND,
  makeBlock,
  makeCommit,
  makeSecpSigner,
  makeSigner,
  makeSigners,
  sortSigners,
  type BlockPlan,
  type Signer,
} from './chain.fixture.ts';
import { FLAG_ABSENT, FLAG_COMMIT, FLAG_NIL, TOTAL_POWER_MAX, type LightBlock, type TrustedState } from './types.ts';
import { verifyLightBlock } from './verify.ts';

const signers = makeSigners('v', 4);
const NOW = GENESIS_NANOS + 1_000n * SECOND;

function stateAt(height: bigint, next: readonly Signer[] = signers): TrustedState {
  const block = makeBlock({ height, signers, nextSigners: next });
  return { header: block.header, nextValidators: block.nextValidators };
}

function judge(block: LightBlock, trusted = stateAt(1n), now = NOW, rules = RULES): string {
  const verdict = verifyLightBlock(trusted, block, rules, now);
  return verdict.kind === 'valid' ? 'valid' : `${verdict.kind}: ${verdict.reason}`;
}

const plan = (height: bigint, more: Partial<BlockPlan> = {}): LightBlock => makeBlock({ height, signers, ...more });

describe('what is accepted', () => {
  it('takes the next block and one far above, of the same validators', () => {
    expect(judge(plan(2n))).toBe('valid');
    expect(judge(plan(100n))).toBe('valid');
  });

  it('takes secp256k1 validators beside ed25519 ones', () => {
    const mixed = sortSigners([...signers.slice(0, 2), makeSecpSigner('s', 10n), makeSecpSigner('t', 7n)]);
    expect(judge(makeBlock({ height: 2n, signers: mixed }), stateAt(1n, mixed))).toBe('valid');
    expect(judge(makeBlock({ height: 9n, signers: mixed }), stateAt(1n, mixed))).toBe('valid');
  });

  it('takes a commit with an absent vote or a vote for nothing, as long as more than two thirds remain', () => {
    expect(judge(plan(2n, { flag: (index) => (index === 1 ? FLAG_ABSENT : FLAG_COMMIT) }))).toBe('valid');
    expect(judge(plan(2n, { flag: (index) => (index === 1 ? FLAG_NIL : FLAG_COMMIT) }))).toBe('valid');
  });

  it('takes a later round', () => {
    expect(judge(plan(2n, { round: 3 }))).toBe('valid');
  });

  it('moves on to a changed set through the block that names it', () => {
    const others = makeSigners('w', 4);
    const first = verifyLightBlock(stateAt(1n), plan(2n, { nextSigners: others }), RULES, NOW);
    if (first.kind !== 'valid') throw new Error(first.reason);
    expect(judge(makeBlock({ height: 3n, signers: others }), first.value)).toBe('valid');
  });
});

describe('voting power', () => {
  it('needs more than two thirds: exactly two thirds are refused', () => {
    const three = makeSigners('t', 3);
    const block = makeBlock({ height: 2n, signers: three, flag: (index) => (index === 0 ? FLAG_ABSENT : FLAG_COMMIT) });
    expect(judge(block, stateAt(1n, three))).toBe('invalid: two thirds of the voting power or less signed the block');
  });

  it('does not count votes for nothing', () => {
    const block = plan(2n, { flag: (index) => (index < 2 ? FLAG_NIL : FLAG_COMMIT) });
    expect(judge(block)).toBe('invalid: two thirds of the voting power or less signed the block');
    expect(judge(plan(2n, { flag: () => FLAG_NIL }))).toContain('two thirds');
  });

  it('needs more than the trust level of the trusted power when it skips: exactly a third is too little', () => {
    const [one, ...rest] = makeSigners('t', 3);
    if (one === undefined) throw new Error('no signer');
    const strangers = sortSigners([one, ...makeSigners('x', 3)]);
    const third = judge(makeBlock({ height: 9n, signers: strangers }), stateAt(1n, [one, ...rest]));
    expect(third).toMatch(/^needsMore/);
    const half = judge(makeBlock({ height: 9n, signers: strangers }), stateAt(1n, [one, ...rest.slice(0, 1)]));
    expect(half).toBe('valid');
  });

  it('honours a higher trust level', () => {
    const mixed = sortSigners([...signers.slice(0, 2), ...makeSigners('x', 2)]);
    const block = makeBlock({ height: 9n, signers: mixed });
    expect(judge(block)).toBe('valid');
    const strict = { ...RULES, trustLevel: { numerator: 2n, denominator: 3n } };
    expect(judge(block, stateAt(1n), NOW, strict)).toMatch(/^needsMore/);
  });

  it('does not count a trusted validator that did not vote for the block', () => {
    const mixed = sortSigners([...signers.slice(0, 2), ...makeSigners('x', 6)]);
    const trusted = new Set(signers.map((signer) => signer.validator));
    const flag = (index: number): number =>
      trusted.has(mixed[index]?.validator as Signer['validator']) && index % 8 < 8 ? FLAG_NIL : FLAG_COMMIT;
    expect(judge(makeBlock({ height: 9n, signers: mixed, flag }))).toMatch(/^needsMore/);
  });

  it('refuses zero, negative and overflowing power', () => {
    for (const power of [0n, -1n, -(1n << 63n)]) {
      const bad = [...signers, makeSigner('bad', power)];
      expect(judge(makeBlock({ height: 2n, signers: bad }), stateAt(1n, bad))).toContain('is not positive');
    }
    const huge = [makeSigner('h1', TOTAL_POWER_MAX), makeSigner('h2', 1n)];
    expect(judge(makeBlock({ height: 2n, signers: huge }), stateAt(1n, huge))).toContain('exceeds the maximum');
    const max = [makeSigner('h1', TOTAL_POWER_MAX - 1n), makeSigner('h2', 1n)];
    expect(judge(makeBlock({ height: 2n, signers: max }), stateAt(1n, max))).toBe('valid');
  });
});

describe('who signed', () => {
  it('counts a validator listed twice in neither set nor commit', () => {
    const twice = [...signers, ...signers.slice(0, 1)];
    expect(judge(makeBlock({ height: 2n, signers: twice }), stateAt(1n, twice))).toContain('is listed twice');
    const block = plan(2n);
    const entry = block.commit.signatures[0]!;
    const signatures = [entry, entry, ...block.commit.signatures.slice(2)];
    expect(judge({ ...block, commit: { ...block.commit, signatures } })).toContain('is of another validator');
    const longer = [...block.commit.signatures, entry];
    expect(judge({ ...block, commit: { ...block.commit, signatures: longer } })).toContain('differ in length');
  });

  it('refuses an address that is not derived from the key', () => {
    const [one, two] = signers;
    const forged: Signer = { ...makeSigner('mallory', 10n) };
    const claimed = { ...forged, validator: { ...forged.validator, address: one!.validator.address } };
    expect(judge(makeBlock({ height: 9n, signers: [claimed, two!] }))).toContain('is not derived from its key');
  });

  it('refuses a set in another order than the one hashed', () => {
    const block = plan(2n);
    const reversed = { ...block, validators: [...block.validators].reverse() };
    expect(judge(reversed)).toBe('invalid: validators do not match the header');
    const both = { ...reversed, commit: { ...block.commit, signatures: [...block.commit.signatures].reverse() } };
    expect(judge(both)).toBe('invalid: validators do not match the header');
  });

  it('refuses a signature made for another round, height, chain, time, or for nothing', () => {
    const block = plan(2n);
    const [signer] = signers;
    const entry = block.commit.signatures[0]!;
    const variants = [
      voteSignBytes('chain-1', { ...block.commit, round: 1 })(entry),
      voteSignBytes('chain-1', { ...block.commit, height: 3n })(entry),
      voteSignBytes('chain-2', block.commit)(entry),
      voteSignBytes('chain-1', block.commit)({ ...entry, timeNanos: entry.timeNanos + 1n }),
      voteSignBytes('chain-1', block.commit)({ ...entry, flag: FLAG_NIL }),
    ];
    for (const message of variants) {
      const signatures = [{ ...entry, signature: signer!.sign(message) }, ...block.commit.signatures.slice(1)];
      expect(judge({ ...block, commit: { ...block.commit, signatures } })).toBe('invalid: signature 0 is wrong');
    }
  });

  it('refuses a wrong signature even when the others suffice', () => {
    const block = plan(2n);
    for (const index of [0, 3]) {
      const signatures = block.commit.signatures.map((entry, at) =>
        at === index ? { ...entry, signature: new Uint8Array(64) } : entry,
      );
      expect(judge({ ...block, commit: { ...block.commit, signatures } })).toBe(`invalid: signature ${index} is wrong`);
    }
  });

  it('refuses a next block of other validators than those named, however well signed', () => {
    expect(judge(makeBlock({ height: 2n, signers: makeSigners('w', 4) }))).toContain('not those that the block before');
  });

  it('refuses next validators that do not fit the header, or whose addresses are made up', () => {
    const block = plan(2n);
    expect(judge({ ...block, nextValidators: makeSigners('w', 4).map(({ validator }) => validator) })).toContain(
      'next validators do not match',
    );
    const [one, ...rest] = block.nextValidators;
    const renamed = [{ ...one!, address: new Uint8Array(20) }, ...rest];
    expect(judge({ ...block, nextValidators: renamed })).toContain('not derived from its key');
  });
});

describe('time', () => {
  const at = (timeNanos: bigint, height = 2n): LightBlock => plan(height, { header: { timeNanos } });

  it('holds the clock drift to the nanosecond', () => {
    expect(judge(at(NOW + RULES.clockDriftNanos - 1n))).toBe('valid');
    expect(judge(at(NOW + RULES.clockDriftNanos))).toBe('invalid: time lies in the future');
  });

  it('holds the trusting period to the nanosecond', () => {
    const trusted = stateAt(1n);
    const end = trusted.header.timeNanos + RULES.trustingPeriodNanos;
    expect(judge(plan(2n), trusted, end - 1n)).toBe('valid');
    expect(judge(plan(2n), trusted, end)).toBe('invalid: the trusted state has expired');
  });

  it('refuses a block that is not later than the trusted one', () => {
    const { timeNanos } = stateAt(1n).header;
    expect(judge(at(timeNanos))).toBe('invalid: time is not after the trusted time');
    expect(judge(at(timeNanos - 1n, 50n))).toBe('invalid: time is not after the trusted time');
    expect(judge(at(timeNanos + 1n))).toBe('valid');
  });

  it('refuses a header far above the chain: it lies in the future, or goes back in time, or lacks the overlap', () => {
    const far = 10_000_000n;
    expect(judge(plan(far))).toBe('invalid: time lies in the future');
    expect(judge(at(GENESIS_NANOS, far))).toBe('invalid: time is not after the trusted time');
    const strangers = makeSigners('x', 4);
    const block = makeBlock({ height: far, signers: strangers, header: { timeNanos: NOW } });
    expect(judge(block)).toMatch(/^needsMore/);
  });

  it('refuses a height that is not above the trusted one', () => {
    expect(judge(plan(1n))).toContain('height is not above');
    expect(judge(plan(1n), stateAt(5n))).toContain('height is not above');
  });
});

describe('the header', () => {
  it('refuses another chain, another block protocol, and a commit for another header or height', () => {
    expect(judge(plan(2n, { header: { chainId: 'chain-2' } }))).toContain('another chain');
    expect(judge(plan(2n, { header: { versionBlock: 12n } }))).toContain('unknown block protocol');
    const [a, b] = [plan(2n), plan(3n)];
    expect(judge({ ...a, commit: b.commit })).toContain('another height');
    const forged = plan(2n, { header: { appHash: new Uint8Array(32) } });
    expect(judge({ ...forged, commit: a.commit })).toContain('another header');
  });

  it('refuses a commit for no block', () => {
    const block = plan(2n);
    const blockId = { hash: new Uint8Array(0), partsTotal: 0, partsHash: new Uint8Array(0) };
    expect(judge({ ...block, commit: { ...block.commit, blockId } })).toContain('not for a block');
  });

  it('refuses malformed fields even when the validators signed them', () => {
    for (const [header, reason] of [
      [{ validatorsHash: new Uint8Array(0) }, 'validators hash is missing'],
      [{ nextValidatorsHash: new Uint8Array(31) }, 'next validators hash is missing'],
      [{ dataHash: new Uint8Array(33) }, 'wrong length'],
      [{ lastResultsHash: new Uint8Array(1) }, 'wrong length'],
      [{ proposerAddress: new Uint8Array(0) }, 'proposer address'],
      [{ lastBlockId: { hash: new Uint8Array(5), partsTotal: 1, partsHash: new Uint8Array(32) } }, 'last block id'],
      [{ timeNanos: 253_402_300_800_000_000_000n }, 'time out of range'],
      [{ versionApp: 1n << 64n }, 'application version'],
      [{ height: 1n << 63n }, 'height out of range'],
    ] as const) {
      expect(judge(plan(2n, { header })), reason).toContain(reason);
    }
    expect(judge(plan(0n), stateAt(1n))).toContain('height out of range');
    expect(judge(plan(2n, { round: -1 }))).toContain('round out of range');
    expect(judge(plan(2n, { round: 2 ** 31 }))).toContain('round out of range');
    const long = { ...RULES, chainId: 'x'.repeat(51) };
    const block = plan(2n, { header: { chainId: long.chainId } });
    expect(judge(block, stateAt(1n), NOW, long)).toContain('chain id is too long');
  });

  it('refuses an empty set and an empty commit', () => {
    expect(judge(makeBlock({ height: 2n, signers: [] }), stateAt(1n, []))).toContain('no signatures');
    const block = plan(2n);
    expect(judge({ ...block, validators: [] })).toContain('validator set is empty');
    expect(judge({ ...block, commit: { ...block.commit, height: 0n } })).toContain('commit height');
    expect(judge({ ...block, commit: { ...block.commit, signatures: [] } })).toContain('no signatures');
  });

  it('makes the same commit from the same header', () => {
    const block = plan(2n);
    expect(makeCommit(block.header, { height: 2n, signers }).blockId.hash).toEqual(headerHash(block.header));
    expect(validatorsHash(block.validators)).toEqual(block.header.validatorsHash);
  });
});

describe('every single change of a valid light block is refused', () => {
  const flags = (index: number): number => [FLAG_COMMIT, FLAG_NIL, FLAG_ABSENT][index] ?? FLAG_COMMIT;
  const three = [makeSigner('m', 50n), makeSigner('n', 9n), makeSigner('o', 8n)];
  const block = makeBlock({ height: 2n, signers: three, nextSigners: makeSigners('n', 2), flag: flags });

  it('refuses all of them', () => {
    const trusted = stateAt(1n, three);
    expect(judge(block, trusted)).toBe('valid');
    let tried = 0;
    const accepted: string[] = [];
    for (const { path, value } of mutations(block, '')) {
      tried++;
      const verdict = verifyLightBlock(trusted, value as LightBlock, RULES, NOW);
      // The next block must have exactly the named validators, so that needsMore is out of the question as well.
      if (verdict.kind !== 'invalid') accepted.push(`${path}: ${verdict.kind}`);
    }
    expect(accepted).toEqual([]);
    expect(tried).toBeGreaterThan(1_000);
  });
});

interface Mutation {
  readonly path: string;
  readonly value: unknown;
}

/** Every copy of a value in which exactly one thing is changed. */
function* mutations(value: unknown, path: string): Generator<Mutation> {
  if (typeof value === 'bigint') {
    for (const other of [value + 1n, value - 1n, -value, value + (1n << 64n), 0n]) {
      if (other !== value) yield { path, value: other };
    }
  } else if (typeof value === 'number') {
    for (const other of [value + 1, value - 1, value + 2 ** 31]) yield { path, value: other };
  } else if (typeof value === 'string') {
    if (path.endsWith('.type')) yield { path, value: value === 'ed25519' ? 'secp256k1' : 'ed25519' };
    else for (const other of [`${value}x`, value.slice(1), '']) yield { path, value: other };
  } else if (value instanceof Uint8Array) {
    for (let i = 0; i < value.length; i++) {
      const flipped = Uint8Array.from(value);
      flipped[i] = (flipped[i] ?? 0) ^ (1 << (i % 8));
      yield { path: `${path}[${i}]`, value: flipped };
    }
    if (value.length > 0) yield { path, value: value.subarray(1) };
    if (value.length > 0) yield { path, value: new Uint8Array(0) };
    yield { path, value: Buffer.concat([value, Buffer.of(0)]) };
  } else if (Array.isArray(value)) {
    const list = value as unknown[];
    yield { path, value: list.slice(1) };
    yield { path, value: list.slice(0, -1) };
    yield { path, value: [...list, list[0]] };
    yield { path, value: [...list].reverse() };
    for (const [index, item] of list.entries()) {
      for (const inner of mutations(item, `${path}[${index}]`)) {
        yield { path: inner.path, value: list.with(index, inner.value) };
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      for (const inner of mutations(item, `${path}.${key}`)) {
        yield { path: inner.path, value: { ...value, [key]: inner.value } };
      }
    }
  }
}
