/**
 * Four real validators whose set changes, one of which is killed and comes back, followed by our light client header by
 * header and in leaps, beside CometBFT's own light client: both must come to the same verdicts, about the truth and about lies.
 */
import { pullLightBlock } from '../../../adapters/cosmos/lightBlocks.ts';
import {
  encodeUpdate,
  headerHash,
  type LightBlock,
  type TrustedState,
  verifyLightBlock,
} from '../../../light-clients/tendermint/index.ts';
import { FLAG_ABSENT } from '../../../light-clients/tendermint/types.ts';
import { expectSame, expectThat } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';
import { type CometLight, startCometLight } from './cometLight.ts';
import { clientFrom, endpointOf, mustBeValid, nowSeconds, rulesOf } from './follow.ts';
import { type KvNetwork, startKvNetwork } from './kvstoreNetwork.ts';
import { LIES } from './lies.ts';
import { startLyingProxy } from './lyingProxy.ts';

export interface NetworkFigures {
  readonly headers: number;
  readonly validatorChanges: number;
  readonly leaps: { readonly direct: number; readonly bisected: number };
}

export async function checkNetwork(context: WitnessContext, binary: string): Promise<NetworkFigures> {
  const { checks, clock, signal, say } = context;
  say('four CometBFT validators');
  const network = await startKvNetwork({ binary, clock, signal });
  try {
    return await follow();
  } finally {
    await network.stop();
  }

  async function follow(): Promise<NetworkFigures> {
    const { chainId, nodes } = network;
    const [first, second] = nodes.map(({ url }) => url) as [string, string];
    const endpoint = endpointOf(clock, first, chainId);
    const rules = rulesOf(chainId);
    const changes = await checks.check(
      'the set changes by transactions; a validator is killed and comes back',
      async () => liveThrough(network),
    );
    const tip = (await nodes[0]!.height())! - 2n;
    const blocks: LightBlock[] = [];
    for (let height = 1n; height <= tip; height++) blocks.push(await pullLightBlock(endpoint, height, signal));
    const hashes = blocks.map(({ header }) => Buffer.from(headerHash(header)).toString('hex').toUpperCase());
    const trusted = { height: 1n, hash: hashes[0]! };
    const withLight = async <T>(
      primary: string,
      witness: string,
      sequential: boolean,
      work: (light: CometLight) => Promise<T>,
    ): Promise<T> => {
      const started = await startCometLight({ binary, clock, chainId, primary, witness, trusted, sequential });
      try {
        return await work(started);
      } finally {
        await started.stop();
      }
    };

    await checks.check('votes of the killed validator are missing, and there again later', () => {
      const absent = blocks.filter(({ commit }) => commit.signatures.some(({ flag }) => flag === FLAG_ABSENT));
      expectThat(absent.length > 0, 'no commit lacks a vote');
      const last = blocks.at(-1)!.commit.signatures.length;
      expectSame(last, 4, 'validators at the end');
      expectSame(new Set(blocks.map(({ commit }) => commit.signatures.length)).size, 4, 'sizes of the set');
    });
    await checks.check('ours accepts every header, each from the one before', () => {
      const client = clientFrom(blocks[0]!, rules);
      let { state } = mustBeValid(client.start(), 'block 1');
      for (const block of blocks.slice(1)) {
        const update = encodeUpdate({ blocks: [block], witnesses: [] });
        ({ state } = mustBeValid(client.update(state, update, nowSeconds(clock)), `block ${block.header.height}`));
      }
    });
    await checks.check("CometBFT's accepts every header, each from the one before, with the same hash", async () => {
      await withLight(first, second, true, async (oracle) => {
        for (const [index, hash] of hashes.entries()) {
          expectSame(await oracle.verify(BigInt(index) + 1n), { hash }, `height ${index + 1}`);
        }
      });
    });

    // Leaps from block 1: which heights are reached at once, and which need blocks in between.
    const start: TrustedState = { header: blocks[0]!.header, nextValidators: blocks[0]!.nextValidators };
    const leaps = blocks.slice(1).map((block) => {
      const verdict = verifyLightBlock(start, block, rules, nowSeconds(clock) * 1_000_000_000n);
      return { height: block.header.height, kind: verdict.kind };
    });
    await checks.check('ours takes each leap from block 1, or says that it needs a block in between', () => {
      const kinds = new Set(leaps.map(({ kind }) => kind));
      expectSame([...kinds].sort(), ['needsMore', 'valid'], 'verdicts');
    });
    for (const { height, kind } of chosenLeaps(leaps)) {
      const how = kind === 'valid' ? 'at once' : 'by blocks in between';
      await checks.check(`CometBFT's leaps from block 1 to ${height} ${how}, as ours does`, async () => {
        const proxy = await startLyingProxy(first);
        const asked = new Set<string>();
        proxy.lie(({ method, params }, result) => {
          if (method === 'commit') asked.add(String(params['height']));
          return result;
        });
        try {
          await withLight(proxy.url, second, false, async (oracle) => {
            asked.clear();
            expectSame(await oracle.verify(height), { hash: hashes[Number(height) - 1] }, 'verdict');
          });
          const others = [...asked].filter((one) => one !== `${height}` && one !== '1');
          expectSame(others.length === 0 ? 'valid' : 'needsMore', kind, `it asked for ${[...asked].join(', ')}`);
        } finally {
          await proxy.stop();
        }
      });
    }
    await checkLies(network, start, hashes);
    const direct = leaps.filter(({ kind }) => kind === 'valid').length;
    return {
      headers: blocks.length,
      validatorChanges: changes ?? 0,
      leaps: { direct, bisected: leaps.length - direct },
    };

    /** One node that lies, as the only one that each light client can ask. */
    async function checkLies({ nodes: all }: KvNetwork, from: TrustedState, known: readonly string[]): Promise<void> {
      const proxies = await Promise.all([all[0]!, all[1]!].map(async ({ url }) => startLyingProxy(url)));
      // All four validators are in this block, with the same power.
      const height = 3n;
      const ours = async (url: string): Promise<string> => {
        try {
          const block = await pullLightBlock(endpointOf(clock, url, chainId), height, signal);
          const verdict = verifyLightBlock(from, block, rules, nowSeconds(clock) * 1_000_000_000n);
          return verdict.kind === 'valid' ? 'accepted' : `${verdict.kind}: ${verdict.reason}`;
        } catch (error) {
          return error instanceof Error ? error.message : String(error);
        }
      };
      const theirs = async (): Promise<string> => {
        const [primary, witness] = proxies.map(({ url }) => url) as [string, string];
        const verdict = await withLight(primary, witness, false, async (oracle) => oracle.verify(height));
        if ('refused' in verdict) return verdict.refused;
        return verdict.hash === known[Number(height) - 1] ? 'accepted' : 'accepted with another hash';
      };
      try {
        await checks.check('providers that change nothing are believed by both', async () => {
          expectSame(await Promise.all([ours(proxies[0]!.url), theirs()]), ['accepted', 'accepted'], 'verdicts');
        });
        for (const lie of LIES) {
          await checks.check(
            `a provider that ${lie.name} is refused by ${lie.unseenByComet ? 'ours' : 'both'}`,
            async () => {
              for (const proxy of proxies) proxy.lie((call, result) => lie.tell(call, result, height));
              const [own, other] = await Promise.all([ours(proxies[0]!.url), theirs()]);
              expectThat(own !== 'accepted', 'ours accepts it');
              if (lie.unseenByComet) expectSame(other, 'accepted', "CometBFT's verdict");
              else {
                expectThat(!other.startsWith('accepted'), "CometBFT's accepts it");
                expectThat(
                  !/refused connection|ECONNREFUSED|connection refused|deadline|timed out/i.test(other),
                  other,
                );
              }
            },
          );
        }
      } finally {
        await Promise.all(proxies.map(async (proxy) => proxy.stop()));
      }
    }
  }
}

/** Sizes of the set: 4, 3, 2, 1, 3, 4; in between a node is killed and comes back. The number of changes. */
async function liveThrough(network: KvNetwork): Promise<number> {
  const [a, b, c, d] = network.nodes as [KvNetwork['nodes'][0], ...KvNetwork['nodes'][0][]];
  const settle = async (height: bigint, blocks = 4n): Promise<void> => network.waitFor(height + blocks);
  await settle(await network.send('first=1'), 2n);
  // Validators begin with a power of 1.
  await settle(await network.setPower(a, 10));
  await settle(await network.setPower(d!, 0));
  await settle(await network.setPower(c!, 0));
  await settle(await network.setPower(b!, 0));
  await network.send('alone=1');
  await settle(await network.setPower(b!, 3), 1n);
  await settle(await network.setPower(c!, 3));
  // Of 16 in all, 10 + 3 go on without it.
  await b!.kill();
  const without = (await a.height())!;
  await settle(without, 5n);
  await b!.start();
  await network.waitFor((await a.height())!, b);
  await settle((await a.height())!, 3n);
  await settle(await network.setPower(d!, 7), 6n);
  return 7;
}

/** The first and last of each kind, and where the kind changes: at most eight. */
function chosenLeaps<T extends { readonly kind: string }>(leaps: readonly T[]): T[] {
  const edges = leaps.filter(({ kind }, index) => {
    const [before, after] = [leaps[index - 1]?.kind, leaps[index + 1]?.kind];
    return index === 0 || before === undefined || after === undefined || before !== kind || after !== kind;
  });
  return edges.slice(0, 8);
}
