import { describe, expect, it } from 'vitest';
import { createSyntheticChain, type SyntheticChain } from '../../test/vectors/ethereum/syntheticChain.ts';
import { createEthereumClient, decodeVerifiedBlock, MAINNET_PRESET, MINIMAL_PRESET } from './index.ts';
import { createNobleBls } from './bls.ts';
import { type ForkName, FORK_NAMES, type Preset } from './parameters.ts';
import type { SyncCommittee } from './containers.ts';

/** Minimal preset: 8 slots an epoch, 64 a period. */
function chainOf(epochs: Partial<Record<ForkName, bigint>>, bootstrapSlot: bigint, preset: Preset = MINIMAL_PRESET) {
  const forks = FORK_NAMES.flatMap((name, index) => {
    const epoch = epochs[name];
    return epoch === undefined ? [] : [{ name, epoch, version: Uint8Array.of(index, 0, 0, 99) }];
  });
  const base = {
    preset,
    forks,
    genesisValidatorsRoot: new Uint8Array(32).fill(5),
    genesisTime: 1_000_000n,
    secondsPerSlot: 12n,
    maxAgeSeconds: 100_000n,
  };
  return createSyntheticChain(base, bootstrapSlot);
}

const ELECTRA_ONLY = { phase0: 0n, altair: 0n, bellatrix: 0n, capella: 0n, deneb: 0n, electra: 0n };

function startedClient(chain: SyntheticChain) {
  const client = createEthereumClient(chain.parameters);
  const started = client.start(chain.bootstrap().bytes);
  if (started.kind !== 'valid') throw new Error(started.reason);
  const run = (state: Uint8Array, update: Uint8Array, slot: bigint) => client.update(state, update, chain.timeAt(slot));
  /** The state after an update that must be valid. */
  const after = (state: Uint8Array, update: Uint8Array, slot: bigint): Uint8Array => {
    const verdict = run(state, update, slot);
    if (verdict.kind !== 'valid') throw new Error(verdict.reason);
    return verdict.value.state;
  };
  return { client, state: started.value.state, head: started.value.head, run, after };
}

describe('following a chain', () => {
  const chain = chainOf(ELECTRA_ONLY, 8n);
  const { client, state, head, run, after } = startedClient(chain);
  const period0 = chain.update({ attestedSlot: 40n, finalizedSlot: 24n });
  const period1 = chain.update({ attestedSlot: 100n, finalizedSlot: 80n });

  it('starts at the trusted block and says what it is', () => {
    expect(client).toMatchObject({ kind: 'ethereum', assurance: 'light client', bls: 'blst' });
    expect(head.height).toBe(8n);
  });

  it('goes from period to period, and hands out the finalized execution block', () => {
    const verdict = run(after(state, period0, 41n), period1, 101n);
    expect(verdict.kind).toBe('valid');
    if (verdict.kind !== 'valid') return;
    const block = decodeVerifiedBlock(verdict.value.head.header);
    const { finalizedHeader } = chain.updateValue({ attestedSlot: 100n, finalizedSlot: 80n }).value;
    if (!('execution' in finalizedHeader)) throw new Error('an Electra header has a payload');
    expect(block).toMatchObject({
      slot: 80n,
      number: 80n,
      timestamp: 1_000_080n,
      blockHash: finalizedHeader.execution.blockHash,
      stateRoot: finalizedHeader.execution.stateRoot,
      receiptsRoot: finalizedHeader.execution.receiptsRoot,
    });
    expect(verdict.value.head).toMatchObject({ height: 80n, hash: finalizedHeader.execution.blockHash });
  });

  it('answers alike with the JavaScript BLS', () => {
    const noble = createEthereumClient(chain.parameters, createNobleBls());
    expect(noble.bls).toBe('noble');
    expect(noble.start(chain.bootstrap().bytes)).toEqual(client.start(chain.bootstrap().bytes));
    expect(noble.update(state, period0, chain.timeAt(41n))).toEqual(run(state, period0, 41n));
  });

  it('wants every period in its turn', () => {
    expect(run(state, period1, 101n)).toMatchObject({
      kind: 'needsMore',
      reason: 'signed in period 1; the update of period 0 comes first',
    });
    const afterFinality = after(state, chain.finalityUpdate({ attestedSlot: 40n, finalizedSlot: 24n }), 41n);
    expect(run(afterFinality, period1, 101n).kind).toBe('needsMore');
    const known = after(state, period0, 41n);
    const period2 = chain.update({ attestedSlot: 150n, finalizedSlot: 136n });
    expect(run(known, period2, 151n)).toMatchObject({
      kind: 'needsMore',
      reason: 'signed in period 2; the update of period 1 comes first',
    });
    expect(run(after(after(known, period1, 101n), period2, 151n), period1, 151n)).toMatchObject({
      kind: 'needsMore',
      reason: 'signed in period 1, before the trusted period 2',
    });
  });

  it('crosses a period by finality updates while the committee is known', () => {
    const known = after(state, period0, 41n);
    const crossed = after(known, chain.finalityUpdate({ attestedSlot: 90n, finalizedSlot: 72n }), 91n);
    expect(run(crossed, period1, 101n).kind).toBe('valid');
  });

  it('learns the next committee from an update that finalizes nothing newer', () => {
    const ahead = after(state, chain.finalityUpdate({ attestedSlot: 56n, finalizedSlot: 40n }), 57n);
    const verdict = run(ahead, period0, 57n);
    expect(verdict.kind).toBe('valid');
    if (verdict.kind !== 'valid') return;
    expect(verdict.value.head.height).toBe(40n);
    expect(run(verdict.value.state, period1, 101n).kind).toBe('valid');
  });

  it('learns the next committee while only genesis is finalized', () => {
    // The state then names the zero root, and the update has an empty header.
    const verdict = run(state, chain.update({ attestedSlot: 20n, finalizedSlot: 0n }), 21n);
    expect(verdict).toMatchObject({ kind: 'valid', value: { head: { height: 8n } } });
    const forged = chain.update({ attestedSlot: 20n, finalizedSlot: 0n }, (value) => ({
      ...value,
      finalizedHeader: { ...value.attestedHeader, beacon: { ...value.attestedHeader.beacon, slot: 0n } },
    }));
    expect(run(state, forged, 21n)).toMatchObject({ kind: 'invalid', reason: 'the genesis header is not empty' });
  });

  it('takes nothing that is not finalized', () => {
    expect(run(state, chain.update({ attestedSlot: 40n }), 41n)).toMatchObject({
      kind: 'needsMore',
      reason: 'nothing newer is finalized',
    });
    const ahead = after(
      after(state, period0, 41n),
      chain.finalityUpdate({ attestedSlot: 60n, finalizedSlot: 48n }),
      61n,
    );
    expect(run(ahead, period0, 61n)).toMatchObject({
      kind: 'needsMore',
      reason: 'nothing newer than the trusted state',
    });
    expect(run(ahead, chain.update({ attestedSlot: 61n, finalizedSlot: 48n }), 62n)).toMatchObject({
      kind: 'needsMore',
      reason: 'nothing newer is finalized',
    });
  });

  it('is asked for a fresh trusted block when the state is too old', () => {
    const last = chain.timeAt(8n) + chain.parameters.maxAgeSeconds;
    expect(client.update(state, period0, last).kind).toBe('valid');
    expect(client.update(state, period0, last + 1n)).toMatchObject({
      kind: 'invalid',
      reason: 'the trusted state is 100001 s old, 100000 s are allowed: a new trusted block root is needed',
    });
  });

  it('takes no other bootstrap, no state of another network, no message of the wrong kind', () => {
    expect(client.start(chainOf({ ...ELECTRA_ONLY, fulu: 0n }, 8n).bootstrap().bytes).kind).toBe('invalid');
    expect(client.start(chain.bootstrap(chain.committee(9n)).bytes).kind).toBe('invalid');
    expect(client.start(period0).kind).toBe('invalid');
    expect(run(state, chain.bootstrap().bytes, 41n).kind).toBe('invalid');
    const other = createEthereumClient({ ...chain.parameters, genesisValidatorsRoot: new Uint8Array(32) });
    expect(other.update(state, period0, chain.timeAt(41n)).kind).toBe('invalid');
  });
});

describe('participation', () => {
  it.each([
    [MINIMAL_PRESET, 21, 22],
    [MAINNET_PRESET, 341, 342],
  ])('$name: $1 are too few, $2 are enough', (preset, tooFew, enough) => {
    const chain = chainOf(ELECTRA_ONLY, 8n, preset);
    const { state, run } = startedClient(chain);
    const options = { attestedSlot: 40n, finalizedSlot: 24n };
    expect(run(state, chain.finalityUpdate({ ...options, signers: enough }), 41n).kind).toBe('valid');
    expect(run(state, chain.finalityUpdate({ ...options, signers: tooFew }), 41n)).toMatchObject({
      kind: 'needsMore',
      reason: `${tooFew} of ${preset.syncCommitteeSize} signed, two thirds are needed`,
    });
    expect(run(state, chain.finalityUpdate({ ...options, signers: 0 }), 41n).kind).toBe('invalid');
  });
});

describe('lies', () => {
  const chain = chainOf(ELECTRA_ONLY, 8n);
  const { state, run, after } = startedClient(chain);
  const options = { attestedSlot: 40n, finalizedSlot: 24n };
  const bad = { kind: 'invalid' };

  it('the committee of another period', () => {
    const reason = "the committee's signature does not verify";
    expect(run(state, chain.update({ ...options, signingPeriod: 1n }), 41n)).toMatchObject({ ...bad, reason });
    const known = after(state, chain.update(options), 41n);
    expect(run(known, chain.update({ attestedSlot: 100n, finalizedSlot: 80n, signingPeriod: 0n }), 101n)).toMatchObject(
      { ...bad, reason },
    );
  });

  it('slots: in the future, in the wrong order', () => {
    const future = { ...bad, reason: 'the signature slot is in the future' };
    expect(run(state, chain.update({ ...options, signatureSlot: 42n }), 41n)).toMatchObject(future);
    expect(run(state, chain.update({ ...options, signatureSlot: 40n }), 41n)).toMatchObject({
      ...bad,
      reason: 'the signature slot is not after the attested slot',
    });
    expect(run(state, chain.update({ attestedSlot: 40n, finalizedSlot: 41n, signatureSlot: 43n }), 50n)).toMatchObject(
      bad,
    );
    expect(run(state, chain.update(options), -70_000n)).toMatchObject(future);
  });

  it('a header without its branch, a branch without its header', () => {
    const zero = (branch: readonly Uint8Array[]) => branch.map(() => new Uint8Array(32));
    const finality = chain.update(options, (value) => ({ ...value, finalityBranch: zero(value.finalityBranch) }));
    expect(run(state, finality, 41n)).toMatchObject({ ...bad, reason: 'a finalized header without its branch' });
    const committee = chain.update(options, (value) => ({
      ...value,
      nextSyncCommitteeBranch: zero(value.nextSyncCommitteeBranch),
    }));
    expect(run(state, committee, 41n)).toMatchObject({ ...bad, reason: 'a next committee without its branch' });
    const empty = chain.updateValue(options).types.header.defaultValue();
    expect(
      run(
        state,
        chain.update(options, (value) => ({ ...value, finalizedHeader: empty })),
        41n,
      ),
    ).toMatchObject(bad);
  });

  it('keys that are none: infinity, outside the group, off the curve', () => {
    const infinity = Uint8Array.of(0xc0, ...new Uint8Array(47));
    const outsideGroup = Uint8Array.of(0x80, ...new Uint8Array(46), 4);
    for (const key of [infinity, outsideGroup, new Uint8Array(48), new Uint8Array(48).fill(0xff)]) {
      const committee: SyncCommittee = chain.committee(0n);
      const withKey = { ...committee, pubkeys: [...committee.pubkeys.slice(0, 31), key] };
      expect(run(state, chain.update({ ...options, nextCommittee: withKey }), 41n)).toMatchObject(bad);
      const made = chain.bootstrap(withKey);
      const client = createEthereumClient({ ...chain.parameters, trustedBlockRoot: made.root });
      expect(client.start(made.bytes)).toMatchObject({
        ...bad,
        reason: 'the key of committee member 31 is not a valid public key',
      });
    }
  });

  it('keys that cancel out sign nothing', () => {
    const { secret, publicKey } = chain.signersOf('0')[0]!;
    expect(secret).toBeGreaterThan(0n);
    // The sign bit turns a key into its negative; the sum of both is infinity, and so is the matching signature.
    const negative = Uint8Array.from(publicKey, (byte, index) => (index === 0 ? byte ^ 0x20 : byte));
    const pubkeys = Array.from({ length: 32 }, (_, index) => (index % 2 === 0 ? publicKey : negative));
    const made = chain.bootstrap({ pubkeys, aggregatePubkey: publicKey });
    const infinity = Uint8Array.of(0xc0, ...new Uint8Array(95));
    const forged = chain.finalityUpdate(options);
    const unsigned = { ...bad, reason: "the committee's signature does not verify" };
    for (const bls of [undefined, createNobleBls()]) {
      const client = createEthereumClient({ ...chain.parameters, trustedBlockRoot: made.root }, bls);
      const started = client.start(made.bytes);
      if (started.kind !== 'valid') throw new Error(started.reason);
      const message = chain.update(options, (value) => ({
        ...value,
        syncAggregate: { ...value.syncAggregate, syncCommitteeSignature: infinity },
      }));
      expect(client.update(started.value.state, message, chain.timeAt(41n))).toMatchObject(unsigned);
      expect(client.update(started.value.state, forged, chain.timeAt(41n))).toMatchObject(unsigned);
    }
  });

  it('freezes on a second finality', () => {
    const known = after(state, chain.update(options), 41n);
    const fork = chain.finalityUpdate({ attestedSlot: 41n, finalizedSlot: 24n, branch: 'fork' });
    expect(run(known, fork, 42n)).toMatchObject({ kind: 'conflict', reason: 'two finalized headers at slot 24' });
    // Also long after, when the update has nothing else to say.
    const later = after(known, chain.finalityUpdate({ attestedSlot: 60n, finalizedSlot: 48n }), 61n);
    expect(run(later, fork, 61n)).toMatchObject({ kind: 'conflict', reason: 'two finalized headers at slot 24' });
    // But not on the word of anybody who cannot sign for the committee.
    const unsigned = chain.finalityUpdate({ attestedSlot: 41n, finalizedSlot: 24n, branch: 'fork', signingPeriod: 3n });
    expect(run(later, unsigned, 61n)).toMatchObject(bad);
    const few = chain.finalityUpdate({ attestedSlot: 41n, finalizedSlot: 24n, branch: 'fork', signers: 21 });
    expect(run(later, few, 61n).kind).toBe('needsMore');
  });

  it('freezes on a second committee for the same period', () => {
    const known = after(state, chain.update(options), 41n);
    const other = chain.update({ attestedSlot: 44n, finalizedSlot: 32n, nextCommittee: chain.committee(7n) });
    expect(run(known, other, 45n)).toMatchObject({
      kind: 'conflict',
      reason: 'two next committees for the same period',
    });
  });
});

describe('fork boundaries', () => {
  const epochs = { phase0: 0n, altair: 0n, bellatrix: 0n, capella: 0n, deneb: 2n, electra: 4n, fulu: 5n, gloas: 6n };
  const chain = chainOf(epochs, 8n);
  const { state, run } = startedClient(chain);

  it('signs with the version of the slot before the signature slot', () => {
    // Slot 32 is the first of Electra: a signature made in it over slot 31 is of Deneb.
    const options = { attestedSlot: 31n, finalizedSlot: 16n, signatureSlot: 32n };
    expect(run(state, chain.update(options), 33n).kind).toBe('valid');
    expect(run(state, chain.update({ ...options, versionSlot: 32n }), 33n).kind).toBe('invalid');
    const missed = { attestedSlot: 31n, finalizedSlot: 16n, signatureSlot: 33n };
    expect(run(state, chain.update(missed), 33n).kind).toBe('valid');
    expect(run(state, chain.update({ ...missed, versionSlot: 31n }), 33n).kind).toBe('invalid');
  });

  it('chooses indices by the slot of the header that is opened, from Capella to Gloas', () => {
    let current = state;
    // Attested in Capella, Deneb, Electra, Fulu, Gloas; the finalized header of the fork before or the same.
    for (const [attested, finalized] of [
      [12n, 9n],
      [20n, 10n],
      [28n, 18n],
      [36n, 24n],
      [44n, 34n],
      [52n, 42n],
      [60n, 50n],
    ] as const) {
      const verdict = run(current, chain.update({ attestedSlot: attested, finalizedSlot: finalized }), 61n);
      expect(verdict).toMatchObject({
        kind: 'valid',
        value: { head: { height: finalized >= 48n ? finalized - 1n : finalized } },
      });
      if (verdict.kind === 'valid') current = verdict.value.state;
    }
  });

  it('takes no layout but that of the attested slot', () => {
    const update = chain.update({ attestedSlot: 36n, finalizedSlot: 24n });
    // Electra's bytes under Fulu's version: the same layout, another fork.
    const relabelled = Uint8Array.from(update, (byte, index) => (index === 1 ? 6 : byte));
    expect(run(state, relabelled, 61n)).toMatchObject({ kind: 'invalid', reason: "the header's slot is not of fulu" });
  });

  it('refuses blob gas before Deneb', () => {
    const forged = chain.update({ attestedSlot: 20n, finalizedSlot: 10n }, (value) => {
      const { finalizedHeader } = value;
      if (!('execution' in finalizedHeader)) throw new Error('a Deneb header has a payload');
      return {
        ...value,
        finalizedHeader: { ...finalizedHeader, execution: { ...finalizedHeader.execution, blobGasUsed: 1n } },
      };
    });
    expect(run(state, forged, 61n)).toMatchObject({
      kind: 'invalid',
      reason: 'finalized header: blob gas before Deneb',
    });
  });

  it('needs the execution header where Gloas proves only its hash', () => {
    const options = { attestedSlot: 60n, finalizedSlot: 50n };
    const whole = chain.update(options);
    const { types, value } = chain.updateValue(options);
    const without = whole.subarray(0, 9 + types.update.serialize(value as never).length);
    expect(run(state, without, 61n)).toMatchObject({ kind: 'needsMore' });
    const verdict = run(state, whole, 61n);
    expect(verdict.kind === 'valid' && decodeVerifiedBlock(verdict.value.head.header)).toMatchObject({
      slot: 50n,
      number: 49n,
    });
    const other = chain.update({ attestedSlot: 60n, finalizedSlot: 52n });
    const swapped = Uint8Array.of(...without, ...other.subarray(without.length));
    expect(run(state, swapped, 61n)).toMatchObject({
      kind: 'invalid',
      reason: 'the execution header has not the proven block hash',
    });
  });

  it('has no use for headers from before Capella', () => {
    const early = chainOf({ phase0: 0n, altair: 0n, bellatrix: 0n, capella: 1n }, 8n);
    const started = startedClient(early);
    const verdict = started.run(started.state, early.update({ attestedSlot: 20n, finalizedSlot: 7n }), 21n);
    expect(verdict).toMatchObject({
      kind: 'invalid',
      reason: 'finalized header: the header is from before Capella and has no execution block',
    });
  });
});

describe('parameters', () => {
  it('that make no network are said at once', () => {
    const { parameters } = chainOf(ELECTRA_ONLY, 8n);
    const [first, ...rest] = parameters.forks;
    expect(() => createEthereumClient({ ...parameters, forks: rest.map((fork) => ({ ...fork, epoch: 1n })) })).toThrow(
      RangeError,
    );
    expect(() => createEthereumClient({ ...parameters, forks: [...rest, first!] })).toThrow('out of order');
    expect(() => createEthereumClient({ ...parameters, forks: [first!, { ...first!, name: 'altair' }] })).toThrow(
      'is taken',
    );
    expect(() => createEthereumClient({ ...parameters, maxAgeSeconds: 0n })).toThrow('maximum age');
    expect(() => createEthereumClient({ ...parameters, trustedBlockRoot: new Uint8Array(31) })).toThrow('32 bytes');
  });
});
