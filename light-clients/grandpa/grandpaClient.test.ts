import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LightClient as RelayerLightClient } from '../../relayer/core/ports.ts';
import { hexOf, joinBytes, sizedBytes } from '../scale.ts';
import { paraHeadKey } from '../trie/storageKey.ts';
import { buildTrie } from '../trie/trie.fixture.ts';
import type { LightClient, LightClientStep, Verdict } from '../verdict.ts';
import {
  authoritiesOf,
  finalityProofOf,
  forcedChange,
  frnk,
  justificationOf,
  justify,
  scheduledChange,
  testBlock,
  type TestBlock,
  testBlocks,
  type TestSigner,
  testSigners,
  vote,
} from './chain.fixture.ts';
import { decodeFinalityProof } from './finalityProof.ts';
import { createGrandpaClient, type GrandpaClientOptions } from './grandpaClient.ts';
import { encodeUpdate, type FinalityStep, stepFromFinalityProof } from './update.ts';

const NOW = 1_000_000n;
const signers = testSigners(4);
const three = signers.slice(0, 3);
const genesis = testBlock(undefined);

const optionsFor = (header: Uint8Array, set: readonly TestSigner[] = signers): GrandpaClientOptions => ({
  trusted: { header, setId: 0n, authorities: authoritiesOf(set) },
  slotMs: 6_000,
});
const client = createGrandpaClient(optionsFor(genesis.bytes));

function valid<T>(verdict: Verdict<T>): T {
  if (verdict.kind !== 'valid') throw new Error(`${verdict.kind}: ${verdict.reason}`);
  return verdict.value;
}

const started = (of: LightClient = client): Uint8Array => valid(of.start()).state;
const show = (verdict: Verdict<LightClientStep>): string =>
  verdict.kind === 'valid' ? `valid: ${verdict.value.head.height}` : `${verdict.kind}: ${verdict.reason}`;
const stepOf = (headers: readonly TestBlock[], justification: Uint8Array, setId = 0n): FinalityStep => ({
  setId,
  headers: headers.map(({ bytes }) => bytes),
  justification,
});
const apply = (steps: readonly FinalityStep[], state = started(), of = client): Verdict<LightClientStep> =>
  of.update(state, encodeUpdate({ steps }), NOW);
const justified = (block: TestBlock, setId = 0n, by: readonly TestSigner[] = three): FinalityStep =>
  stepOf([block], justify(block, by, { setId }), setId);

/** `count` sessions of `length` blocks; the last block of each hands over to the next set. */
function rotations(
  count: number,
  length: number,
): { mandatory: TestBlock[]; sets: (readonly TestSigner[])[]; all: TestBlock[] } {
  const sets: (readonly TestSigner[])[] = [signers];
  const mandatory: TestBlock[] = [];
  const all: TestBlock[] = [genesis];
  for (let session = 1; session <= count; session++) {
    const next = testSigners(4 + (session % 3), `session ${session}`);
    const quiet = testBlocks(all[all.length - 1]!, length - 1);
    const last = testBlock(quiet.at(-1) ?? all[all.length - 1]!, { digest: [scheduledChange(authoritiesOf(next))] });
    all.push(...quiet, last);
    mandatory.push(last);
    sets.push(next);
  }
  return { mandatory, sets, all };
}

describe('the client', () => {
  it('is what the relayer takes as a light client', () => {
    const port: RelayerLightClient = client;
    expect(port.kind).toBe('grandpa');
  });

  it('starts from the trusted block', () => {
    const { head } = valid(client.start());
    expect(head).toMatchObject({ height: 0n, timeSeconds: 0n, header: genesis.bytes });
    expect(hexOf(head.hash)).toBe(hexOf(genesis.id.hash));
    expect(client).toMatchObject({ kind: 'grandpa', assurance: 'light client' });
    expect(createGrandpaClient(optionsFor(genesis.bytes.subarray(1))).start().kind).toBe('invalid');
    expect(createGrandpaClient(optionsFor(genesis.bytes, [])).start().kind).toBe('invalid');
  });

  it('follows justified blocks within a set, with and without the headers between', () => {
    const blocks = testBlocks(genesis, 5);
    const skipped = valid(apply([justified(blocks[2]!)]));
    expect(skipped.head.height).toBe(3n);
    const rest = stepOf(blocks.slice(3), justify(blocks[4]!, three));
    expect(show(apply([rest], skipped.state))).toBe('valid: 5');
    expect(show(apply([stepOf(blocks, justify(blocks[4]!, three))]))).toBe('valid: 5');
  });

  it('takes the time of the slot and refuses the future and the past', () => {
    const block = testBlock(genesis, { slot: NOW / 6n });
    expect(valid(apply([justified(block)])).head.timeSeconds).toBe((NOW / 6n) * 6n);
    const late = testBlock(genesis, { slot: NOW / 6n + 101n });
    expect(show(apply([justified(late)]))).toBe('invalid: the head lies in the future');

    const careful = createGrandpaClient({ ...optionsFor(block.bytes), trustingPeriodSeconds: 1_000n });
    const child = testBlock(block, { slot: NOW / 6n + 1n });
    const bytes = encodeUpdate({ steps: [justified(child)] });
    expect(show(careful.update(started(careful), bytes, NOW + 996n))).toBe('valid: 2');
    expect(show(careful.update(started(careful), bytes, NOW + 997n))).toBe(
      'invalid: the trusted head is 1001 s old, beyond the trusting period: start anew',
    );
  });
});

describe('authority-set changes', () => {
  const { mandatory, sets, all } = rotations(50, 3);
  const steps = mandatory.map((block, i) => justified(block, BigInt(i), sets[i]));

  it('50 in one update, and one by one', () => {
    expect(show(apply(steps))).toBe('valid: 150');
    let state = started();
    for (const step of steps) state = valid(apply([step], state)).state;
    const last = testBlock(mandatory.at(-1));
    expect(show(apply([justified(last, 50n, sets[50])], state))).toBe('valid: 151');
    expect(show(apply([justified(last, 49n, sets[49])], state))).toMatch('retired');
  });

  it('as grandpa_proveFinality gives them', () => {
    let state = started();
    mandatory.forEach((block, i) => {
      const justification = justify(block, sets[i]!, { setId: BigInt(i) });
      const bytes = finalityProofOf(block, justification, all.slice(3 * i + 1, 3 * i + 4));
      const proof = valid(decodeFinalityProof(bytes));
      expect(hexOf(proof.block)).toBe(hexOf(block.id.hash));
      state = valid(apply([stepFromFinalityProof(proof, BigInt(i))], state)).state;
    });
  });

  it('one missing: says which, wherever it is', () => {
    for (const gone of [0, 1, 24, 48]) {
      expect(show(apply(steps.filter((_, i) => i !== gone)))).toBe(
        `needsMore: the mandatory header that ends set ${gone} is missing: the step is of set ${gone + 1}`,
      );
      const lying = steps.filter((_, i) => i !== gone).map((step, i) => ({ ...step, setId: BigInt(i) }));
      expect(show(apply(lying))).toBe('invalid: justification: a vote of a stranger to the set');
    }
  });

  it('one missing between sets of the same members is a bad signature', () => {
    const first = testBlock(genesis, { digest: [scheduledChange(authoritiesOf(signers))] });
    const second = testBlock(first, { digest: [scheduledChange(authoritiesOf(signers))] });
    const step = stepOf([second], justify(second, three, { setId: 1n }));
    expect(show(apply([step]))).toBe('invalid: justification: a signature is not valid under set 0');
    expect(show(apply([justified(first), { ...step, setId: 1n }]))).toBe('valid: 2');
  });

  it('one skipped by headers that show it: the set signed beyond its hand-over', () => {
    const blocks = [...all.slice(1, 4), testBlock(all[3])];
    const step = stepOf(blocks, justify(blocks[3]!, three));
    expect(show(apply([step]))).toBe('conflict: set 0 signed beyond its hand-over in block 3');
  });

  it('the old set is not asked again, nor the new one before its time', () => {
    const state = valid(apply(steps.slice(0, 1))).state;
    const next = testBlock(mandatory[0]);
    expect(show(apply([stepOf([next], justify(next, three, { setId: 0n }), 1n)], state))).toMatch('stranger');
    expect(show(apply([justified(next, 0n, sets[0])], state))).toBe(
      'invalid: step: of set 0, which is retired: the trusted set is 1',
    );
    expect(show(apply([stepOf([next], justify(next, sets[1]!, { setId: 1n }), 0n)]))).toMatch('stranger');
  });
});

describe('what is finalized and cannot be followed', () => {
  const next = authoritiesOf(testSigners(4, 'next'));
  const cases: [string, TestBlock, string][] = [
    [
      'a forced change',
      testBlock(genesis, { digest: [forcedChange(next)] }),
      'block 1 forces an authority-set change, which has no finality proof',
    ],
    [
      'a delayed change',
      testBlock(genesis, { digest: [scheduledChange(next, 1)] }),
      'block 1 schedules a change with a delay of 1 blocks, not followed',
    ],
    [
      'two changes',
      testBlock(genesis, { digest: [scheduledChange(next), scheduledChange(next)] }),
      'block 1 schedules two authority-set changes',
    ],
    [
      'a forced change beside a scheduled one',
      testBlock(genesis, { digest: [scheduledChange(next), forcedChange(next)] }),
      'block 1 forces an authority-set change, which has no finality proof',
    ],
    [
      'a log that does not decode',
      testBlock(genesis, { digest: [frnk(Uint8Array.of(1, 4))] }),
      'block 1 carries a GRANDPA log that is not understood: GRANDPA log: ends in the middle of a field',
    ],
    [
      'a set that none can be',
      testBlock(genesis, { digest: [scheduledChange([])] }),
      'block 1 carries a GRANDPA log that is not understood: authority set: empty',
    ],
  ];
  for (const [name, block, reason] of cases) {
    it(`${name} freezes, at the target and below it`, () => {
      expect(show(apply([justified(block)]))).toBe(`conflict: ${reason}`);
      // Unsigned, it freezes nothing.
      expect(show(apply([justified(block, 0n, signers.slice(0, 2))]))).toMatch('invalid: justification: weight 2');
      const child = testBlock(block);
      expect(show(apply([stepOf([block, child], justify(child, three))]))).toMatch('conflict: ');
    });
  }

  it('pause, resume and onDisabled do not matter', () => {
    const digest = ['0400000000', '0500000000', '030000000000000000'].map((hex) =>
      frnk(new Uint8Array(Buffer.from(hex, 'hex'))),
    );
    expect(show(apply([justified(testBlock(genesis, { digest }))]))).toBe('valid: 1');
  });

  it('a fork of the verified chain', () => {
    const [first, second] = testBlocks(genesis, 2) as [TestBlock, TestBlock];
    const state = valid(apply([justified(first)])).state;
    const rival = testBlock(genesis, { slot: 3n });
    const fork = 'conflict: a fork of the verified chain was finalized';
    expect(show(apply([justified(rival)], state))).toBe(fork);
    const above = testBlocks(rival, 2);
    expect(show(apply([stepOf(above, justify(above[1]!, three))], state))).toBe(fork);
    expect(show(apply([stepOf([rival, ...above], justify(above[1]!, three))], state))).toBe(fork);
    expect(show(apply([justified(rival, 0n, signers.slice(0, 2))], state))).toMatch('invalid: ');
    expect(show(apply([justified(second)], state))).toBe('valid: 2');
  });
});

describe('the client refuses', () => {
  const blocks = testBlocks(genesis, 4);

  it('a replayed justification', () => {
    const { state } = valid(apply([justified(blocks[2]!)]));
    expect(show(apply([justified(blocks[2]!)], state))).toBe(
      'invalid: step: replayed: block 3 is not above the verified head 3',
    );
    expect(show(apply([justified(blocks[1]!)], state))).toMatch('replayed');
    expect(show(apply([justified(blocks[3]!), justified(blocks[3]!)], state))).toMatch('replayed');
  });

  it('headers that are not the way to the justified block', () => {
    const proof = justify(blocks[3]!, three);
    expect(show(apply([stepOf([blocks[0]!, blocks[1]!, blocks[3]!], proof)]))).toMatch(
      'headers: a hash is not the one',
    );
    expect(show(apply([stepOf([blocks[2]!], proof)]))).toBe('invalid: step: the justification is for another block');
    expect(show(apply([stepOf([], proof)]))).toBe('invalid: update: a step without a header');
    expect(show(apply([]))).toBe('invalid: update: empty');
  });

  it("a justified number that is not the header's", () => {
    const moved = { ...blocks[0]!.id, number: 9 };
    const votes = three.map((signer) => vote(signer, moved));
    expect(show(apply([stepOf([blocks[0]!], justificationOf(moved, votes))]))).toBe(
      'invalid: step: the justified number is not that of the header',
    );
  });

  it('every change of a byte in an update', () => {
    const update = encodeUpdate({
      steps: [justified(blocks[0]!), stepOf(blocks.slice(1), justify(blocks[3]!, three))],
    });
    const state = started();
    expect(show(client.update(state, update, NOW))).toBe('valid: 4');
    for (let at = 0; at < update.length; at++) {
      const changed = update.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(client.update(state, changed, NOW).kind, `byte ${at}`).not.toBe('valid');
    }
    for (let length = 0; length < update.length; length += 7) {
      expect(client.update(state, update.subarray(0, length), NOW).kind).toBe('invalid');
    }
  });

  it('hostile bytes, without throwing', () => {
    const state = started();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, versioned) => {
        const update = versioned ? Uint8Array.from([1, ...bytes]) : bytes;
        expect(client.update(state, update, NOW).kind).not.toBe('valid');
        expect(client.update(bytes, encodeUpdate({ steps: [justified(blocks[0]!)] }), NOW).kind).not.toBe('valid');
      }),
      { numRuns: 300 },
    );
  });
});

describe('bounds', () => {
  it('100,000 unknown headers, one more, and too many bytes', () => {
    const count = 100_000;
    const blocks = testBlocks(genesis, count);
    const target = blocks[count - 1]!;
    const bytes = finalityProofOf(target, justify(target, three), blocks);
    const proof = valid(decodeFinalityProof(bytes));
    expect(proof.unknownHeaders).toHaveLength(count);
    const update = encodeUpdate({ steps: [stepFromFinalityProof(proof, 0n)] });
    const before = process.memoryUsage().arrayBuffers;
    expect(show(client.update(started(), update, NOW))).toBe('valid: 100000');
    // The headers are 10 MB; decoding and verifying look at them in place.
    expect(decodeFinalityProof(bytes).kind).toBe('valid');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bytes.length);

    const more = testBlock(target);
    const over = finalityProofOf(more, justify(more, three), [...blocks, more]);
    expect(decodeFinalityProof(over).kind).toBe('invalid');
    const steps = [stepFromFinalityProof(proof, 0n), justified(more)];
    expect(client.update(started(), encodeUpdate({ steps }), NOW).kind).toBe('invalid');
    const huge = new Uint8Array(64 * 1024 * 1024 + 1);
    expect(client.update(started(), huge, NOW).kind).toBe('invalid');
    expect(decodeFinalityProof(huge).kind).toBe('invalid');
  });
});

describe('a parachain', () => {
  const paraBlocks = testBlocks(testBlock(undefined, { stateRoot: new Uint8Array(32).fill(0x77) }), 3);
  const others = new Map([
    ['1234', new Uint8Array(40)],
    ['cd71', new Uint8Array(3)],
  ]);
  const relayState = (head: Uint8Array | undefined, version: 0 | 1): ReturnType<typeof buildTrie> =>
    buildTrie(
      new Map([...others, ...(head === undefined ? [] : [[hexOf(paraHeadKey(1000)), head] as const])]),
      version,
    );
  const para = createGrandpaClient({
    ...optionsFor(genesis.bytes),
    parachain: { id: 1000, trustedHeader: paraBlocks[0]!.bytes, slotMs: 12_000 },
  });
  const updateTo = (head: Uint8Array | undefined, version: 0 | 1 = 0): { bytes: Uint8Array; relay: TestBlock } => {
    const trie = relayState(head, version);
    const relay = testBlock(genesis, { stateRoot: trie.root });
    const parachainProof = trie.proof([paraHeadKey(1000)]);
    return { relay, bytes: encodeUpdate({ steps: [justified(relay)], parachainProof }) };
  };

  it('is followed through the relay state', () => {
    expect(valid(para.start()).head.height).toBe(1n);
    for (const version of [0, 1] as const) {
      const { bytes } = updateTo(sizedBytes(paraBlocks[2]!.bytes), version);
      const { head } = valid(para.update(started(para), bytes, NOW));
      expect(head.height).toBe(3n);
      expect(hexOf(head.header)).toBe(hexOf(paraBlocks[2]!.bytes));
    }
  });

  it('keeps its head while only the relay chain moves, and proves it later', () => {
    const trie = relayState(sizedBytes(paraBlocks[1]!.bytes), 0);
    const relay = testBlock(genesis, { stateRoot: trie.root });
    const moved = valid(para.update(started(para), encodeUpdate({ steps: [justified(relay)] }), NOW));
    expect(moved.head.height).toBe(1n);
    const proof = encodeUpdate({ steps: [], parachainProof: trie.proof([paraHeadKey(1000)]) });
    expect(show(para.update(moved.state, proof, NOW))).toBe('valid: 2');
    expect(show(para.update(started(para), proof, NOW))).toBe('invalid: trie proof: a node is missing');
  });

  it('has a head, one that is a header, and never goes back', () => {
    const refused = (head: Uint8Array | undefined): string =>
      show(para.update(started(para), updateTo(head).bytes, NOW));
    expect(refused(undefined)).toBe('invalid: parachain 1000 has no head in this relay state');
    expect(refused(sizedBytes(new Uint8Array(0)))).toBe('invalid: parachain 1000 has an empty head');
    expect(refused(sizedBytes(paraBlocks[1]!.bytes.subarray(1)))).toMatch('invalid: header');
    expect(refused(joinBytes([sizedBytes(paraBlocks[1]!.bytes), Uint8Array.of(0)]))).toMatch('trailing');
    const reset = testBlock(undefined, { slot: 4n });
    expect(refused(sizedBytes(reset.bytes))).toMatch("conflict: the parachain's head went from block 1");
    const rival = testBlock(reset);
    expect(refused(sizedBytes(rival.bytes))).toMatch("conflict: the parachain's head went from block 1");
    expect(refused(sizedBytes(paraBlocks[0]!.bytes))).toBe('valid: 1');
  });

  it('is not proven to a client that follows none, nor by a changed proof', () => {
    const { bytes } = updateTo(sizedBytes(paraBlocks[1]!.bytes));
    expect(show(client.update(started(), bytes, NOW))).toBe(
      'invalid: update: a parachain proof for a client that follows none',
    );
    const state = started(para);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(para.update(state, changed, NOW).kind, `byte ${at}`).not.toBe('valid');
    }
  });
});
