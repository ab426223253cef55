/**
 * One process of Viaduct: runs the roles of its config over the ports it is given. It knows no concrete chain, bus or
 * store; `main.ts` makes those.
 *
 *   verify   follows every chain with its own light clients; publishes frames when a planner may want them
 *   attest   signs what this process verified itself (needs verify in the same process)
 *   plan     fills each target chain's work queue
 *   submit   one loop per funded account
 *   api      answers users from what this process verified (needs verify in the same process)
 */
import { setMaxListeners } from 'node:events';
import { type ApiServer, startApi } from './api/server.ts';
import { createTransfers } from './api/transfers.ts';
import { attest } from './attest/attest.ts';
import type { Signer } from './attest/laneAttester.ts';
import type { Bus } from './bus/index.ts';
import type { ApiConfig, Role, Tuning } from './config/index.ts';
import { domainSeparator } from './core/checkpoint.ts';
import type { Clock } from './core/clock.ts';
import { assert, asViaductError } from './core/errors.ts';
import { frameMessageId } from './core/frame.ts';
import type { ChainName, LaneId } from './core/ids.ts';
import type { Logger } from './core/log.ts';
import type { ChainSource, ChainTarget, Derive, LightClient, TargetAccount } from './core/ports.ts';
import type { AttestationRules } from './core/signatures.ts';
import type { Subjects } from './core/subjects.ts';
import type { Telemetry } from './core/telemetry.ts';
import { followChain } from './ingest/followChain.ts';
import { createLedger } from './ledger/ledger.ts';
import { chainByName, gatewayBytes, lanesTo, type Manifest, type ManifestLane } from './manifest/index.ts';
import { createBlockedWatch } from './monitor/blockedWatch.ts';
import { serveFrames } from './plan/frameService.ts';
import { plan } from './plan/plan.ts';
import { createIntents } from './store/intents.ts';
import { createJournal, type Journal } from './store/journal.ts';
import type { Store } from './store/port.ts';
import { submit } from './submit/submit.ts';
import { createVerifier } from './verify/createVerifier.ts';

/** What the roles need of one chain. */
export interface NodeChain {
  readonly name: ChainName;
  readonly source: ChainSource;
  readonly lightClient: LightClient;
  readonly derive: Derive;
  readonly target: ChainTarget;
  readonly accounts: readonly TargetAccount[];
  /** How finality is decided, for people: `2 confirmations at 2 endpoints`. */
  readonly finality: string;
  readonly pollMs: number;
}

export interface NodeDeps {
  readonly manifest: Manifest;
  readonly chains: readonly NodeChain[];
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly store: Store;
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
  readonly api: ApiConfig;
}

export interface Node {
  readonly api: ApiServer | undefined;
  readonly journal: Journal;
  /** Resolves when the signal fired and every role ended; rejects as soon as one of them fails for good. */
  readonly ended: Promise<void>;
}

/** How often roles look at their journal when nothing wakes them. */
const IDLE_MS = 250;

export async function startNode(deps: NodeDeps, options: NodeOptions, signal: AbortSignal): Promise<Node> {
  const { manifest, chains, bus, subjects, clock, log, telemetry } = deps;
  const { roles, tuning } = options;
  const journal = createJournal(deps.store);
  const failed = new AbortController();
  const running = AbortSignal.any([signal, failed.signal]);
  // Every loop and every call in flight listens; the number is bounded by the roles' own limits.
  setMaxListeners(0, signal, running);
  const rules = new Map(manifest.lanes.map((lane) => [lane.id, rulesOf(manifest, lane)]));
  const works: Promise<void>[] = [];

  await bus.ensureTopology();

  if (roles.has('verify')) {
    for (const chain of chains) {
      const { name, source, lightClient, derive } = chain;
      const verifier = createVerifier(name, { journal, lightClient, derive, clock });
      const follow = { source, verifier, clock, log, telemetry, onDerived: publishFrames };
      works.push(followChain(follow, chain.pollMs, running));
    }
    serveFrames({ bus, subjects, journal }, running);
  }

  /** A frame that the bus does not take is no loss: planners ask for what they miss. */
  function publishFrames(_: unknown, frames: readonly Uint8Array[]): void {
    if (roles.has('attest')) return;
    for (const frame of frames) {
      const { lane, id } = frameMessageId(frame);
      bus.publishDurable(subjects.frame(lane), frame, { id }).catch((error: unknown) => {
        log.debug({ lane, code: asViaductError(error).code }, 'frame not published');
      });
    }
  }

  if (roles.has('attest')) {
    assert(deps.signer !== undefined && roles.has('verify'), 'an attester has a key and verifies for itself');
    const ledger = createLedger(journal, {
      lanes: manifest.lanes,
      isHome: (asset, chain) =>
        manifest.assets.some(({ id, representations }) => {
          return id === asset && representations.some((row) => row.chain === chain && row.custody !== 'mint');
        }),
    });
    const lanes = manifest.lanes.map(({ id, source, target }) => ({ id, source, target, rules: rulesFor(id) }));
    const attestOptions = {
      pollMs: IDLE_MS,
      packetsMax: tuning.checkpointPacketsMax,
      lingerMs: tuning.checkpointLingerMs,
      turnMs: tuning.proposalTurnMs,
      republishMs: tuning.certificateRepublishMs,
    };
    works.push(attest(lanes, { ...deps, journal, ledger, signer: deps.signer }, attestOptions, running));
  }

  if (roles.has('plan')) {
    for (const { name, target } of chains) {
      const lanes = lanesTo(manifest, name).map(({ id }) => ({ id, rules: rulesFor(id) }));
      const planOptions = {
        durable: `plan-${name}-${options.name}`,
        pollMs: IDLE_MS,
        inFlightMax: tuning.workInFlightMax,
        resendMs: tuning.workResendMs,
      };
      works.push(plan(name, lanes, { ...deps, journal, target }, planOptions, running));
    }
  }

  if (roles.has('submit')) {
    for (const { name, accounts, pollMs } of chains) {
      for (const account of accounts) {
        const intents = createIntents(deps.store, name, account.address);
        const submitOptions = {
          durable: `submit-${name}`,
          inFlightMax: tuning.accountInFlightMax,
          trackMs: Math.min(pollMs, IDLE_MS),
          replaceMs: tuning.replaceMs,
        };
        works.push(submit(name, { ...deps, intents, account, rules }, submitOptions, running));
      }
    }
  }

  const api = roles.has('api') ? await listen() : undefined;

  async function listen(): Promise<ApiServer> {
    const watch = createBlockedWatch(bus, subjects, clock, running);
    const transfers = createTransfers({
      manifest,
      journal,
      sources: new Map(chains.map(({ name, source }) => [name, source])),
      finality: new Map(chains.map(({ name, finality }) => [name, finality])),
      blocked: watch.blocked,
    });
    const assurance = new Map(chains.map(({ name, lightClient }) => [name, lightClient.assurance]));
    const busConnected = (): boolean => bus.stats().connected;
    const apiDeps = { manifest, journal, transfers, log, assurance, blocked: watch.blocked, busConnected };
    const server = await startApi(apiDeps, options.api.host, options.api.port);
    log.info({ url: server.url }, 'API listening');
    return server;
  }

  for (const role of roles) {
    const stats = (): Record<string, unknown> => ({ node: options.name, ...bus.stats() });
    await bus.serve({ role: `viaduct-${role}`, version: options.version, stats });
  }

  function rulesFor(lane: LaneId): AttestationRules {
    const found = rules.get(lane);
    assert(found !== undefined, 'every lane has rules');
    return found;
  }

  const guarded = works.map(async (work) => {
    try {
      await work;
    } catch (error) {
      // One role that cannot go on stops the process: half a relayer that looks alive is worse than none.
      failed.abort(error);
      throw error;
    }
  });
  const ended = Promise.allSettled([...guarded, untilAborted(running)]).then(async (results) => {
    await api?.close();
    const failure = results.find((result) => result.status === 'rejected');
    if (failure?.status === 'rejected') throw asViaductError(failure.reason);
  });
  return { api, journal, ended };
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
  };
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
