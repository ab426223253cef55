/** Two fake chains, a signer set and any number of nodes over one in-memory bus: the engine without a family. */
import { createMemoryBroker, createMemoryBus, type MemoryBroker } from '../../relayer/bus/index.ts';
import { DEFAULT_TUNING, type Role } from '../../relayer/config/index.ts';
import { compareBytes, utf8 } from '../../relayer/core/bytes.ts';
import { domainSeparator, signerSetHash, type SignerSet } from '../../relayer/core/checkpoint.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { assetId, caip2, chainName, type LaneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { laneIdOf } from '../../relayer/core/lane.ts';
import { silentLogger } from '../../relayer/core/log.ts';
import { addressOf, sign } from '../../relayer/core/secp256k1.ts';
import type { AttestationRules } from '../../relayer/core/signatures.ts';
import { createSubjects } from '../../relayer/core/subjects.ts';
import type { Telemetry } from '../../relayer/core/telemetry.ts';
import type { Manifest, ManifestChain } from '../../relayer/manifest/index.ts';
import { type Node, startNode } from '../../relayer/node.ts';
import { createJournal } from '../../relayer/store/journal.ts';
import { createMemoryStore, type MemoryStore } from '../../relayer/store/index.ts';
import { createFakeChain, type FakeChain } from './fakeChain.ts';

export const TOKEN = assetId(1);

export interface FakeNetworkOptions {
  /** Packets in each chunk but the last. */
  readonly chunkSize?: number;
  /** What chain b has; a contract when it is not said. */
  readonly gatewayB?: 'contract' | 'vault';
}

export interface RunningNode {
  readonly node: Node;
  readonly store: MemoryStore;
  /** Ends it at once, as a power failure does; what the disk still holds is for the next start. */
  crash(): Promise<MemoryStore>;
}

export interface FakeNetwork {
  readonly broker: MemoryBroker;
  readonly manifest: Manifest;
  readonly a: FakeChain;
  readonly b: FakeChain;
  readonly lane: { readonly aToB: LaneId; readonly bToA: LaneId };
  readonly rules: { readonly aToB: AttestationRules };
  readonly alerts: string[];
  /** Keys of the signer set, in the order of attester 0, 1, 2. */
  readonly keys: readonly Uint8Array[];
  attester(index: number, store?: MemoryStore): Promise<RunningNode>;
  relayer(store?: MemoryStore, roles?: readonly Role[], name?: string): Promise<RunningNode>;
  /** Mines on both chains until the condition holds; fails when it does not within a bounded number of blocks. */
  until(what: string, holds: () => boolean | Promise<boolean>, blocks?: number): Promise<void>;
  stop(): Promise<void>;
}

export function createFakeNetwork({ chunkSize = 8, gatewayB = 'contract' }: FakeNetworkOptions = {}): FakeNetwork {
  const clock = systemClock;
  const broker = createMemoryBroker({ clock, ackWaitMs: 500 });
  const keys = ['one', 'two', 'three'].map((name) => keccak256(utf8(`attester ${name}`)));
  const signers: SignerSet = { epoch: 1n, threshold: 2, members: keys.map(addressOf).sort(compareBytes) };
  const [nameA, nameB] = [chainName('fake-a'), chainName('fake-b')];
  const endA = { chain: caip2('eip155:1'), gateway: keccak256(utf8('gateway a')).slice(0, 20) };
  const endB = { chain: caip2('eip155:2'), gateway: keccak256(utf8('gateway b')).slice(0, 20) };
  const lane = { aToB: laneIdOf(endA, endB), bToA: laneIdOf(endB, endA) };
  const manifestHash = keccak256(utf8('manifest'));
  const rulesOf = (target: typeof endA): AttestationRules => ({
    signers,
    manifestHash,
    domain: domainSeparator(target.chain, target.gateway),
    chunkSize,
  });
  const rules = { aToB: rulesOf(endB), bToA: rulesOf(endA) };
  const a = createFakeChain(nameA, [{ id: lane.bToA, opposite: lane.aToB, rules: rules.bToA }], [lane.aToB]);
  const b = createFakeChain(nameB, [{ id: lane.aToB, opposite: lane.bToA, rules: rules.aToB }], [lane.bToA], gatewayB);
  const laneRow = {
    enabled: true,
    chunkSize,
    assets: [{ id: TOKEN, minAmount: 1n, maxAmount: undefined }],
  };
  const chainRow = (name: typeof nameA, end: typeof endA): ManifestChain => ({
    family: 'evm',
    name,
    id: end.chain,
    chainId: Number(end.chain.slice('eip155:'.length)),
    lightClient: {
      kind: 'confirmations',
      preset: 'l1',
      confirmations: 1,
      quorum: 1,
      trusted: { height: 0n, hash: new Uint8Array(32) },
    },
    gateway: { kind: 'contract', address: end.gateway, startHeight: 0n },
    explorer: undefined,
  });
  const manifest: Manifest = {
    version: 1,
    network: 'fake',
    profile: 'dev',
    hash: manifestHash,
    chains: [chainRow(nameA, endA), chainRow(nameB, endB)],
    signers: { epoch: 1n, threshold: 2, members: [], set: signers, setHash: signerSetHash(signers) },
    assets: [
      {
        id: TOKEN,
        symbol: 'TST',
        decimals: 18,
        homesReason: undefined,
        representations: [
          { chain: nameA, family: 'evm', custody: 'lock', token: new Uint8Array(20), decimals: 18 },
          { chain: nameB, family: 'evm', custody: 'mint', token: new Uint8Array(20), decimals: 18 },
        ],
      },
    ],
    lanes: [
      { id: lane.aToB, oppositeId: lane.bToA, source: nameA, target: nameB, ...laneRow },
      { id: lane.bToA, oppositeId: lane.aToB, source: nameB, target: nameA, ...laneRow },
    ],
  };
  const subjects = createSubjects('fake');
  const alerts: string[] = [];
  const telemetry: Telemetry = { report: () => undefined, alert: (_, code) => alerts.push(code) };
  const running = new Set<RunningNode>();

  async function start(
    name: string,
    roles: readonly Role[],
    store: MemoryStore,
    key: Uint8Array | undefined,
  ): Promise<RunningNode> {
    const stop = new AbortController();
    const bus = createMemoryBus({ broker, clock, subjects, ackWaitMs: 500 });
    const node = await startNode(
      {
        manifest,
        chains: [a, b].map((chain) => ({
          name: chain.name,
          source: chain.source(),
          lightClient: chain.lightClient,
          derive: chain.derive,
          clock: { ...clock, now: () => Number(chain.height) * 1000 },
          target: chain.target,
          accounts:
            chain.vault(undefined) === undefined && roles.includes('submit')
              ? [chain.account(`${name}-${chain.name}`)]
              : [],
          vault: chain.vault(key === undefined ? undefined : keys.indexOf(key)),
          finality: 'at once',
          pollMs: 10,
        })),
        bus,
        subjects,
        store,
        journal: createJournal(store),
        clock,
        log: silentLogger,
        telemetry,
        signer: key === undefined ? undefined : { address: addressOf(key), sign: (digest) => sign(digest, key) },
      },
      {
        name,
        version: '0.0.0',
        roles: new Set(roles),
        tuning: {
          ...DEFAULT_TUNING,
          proposalTurnMs: 200,
          certificateRepublishMs: 1_000,
          workResendMs: 1_000,
          replaceMs: 1_000,
        },
        api: { host: '127.0.0.1', port: 0 },
      },
      stop.signal,
    );
    const handle: RunningNode = {
      node,
      store,
      async crash() {
        running.delete(handle);
        stop.abort();
        await bus.close({ drain: false });
        await node.ended;
        return store.crash();
      },
    };
    running.add(handle);
    return handle;
  }

  return {
    broker,
    manifest,
    a,
    b,
    lane,
    rules,
    alerts,
    keys,
    attester: async (index, store = createMemoryStore()) =>
      start(`attester-${index}`, ['verify', 'attest'], store, keys[index]),
    relayer: async (store = createMemoryStore(), roles = ['verify', 'plan', 'submit'], name = 'relayer') => {
      return start(name, roles, store, undefined);
    },
    async until(what, holds, blocks = 600) {
      for (let mined = 0; mined < blocks; mined++) {
        if (await holds()) return;
        a.mine();
        b.mine();
        await clock.sleep(20);
      }
      throw new Error(`not seen within ${blocks} blocks: ${what}`);
    },
    async stop() {
      await Promise.all([...running].map(async (node) => node.crash()));
    },
  };
}
