import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createGrandpaClient,
  encodeUpdate,
  stepFromFinalityProof,
  decodeFinalityProof,
} from '../../../light-clients/grandpa/index.ts';
import { paraHeadKey } from '../../../light-clients/trie/index.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { resultOf } from './askRpc.ts';
import { bytesOf } from './chain/block.ts';
import { hexText, type LocalSubstrate, startLocalSubstrate } from './index.ts';

describe('two asset hubs under one relay chain', () => {
  let local: LocalSubstrate;

  beforeAll(async () => {
    local = await startLocalSubstrate({ clock: systemClock }, { furtherHubs: [2000] });
  });
  afterAll(async () => local.stop());

  const heights = (): number[] => local.assetHubs.map(({ chain }) => chain.finalized().number);

  it('are chains of their own', () => {
    expect(local.assetHubs.map(({ paraId }) => paraId)).toEqual([1000, 2000]);
    expect(new Set(local.assetHubs.map(({ genesisHash }) => genesisHash)).size).toBe(2);
    expect(local.assetHub).toBe(local.assetHubs[0]);
  });

  it('are backed by groups of validators that change cores, and grow by one block each in two relay blocks', () => {
    const before = local.relay.chain.best().number;
    for (let blocks = 0; blocks < 44; blocks++) local.step();
    expect(local.relay.chain.best().number).toBe(before + 44);
    expect(heights()).toEqual([22, 22]);
  });

  it('grow alone as well, and over changes of session', () => {
    const [, second] = local.assetHubs;
    second!.produceBlock();
    expect(heights()).toEqual([22, 23]);
    local.assetHub.produceBlock();
    for (let sessions = 0; sessions < 3; sessions++) {
      local.relay.nextSession();
      for (let blocks = 0; blocks < 6; blocks++) local.step();
    }
    const [a = 0, b = 0] = heights();
    expect(a).toBeGreaterThanOrEqual(29);
    expect(b).toBe(a);
  });

  it('are each proven by the relay chain, and not one for the other', async () => {
    const { relay } = local;
    const trusted = relay.trusted();
    local.step();
    local.step();
    const number = relay.chain.finalized().number - 1;
    const proof = decodeFinalityProof(bytesOf(await resultOf<string>(relay.url, 'grandpa_proveFinality', number))!);
    if (proof.kind !== 'valid') throw new Error(proof.reason);
    const headers = [relay.chain.blockAt(number)!.headerBytes, ...proof.value.unknownHeaders];
    const step = stepFromFinalityProof({ ...proof.value, unknownHeaders: headers }, trusted.setId);
    const now = BigInt(Math.floor(systemClock.now() / 1000));
    const verdict = async (client: number, proven: number): Promise<string> => {
      const [paraId = 0, other = 0] = [local.assetHubs[client]?.paraId, local.assetHubs[proven]?.paraId];
      const { chain } = local.assetHubs[client]!;
      const parachain = { id: paraId, trustedHeader: chain.genesis.headerBytes, slotMs: 12_000 };
      const follower = createGrandpaClient({ trusted, slotMs: 6_000, parachain });
      const start = follower.start();
      if (start.kind !== 'valid') throw new Error('a start');
      const key = hexText(paraHeadKey(other));
      const hash = relay.chain.finalized().hash;
      const { proof: nodes } = await resultOf<{ proof: string[] }>(relay.url, 'state_getReadProof', [key], hash);
      const parachainProof = nodes.map((node) => bytesOf(node)!);
      const result = follower.update(start.value.state, encodeUpdate({ steps: [step], parachainProof }), now);
      return result.kind === 'valid' ? hexText(result.value.head.hash) : result.kind;
    };
    expect(await verdict(0, 0)).toBe(local.assetHubs[0]!.chain.finalized().hash);
    expect(await verdict(1, 1)).toBe(local.assetHubs[1]!.chain.finalized().hash);
    expect(await verdict(1, 0)).toBe('invalid');
  });
});
