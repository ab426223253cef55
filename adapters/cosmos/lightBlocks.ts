/**
 * Light blocks for the `tendermint` light client: from the endpoint in use a trace that the client can follow, with blocks in
 * between where validators changed too much; from the others what they have at the same height, when it differs.
 *
 * Nothing here is trusted: the client judges the bytes. The same verifier is asked beforehand only to learn how far one
 * step can reach.
 */
import {
  decodeCommitAnswer,
  decodeValidatorsAnswer,
  encodeUpdate,
  headerHash,
  type LightBlock,
  type TrustedState,
  type TrustRules,
  type Validator,
  verifyLightBlock,
} from '../../light-clients/tendermint/index.ts';
import { UPDATE_BLOCKS_MAX, UPDATE_WITNESSES_MAX } from '../../light-clients/tendermint/types.ts';
import { equalBytes } from '../../relayer/core/bytes.ts';
import { asViaductError } from '../../relayer/core/errors.ts';
import { asRecord, parseHeight } from './json.ts';
import type { CometEndpoint } from './rpc.ts';

/** Validators in one answer: CometBFT's own maximum. */
const PER_PAGE = 100;
const PAGES_MAX = 100;

/** The height up to which the endpoint has commits. */
export async function latestHeight(endpoint: CometEndpoint, signal: AbortSignal): Promise<bigint> {
  const status = asRecord(asRecord(await endpoint.result('status', {}, signal))?.['sync_info']);
  const height = parseHeight(status?.['latest_block_height']);
  if (height === undefined) throw endpoint.failed('does not say its height');
  return height;
}

export async function pullLightBlock(
  endpoint: CometEndpoint,
  height: bigint,
  signal: AbortSignal,
): Promise<LightBlock> {
  const signed = decodeCommitAnswer(await endpoint.result('commit', { height: height.toString() }, signal));
  if (signed.kind !== 'valid') throw endpoint.failed(`answered nonsense to commit: ${signed.reason}`);
  const { header, commit } = signed.value;
  const validators = await pullValidators(endpoint, height, signal);
  const nextValidators = equalBytes(header.validatorsHash, header.nextValidatorsHash)
    ? validators
    : await pullValidators(endpoint, height + 1n, signal);
  return { header, commit, validators, nextValidators };
}

/** The update that leads from a trusted state to `height`. */
export async function pullUpdateTo(
  endpoint: CometEndpoint,
  witnesses: readonly CometEndpoint[],
  trusted: TrustedState,
  height: bigint,
  rules: TrustRules,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const blocks = await pullTrace(endpoint, trusted, height, rules, signal);
  const last = blocks.at(-1);
  const traces: (readonly LightBlock[])[] = [];
  for (const witness of witnesses.slice(0, UPDATE_WITNESSES_MAX)) {
    try {
      const other = decodeCommitAnswer(await witness.result('commit', { height: height.toString() }, signal));
      // The same header again says nothing; one that does not decode is a bad endpoint, not a witness.
      if (other.kind !== 'valid' || last === undefined) continue;
      if (equalBytes(headerHash(other.value.header), headerHash(last.header))) continue;
      traces.push(await pullTrace(witness, trusted, height, rules, signal));
    } catch (error) {
      // A witness that is away shows nothing.
      if (asViaductError(error).code !== 'ENDPOINT_FAILED') throw error;
    }
  }
  return encodeUpdate({ blocks, witnesses: traces });
}

/** Ascending blocks up to `height`, each reachable from the one before. */
async function pullTrace(
  endpoint: CometEndpoint,
  trusted: TrustedState,
  height: bigint,
  rules: TrustRules,
  signal: AbortSignal,
): Promise<readonly LightBlock[]> {
  const trace: LightBlock[] = [];
  const targets = [await pullLightBlock(endpoint, height, signal)];
  let state = trusted;
  while (targets.length > 0 && trace.length + targets.length <= UPDATE_BLOCKS_MAX) {
    const target = targets.at(-1) as LightBlock;
    // The very validators that are trusted next: one step reaches it if anything does, which the client finds out by itself.
    if (targets.length === 1 && equalBytes(target.header.validatorsHash, state.header.nextValidatorsHash)) {
      return [...trace, target];
    }
    const verdict = verifyLightBlock(state, target, rules, target.header.timeNanos + 1n);
    if (verdict.kind === 'needsMore') {
      // Between here and there: the middle, until the step is short enough.
      targets.push(await pullLightBlock(endpoint, (state.header.height + target.header.height) / 2n, signal));
      continue;
    }
    targets.pop();
    trace.push(target);
    // What does not verify ends the trace: the client will say why.
    if (verdict.kind !== 'valid') return trace;
    state = verdict.value;
  }
  return trace;
}

async function pullValidators(
  endpoint: CometEndpoint,
  height: bigint,
  signal: AbortSignal,
): Promise<readonly Validator[]> {
  const validators: Validator[] = [];
  for (let page = 1; page <= PAGES_MAX; page++) {
    const params = { height: height.toString(), page: page.toString(), per_page: PER_PAGE.toString() };
    const answer = decodeValidatorsAnswer(await endpoint.result('validators', params, signal));
    if (answer.kind !== 'valid') throw endpoint.failed(`answered nonsense to validators: ${answer.reason}`);
    validators.push(...answer.value.validators);
    if (validators.length >= answer.value.total || answer.value.validators.length === 0) return validators;
  }
  throw endpoint.failed('shows more validators than there can be');
}
