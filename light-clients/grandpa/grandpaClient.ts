/**
 * The GRANDPA light client: follows the finality of a Substrate chain over any number of authority-set changes and, if
 * asked, the heads of one of its parachains.
 *
 * Trusted: the header, authority set and set id it starts from (publish them with the network), and that of every set
 * fewer than a third of the weight is faulty. With `trustingPeriodSeconds` (the chain's unbonding time or less) it refuses to go
 * on from a head so old that its set may have nothing left to lose. Proven: each head is final under that assumption.
 * Not proven: that the head is the newest one, nor the contents of blocks; for those there are the state root and
 * `linkHeaders`.
 *
 * A head's time is its slot's, from the BABE or Aura pre-digest (the runtime holds `Timestamp` to it); 0 for a chain without.
 */
import { judge, must, Refusal } from '../refusal.ts';
import { sameBytes } from '../scale.ts';
import type { LightClient, LightClientStep, VerifiedHead } from '../verdict.ts';
import { advance } from './advance.ts';
import { type Authority, weighAuthorities } from './authoritySet.ts';
import { decodeHeader, hashHeader, slotOf } from './header.ts';
import { readParachainHead } from './parachainHead.ts';
import { decodeTrustedState, encodeTrustedState, type TrustedState } from './trustedState.ts';
import { decodeUpdate } from './update.ts';

export interface GrandpaClientOptions {
  readonly trusted: {
    /** The encoded header of a finalized block. */
    readonly header: Uint8Array;
    /** The id of the set that signs descendants of that block: `Grandpa.CurrentSetId` in its state. */
    readonly setId: bigint;
    /** That set: `GrandpaApi_grandpa_authorities` at that block. */
    readonly authorities: readonly Authority[];
  };
  /** Milliseconds of a slot of the chain that GRANDPA finalizes. */
  readonly slotMs: number;
  /** With it, heads are those of this parachain. */
  readonly parachain?: {
    readonly id: number;
    /** An encoded header of the parachain that is known to be included. */
    readonly trustedHeader: Uint8Array;
    readonly slotMs: number;
  };
  /** The oldest head, by its slot, that may be built on; unlimited without. */
  readonly trustingPeriodSeconds?: bigint;
  /** How far a head's slot may lie in the future. */
  readonly clockDriftSeconds?: bigint;
}

/** No specific reason: collators' clocks stay within seconds. */
const CLOCK_DRIFT_SECONDS = 600n;

export function createGrandpaClient(options: GrandpaClientOptions): LightClient {
  const { trusted, slotMs, parachain, trustingPeriodSeconds } = options;
  const clockDriftSeconds = options.clockDriftSeconds ?? CLOCK_DRIFT_SECONDS;

  const toStep = (state: TrustedState): LightClientStep => ({
    state: encodeTrustedState(state),
    head:
      parachain === undefined
        ? headOf(state.header, slotMs)
        : headOf(mustHave(state.parachainHeader), parachain.slotMs),
  });

  const start: LightClient['start'] = () =>
    judge(() => {
      weighAuthorities(trusted.authorities);
      decodeHeader(trusted.header);
      return toStep({
        header: trusted.header,
        set: { setId: trusted.setId, authorities: trusted.authorities },
        parachainHeader: parachain?.trustedHeader,
      });
    });

  const update: LightClient['update'] = (stateBytes, updateBytes, nowSeconds) =>
    judge(() => {
      const state = decodeTrustedState(stateBytes);
      const { steps, parachainProof } = decodeUpdate(updateBytes);
      must(steps.length > 0 || parachainProof !== undefined, 'update: empty');
      checkAge(headOf(state.header, slotMs), nowSeconds);

      let point: Pick<TrustedState, 'header' | 'set'> = state;
      for (const step of steps) point = advance(point, step);
      checkDrift(headOf(point.header, slotMs), nowSeconds);

      return toStep({ ...point, parachainHeader: followParachain(state, point.header, parachainProof) });
    });

  const checkAge = (head: VerifiedHead, nowSeconds: bigint): void => {
    if (trustingPeriodSeconds === undefined || head.timeSeconds === 0n) return;
    const age = nowSeconds - head.timeSeconds;
    must(age <= trustingPeriodSeconds, `the trusted head is ${age} s old, beyond the trusting period: start anew`);
  };

  const checkDrift = (head: VerifiedHead, nowSeconds: bigint): void => {
    must(head.timeSeconds <= nowSeconds + clockDriftSeconds, 'the head lies in the future');
  };

  /** The newest parachain header after an update; the old one when the update brings none. */
  const followParachain = (
    state: TrustedState,
    relayHeader: Uint8Array,
    proof: readonly Uint8Array[] | undefined,
  ): Uint8Array | undefined => {
    if (parachain === undefined) {
      must(proof === undefined, 'update: a parachain proof for a client that follows none');
      return undefined;
    }
    if (proof === undefined) return state.parachainHeader;
    const read = readParachainHead(decodeHeader(relayHeader).stateRoot, parachain.id, proof);
    if (read.kind !== 'valid') throw new Refusal(read.reason, read.kind);
    const before = decodeHeader(mustHave(state.parachainHeader));
    const after = decodeHeader(read.value);
    // Included heads only move forward; a chain whose head went back or changed was reset.
    const same = sameBytes(read.value, mustHave(state.parachainHeader));
    if (after.number < before.number || (after.number === before.number && !same)) {
      throw new Refusal(
        `the parachain's head went from block ${before.number} to another block ${after.number}`,
        'conflict',
      );
    }
    return read.value;
  };

  return { kind: 'grandpa', assurance: 'light client', start, update };
}

function headOf(bytes: Uint8Array, slotMs: number): VerifiedHead {
  const header = decodeHeader(bytes);
  const slot = slotOf(header);
  return {
    height: BigInt(header.number),
    hash: hashHeader(bytes),
    timeSeconds: slot === undefined ? 0n : (slot * BigInt(slotMs)) / 1000n,
    header: bytes,
  };
}

function mustHave(header: Uint8Array | undefined): Uint8Array {
  if (header === undefined) throw new Refusal('trusted state: no parachain header in it');
  return header;
}
