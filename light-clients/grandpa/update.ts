/**
 * What advances the client, as bytes; made by whoever talks to the node, and untrusted.
 *
 *   version 0x01 ‖ Vec<step> ‖ Option<Vec<node of the read proof of Paras.Heads(id) as Vec<u8>>>
 *   step: set id u64 ‖ Vec<header as Vec<u8>> ‖ justification as Vec<u8>
 *
 * A step's last header is the justified one; those before it, if any, lead up to it without a gap. One step per
 * authority-set change (its mandatory header), in order, and one for the newest justified block. The set id says which
 * set the sender believes to have signed: it is how a missing mandatory header is told from a bad signature.
 */
import { Refusal } from '../refusal.ts';
import { compactBytes, createScaleReader, joinBytes, sizedBytes, u64Bytes } from '../scale.ts';
import type { FinalityProof } from './finalityProof.ts';
import {
  HEADER_BYTES_MAX,
  JUSTIFICATION_BYTES_MAX,
  STEPS_MAX,
  UNKNOWN_HEADERS_MAX,
  UPDATE_BYTES_MAX,
} from './limits.ts';
import { optionBytes, readOption } from './trustedState.ts';
import { PROOF_BYTES_MAX, PROOF_NODES_MAX } from '../trie/limits.ts';

export interface FinalityStep {
  readonly setId: bigint;
  /** Encoded, ascending, at least one. */
  readonly headers: readonly Uint8Array[];
  readonly justification: Uint8Array;
}

export interface GrandpaUpdate {
  readonly steps: readonly FinalityStep[];
  /** Nodes of the read proof of `Paras.Heads(id)` under the last step's state root (or the trusted one's, without steps). */
  readonly parachainProof?: readonly Uint8Array[] | undefined;
}

export function encodeUpdate(update: GrandpaUpdate): Uint8Array {
  const proof = update.parachainProof;
  return joinBytes([
    Uint8Array.of(VERSION),
    compactBytes(update.steps.length),
    ...update.steps.map((step) =>
      joinBytes([u64Bytes(step.setId), vectorBytes(step.headers), sizedBytes(step.justification)]),
    ),
    optionBytes(proof === undefined ? undefined : vectorBytes(proof)),
  ]);
}

/** The step that a node's finality proof makes. `setId` is the set that the proof's justification was signed under. */
export function stepFromFinalityProof(proof: FinalityProof, setId: bigint): FinalityStep {
  return { setId, headers: proof.unknownHeaders, justification: proof.justification };
}

/** Throws `Refusal`. The parts are views of `bytes`. */
export function decodeUpdate(bytes: Uint8Array): GrandpaUpdate {
  if (bytes.length > UPDATE_BYTES_MAX) throw new Refusal(`update: ${bytes.length} bytes are over ${UPDATE_BYTES_MAX}`);
  const reader = createScaleReader(bytes, 'update');
  if (reader.u8() !== VERSION) throw new Refusal('update: unknown version');
  const steps: FinalityStep[] = [];
  let headersLeft = UNKNOWN_HEADERS_MAX;
  for (let left = reader.length(STEPS_MAX); left > 0; left--) {
    const setId = reader.u64();
    const headers: Uint8Array[] = [];
    const count = reader.length(headersLeft);
    if (count === 0) throw new Refusal('update: a step without a header');
    headersLeft -= count;
    for (let i = 0; i < count; i++) headers.push(reader.sized(HEADER_BYTES_MAX));
    steps.push({ setId, headers, justification: reader.sized(JUSTIFICATION_BYTES_MAX) });
  }
  const proof = readOption(reader, () => readProof(reader.sized(UPDATE_BYTES_MAX)));
  reader.end();
  return { steps, parachainProof: proof };
}

const VERSION = 1;

function readProof(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = createScaleReader(bytes, 'parachain proof');
  const nodes: Uint8Array[] = [];
  for (let left = reader.length(PROOF_NODES_MAX); left > 0; left--) nodes.push(reader.sized(PROOF_BYTES_MAX));
  reader.end();
  return nodes;
}

function vectorBytes(items: readonly Uint8Array[]): Uint8Array {
  return joinBytes([compactBytes(items.length), ...items.map(sizedBytes)]);
}
