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

describe('three processes', () => {
  it('share the work, and each chunk is submitted once', async () => {
    network = createFakeNetwork();
    const counts = countCalls();
    for (const index of [0, 1]) await network.attester(index);
    for (const name of ['one', 'two', 'three']) await network.relayer(undefined, undefined, name);
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 80; i++)
        network.a.send(network.lane.aToB, { asset: TOKEN, amount: 1n, receiver: bob, sender: alice });
      await network.until('credited', () => credited() === BigInt(80 * (round + 1)), 2000);
    }
    console.log(counts, network.b.doubles);
    expect(network.b.effects.size).toBe(400);
  }, 60_000);
});
