import { afterEach, describe, expect, it } from 'vitest';
import { createEndpointRing, createHttpEndpoint } from '../../../adapters/endpoints/index.ts';
import { type BeaconUpdates, createBeaconUpdates, createRpcEndpoint } from '../../../adapters/evm/index.ts';
import { createEthereumFollower, type EthereumClient } from '../../../light-clients/ethereum/index.ts';
import { toHex } from '../../../relayer/core/bytes.ts';
import { systemClock as clock } from '../../../relayer/core/clock.ts';
import { chainName } from '../../../relayer/core/ids.ts';
import { silentLogger } from '../../../relayer/core/log.ts';
import type { ChainSource, LightClientStep, Verdict } from '../../../relayer/core/ports.ts';
import { followChain } from '../../../relayer/ingest/followChain.ts';
import { createJournal } from '../../../relayer/store/journal.ts';
import { createMemoryStore } from '../../../relayer/store/index.ts';
import { createVerifier } from '../../../relayer/verify/createVerifier.ts';
import { type Anvil, findAnvil, startAnvil } from '../anvil.ts';
import { type BeaconChain, createBeaconChain } from './beaconChain.ts';
import { parametersOf } from './judges.ts';
import { type Lie, type LyingProxy, startLyingProxy, type Upstream } from './lyingProxy.ts';
import { startRestApi } from './restApi.ts';

const CHAIN_ID = 31337;
const SECONDS_PER_SLOT = 12;
const signal = new AbortController().signal;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Node extends Upstream {
  readonly chain: BeaconChain;
  readonly anvil: Anvil;
}

async function startNode(validators = 64): Promise<Node> {
  const anvil = await startAnvil({ chainId: CHAIN_ID, mining: 'manual', timestamp: 1_700_000_000 });
  stops.push(async () => anvil.stop());
  const chain = await createBeaconChain({ rpc: anvil.rpc, secondsPerSlot: SECONDS_PER_SLOT, validators });
  const api = await startRestApi(chain);
  stops.push(async () => api.stop());
  return { chain, anvil, beaconUrl: api.url, executionUrl: anvil.url };
}

async function mine({ chain }: Node, slots: number): Promise<void> {
  for (let i = 0; i < slots; i++) await chain.mineSlot();
}

async function startProxy(node: Node, more: { twin?: Upstream; other?: Upstream } = {}): Promise<LyingProxy> {
  const { beaconUrl, executionUrl } = node;
  const proxy = await startLyingProxy({ beaconUrl, executionUrl, ...more });
  stops.push(async () => proxy.stop());
  return proxy;
}

interface Follower {
  readonly client: EthereumClient;
  readonly updates: BeaconUpdates;
  readonly step: LightClientStep;
  /** One pull and its verdict; undefined when nothing was offered. */
  round(): Promise<Verdict<LightClientStep> | undefined>;
  /** Rounds until one is not valid. */
  catchUp(): Promise<Verdict<LightClientStep> | undefined>;
}

async function startFollower({ chain }: Node, endpoints: readonly Upstream[]): Promise<Follower> {
  const parameters = parametersOf(chain, chain.finalized!);
  const client = createEthereumFollower(parameters);
  const updates = createBeaconUpdates({
    endpoints: endpoints.map(({ beaconUrl }) => createHttpEndpoint({ clock }, { url: beaconUrl })),
    execution: createEndpointRing(
      endpoints.map(({ executionUrl }) => createRpcEndpoint({ clock }, { url: executionUrl, chainId: CHAIN_ID })),
    ),
    parameters,
  });
  const started = client.start(await updates.pullBootstrap(signal));
  if (started.kind !== 'valid') throw new Error(started.reason);
  let step: LightClientStep = started.value;
  const round = async (): Promise<Verdict<LightClientStep> | undefined> => {
    const update = await updates.pullUpdate(step.state, signal);
    if (update === undefined) return undefined;
    const now = parameters.genesisTime + BigInt((chain.slot + 1) * SECONDS_PER_SLOT);
    const verdict = client.update(step.state, update, now);
    if (verdict.kind === 'valid') step = verdict.value;
    return verdict;
  };
  return {
    client,
    updates,
    get step() {
      return step;
    },
    round,
    async catchUp() {
      for (let i = 0; i < 40; i++) {
        const verdict = await round();
        if (verdict?.kind !== 'valid') return verdict;
      }
      throw new Error('it does not come to an end');
    },
  };
}

/**
 * The execution block that the chain itself says is finalized. An update says it one slot later, so chains here stop a
 * slot after the first of an epoch.
 */
function finalizedHash({ chain }: Node): string {
  const { execution } = chain.finalized!.light as unknown as { execution: { blockHash: Uint8Array } };
  return toHex(execution.blockHash);
}

// Skipped where no anvil is installed: it is an optional dependency.
describe.skipIf(findAnvil() === undefined)('a light client behind beacon nodes that are not trusted', () => {
  it('catches up over periods in a few bundles, and knows every block between two finalized ones', async () => {
    const node = await startNode();
    await mine(node, 41);
    const follower = await startFollower(node, [await startProxy(node)]);
    await mine(node, 160);
    const first = follower.step.head.height;
    expect(await follower.catchUp()).toBeUndefined();
    expect(toHex(follower.step.head.hash)).toBe(finalizedHash(node));
    expect(follower.step.head.height).toBeGreaterThan(first + 100n);
    await mine(node, 16);
    const before = follower.step.head.height;
    expect(await follower.catchUp()).toBeUndefined();
    expect(follower.step.verified?.map(({ height }) => height)).toEqual(
      Array.from({ length: Number(follower.step.head.height - before) }, (_, i) => before + 1n + BigInt(i)),
    );
    for (const { height, hash } of follower.step.verified ?? []) {
      const block = (await node.anvil.rpc('eth_getBlockByNumber', [`0x${height.toString(16)}`, false])) as {
        hash: string;
      };
      expect(toHex(hash)).toBe(block.hash);
    }
  });

  it('survives a reorg and missed slots', async () => {
    const node = await startNode();
    await mine(node, 41);
    const follower = await startFollower(node, [node]);
    await mine(node, 10);
    await node.chain.reorg(5);
    for (let i = 0; i < 3; i++) await node.chain.missSlot();
    await mine(node, 41);
    expect(await follower.catchUp()).toBeUndefined();
    expect(toHex(follower.step.head.hash)).toBe(finalizedHash(node));
  });

  it('does not move when too few sign, and goes on when enough do', async () => {
    const node = await startNode();
    await mine(node, 41);
    const follower = await startFollower(node, [node]);
    node.chain.setParticipation({ syncCommittee: 0.6, attesters: 1 });
    await mine(node, 16);
    expect(await follower.catchUp()).toMatchObject({ kind: 'needsMore' });
    node.chain.setParticipation({ syncCommittee: 0.7, attesters: 1 });
    await mine(node, 1);
    expect(await follower.catchUp()).toBeUndefined();
    expect(toHex(follower.step.head.hash)).toBe(finalizedHash(node));
  });

  it.each<[Lie, string | undefined]>([
    ['underParticipate', 'needsMore'],
    ['executionRoots', 'invalid'],
    ['otherFork', 'invalid'],
    ['skipPeriod', undefined],
    ['withhold', undefined],
  ])('refuses %s, and one honest node more is enough to go on', { timeout: 60_000 }, async (lie, expected) => {
    const node = await startNode();
    const other = lie === 'otherFork' ? await startNode(72) : undefined;
    await mine(node, 41);
    const proxy = await startProxy(node, other === undefined ? {} : { other });
    const alone = await startFollower(node, [proxy]);
    const helped = await startFollower(node, [proxy, node]);
    await mine(node, 8);
    await alone.catchUp();
    await helped.catchUp();
    const at = toHex(alone.step.head.hash);
    proxy.lie(lie);
    // Far enough to be behind by more than a period where that is what the lie is about.
    await mine(node, lie === 'skipPeriod' ? 128 : 24);
    if (other !== undefined) await mine(other, node.chain.slot);
    expect((await alone.round())?.kind).toBe(expected);
    for (let i = 0; i < 5; i++) await alone.round();
    expect(toHex(alone.step.head.hash)).toBe(at);
    for (let i = 0; i < 12; i++) await helped.round();
    expect(toHex(helped.step.head.hash)).toBe(finalizedHash(node));
  });

  /** Two chains of the same validators, which part at slot 41. */
  async function startTwins(): Promise<[Node, Node]> {
    const twins: [Node, Node] = [await startNode(), await startNode()];
    for (const node of twins) await mine(node, 40);
    const [honest, twin] = twins;
    expect(twin.chain.head?.root).toBe(honest.chain.head?.root);
    await twin.chain.missSlot();
    await mine(honest, 1);
    return twins;
  }

  it('calls another finality of the same slot a conflict', async () => {
    const [honest, twin] = await startTwins();
    const proxy = await startProxy(honest, { twin });
    const follower = await startFollower(honest, [honest, proxy]);
    for (const node of [honest, twin]) await mine(node, 32);
    await follower.catchUp();
    expect(toHex(follower.step.head.hash)).toBe(finalizedHash(honest));
    proxy.lie('equivocate');
    expect(await follower.round()).toEqual({
      kind: 'conflict',
      reason: `two finalized headers at slot ${honest.chain.finalized?.slot}`,
    });
  });

  it('calls a finality that does not descend from the last one a conflict', async () => {
    const [honest, twin] = await startTwins();
    const proxy = await startProxy(honest, { twin });
    const follower = await startFollower(honest, [proxy]);
    await mine(honest, 32);
    await follower.catchUp();
    await mine(twin, 48);
    await mine(honest, 16);
    proxy.lie('equivocate');
    const verdict = await follower.round();
    expect(verdict).toMatchObject({ kind: 'conflict' });
    expect(verdict).toHaveProperty('reason', expect.stringContaining('does not descend'));
  });

  it('freezes the chain: it is followed no further, and an alert says so', async () => {
    const [honest, twin] = await startTwins();
    const proxy = await startProxy(honest, { twin });
    const { client, updates } = await startFollower(honest, [proxy]);
    for (const node of [honest, twin]) await mine(node, 32);
    const chain = chainName('anvil-a');
    const journal = createJournal(createMemoryStore());
    const alerts: string[] = [];
    const chainClock = {
      ...clock,
      now: () => 1000 * (honest.chain.genesisTime + honest.chain.slot * SECONDS_PER_SLOT),
    };
    const source: ChainSource = {
      ...updates,
      pullEvidence: async () => Promise.resolve(new Uint8Array(0)),
      reject: () => undefined,
      watch: () => undefined,
      findDeposits: async () => Promise.resolve(undefined),
      close: async () => Promise.resolve(),
    };
    const verifier = createVerifier(chain, {
      journal,
      lightClient: client,
      clock: chainClock,
      derive: ({ head }) => ({
        kind: 'valid',
        value: { cursor: new Uint8Array(0), height: head.height, outbound: [], settlements: [] },
      }),
    });
    const derived: bigint[] = [];
    await followChain(
      {
        source,
        verifier,
        clock,
        log: silentLogger,
        telemetry: { report: () => undefined, alert: (_, code) => alerts.push(code) },
        onDerived: ({ height }) => {
          derived.push(height);
          const end = (honest.chain.finalized?.light as unknown as { execution: { blockNumber: number } }).execution;
          if (height === BigInt(end.blockNumber)) proxy.lie('equivocate');
        },
      },
      20,
      signal,
    );
    expect(derived.length).toBeGreaterThan(0);
    expect(alerts).toEqual(['CHAIN_FROZEN']);
    expect((await journal.chain(chain))?.frozen).toContain('two finalized headers');
    // A restart does not thaw it.
    expect((await verifier.advance(new Uint8Array(0))).kind).toBe('conflict');
  });
});
