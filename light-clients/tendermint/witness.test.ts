import { describe, expect, it } from 'vitest';
import { walkBack } from './backward.ts';
import { headerHash } from './canonical.ts';
import { advance } from './client.ts';
import { GENESIS_NANOS, RULES, SECOND, makeBlock, makeHeader, makeSigners, type BlockPlan } from './chain.fixture.ts';
import { FLAG_ABSENT, FLAG_COMMIT, type Header, type LightBlock, type TrustedState } from './types.ts';
import { anchorOf } from './verify.ts';
import { checkMisbehaviour, compareWitness } from './witness.ts';

const signers = makeSigners('v', 4);
const NOW = GENESIS_NANOS + 1_000n * SECOND;
const plan = (height: bigint, more: Partial<BlockPlan> = {}): LightBlock => makeBlock({ height, signers, ...more });
const stateOf = ({ header, nextValidators }: LightBlock): TrustedState => ({ header, nextValidators });
const trusted = stateOf(plan(1n));

describe('witnesses', () => {
  const verified = plan(10n);
  const compare = (...trace: LightBlock[]): ReturnType<typeof compareWitness> =>
    compareWitness(trusted, verified, trace, RULES, NOW);

  it('agree on the same header', () => {
    expect(compare(plan(10n)).kind).toBe('valid');
  });

  it('show equivocation, with the validators that signed both', () => {
    const result = compare(plan(10n, { header: { dataHash: new Uint8Array(32) } }));
    if (result.kind !== 'conflict') throw new Error(result.kind);
    expect(result.evidence.attack).toBe('equivocation');
    expect(result.evidence.commonHeight).toBe(1n);
    expect(result.evidence.accused).toEqual(signers.map(({ validator }) => validator.address));
  });

  it('accuse only those who signed both', () => {
    const flag = (index: number): number => (index === 2 ? FLAG_ABSENT : FLAG_COMMIT);
    const result = compare(plan(10n, { header: { dataHash: new Uint8Array(32) }, flag }));
    if (result.kind !== 'conflict') throw new Error(result.kind);
    expect(result.evidence.accused.length).toBe(3);
  });

  it('show amnesia and made-up state', () => {
    const amnesia = compare(plan(10n, { header: { dataHash: new Uint8Array(32) }, round: 1 }));
    expect(amnesia).toMatchObject({ kind: 'conflict', evidence: { attack: 'amnesia', accused: [] } });
    const lunatic = compare(plan(10n, { header: { appHash: new Uint8Array(32) } }));
    expect(lunatic).toMatchObject({ kind: 'conflict', evidence: { attack: 'lunatic' } });
  });

  it('that do not verify are bad witnesses and no conflict', () => {
    const strangers = makeSigners('x', 4);
    expect(compare(makeBlock({ height: 10n, signers: strangers })).kind).toBe('needsMore');
    expect(compare(makeBlock({ height: 2n, signers: strangers })).kind).toBe('invalid');
    expect(compare().kind).toBe('invalid');
    expect(compare(plan(5n)).kind).toBe('needsMore');
  });

  it('show a header made up far above the chain: a lower block of a later time', () => {
    const far = plan(1_000_000n, { header: { timeNanos: NOW } });
    const tip = plan(20n, { header: { timeNanos: NOW + 1n } });
    const result = compareWitness(trusted, far, [tip], RULES, NOW);
    expect(result).toMatchObject({ kind: 'conflict', evidence: { attack: 'time' } });
    expect(compareWitness(trusted, far, [plan(20n)], RULES, NOW).kind).toBe('needsMore');
  });
});

describe('misbehaviour', () => {
  const anchor = anchorOf(trusted);
  const judge = (a: LightBlock, b: LightBlock, now = NOW): string =>
    checkMisbehaviour({ anchor, block: a }, { anchor, block: b }, RULES, now).kind;

  it('is two signed blocks of one height, or a higher one that is not later', () => {
    expect(judge(plan(10n), plan(10n, { header: { dataHash: new Uint8Array(32) } }))).toBe('conflict');
    const { timeNanos } = plan(10n).header;
    expect(judge(plan(11n, { header: { timeNanos } }), plan(10n))).toBe('conflict');
    expect(judge(plan(10n), plan(11n, { header: { timeNanos } }))).toBe('conflict');
  });

  it('is not two blocks that agree, or one that is not signed, or anything after the trusting period', () => {
    const other = plan(10n, { header: { dataHash: new Uint8Array(32) } });
    expect(judge(plan(10n), plan(10n))).toBe('invalid');
    expect(judge(plan(10n), plan(11n))).toBe('invalid');
    const unsigned = { ...other, commit: { ...other.commit, signatures: plan(10n).commit.signatures } };
    expect(judge(plan(10n), unsigned)).toBe('invalid');
    expect(judge(plan(10n), makeBlock({ height: 10n, signers: makeSigners('x', 4) }))).toBe('invalid');
    expect(judge(plan(10n), other, anchor.timeNanos + RULES.trustingPeriodNanos)).toBe('invalid');
    // Signed by the right keys, for another chain.
    expect(judge(plan(10n), plan(10n, { header: { chainId: 'chain-2' } }))).toBe('invalid');
    // A good commit beside a header that it is not for.
    expect(judge(plan(10n), { ...other, commit: plan(10n).commit })).toBe('invalid');
    const few = { flag: (index: number) => (index < 2 ? FLAG_ABSENT : FLAG_COMMIT) };
    expect(judge(plan(10n), plan(10n, { header: { dataHash: new Uint8Array(32) }, ...few }))).toBe('invalid');
  });
});

describe('advancing', () => {
  const step = (...blocks: LightBlock[]): ReturnType<typeof advance> => advance(trusted, blocks, [], RULES, NOW);

  it('goes up block by block and takes the trusted block again as no news', () => {
    const result = step(plan(1n), plan(2n), plan(50n));
    expect(result).toMatchObject({ kind: 'valid', value: { header: { height: 50n } } });
    expect(step(plan(1n))).toMatchObject({ kind: 'valid', value: { header: { height: 1n } } });
    expect(step().kind).toBe('invalid');
  });

  it('follows a set that changes altogether only through blocks in between', () => {
    const [first, second] = [makeSigners('w', 4), makeSigners('y', 4)];
    const top = makeBlock({ height: 9n, signers: second });
    expect(step(top).kind).toBe('needsMore');
    const between = [
      plan(2n, { nextSigners: first }),
      makeBlock({ height: 3n, signers: first, nextSigners: second }),
      makeBlock({ height: 4n, signers: second }),
    ];
    expect(step(...between, top)).toMatchObject({ kind: 'valid', value: { header: { height: 9n } } });
  });

  it('freezes on a signed rival of the trusted block, and on a clock that went back', () => {
    expect(step(plan(1n, { header: { appHash: new Uint8Array(32) } })).kind).toBe('conflict');
    expect(step(plan(7n, { header: { timeNanos: GENESIS_NANOS } })).kind).toBe('conflict');
    expect(step(plan(2n), plan(3n, { header: { timeNanos: GENESIS_NANOS } })).kind).toBe('conflict');
  });

  it('does not freeze on a rival that is not signed by the trusted validators', () => {
    expect(step(makeBlock({ height: 1n, signers: makeSigners('x', 4) })).kind).toBe('invalid');
    const rival = plan(1n, { header: { appHash: new Uint8Array(32) } });
    const unsigned = { ...rival, commit: { ...rival.commit, signatures: plan(1n).commit.signatures } };
    expect(step(unsigned).kind).toBe('invalid');
  });

  it('freezes on a witness that proves another block, and passes over one that proves nothing', () => {
    const rival = plan(50n, { header: { appHash: new Uint8Array(32) } });
    expect(advance(trusted, [plan(50n)], [[rival]], RULES, NOW).kind).toBe('conflict');
    const stranger = makeBlock({ height: 50n, signers: makeSigners('x', 4) });
    expect(advance(trusted, [plan(50n)], [[stranger], [plan(50n)]], RULES, NOW).kind).toBe('valid');
  });
});

describe('walking back', () => {
  /** Headers of heights 1 to 20, each naming the one below. */
  const headers: Header[] = [];
  for (let height = 1n; height <= 20n; height++) {
    const below = headers.at(-1);
    const hash = below === undefined ? new Uint8Array(32) : headerHash(below);
    headers.push(makeHeader({ height, signers, header: { lastBlockId: { hash, partsTotal: 1, partsHash: hash } } }));
  }
  const top = headers.at(-1)!;
  const below = headers.slice(0, -1).reverse();

  it('accepts the ancestors and nothing else', () => {
    expect(walkBack(top, below)).toEqual({ kind: 'valid', value: below });
    expect(walkBack(top, []).kind).toBe('valid');
    expect(walkBack(top, below.slice(1)).kind).toBe('invalid');
    expect(walkBack(top, [...below].reverse()).kind).toBe('invalid');
    expect(walkBack(top, [...below.slice(0, 3), ...below.slice(2)]).kind).toBe('invalid');
  });

  it('refuses a parent that the hash names but whose height or time is wrong', () => {
    for (const change of [{ height: 18n }, { height: 20n }, { timeNanos: top.timeNanos }]) {
      const parent = { ...below[0]!, ...change };
      const hash = headerHash(parent);
      const child = { ...top, lastBlockId: { hash, partsTotal: 1, partsHash: hash } };
      expect(walkBack(child, [parent]).kind).toBe('invalid');
    }
  });

  it('refuses a changed header, another chain and a time that goes up', () => {
    for (const change of [
      { appHash: new Uint8Array(32) },
      { chainId: 'chain-2' },
      { timeNanos: top.timeNanos },
      { height: 18n },
      { versionApp: 2n },
    ]) {
      const [first, ...rest] = below;
      expect(walkBack(top, [{ ...first!, ...change }, ...rest]).kind).toBe('invalid');
    }
  });
});
