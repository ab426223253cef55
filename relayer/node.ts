/**
 * One process of Viaduct: runs the roles of its config over the ports it is given. It knows no concrete chain, bus or
 * store; `main.ts` makes those.
 *
 *   verify   follows its chains with its own light clients; publishes frames when a planner may want them
 *   attest   signs what this process verified itself (needs verify in the same process)
 *   plan     fills each target chain's work queue
 *   submit   one loop per funded account
 *   api      answers users from what this process verified (needs verify in the same process)
 */
import { setMaxListeners } from 'node:events';
import type { ForwardsPort } from './api/forwardRequest.ts';
import { type ApiServer, startApi } from './api/server.ts';
import { createTransfers } from './api/transfers.ts';
import { attest } from './attest/attest.ts';
import type { Signer } from './attest/laneAttester.ts';
import { type Bus, LEASE_MS, whileLeased } from './bus/index.ts';
import type { ApiConfig, Role, Tuning } from './config/index.ts';
import { bytesToHex, utf8 } from './core/bytes.ts';
import type { WorkItem } from './core/certificate.ts';
import { domainSeparator } from './core/checkpoint.ts';
import type { Clock } from './core/clock.ts';
import { assert, asViaductError, type ViaductError } from './core/errors.ts';
import type { Forwarding } from './core/forward.ts';
import { frameMessageId } from './core/frame.ts';
import type { AssetId, ChainName, LaneId } from './core/ids.ts';
import { keccak256 } from './core/keccak.ts';
import { CHUNK_PACKETS_MIN } from './core/limits.ts';
import type { Logger } from './core/log.ts';
import type { ChainSource, ChainTarget, Derive, DeriveLater, LightClient, TargetAccount, Vault } from './core/ports.ts';
import type { AttestationRules } from './core/signatures.ts';
import type { Subjects } from './core/subjects.ts';
import type { Telemetry } from './core/telemetry.ts';
import { followChain } from './ingest/followChain.ts';
import { createForwards } from './forward/index.ts';
import { createLedger } from './ledger/ledger.ts';
import { chainByName, gatewayBytes, lanesTo, type Manifest, type ManifestLane } from './manifest/index.ts';
import { createBlockedWatch } from './monitor/blockedWatch.ts';
import { collect } from './plan/collect.ts';
import { findChunk } from './plan/findChunk.ts';
import { serveFrames } from './plan/frameService.ts';
import { plan } from './plan/plan.ts';
import { createCosigners } from './release/collect.ts';
import { cosign } from './release/cosign.ts';
import { type AskQuotes, createDeliveryCosts, createLaneMeter, createQuotes, type QuotesDeps } from './spread/index.ts';
import { createIntents } from './store/intents.ts';
import type { Journal } from './store/journal.ts';
import type { Store } from './store/port.ts';
import { createPromises } from './store/promises.ts';
import { createPruner, keepPruned } from './store/prune.ts';
import { submit } from './submit/submit.ts';
import { createVerifier } from './verify/createVerifier.ts';

/** What the roles need of one chain. */
export interface NodeChain {
  readonly name: ChainName;
  readonly source: ChainSource;
  readonly lightClient: LightClient;
  /** The chain's own time, where it is not the host's. */
  readonly clock?: Clock | undefined;
  readonly derive: Derive | DeriveLater;
  readonly target: ChainTarget;
  /** What the chain says for quotes, unverified. */
  readonly forecast?: ChainForecast | undefined;
  /** Where this process sends transfers on. */
  readonly forward?: ChainForwarding | undefined;
  /** What pays the fees of deliveries; of a vault, its own accounts. */
  readonly accounts: readonly TargetAccount[];
  /** Where the gateway is no contract. */
  readonly vault?: Vault | undefined;
  /** How finality is decided, for people: `2 confirmations at 2 endpoints`. */
  readonly finality: string;
  readonly pollMs: number;
}

export interface ChainForecast {
  /** What the gateway pays of an asset now, in canonical units. */
  readonly roomNow?: (asset: AssetId, signal: AbortSignal) => Promise<bigint | undefined>;
  /** Why an account could not be paid so much now. */
  readonly unpayable?: (
    asset: AssetId,
    amount: bigint,
    receiver: Uint8Array,
    signal: AbortSignal,
  ) => Promise<string | undefined>;
}

/** A chain through which transfers go on by themselves. */
export interface ChainForwarding {
  readonly forwarding: Forwarding;
  readonly openMax: number;
  readonly pokesPerHourMax: number;
}

export interface NodeDeps {
  readonly manifest: Manifest;
  /** All of the manifest, or the part that this process follows: other processes have the rest. */
  readonly chains: readonly NodeChain[];
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly store: Store;
  /** Over that store. */
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly signer: Signer | undefined;
}

export interface NodeOptions {
  /** Unique on the bus: names durable positions and telemetry. */
  readonly name: string;
  readonly version: string;
  readonly roles: ReadonlySet<Role>;
  readonly tuning: Tuning;
  /** How much of its target a lane gets beside others; 1 where nothing is said. */
  readonly laneWeight?: ((lane: ManifestLane) => number) | undefined;
  readonly api: ApiConfig;
}

export interface Node {
  readonly api: ApiServer | undefined;
  readonly journal: Journal;
  /** Resolves when the signal fired and every role ended; rejects as soon as one of them fails for good. */
  readonly ended: Promise<void>;
}

/** From a verified delivery to a forwarder to its deposit: a transaction and its block. No further reason. */
const POKE_SECONDS = 15;
/** How often roles look at their journal when nothing wakes them. */
const IDLE_MS = 250;

export async function startNode(deps: NodeDeps, options: NodeOptions, signal: AbortSignal): Promise<Node> {
  const { manifest, chains, bus, subjects, journal, clock, log, telemetry } = deps;
  const { roles, tuning } = options;
  const failed = new AbortController();
  const running = AbortSignal.any([signal, failed.signal]);
  // Every loop and every call in flight listens; the number is bounded by the roles' own limits.
  setMaxListeners(0, signal, running);
  const rules = new Map(manifest.lanes.map((lane) => [lane.id, rulesOf(manifest, lane)]));
  const here = new Set(chains.map(({ name }) => name));
  const works: Promise<void>[] = [];
  let failure: ViaductError | undefined;
  let api: ApiServer | undefined;

  await bus.ensureTopology();
  try {
    startRoles();
    api = roles.has('api') ? await listen() : undefined;
    for (const role of roles) {
      const stats = (): Record<string, unknown> => ({ node: options.name, ...bus.stats() });
      await bus.serve({ role: `viaduct-${role}`, version: options.version, stats });
    }
  } catch (error) {
    // What runs already must not outlive a start that failed.
    failed.abort(error);
    await Promise.all(works);
    await api?.close();
    throw error;
  }
  return { api, journal, ended: end() };

  async function end(): Promise<void> {
    await Promise.all([...works, untilAborted(running)]);
    await api?.close();
    if (failure !== undefined) throw failure;
  }

  /** One role that cannot go on stops the process: half a relayer that looks alive is worse than none. Never rejects. */
  function start(work: Promise<void>): void {
    const guarded = work.catch((thrown: unknown) => {
      const error = asViaductError(thrown);
      if (running.aborted && error.code === 'ABORTED') return;
      failure ??= error;
      failed.abort(error);
    });
    works.push(guarded);
  }

  function startRoles(): void {
    const pruner = createPruner(deps.store, journal, {
      lanes: manifest.lanes.map(({ id }) => id),
      chains: chains.map(({ name }) => name),
      attests: roles.has('attest'),
    });
    start(keepPruned(pruner, clock, running));

    if (roles.has('verify')) {
      const cut = manifest.lanes.some(({ source, target }) => here.has(source) !== here.has(target));
      assert(!cut, 'who verifies has both ends of every lane');
      for (const chain of chains) {
        const { name, source, lightClient, derive } = chain;
        const verifier = createVerifier(name, { journal, lightClient, derive, clock: chain.clock ?? clock });
        const follow = { source, verifier, clock, log, telemetry, onDerived: publishFrames };
        start(followChain(follow, chain.pollMs, running));
      }
      serveFrames({ bus, subjects, journal }, running);
    }

    if (roles.has('attest')) {
      assert(deps.signer !== undefined && roles.has('verify'), 'an attester has a key and verifies for itself');
      const ownLanes = manifest.lanes.filter(({ source }) => here.has(source));
      const ledger = createLedger(journal, {
        lanes: ownLanes,
        isHome: (asset, chain) =>
          manifest.assets.some(({ id, representations }) => {
            return id === asset && representations.some((row) => row.chain === chain && row.custody !== 'mint');
          }),
      });
      const budgets = new Map(chains.map(({ name, target }) => [name, target.budget]));
      const lanes = ownLanes.map(({ id, source, target }) => {
        const acceptsInOrder = chainByName(manifest, target)?.gateway.kind === 'contract';
        return { id, source, target, rules: rulesFor(id), acceptsInOrder, budget: budgets.get(target) };
      });
      const attestOptions = {
        pollMs: IDLE_MS,
        packetsMax: tuning.checkpointPacketsMax,
        lingerMs: tuning.checkpointLingerMs,
        turnMs: tuning.proposalTurnMs,
        republishMs: tuning.certificateRepublishMs,
      };
      start(attest(lanes, { ...deps, ledger, signer: deps.signer }, attestOptions, running));
      for (const { name, vault, clock: chainClock = clock } of chains) {
        if (vault?.member === undefined) continue;
        const promises = createPromises(deps.store, name);
        const into = lanesTo(manifest, name).map(({ id, source }) => ({ id, source, rules: rulesFor(id) }));
        cosign(name, into, { ...deps, ledger, promises, member: vault.member, clock: chainClock }, running);
      }
    }

    if (roles.has('plan')) {
      const planned = chains.flatMap(({ name }) => lanesTo(manifest, name));
      const collectOptions = {
        durable: durableName(`plan-${options.name}`),
        takesFrames: !roles.has('verify'),
      };
      const collector = collect(new Map(planned.map(({ id }) => [id, rulesFor(id)])), deps, collectOptions, running);
      for (const { name, target } of chains) {
        const lanes = lanesTo(manifest, name).map((lane) => ({ id: lane.id, weight: options.laneWeight?.(lane) }));
        const planOptions = {
          holder: durableName(`plan-${name}-${options.name}`),
          pollMs: IDLE_MS,
          inFlightMax: tuning.workInFlightMax,
          resendMs: tuning.workResendMs,
          leavesOutPackets: roles.has('verify') && roles.has('submit'),
        };
        start(plan(name, lanes, { ...deps, collector, target }, planOptions, running));
      }
    }

    if (roles.has('submit')) {
      for (const { name, accounts, vault, pollMs } of chains) {
        const vaultAccounts = vault?.accounts(createCosigners(name, manifest.signers.set.members.length, deps)) ?? [];
        const submitOptions = {
          durable: `submit-${name}`,
          inFlightMax: tuning.accountInFlightMax,
          trackMs: Math.min(pollMs, IDLE_MS),
          replaceMs: tuning.replaceMs,
        };
        const drive = async (account: TargetAccount, until: AbortSignal): Promise<void> => {
          const intents = createIntents(deps.store, name, account.address);
          const find = async (item: WorkItem, asked: AbortSignal) => findChunk(deps, item, asked);
          const inFlightMax = submitOptions.inFlightMax * (account.rounds ?? 1);
          const own = { ...submitOptions, inFlightMax };
          return submit(name, { ...deps, intents, account, rules, findChunk: find }, own, until);
        };
        for (const account of accounts) start(drive(account, running));
        // An account of a vault belongs to no process: one at a time drives it, so that two do not ask for one slot.
        const lease = { holder: durableName(`submit-${name}-${options.name}`), ttlMs: LEASE_MS };
        for (const account of vaultAccounts) {
          const leased = async (until: AbortSignal): Promise<void> => drive(account, until);
          start(whileLeased(deps, `vault-${name}-${account.address}`, lease, leased, running));
        }
      }
    }
  }

  /**
   * For planners that do not verify, by a process that is there for them. A frame that the bus does not take is no loss:
   * planners ask for what they miss, and those beside an attester or another planner ask for everything.
   */
  function publishFrames(_: unknown, frames: readonly Uint8Array[]): void {
    if (roles.has('attest') || roles.has('plan')) return;
    for (const frame of frames) {
      const { lane, id } = frameMessageId(frame);
      bus.publishDurable(subjects.frame(lane), frame, { id }).catch((error: unknown) => {
        log.debug({ lane, code: asViaductError(error).code }, 'frame not published');
      });
    }
  }

  async function listen(): Promise<ApiServer> {
    const watch = createBlockedWatch(bus, subjects, clock, running);
    const finality = new Map(chains.map(({ name, finality: rule }) => [name, rule]));
    const transfers = createTransfers({
      manifest,
      journal,
      sources: new Map(chains.map(({ name, source }) => [name, source])),
      finality,
      blocked: watch.blocked,
    });
    const quote = quotesOf(watch.blocked);
    const assurance = new Map(chains.map(({ name, lightClient }) => [name, lightClient.assurance]));
    const busConnected = (): boolean => bus.stats().connected;
    const apiDeps = {
      manifest,
      journal,
      clock,
      transfers,
      log,
      assurance,
      finality,
      blocked: watch.blocked,
      busConnected,
      quote,
      forwards: startForwards(),
    };
    const server = await startApi(apiDeps, options.api.host, options.api.port);
    log.info({ url: server.url }, 'API listening');
    return server;
  }

  function startForwards(): ForwardsPort[] {
    return chains.flatMap((chain) => {
      const { name, forward, pollMs } = chain;
      if (forward === undefined) return [];
      const chainClock = chain.clock ?? clock;
      const own = { ...deps, forwarding: forward.forwarding, chainClock };
      const forwards = createForwards(name, own, { ...forward, pollMs });
      start(forwards.run(running));
      return [{ ...forwards, nowSeconds: () => Math.floor(chainClock.now() / 1000) }];
    });
  }

  function quotesOf(blocked: QuotesDeps['blocked']): AskQuotes {
    const find = (name: ChainName): NodeChain | undefined => chains.find((chain) => chain.name === name);
    const meter = createLaneMeter({ journal, clock, chainClock: (name) => find(name)?.clock }, manifest.lanes);
    running.addEventListener('abort', meter.close, { once: true });
    const lanes = new Set(manifest.lanes.map(({ id }) => id));
    const names = chains.map(({ name }) => name);
    const costs = createDeliveryCosts(deps, names, lanes, running);
    return createQuotes({
      clock,
      manifest,
      journal,
      meter,
      blocked,
      roomNow: async (name, asset, until) => find(name)?.forecast?.roomNow?.(asset, until),
      unpayable: async (name, ...asked) => find(name)?.forecast?.unpayable?.(...asked),
      costOf: costs.of,
      middles: chains.flatMap(({ name, forward, pollMs }) =>
        forward === undefined ? [] : [{ chain: name, seconds: POKE_SECONDS + pollMs / 1000 }],
      ),
    });
  }

  function rulesFor(lane: LaneId): AttestationRules {
    const found = rules.get(lane);
    assert(found !== undefined, 'every lane has rules');
    return found;
  }
}

/** What certificates of a lane are checked against. Gateways of kind `contract` take EIP-712 statements. */
function rulesOf(manifest: Manifest, lane: ManifestLane): AttestationRules {
  const target = chainByName(manifest, lane.target);
  assert(target !== undefined, 'a lane ends on a chain of the manifest');
  return {
    signers: manifest.signers.set,
    manifestHash: manifest.hash,
    domain: domainSeparator(target.id, gatewayBytes(target.gateway)),
    chunkSize: lane.chunkSize,
    // A vault's promises are about chunks: there they are cut one way only.
    ...(target.gateway.kind === 'contract' ? { chunkSizeMin: Math.min(lane.chunkSize, CHUNK_PACKETS_MIN) } : {}),
  };
}

/** The bus takes names of up to 64 characters, and roles add to this one. */
function durableName(text: string): string {
  return text.length <= 48 ? text : `${text.slice(0, 31)}-${bytesToHex(keccak256(utf8(text))).slice(0, 16)}`;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
