/**
 * The source side of a Cosmos chain: updates for the light client, evidence for `derive`, wake-up hints.
 *
 * Nothing here is trusted or checked beyond form. Blocks are pulled by height from the cursor on, without a gap; the
 * subscription only ends a wait early. Evidence that does not fit into one piece reaches part of the way, and the light
 * client is not led further until it does, so that what lies between them stays bounded. A chain that stands still, for an
 * upgrade or by itself, shows no new height, and nothing happens until it does.
 */
import { decodeState, encodeLightBlock, type TrustRules } from '../../light-clients/tendermint/index.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { assert } from '../../relayer/core/errors.ts';
import { BLOCK_RANGE_MAX, EVIDENCE_BYTES_MAX } from '../../relayer/core/limits.ts';
import type { ChainSource, DepositPosition } from '../../relayer/core/ports.ts';
import { pullBlocks } from './blocks.ts';
import { type PacketsOf, withChunks } from './withChunks.ts';
import { decodeCursor } from './cursor.ts';
import { createEndpointRing } from '../endpoints/endpointRing.ts';
import { encodeEvidence } from './evidence.ts';
import type { CosmosGateway } from './gateway.ts';
import { type DepositTrace, traceDeposits } from './findDeposits.ts';
import { latestHeight, pullLightBlock, pullUpdateTo } from './lightBlocks.ts';
import type { CometEndpoint } from './rpc.ts';
import { createShardTxReader } from './shardTxs.ts';
import { listenForBlocks } from './wakeSocket.ts';

export interface CosmosSourceOptions {
  readonly endpoints: readonly CometEndpoint[];
  readonly gateway: CosmosGateway;
  /** Of the chain's light client. */
  readonly rules: TrustRules;
  /** The trusted checkpoint of the manifest. */
  readonly checkpointHeight: bigint;
  /** A WebSocket endpoint (`ws://host:port`) for wake-up hints; without it the height is polled only. */
  readonly wsUrl?: string | undefined;
  /** Milliseconds between looks at the chain's height. */
  readonly pollMs: number;
  /** Bytes of block contents after which one evidence ends. */
  readonly contentBytesMax?: number | undefined;
  /** Asked for releases that refused some of their packets: what they return cannot be derived without. */
  readonly packetsOf?: PacketsOf | undefined;
  /** The sequence of the packet with this source reference that was derived from this block or soon after it. */
  readonly sequenceOf?: ((trace: DepositTrace) => Promise<bigint | undefined>) | undefined;
}

/** Of contents in one evidence; one more block may come on top, which has at most 22 MB with its results. */
const CONTENT_BYTES_MAX = EVIDENCE_BYTES_MAX / 4;

/** For packets whose source chain is derived here a little later than this one. */
const PACKETS_WAIT_MS = 20_000;

export function createCosmosSource(deps: { readonly clock: Clock }, options: CosmosSourceOptions): ChainSource {
  const { gateway, rules, checkpointHeight, wsUrl, pollMs, contentBytesMax = CONTENT_BYTES_MAX } = options;
  const ring = createEndpointRing(options.endpoints);
  const closing = new AbortController();
  const readShardTx = createShardTxReader(gateway);
  let behind = false;
  /** Whose answer a refusal is about: others may have answered something else since. */
  let served: CometEndpoint | undefined;

  return {
    pullBootstrap: async (signal) =>
      ring.ask(async (endpoint) => {
        served = endpoint;
        return encodeLightBlock(await pullLightBlock(endpoint, checkpointHeight, signal));
      }, signal),
    pullUpdate: async (stateBytes, signal) => {
      if (behind) return undefined;
      const state = decodeState(stateBytes);
      assert(state.kind === 'valid', 'a trusted state of the tendermint client');
      const trusted = state.value;
      return ring.ask(async (endpoint) => {
        served = endpoint;
        const tip = await latestHeight(endpoint, signal);
        const height = stepHeight(trusted.header.height, tip, gateway.startHeight);
        if (height <= trusted.header.height) return undefined;
        const witnesses = ring.all.filter((other) => other !== endpoint);
        return pullUpdateTo(endpoint, witnesses, trusted, height, rules, signal);
      }, signal);
    },
    pullEvidence: async ({ cursor: cursorBytes, head }, signal) => {
      const { height } = decodeCursor(cursorBytes, gateway.startHeight);
      behind = false;
      if (head.height <= height + 1n) return encodeEvidence({ headers: [], blocks: [], chunks: [] });
      return ring.ask(async (endpoint) => {
        served = endpoint;
        const pulled = await pullBlocks(endpoint, height, head.height, contentBytesMax, signal);
        let { evidence, isMissing } = await withChunks(pulled, readShardTx, options.packetsOf);
        // The packets were released, so their source chain has them: here it is only not derived so far yet.
        for (let waitedMs = 0; isMissing && waitedMs < PACKETS_WAIT_MS; waitedMs += pollMs) {
          await deps.clock.sleep(pollMs, signal);
          ({ evidence, isMissing } = await withChunks(pulled, readShardTx, options.packetsOf));
        }
        behind = evidence.blocks.length < evidence.headers.length;
        return encodeEvidence(evidence);
      }, signal);
    },
    reject: () => {
      ring.reject(served);
    },
    watch: (wake, signal) => {
      const both = AbortSignal.any([signal, closing.signal]);
      if (wsUrl !== undefined) {
        // Whoever follows the chain looks by itself every so often: looking here as well would double the calls.
        listenForBlocks(wsUrl, wake, deps.clock, both).catch(() => undefined);
        return;
      }
      poll(deps.clock, pollMs, both, wake, async () =>
        ring.ask(async (endpoint) => latestHeight(endpoint, both), both),
      ).catch(() => undefined);
    },
    findDeposits: async (transaction, signal) => {
      const traces = await ring.ask(async (endpoint) => traceDeposits(endpoint, gateway, transaction, signal), signal);
      if (traces === undefined) return undefined;
      // Sequences are derived and not on the chain: what is derived here says them.
      const positions: DepositPosition[] = [];
      for (const trace of traces) {
        const sequence = await options.sequenceOf?.(trace);
        if (sequence !== undefined) positions.push({ lane: trace.lane, sequence, height: trace.height });
      }
      return positions.length === 0 ? undefined : positions;
    },
    close: async () => {
      closing.abort();
      return Promise.resolve();
    },
  };
}

/**
 * How far the light client goes next. Every header above what is derived has to be shown, so the steps are short; what lies
 * below the gateway's first block is passed in one.
 */
export function stepHeight(trusted: bigint, tip: bigint, start: bigint): bigint {
  const reach = (trusted < start ? start : trusted) + BigInt(BLOCK_RANGE_MAX);
  return tip < reach ? tip : reach;
}

/** Looks at the height again and again. Only a hint, so that errors are not of interest here. */
async function poll(
  clock: Clock,
  pollMs: number,
  signal: AbortSignal,
  wake: () => void,
  readHeight: () => Promise<bigint>,
): Promise<void> {
  let seen: bigint | undefined;
  while (!signal.aborted) {
    const height = await readHeight().catch(() => undefined);
    if (height !== undefined && height !== seen) {
      seen = height;
      wake();
    }
    await clock.sleep(pollMs, signal).catch(() => undefined);
  }
}
