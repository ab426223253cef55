/**
 * The `confirmations` client: follows a chain by hash-linked headers, a number of confirmations, and the agreement of a
 * quorum of independent endpoints. For EVM chains that have no light client here.
 *
 * WEAKER than a light client. It trusts that fewer than `quorum` of the configured endpoints lie together, and that the
 * endpoints are run by different people; that the adapter says truly which endpoint served what; that the chain does not
 * reorganise deeper than `confirmations` blocks.
 *
 * It does NOT prove that the chain's validators, miners or sequencer made these blocks: headers are free to make up, so a
 * quorum of liars can show any chain. A target and the manifest say so wherever such a lane is shown.
 *
 * What it does check: every header decodes, carries the next number, names the hash of the one below it back to the
 * trusted block, has a time not before its parent's and not too far in the future; the new head is the highest block that
 * at least `quorum` endpoints show with enough blocks on top. Where two endpoints show different blocks of one height,
 * both buried that deep, it answers `conflict`: one honest endpoint is enough to stop a forged chain. One lying endpoint
 * is then enough to stop the lane, which is the cheaper mistake.
 */
import { decodeExecutionHeader, type ExecutionHeader } from '../ethereum/executionHeader.ts';
import { sameBytes } from '../merkle/rlp.ts';
import type { LightClient, LightClientStep, Verdict } from '../verdict.ts';
import { decodeTrustedBlock, encodeTrustedBlock, type TrustedBlock } from './state.ts';
import { decodeConfirmationsUpdate, ENDPOINTS_MAX, UPDATE_HEADERS_MAX } from './update.ts';

export interface ConfirmationsParameters {
  /** The block that everything starts from, chosen by people and written in the manifest. */
  readonly trusted: {
    readonly height: bigint;
    /** 32 bytes. */
    readonly hash: Uint8Array;
  };
  /** Blocks on top of a block before it counts. */
  readonly confirmations: number;
  /** Endpoints that must show the same chain. */
  readonly quorum: number;
  /** Endpoints configured; the update has one entry for each. */
  readonly endpoints: number;
  /** Seconds that a header's time may lie ahead of now. */
  readonly driftSecondsMax: number;
}

/** A header with its raw bytes. */
interface Linked {
  readonly header: ExecutionHeader;
  readonly rlp: Uint8Array;
}

type ChainReading =
  | { readonly kind: 'linked'; readonly blocks: readonly Linked[] }
  /** Well formed, and its first block does not stand on the trusted one. */
  | { readonly kind: 'unlinked' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'malformed'; readonly reason: string };

export function createConfirmationsClient(parameters: ConfirmationsParameters): LightClient {
  const problem = parametersProblem(parameters);
  if (problem !== undefined) throw new RangeError(`confirmations light client: ${problem}`);
  return {
    kind: 'confirmations',
    assurance: 'weaker: endpoint quorum',
    start: () => start(parameters),
    update: (state, update, nowSeconds) => advance(parameters, state, update, nowSeconds),
  };
}

/** What is wrong with the parameters, or undefined. */
export function parametersProblem(parameters: ConfirmationsParameters): string | undefined {
  const { trusted, confirmations, quorum, endpoints, driftSecondsMax } = parameters;
  if (trusted.hash.length !== 32 || trusted.hash.every((byte) => byte === 0)) return 'the trusted hash is not a hash';
  if (trusted.height < 0n || trusted.height >= 1n << 63n) return 'the trusted height is out of range';
  if (!Number.isInteger(confirmations) || confirmations < 0 || confirmations >= UPDATE_HEADERS_MAX) {
    return `confirmations must be 0 to ${UPDATE_HEADERS_MAX - 1}`;
  }
  if (!Number.isInteger(endpoints) || endpoints < 1 || endpoints > ENDPOINTS_MAX)
    return `1 to ${ENDPOINTS_MAX} endpoints`;
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > endpoints)
    return 'quorum must be 1 to the number of endpoints';
  if (!Number.isInteger(driftSecondsMax) || driftSecondsMax < 0) return 'drift must be whole seconds';
  return undefined;
}

/** The trusted block itself. Its header is not known yet, so nothing can be derived at it: `header` is empty. */
function start({ trusted }: ConfirmationsParameters): Verdict<LightClientStep> {
  const block: TrustedBlock = { height: trusted.height, hash: trusted.hash, timeSeconds: 0n };
  return { kind: 'valid', value: { state: encodeTrustedBlock(block), head: { ...block, header: new Uint8Array(0) } } };
}

function advance(
  parameters: ConfirmationsParameters,
  state: Uint8Array,
  update: Uint8Array,
  nowSeconds: bigint,
): Verdict<LightClientStep> {
  const trusted = decodeTrustedBlock(state);
  if (trusted === undefined) return { kind: 'invalid', reason: 'the trusted state does not decode' };
  const chains = decodeConfirmationsUpdate(update);
  if (chains === undefined) return { kind: 'invalid', reason: 'the update does not decode' };
  if (chains.length !== parameters.endpoints) {
    return { kind: 'invalid', reason: `chains of ${chains.length} endpoints, ${parameters.endpoints} are configured` };
  }

  const latest = nowSeconds + BigInt(parameters.driftSecondsMax);
  const readings = chains.map((chain) => readChain(trusted, chain, latest));

  // A quorum that no longer has the trusted block: what was verified before is gone.
  const unlinked = readings.filter(({ kind }) => kind === 'unlinked').length;
  if (unlinked >= parameters.quorum) {
    return { kind: 'conflict', reason: `${unlinked} endpoints no longer have the trusted block ${trusted.height}` };
  }

  const buried = readings.flatMap((reading) =>
    reading.kind === 'linked'
      ? [reading.blocks.slice(0, Math.max(0, reading.blocks.length - parameters.confirmations))]
      : [],
  );
  const fork = forkHeight(buried);
  if (fork !== undefined) {
    const height = trusted.height + BigInt(fork) + 1n;
    return { kind: 'conflict', reason: `endpoints show different blocks ${height}, each with enough confirmations` };
  }

  // No fork among them, so the chains are prefixes of the longest, and a height is agreed by all that reach it.
  const lengths = buried.map((blocks) => blocks.length).sort((a, b) => b - a);
  const agreed = lengths[parameters.quorum - 1] ?? 0;
  const path = buried.find((blocks) => blocks.length >= agreed)?.slice(0, agreed) ?? [];
  const head = path.at(-1);
  if (head === undefined) return undecided(parameters, readings);

  const { number: height, hash, timestamp: timeSeconds } = head.header;
  const block: TrustedBlock = { height, hash, timeSeconds };
  return {
    kind: 'valid',
    value: {
      state: encodeTrustedBlock(block),
      head: { ...block, header: head.rlp.slice() },
      verified: path.map(({ header }) => ({ height: header.number, hash: header.hash })),
    },
  };
}

/** Reads one endpoint's headers upwards from the trusted block. */
function readChain(trusted: TrustedBlock, chain: readonly Uint8Array[], latest: bigint): ChainReading {
  if (chain.length === 0) return { kind: 'empty' };
  const blocks: Linked[] = [];
  let parent: { readonly number: bigint; readonly hash: Uint8Array; readonly timestamp: bigint } = {
    number: trusted.height,
    hash: trusted.hash,
    timestamp: trusted.timeSeconds,
  };
  let stands = true;
  for (const rlp of chain) {
    const decoded = decodeExecutionHeader(rlp);
    if (decoded.kind === 'invalid') return { kind: 'malformed', reason: decoded.reason };
    const { header } = decoded;
    if (header.number !== parent.number + 1n) return { kind: 'malformed', reason: 'heights are not consecutive' };
    if (!sameBytes(header.parentHash, parent.hash)) {
      if (parent.number !== trusted.height)
        return { kind: 'malformed', reason: `block ${header.number} is not linked` };
      stands = false;
    }
    // Equal times occur where blocks come faster than one a second.
    if (stands && header.timestamp < parent.timestamp) return { kind: 'malformed', reason: 'time runs backwards' };
    // A block from the future counts later, and nothing above it counts now.
    if (header.timestamp > latest) break;
    blocks.push({ header, rlp });
    parent = header;
  }
  return stands ? { kind: 'linked', blocks } : { kind: 'unlinked' };
}

/** The first index at which two chains have different blocks, or undefined. */
function forkHeight(chains: readonly (readonly Linked[])[]): number | undefined {
  const longest = chains.reduce<readonly Linked[]>((a, b) => (b.length > a.length ? b : a), []);
  for (const [index, { header }] of longest.entries()) {
    for (const chain of chains) {
      const other = chain[index];
      if (other !== undefined && !sameBytes(other.header.hash, header.hash)) return index;
    }
  }
  return undefined;
}

function undecided(parameters: ConfirmationsParameters, readings: readonly ChainReading[]): Verdict<LightClientStep> {
  const malformed = readings.flatMap((reading) => (reading.kind === 'malformed' ? [reading.reason] : []));
  if (malformed.length > 0 && readings.every(({ kind }) => kind === 'malformed' || kind === 'empty')) {
    return { kind: 'invalid', reason: `no endpoint shows a well-formed chain: ${malformed[0]}` };
  }
  return {
    kind: 'needsMore',
    reason: `no new block has ${parameters.confirmations} confirmations at ${parameters.quorum} endpoints`,
  };
}
