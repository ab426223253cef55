import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerHash } from './canonical.ts';
import { checkRules, createTendermintClient } from './client.ts';
import {
  decodeHeader,
  decodeLightBlock,
  decodeState,
  decodeUpdate,
  encodeLightBlock,
  encodeState,
  encodeUpdate,
} from './codec.ts';
import { GENESIS_NANOS, RULES, SECOND, makeBlock, makeSecpSigner, makeSigners, sortSigners } from './chain.fixture.ts';
import { FLAG_ABSENT, FLAG_COMMIT, FLAG_NIL, type LightBlock } from './types.ts';

const signers = makeSigners('v', 4);
const NOW_SECONDS = GENESIS_NANOS / SECOND + 1_000n;
const first = makeBlock({ height: 1n, signers });
const options = {
  rules: RULES,
  checkpoint: { height: 1n, hash: headerHash(first.header) },
  checkpointBlock: encodeLightBlock(first),
};
const client = createTendermintClient(options);

function startState(): Uint8Array {
  const started = client.start();
  if (started.kind !== 'valid') throw new Error(started.reason);
  return started.value.state;
}

const updateOf = (...blocks: LightBlock[]): Uint8Array => encodeUpdate({ blocks, witnesses: [] });

describe('the client', () => {
  it('starts from the checkpoint that a person trusts, and from nothing else', () => {
    const started = client.start();
    expect(started).toMatchObject({ kind: 'valid', value: { head: { height: 1n, hash: headerHash(first.header) } } });
    const rival = makeBlock({ height: 1n, signers, header: { appHash: new Uint8Array(32) } });
    const changing = makeBlock({ height: 1n, signers, nextSigners: makeSigners('w', 2) });
    const swapped = { ...changing, nextValidators: makeSigners('x', 2).map(({ validator }) => validator) };
    const unsigned = { ...first, commit: { ...first.commit, signatures: rival.commit.signatures } };
    const changingPoint = { height: 1n, hash: headerHash(changing.header) };
    for (const bad of [
      { ...options, checkpointBlock: encodeLightBlock(rival) },
      { ...options, checkpointBlock: encodeLightBlock(unsigned) },
      { ...options, checkpointBlock: new Uint8Array(0) },
      { ...options, checkpoint: { height: 2n, hash: options.checkpoint.hash } },
      { ...options, checkpoint: { height: 1n, hash: new Uint8Array(32) } },
      { ...options, checkpoint: changingPoint, checkpointBlock: encodeLightBlock(swapped) },
    ]) {
      expect(createTendermintClient(bad).start().kind).toBe('invalid');
    }
    const good = { ...options, checkpoint: changingPoint, checkpointBlock: encodeLightBlock(changing) };
    expect(createTendermintClient(good).start().kind).toBe('valid');
  });

  it('updates from bytes to bytes and says what it verified', () => {
    const changed = makeSigners('w', 3);
    const block = makeBlock({ height: 30n, signers, nextSigners: changed });
    const result = client.update(startState(), updateOf(block), NOW_SECONDS);
    if (result.kind !== 'valid') throw new Error(result.reason);
    const { head, state } = result.value;
    expect(head).toMatchObject({
      height: 30n,
      hash: headerHash(block.header),
      timeSeconds: block.header.timeNanos / SECOND,
    });
    expect(decodeHeader(head.header)).toEqual({ kind: 'valid', value: block.header });
    const next = makeBlock({ height: 31n, signers: changed });
    expect(client.update(state, updateOf(next), NOW_SECONDS).kind).toBe('valid');
    // Twice the same update is no harm.
    expect(client.update(state, updateOf(block), NOW_SECONDS)).toEqual(result);
  });

  it('answers every kind of verdict', () => {
    const state = startState();
    const strangers = makeSigners('x', 4);
    expect(client.update(state, updateOf(makeBlock({ height: 9n, signers: strangers })), NOW_SECONDS).kind).toBe(
      'needsMore',
    );
    expect(client.update(state, updateOf(makeBlock({ height: 2n, signers: strangers })), NOW_SECONDS).kind).toBe(
      'invalid',
    );
    const rival = makeBlock({ height: 9n, signers, header: { appHash: new Uint8Array(32) } });
    const block = makeBlock({ height: 9n, signers });
    expect(client.update(state, encodeUpdate({ blocks: [block], witnesses: [[rival]] }), NOW_SECONDS).kind).toBe(
      'conflict',
    );
    expect(client.update(state, updateOf(block), NOW_SECONDS + 10_000_000n).kind).toBe('invalid');
    expect(client.update(new Uint8Array(3), updateOf(block), NOW_SECONDS).kind).toBe('invalid');
    expect(client.update(state, new Uint8Array(0), NOW_SECONDS).kind).toBe('invalid');
  });

  it('refuses rules that are not safe', () => {
    const level = (numerator: bigint, denominator: bigint): typeof RULES => ({
      ...RULES,
      trustLevel: { numerator, denominator },
    });
    for (const rules of [
      level(1n, 4n),
      level(2n, 1n),
      level(0n, 0n),
      level(-1n, -3n),
      { ...RULES, trustingPeriodNanos: 0n },
      { ...RULES, clockDriftNanos: -1n },
      { ...RULES, chainId: '' },
      { ...RULES, chainId: 'x'.repeat(51) },
    ]) {
      expect(checkRules(rules)).toBeTypeOf('string');
      const unsafe = createTendermintClient({ ...options, rules });
      expect(unsafe.start().kind).toBe('invalid');
      expect(unsafe.update(startState(), updateOf(first), NOW_SECONDS).kind).toBe('invalid');
    }
    expect(checkRules(RULES)).toBeUndefined();
    expect(checkRules(level(1n, 1n))).toBeUndefined();
  });
});

describe('the bytes form', () => {
  const mixed = sortSigners([...signers, makeSecpSigner('s', 3n)]);
  const block = makeBlock({
    height: 5n,
    signers: mixed,
    nextSigners: signers,
    round: 2,
    flag: (index) => [FLAG_ABSENT, FLAG_NIL][index] ?? FLAG_COMMIT,
  });

  it('gives back what was written', () => {
    expect(decodeLightBlock(encodeLightBlock(block))).toEqual({ kind: 'valid', value: block });
    const update = { blocks: [first, block], witnesses: [[block], [first, block]] };
    expect(decodeUpdate(encodeUpdate(update))).toEqual({ kind: 'valid', value: update });
    const state = { header: block.header, nextValidators: block.nextValidators };
    expect(decodeState(encodeState(state))).toEqual({ kind: 'valid', value: state });
  });

  it('lets no flipped byte of an update through', () => {
    const small = makeSigners('one', 1);
    const anchor = makeBlock({ height: 1n, signers: small });
    const own = createTendermintClient({
      rules: RULES,
      checkpoint: { height: 1n, hash: headerHash(anchor.header) },
      checkpointBlock: encodeLightBlock(anchor),
    });
    const started = own.start();
    if (started.kind !== 'valid') throw new Error(started.reason);
    const bytes = updateOf(makeBlock({ height: 2n, signers: small }));
    expect(own.update(started.value.state, bytes, NOW_SECONDS).kind).toBe('valid');
    const accepted: number[] = [];
    for (let i = 0; i < bytes.length; i++) {
      const flipped = Uint8Array.from(bytes);
      flipped[i] = (flipped[i] ?? 0) ^ (1 << (i % 8));
      if (own.update(started.value.state, flipped, NOW_SECONDS).kind !== 'invalid') accepted.push(i);
    }
    expect(accepted).toEqual([]);
  });

  it('never throws on any bytes', () => {
    const bytes = encodeLightBlock(block);
    const state = startState();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(bytes.length - 1),
        fc.uint8Array({ maxLength: 6 }),
        (noise, at, patch) => {
          const spliced = Buffer.concat([bytes.subarray(0, at), patch, bytes.subarray(at + patch.length)]);
          for (const input of [noise, spliced]) {
            expect(decodeLightBlock(input).kind).toMatch(/valid/);
            expect(decodeState(input).kind).toMatch(/valid/);
            expect(client.update(state, input, NOW_SECONDS).kind).toMatch(/invalid/);
            expect(client.update(input, updateOf(first), NOW_SECONDS).kind).toMatch(/invalid/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('bounds lists', () => {
    const many = Array<LightBlock>(65).fill(first);
    expect(decodeUpdate(updateOf(...many)).kind).toBe('invalid');
    expect(decodeUpdate(encodeUpdate({ blocks: [first], witnesses: Array<LightBlock[]>(17).fill([first]) })).kind).toBe(
      'invalid',
    );
    expect(decodeUpdate(updateOf()).kind).toBe('invalid');
  });
});
