/**
 * The source side of a Substrate chain: updates for the light client, evidence for `derive`, wake-up hints.
 *
 * Nothing here is trusted; what is checked only spares a round. A parachain's blocks come from its own nodes, its finality from
 * those of its relay chain. Blocks are pulled by height from the cursor on, without a gap. Evidence that does not fit into one
 * piece reaches part of the way, and the light client is not led further until it does.
 *
 * A block made by a runtime that the manifest does not pin ends the derivation below it: `SETUP_FAILED` calls an operator, and
 * it goes on when the pin is there.
 */
import { toHex } from '../../relayer/core/bytes.ts';
import type { Clock } from '../../relayer/core/clock.ts';
import { EVIDENCE_BYTES_MAX } from '../../relayer/core/limits.ts';
import type { ChainSource } from '../../relayer/core/ports.ts';
import { createEndpointRing } from '../endpoints/index.ts';
import { type PacketsOf, pullBlocks } from './blocks.ts';
import { decodeCursor } from './cursor.ts';
import { encodeEvidence } from './evidence.ts';
import { pullBootstrap, pullFinality, pullFinalizedHash } from './finality.ts';
import type { SubstrateGateway } from './gateway.ts';
import { followJustifications, type JustificationFeed } from './justificationFeed.ts';
import type { SubstrateEndpoint } from './rpc.ts';
import type { Runtimes } from './runtimes.ts';

export interface SubstrateSourceOptions {
  readonly endpoints: readonly SubstrateEndpoint[];
  readonly gateway: SubstrateGateway;
  readonly runtimes: Runtimes;
  /** The trusted checkpoint of the manifest: a block of the relay chain, or of the chain itself when it is none's parachain. */
  readonly trustedHash: Uint8Array;
  readonly parachain?: { readonly id: number; readonly relayEndpoints: readonly SubstrateEndpoint[] } | undefined;
  readonly packetsOf: PacketsOf;
  /**
   * A WebSocket endpoint (`ws://host:port`) of the chain that GRANDPA finalizes: finality as it comes about. Without it only what
   * nodes prove on request, which may be older.
   */
  readonly finalityWsUrl?: string | undefined;
  /** Milliseconds between looks at the finalized block. */
  readonly pollMs: number;
  /** Bytes of block contents after which one evidence ends. */
  readonly contentBytesMax?: number | undefined;
}

/** Of contents in one evidence; one more block may come on top, whose events and extrinsics have some MB. */
const CONTENT_BYTES_MAX = EVIDENCE_BYTES_MAX / 4;

export function createSubstrateSource(deps: { readonly clock: Clock }, options: SubstrateSourceOptions): ChainSource {
  const { gateway, runtimes, parachain, packetsOf, pollMs, contentBytesMax = CONTENT_BYTES_MAX } = options;
  const { finalityWsUrl } = options;
  const ring = createEndpointRing(options.endpoints);
  const finality = parachain === undefined ? ring : createEndpointRing(parachain.relayEndpoints);
  const closing = new AbortController();
  let behind = false;
  let lastAsked = ring;
  /** Whose answer a refusal is about: others may have answered something else since. */
  let served: SubstrateEndpoint | undefined;
  let feed: JustificationFeed | undefined;

  return {
    pullBootstrap: async (signal) => {
      lastAsked = finality;
      const hash = toHex(options.trustedHash);
      return finality.ask(async (endpoint) => {
        served = endpoint;
        return pullBootstrap(endpoint, hash, parachain?.id, signal);
      }, signal);
    },
    pullUpdate: async (state, signal) => {
      if (behind) return undefined;
      lastAsked = finality;
      const shown = feed?.newest();
      return finality.ask(async (endpoint) => {
        served = endpoint;
        return pullFinality(endpoint, state, parachain?.id, shown, signal);
      }, signal);
    },
    pullEvidence: async ({ cursor: cursorBytes, head }, signal) => {
      const { height } = decodeCursor(cursorBytes, gateway.startHeight);
      behind = false;
      lastAsked = ring;
      if (head.height <= height) return encodeEvidence({ headers: [], blocks: [], calls: [], chunks: [] });
      const pull = { gateway, runtimes, packetsOf, contentBytesMax };
      return ring.ask(async (endpoint) => {
        served = endpoint;
        const { evidence, isWhole } = await pullBlocks(endpoint, height, head, pull, signal);
        behind = !isWhole;
        return encodeEvidence(evidence);
      }, signal);
    },
    reject: () => {
      lastAsked.reject(served);
      feed?.drop();
    },
    watch: (wake, signal) => {
      const both = AbortSignal.any([signal, closing.signal]);
      if (finalityWsUrl !== undefined) feed = followJustifications(finalityWsUrl, wake, deps.clock, both);
      const read = async (): Promise<string> =>
        finality.ask(async (endpoint) => pullFinalizedHash(endpoint, both), both);
      poll(deps.clock, pollMs, both, wake, read).catch(() => undefined);
    },
    // Sequences are not on the chain: see `traceDeposits`.
    findDeposits: async () => Promise.resolve(undefined),
    close: async () => {
      closing.abort();
      return Promise.resolve();
    },
  };
}

/** Looks at the finalized block again and again. Only a hint, so that errors are not of interest here. */
async function poll(
  clock: Clock,
  pollMs: number,
  signal: AbortSignal,
  wake: () => void,
  readHash: () => Promise<string>,
): Promise<void> {
  let seen: string | undefined;
  while (!signal.aborted) {
    const hash = await readHash().catch(() => undefined);
    if (hash !== undefined && hash !== seen) {
      seen = hash;
      wake();
    }
    await clock.sleep(pollMs, signal).catch(() => undefined);
  }
}
