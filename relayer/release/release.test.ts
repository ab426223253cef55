/** Both sides of a vault over one bus: three members, each with a journal of its own, and whoever asks them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  derivation,
  derivePackets,
  KEYS,
  LANE,
  packetsFrom,
  recordTelemetry,
  RULES,
  settle,
  signedBy,
  SOURCE,
  statementOver,
  stepAt,
  TARGET,
} from '../../test/sim/statements.ts';
import { createTestClock, type TestClock } from '../../test/sim/testClock.ts';
import { type Bus, createMemoryBroker, createMemoryBus } from '../bus/index.ts';
import { bytesToHex, concatBytes, utf8 } from '../core/bytes.ts';
import { type Certificate, decodeDelivery } from '../core/certificate.ts';
import { keccak256 } from '../core/keccak.ts';
import { RELEASE_ANSWER_MS } from '../core/limits.ts';
import { silentLogger } from '../core/log.ts';
import type { Delivery, ReleaseRequest, VaultMember } from '../core/ports.ts';
import { createSubjects } from '../core/subjects.ts';
import { deliveryBuilder } from '../plan/buildDelivery.ts';
import { createMemoryStore, type MemoryStore } from '../store/index.ts';
import { createJournal, type Journal } from '../store/journal.ts';
import { createPromises } from '../store/promises.ts';
import { createCosigners } from './collect.ts';
import { cosign } from './cosign.ts';

const subjects = createSubjects('test');
const ACCOUNT = 'vault1';
const EXPIRY = 10n;
const PACKETS = packetsFrom(0n, 12);
const FIRST_HALF = PACKETS.subarray(0, 6 * 135);

/** A family whose terms are an expiry height (u8) and one byte of content; whose answer names the member. */
function memberOf(index: number, more: Partial<VaultMember> = {}): VaultMember {
  return {
    quarantine: undefined,
    check: ({ account, slot, delivery, terms }, { height }) => {
      const [expiry = 0, content = 0] = terms;
      if (account !== ACCOUNT) return { kind: 'invalid', reason: 'no account of the vault' };
      if (BigInt(expiry) <= height) return { kind: 'invalid', reason: 'it would expire at once' };
      const what = keccak256(delivery === undefined ? utf8('blank') : delivery.packets, Uint8Array.of(content));
      return { kind: 'valid', value: { holder: account, slot, content: what, expiryHeight: BigInt(expiry) } };
    },
    sign: async ({ slot }, { content }) => Promise.resolve(utf8(`${index} ${slot} ${bytesToHex(content)}`)),
    ...more,
  };
}

function deliveryOf(packets: Uint8Array, chunkIndex = 0, certify?: (packets: Uint8Array) => Certificate): Delivery {
  const certificate = certify?.(packets) ?? signedBy(statementOver(packets), KEYS.slice(0, 2));
  return decodeDelivery(deliveryBuilder(certificate, packets)!(chunkIndex));
}

const request = (slot: bigint, delivery: Delivery | undefined, expiry = EXPIRY, content = 0): ReleaseRequest => ({
  account: ACCOUNT,
  slot,
  delivery,
  terms: Uint8Array.of(Number(expiry), content),
});

interface Member {
  readonly journal: Journal;
  readonly store: MemoryStore;
  readonly stop: AbortController;
  booking: 'booked' | 'excess' | 'incomplete';
  readonly alerts: string[];
}

let clock: TestClock;
let bus: Bus;
let end: AbortController;
let members: Member[];
/** What the members' clocks say of the chain's time; its blocks are a second apart, from block 0 at second 0 on. */
let chainSeconds = 0;

/** Starts a member over a store; `packets` are derived by it, and its view of the target is at `height`. */
function startMember(index: number, store: MemoryStore, more?: Partial<VaultMember>): Member {
  const journal = createJournal(store);
  const telemetry = recordTelemetry();
  const stop = new AbortController();
  const member: Member = { journal, store, stop, booking: 'booked', alerts: telemetry.alerts };
  cosign(
    TARGET,
    [{ id: LANE, source: SOURCE, rules: RULES }],
    {
      bus,
      subjects,
      journal,
      promises: createPromises(store, TARGET),
      ledger: { book: async () => Promise.resolve({ kind: member.booking }) },
      member: memberOf(index, more),
      clock: { ...clock, now: () => chainSeconds * 1000 },
      log: silentLogger,
      telemetry,
    },
    AbortSignal.any([stop.signal, end.signal]),
  );
  return member;
}

async function reachTarget(journal: Journal, height: bigint): Promise<void> {
  await journal.putStep(TARGET, stepAt(height));
  await journal.putDerivation(TARGET, stepAt(height).head, derivation(height));
}

/** Asks for `need` signatures; what was answered, or why not. */
async function ask(asked: ReleaseRequest, need = 2): Promise<string[] | string> {
  // Asked twice, a member answers twice.
  const answers = new Set<string>();
  const collected = createCosigners(TARGET, 3, { bus, subjects, clock }).collect(
    asked,
    (answer) => {
      answers.add(new TextDecoder().decode(answer));
      return answers.size === need ? 'enough' : 'more';
    },
    end.signal,
  );
  const outcome = collected.then(
    () => [...answers].sort(),
    (error: Error) => error.message,
  );
  await clock.settle();
  await clock.advance(RELEASE_ANSWER_MS / 2);
  await clock.advance(RELEASE_ANSWER_MS / 2);
  return outcome;
}

beforeEach(async () => {
  chainSeconds = 0;
  clock = createTestClock();
  bus = createMemoryBus({ broker: createMemoryBroker({ clock }), clock, subjects });
  await bus.ensureTopology();
  end = new AbortController();
  members = [];
  for (let index = 0; index < 3; index++) {
    const member = startMember(index, createMemoryStore());
    await derivePackets(member.journal, PACKETS, 1n);
    await reachTarget(member.journal, 1n);
    members.push(member);
  }
});

afterEach(async () => {
  end.abort();
  await bus.close({ drain: false });
});

describe('members of a vault', () => {
  it('sign a chunk of a certified checkpoint, all the same, and again when asked again', async () => {
    const asked = request(0n, deliveryOf(FIRST_HALF, 1));
    const answers = await ask(asked, 3);
    expect(answers).toHaveLength(3);
    expect(new Set([...answers].map((text) => text.slice(2))).size).toBe(1);
    expect(await ask(asked, 3)).toEqual(answers);
  });

  it('sign a slot that pays nobody', async () => {
    expect(await ask(request(0n, undefined))).toHaveLength(2);
  });

  it.each<[string, Delivery, string]>([
    [
      'too few signatures',
      deliveryOf(FIRST_HALF, 0, (all) => signedBy(statementOver(all), KEYS.slice(0, 1))),
      'are needed',
    ],
    ['no signatures', deliveryOf(FIRST_HALF, 0, (all) => signedBy(statementOver(all), [])), 'are needed'],
    [
      'packets of another checkpoint',
      { ...deliveryOf(FIRST_HALF), packets: packetsFrom(0n, 4, { amount: 9n }) },
      'not the signed ones',
    ],
    ['packets that nobody deposited', deliveryOf(packetsFrom(0n, 4, { amount: 9n })), 'differ'],
    ['packets not seen yet', deliveryOf(packetsFrom(12n, 4)), 'not derived here yet'],
  ])('refuse %s', async (_, delivery, why) => {
    expect(await ask(request(0n, delivery))).toContain(why);
  });

  it('raise the alarm over packets that a threshold signed and nobody deposited', async () => {
    await ask(request(0n, deliveryOf(packetsFrom(0n, 4, { amount: 9n }))));
    expect(members.map(({ alerts }) => alerts)).toEqual(members.map(() => ['PACKETS_DIFFER']));
  });

  it('refuse what is no account of theirs, and what their books do not allow', async () => {
    expect(await ask({ ...request(0n, deliveryOf(FIRST_HALF)), account: 'other' })).toContain('no account');
    for (const member of members) member.booking = 'excess';
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)))).toContain('books');
  });

  it('never sign the same packets for two slots while the first may be paid', async () => {
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)))).toHaveLength(2);
    expect(await ask(request(1n, deliveryOf(FIRST_HALF)))).toContain('promised to slot 0');
    // The same packets cut in another way: chunks of another checkpoint that overlap.
    const shifted = deliveryOf(PACKETS.subarray(2 * 135, 8 * 135));
    expect(await ask(request(1n, shifted))).toContain('promised to slot 0');
    // Packets that nobody was promised go on.
    expect(await ask(request(1n, deliveryOf(FIRST_HALF, 1)))).toHaveLength(2);
  });

  it('never sign two contents for one slot while the first may come true', async () => {
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)))).toHaveLength(2);
    expect(await ask(request(0n, deliveryOf(FIRST_HALF, 1)))).toContain('slot 0 is promised');
    expect(await ask(request(0n, undefined))).toContain('slot 0 is promised');
    expect(await ask(request(0n, deliveryOf(FIRST_HALF), EXPIRY, 1))).toContain('promised to slot 0');
  });

  it('sign anew once everything up to the expiry was seen, and not before', async () => {
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)))).toHaveLength(2);
    // A later attempt in the same slot prolongs what may still happen.
    expect(await ask(request(0n, deliveryOf(FIRST_HALF), EXPIRY + 5n))).toHaveLength(2);
    const later = request(1n, deliveryOf(FIRST_HALF), 50n);
    for (const { journal } of members) await reachTarget(journal, EXPIRY + 5n);
    expect(await ask(later)).toContain('promised to slot 0');
    for (const { journal } of members) await reachTarget(journal, EXPIRY + 6n);
    expect(await ask(later)).toHaveLength(2);
    expect(await ask(request(0n, undefined, 50n))).toHaveLength(2);
  });

  it('sign anew once the chain showed that the slot paid nobody', async () => {
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)))).toHaveLength(2);
    for (const { journal } of members) {
      await journal.putStep(TARGET, stepAt(2n));
      await journal.putDerivation(TARGET, stepAt(2n).head, derivation(2n, { voided: [{ holder: ACCOUNT, slot: 0n }] }));
    }
    expect(await ask(request(1n, deliveryOf(FIRST_HALF)))).toHaveLength(2);
  });

  it('never sign what was delivered, in whole or in part', async () => {
    for (const { journal } of members) await settle(journal, 4n, [[0n, 4]], 2n);
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)))).toContain('delivered before');
    const shifted = deliveryOf(PACKETS.subarray(2 * 135, 8 * 135));
    expect(await ask(request(0n, shifted))).toContain('delivered before');
    expect(await ask(request(0n, deliveryOf(FIRST_HALF, 1)))).toHaveLength(2);
  });

  it('keep their promises through a crash', async () => {
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)), 3)).toHaveLength(3);
    for (const { stop } of members) stop.abort();
    members = members.map(({ store }, index) => startMember(index, store.crash()));
    // What was derived is not synced, and is derived again; the promise was.
    for (const { journal } of members) {
      if ((await journal.lane(LANE)).derived === 0n) await derivePackets(journal, PACKETS, 1n);
      await reachTarget(journal, 2n);
    }
    expect(await ask(request(1n, deliveryOf(FIRST_HALF)))).toContain('promised to slot 0');
  });

  describe('that lost their signing journals', () => {
    const QUARANTINE = { blocks: 20n, driftSeconds: 3n };
    const later = request(0n, deliveryOf(FIRST_HALF), 255n);

    async function restart(stores = members.map(() => createMemoryStore())): Promise<void> {
      for (const { stop } of members) stop.abort();
      members = [];
      for (const [index, store] of stores.entries()) {
        const member = startMember(index, store, { quarantine: QUARANTINE });
        if ((await member.journal.lane(LANE)).derived === 0n) await derivePackets(member.journal, PACKETS, 1n);
        members.push(member);
      }
      await clock.settle();
    }

    async function reach(height: bigint): Promise<void> {
      for (const { journal } of members) await reachTarget(journal, height);
      await clock.advance(500);
    }

    it('wait until nothing of them can happen any more, however long they take to catch up', async () => {
      chainSeconds = 100;
      await restart();
      expect(await ask(later)).toContain('not derived here yet');
      // Catching up: these blocks are of before they began, or so little after that clocks may differ by it.
      for (const height of [5n, 40n, 100n, 102n]) await reach(height);
      expect(await ask(later)).toContain('not verified up to its beginning');
      await reach(104n);
      expect(await ask(later)).toContain('before block 124');
      await reach(123n);
      expect(await ask(later)).toContain('before block 124');
      await reach(124n);
      expect(await ask(later)).toHaveLength(2);
    });

    it('wait once: a crash neither shortens nor prolongs it', async () => {
      chainSeconds = 100;
      await restart();
      chainSeconds = 102;
      await restart(members.map(({ store }) => store.crash()));
      await reach(103n);
      expect(await ask(later)).toContain('before block 123');
      chainSeconds = 110;
      await restart(members.map(({ store }) => store.crash()));
      await reach(122n);
      expect(await ask(later)).toContain('before block 123');
      await reach(123n);
      expect(await ask(later)).toHaveLength(2);
    });
  });

  it('sign nothing of a frozen chain, on either side', async () => {
    for (const { journal } of members) await journal.freeze(SOURCE, 'two headers');
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)))).toContain('source chain is frozen');
    for (const { journal } of members) await journal.freeze(TARGET, 'two headers');
    expect(await ask(request(0n, undefined))).toContain('the chain is frozen');
  });
});

describe('whoever asks', () => {
  it('is told when too few members are there', async () => {
    for (const { stop } of members.slice(1)) stop.abort();
    expect(await ask(request(0n, deliveryOf(FIRST_HALF)))).toContain('Too few members');
  });

  it('is not disturbed by what others say on the bus', async () => {
    const asked = request(0n, deliveryOf(FIRST_HALF));
    bus.subscribe(
      subjects.cosign(TARGET),
      () => {
        bus.publish(subjects.cosigned(TARGET), utf8('junk'));
        bus.publish(subjects.cosigned(TARGET), concatBytes(utf8('VDA1'), new Uint8Array(32), Uint8Array.of(1, 7)));
      },
      { signal: end.signal },
    );
    expect(await ask(asked, 3)).toHaveLength(3);
  });
});
