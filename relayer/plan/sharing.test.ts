/** Several processes, each with every role, over one bus: who plans, and what happens when that one dies. */
import { afterEach, describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../relayer/core/bytes.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import type { TargetAccount } from '../../relayer/core/ports.ts';
import { createFakeNetwork, type FakeNetwork, TOKEN } from '../../test/sim/fakeNetwork.ts';

const alice = keccak256(utf8('alice')).slice(0, 20);
const bob = keccak256(utf8('bob')).slice(0, 20);

let network: FakeNetwork;
afterEach(async () => network.stop());

function credited(): bigint {
  return network.b.balances.get(`${toHex(bob)}/${TOKEN}`) ?? 0n;
}

/** Counts what accounts of the target chain are asked to do. */
function countCalls(): { prepared: number; signed: number; readonly by: Map<string, number> } {
  const counts = { prepared: 0, signed: 0, by: new Map<string, number>() };
  const chain = network.b as { account: (address: string) => TargetAccount };
  const create = chain.account;
  chain.account = (address) => {
    const account = create(address);
    return {
      ...account,
      prepare: async (delivery, signal) => {
        counts.prepared++;
        return account.prepare(delivery, signal);
      },
      sign: async (call, slot, attempt, signal) => {
        counts.signed++;
        counts.by.set(address, (counts.by.get(address) ?? 0) + 1);
        return account.sign(call, slot, attempt, signal);
      },
    };
  };
  return counts;
}

function send(count: number): void {
  for (let i = 0; i < count; i++) {
    network.a.send(network.lane.aToB, { asset: TOKEN, amount: 1n, receiver: bob, sender: alice });
  }
}

const CHUNK_SIZE = 8;

describe('three processes', () => {
  it('share the work evenly, submit each chunk once, and go on when the planning one dies', async () => {
    network = createFakeNetwork({ chunkSize: CHUNK_SIZE });
    const counts = countCalls();
    for (const index of [0, 1]) await network.attester(index);
    const [first] = [await network.relayer(undefined, undefined, 'one')];
    for (const name of ['two', 'three']) await network.relayer(undefined, undefined, name);
    let sent = 0;
    const round = async (): Promise<void> => {
      send(10 * CHUNK_SIZE);
      sent += 10 * CHUNK_SIZE;
      await network.until('credited', () => credited() === BigInt(sent), 2_000);
    };
    for (let i = 0; i < 3; i++) await round();
    expect(network.b.doubles).toBe(0);
    // A checkpoint may end before its last chunk is full.
    const chunks = counts.signed;
    expect(chunks).toBeGreaterThanOrEqual(30);
    expect([...counts.by.keys()].sort()).toEqual(['one-fake-b', 'three-fake-b', 'two-fake-b']);
    expect(Math.max(...counts.by.values()) - Math.min(...counts.by.values())).toBeLessThanOrEqual(3);

    await first.crash();
    await round();
    expect([...network.b.effects.values()].every((times) => times === 1)).toBe(true);
    expect(network.b.effects.size).toBe(sent);
    expect(network.b.doubles).toBe(0);
  }, 60_000);
});
