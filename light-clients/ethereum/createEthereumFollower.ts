/**
 * The `ethereum` light client as whoever follows a chain needs it: several messages in one update, so that a client which
 * is periods behind catches up in one go, and the execution blocks between two finalized ones by a walk along parent
 * hashes, so that two followers which saw different finalized blocks know each other's.
 *
 * Trusts and proves what `createEthereumClient.ts` says. The walk adds: every block it lists is an ancestor of the newly
 * finalized one, since each header's hash is named by the one above. A walk that comes down to the height trusted before
 * and finds another block there is a proof that finality was reversed: `conflict`. A walk may be missing or short; that
 * takes nothing from what the messages prove.
 */
import type { LightClientStep, Verdict } from '../verdict.ts';
import { walkAncestors } from './ancestors.ts';
import type { Bls } from './bls.ts';
import { createEthereumClient, type EthereumClient } from './createEthereumClient.ts';
import { equalBytes } from './merkleBranch.ts';
import type { EthereumParameters } from './parameters.ts';
import { decodeTrustedState } from './trustedState.ts';
import { decodeUpdateBundle } from './updateBundle.ts';
import type { VerifiedBlock } from './verifiedBlock.ts';

type Points = NonNullable<LightClientStep['verified']>;

export function createEthereumFollower(parameters: EthereumParameters, bls?: Bls): EthereumClient {
  const client = createEthereumClient(parameters, bls);

  function update(state: Uint8Array, bytes: Uint8Array, nowSeconds: bigint): Verdict<LightClientStep> {
    const before = decodeTrustedState(parameters, state)?.finalized;
    if (before === undefined) return { kind: 'invalid', reason: 'the trusted state is not one of this network' };
    const bundle = decodeUpdateBundle(bytes);
    if (bundle === undefined) return { kind: 'invalid', reason: 'the update does not decode' };
    let step: LightClientStep | undefined;
    let wants: string | undefined;
    for (const message of bundle.messages) {
      const verdict = client.update(step?.state ?? state, message, nowSeconds);
      if (verdict.kind === 'invalid' || verdict.kind === 'conflict') return verdict;
      wants = verdict.kind === 'needsMore' ? verdict.reason : undefined;
      if (verdict.kind === 'valid') step = verdict.value;
    }
    if (step === undefined) return { kind: 'needsMore', reason: wants ?? 'no message' };
    // The headers belong to the block that the last message finalizes.
    if (wants !== undefined) return { kind: 'valid', value: step };
    const verified = walk(before, step, bundle.headers);
    return verified.kind === 'valid' ? { kind: 'valid', value: { ...step, verified: verified.value } } : verified;
  }

  return { ...client, update };
}

/** The ancestors of the new head above `before`, as far as the headers go, oldest first. */
function walk(before: VerifiedBlock, { head }: LightClientStep, headers: readonly Uint8Array[]): Verdict<Points> {
  const bottom = head.height - BigInt(headers.length);
  if (headers.length > 0 && bottom < before.number) {
    return { kind: 'invalid', reason: 'headers below what was verified before' };
  }
  const walked = walkAncestors(head.hash, headers);
  if (walked.kind !== 'valid') return walked;
  const reversed = bottom === before.number && !equalBytes(walked.value.reached, before.blockHash);
  if (reversed || head.height < before.number) {
    const reason = `the finalized block ${head.height} does not descend from the finalized ${before.number}`;
    return { kind: 'conflict', reason };
  }
  return { kind: 'valid', value: walked.value.headers.map(({ number, hash }) => ({ height: number, hash })).reverse() };
}
