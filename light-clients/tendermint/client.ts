/**
 * The CometBFT light client as the engine drives it: opaque bytes in, a verdict and new opaque bytes out.
 *
 * Trusts: the checkpoint (a height and hash that a person put into the manifest) and, from there, what `verify.ts` says.
 * The trusted state only moves up. Other endpoints' traces that come with an update can freeze it, never move it.
 */
import type { LightClient, LightClientStep, Verdict, VerifiedHead } from '../verdict.ts';
import { headerHash } from './canonical.ts';
import { checkQuorum, checkShape, checkSignatures } from './checkBlock.ts';
import { decodeLightBlock, decodeState, decodeUpdate, encodeHeader, encodeState } from './codec.ts';
import { sameBytes } from '../protobuf.ts';
import { CHAIN_ID_BYTES_MAX, type LightBlock, type TrustedState, type TrustRules } from './types.ts';
import { checkNextValidators, verifyLightBlock } from './verify.ts';
import { compareWitness, contradictsState } from './witness.ts';

const NANOS_PER_SECOND = 1_000_000_000n;

export interface TendermintClientOptions {
  readonly rules: TrustRules;
  /** From the manifest. */
  readonly checkpoint: { readonly height: bigint; readonly hash: Uint8Array };
  /** The light block of the checkpoint as any endpoint gave it (`encodeLightBlock`): checked against the hash. */
  readonly checkpointBlock: Uint8Array;
}

export function createTendermintClient(options: TendermintClientOptions): LightClient {
  const { rules, checkpoint, checkpointBlock } = options;
  const unsound = checkRules(rules);

  return {
    kind: 'tendermint',
    assurance: 'light client',
    start() {
      if (unsound !== undefined) return refuse(unsound);
      const block = decodeLightBlock(checkpointBlock);
      if (block.kind !== 'valid') return block;
      const state = stateFromCheckpoint(checkpoint, block.value, rules);
      return state.kind === 'valid' ? { kind: 'valid', value: stepOf(state.value) } : state;
    },
    update(stateBytes, updateBytes, nowSeconds) {
      if (unsound !== undefined) return refuse(unsound);
      const state = decodeState(stateBytes);
      if (state.kind !== 'valid') return state;
      const update = decodeUpdate(updateBytes);
      if (update.kind !== 'valid') return update;
      const { blocks, witnesses } = update.value;
      const next = advance(state.value, blocks, witnesses, rules, nowSeconds * NANOS_PER_SECOND);
      return next.kind === 'valid' ? { kind: 'valid', value: stepOf(next.value) } : next;
    },
  };
}

/** Verifies ascending blocks from a trusted state, and what other endpoints say against the last of them. */
export function advance(
  trusted: TrustedState,
  blocks: readonly LightBlock[],
  witnesses: readonly (readonly LightBlock[])[],
  rules: TrustRules,
  nowNanos: bigint,
): Verdict<TrustedState> {
  let state = trusted;
  for (const block of blocks) {
    // The same block again is no news: a handler may run twice.
    if (sameBytes(headerHash(block.header), headerHash(state.header))) continue;
    const verdict = verifyLightBlock(state, block, rules, nowNanos);
    if (verdict.kind === 'invalid' && contradictsState(state, block, rules, nowNanos)) {
      return { kind: 'conflict', reason: `a signed block of height ${block.header.height} excludes the trusted one` };
    }
    if (verdict.kind !== 'valid') return verdict;
    state = verdict.value;
  }
  const last = blocks.at(-1);
  if (last === undefined) return refuse('no block');
  for (const trace of witnesses) {
    // A witness that does not verify is a bad endpoint, and not a reason to stop.
    const comparison = compareWitness(trusted, last, trace, rules, nowNanos);
    if (comparison.kind === 'conflict') return { kind: 'conflict', reason: comparison.reason };
  }
  return { kind: 'valid', value: state };
}

/** The first trusted state. The hash is what is trusted; the rest must fit it. */
export function stateFromCheckpoint(
  checkpoint: { readonly height: bigint; readonly hash: Uint8Array },
  block: LightBlock,
  rules: TrustRules,
): Verdict<TrustedState> {
  const { header, nextValidators } = block;
  if (header.height !== checkpoint.height) return refuse('checkpoint block has another height');
  if (!sameBytes(headerHash(header), checkpoint.hash)) return refuse('checkpoint block has another hash');
  const problem =
    checkShape(block, rules.chainId) ??
    checkQuorum(block) ??
    checkSignatures(block) ??
    checkNextValidators(header, nextValidators);
  if (problem !== undefined) return refuse(`checkpoint block: ${problem}`);
  return { kind: 'valid', value: { header, nextValidators } };
}

/** Why these rules cannot be safe, or undefined. */
export function checkRules(rules: TrustRules): string | undefined {
  const { numerator, denominator } = rules.trustLevel;
  if (denominator <= 0n || numerator > denominator || numerator * 3n < denominator) {
    return 'the trust level must lie between 1/3 and 1';
  }
  if (rules.trustingPeriodNanos <= 0n) return 'the trusting period must be positive';
  if (rules.clockDriftNanos < 0n) return 'the clock drift must not be negative';
  const length = new TextEncoder().encode(rules.chainId).length;
  return length === 0 || length > CHAIN_ID_BYTES_MAX ? 'the chain id must have 1 to 50 bytes' : undefined;
}

function stepOf(state: TrustedState): LightClientStep {
  const { header } = state;
  const head: VerifiedHead = {
    height: header.height,
    hash: headerHash(header),
    timeSeconds: header.timeNanos / NANOS_PER_SECOND,
    header: encodeHeader(header),
  };
  return { state: encodeState(state), head };
}

function refuse(reason: string): { readonly kind: 'invalid'; readonly reason: string } {
  return { kind: 'invalid', reason };
}
