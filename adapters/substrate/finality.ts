/**
 * Pulls what the GRANDPA light client is fed with: the block it starts from, and steps from its trusted state to the newest
 * finalized block that a node can prove. One step for each change of the authority set on the way, since only the block that
 * hands over names the next set. Untrusted until the light client says otherwise.
 */
import {
  consensusLogs,
  decodeFinalityProof,
  decodeHeader,
  decodeTrustedState,
  encodeUpdate,
  type FinalityStep,
} from '../../light-clients/grandpa/index.ts';
import { bootstrapKeys, encodeBootstrap } from '../../light-clients/grandpa/bootstrap.ts';
import { paraHeadKey } from '../../light-clients/trie/index.ts';
import { toHex, utf8 } from '../../relayer/core/bytes.ts';
import { asBytes, asBytesList, asHeader, asRecord, type JsonHeader } from './json.ts';
import type { ShownJustification } from './justificationFeed.ts';
import type { SubstrateEndpoint } from './rpc.ts';
import { tryRead } from './runtime.ts';

/** Changes of the authority set in one update: what a node that was away for days catches up by goes in several. */
const STEPS_MAX = 32;

export async function pullBootstrap(
  endpoint: SubstrateEndpoint,
  trustedHash: string,
  parachainId: number | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const header = await pullHeader(endpoint, trustedHash, signal);
  return encodeBootstrap(header.encoded, await pullProof(endpoint, bootstrapKeys(parachainId), trustedHash, signal));
}

/** Undefined when the chain shows nothing newer that it can prove. `shown`: what a subscription brought. */
export async function pullFinality(
  endpoint: SubstrateEndpoint,
  stateBytes: Uint8Array,
  parachainId: number | undefined,
  shown: ShownJustification | undefined,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const state = decodeTrustedState(stateBytes);
  let { number } = decodeHeader(state.header);
  let { setId } = state.set;
  const finalizedHash = await pullFinalizedHash(endpoint, signal);
  const finalized = await pullHeader(endpoint, finalizedHash, signal);
  const steps: FinalityStep[] = [];
  let last: { readonly header: JsonHeader; readonly hash: string } | undefined;
  while (number < finalized.number && steps.length < STEPS_MAX) {
    const step: ProvenBlock | undefined =
      (await pullProven(endpoint, number, signal)) ??
      (await pullShown(endpoint, number, shown, signal)) ??
      (await pullJustified(endpoint, finalizedHash, finalized, signal));
    if (step === undefined || step.header.number <= number) break;
    steps.push({ setId, headers: [step.header.encoded], justification: step.justification });
    last = step;
    number = step.header.number;
    if (handsOver(step.header.encoded)) setId += 1n;
  }
  if (last === undefined) return undefined;
  if (parachainId === undefined) return encodeUpdate({ steps });
  const parachainProof = await pullProof(endpoint, [paraHeadKey(parachainId)], last.hash, signal);
  return encodeUpdate({ steps, parachainProof });
}

export async function pullFinalizedHash(endpoint: SubstrateEndpoint, signal: AbortSignal): Promise<string> {
  const hash = await endpoint.result('chain_getFinalizedHead', [], signal);
  if (asBytes(hash, 32) === undefined) throw endpoint.failed('answered a malformed hash of the finalized block');
  return hash as string;
}

export async function pullHeader(endpoint: SubstrateEndpoint, hash: string, signal: AbortSignal): Promise<JsonHeader> {
  const header = asHeader(await endpoint.result('chain_getHeader', [hash], signal));
  if (header === undefined) throw endpoint.failed('does not have the header of a block');
  return header;
}

export async function pullProof(
  endpoint: SubstrateEndpoint,
  keys: readonly Uint8Array[],
  hash: string,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const answer = await endpoint.result('state_getReadProof', [keys.map(toHex), hash], signal);
  const nodes = asBytesList(asRecord(answer)?.['proof']);
  if (nodes === undefined) throw endpoint.failed('answered a malformed read proof');
  return nodes;
}

interface ProvenBlock {
  readonly header: JsonHeader;
  readonly hash: string;
  readonly justification: Uint8Array;
}

/** The last block of the set that the next block lies in, or the newest justified one of the set in charge. */
async function pullProven(
  endpoint: SubstrateEndpoint,
  number: number,
  signal: AbortSignal,
): Promise<ProvenBlock | undefined> {
  const answer = await endpoint.call('grandpa_proveFinality', [number + 1], signal);
  if (answer.kind === 'error' || answer.value === null) return undefined;
  const bytes = asBytes(answer.value);
  const proof = bytes === undefined ? undefined : decodeFinalityProof(bytes);
  if (proof?.kind !== 'valid') throw endpoint.failed('answered a malformed proof of finality');
  const hash = toHex(proof.value.block);
  const header = await pullHeader(endpoint, hash, signal);
  return header.number > number ? { header, hash, justification: proof.value.justification } : undefined;
}

/** What a node showed to its subscribers; nothing when it is no news. */
async function pullShown(
  endpoint: SubstrateEndpoint,
  number: number,
  shown: ShownJustification | undefined,
  signal: AbortSignal,
): Promise<ProvenBlock | undefined> {
  if (shown === undefined || shown.number <= number) return undefined;
  const header = await pullHeader(endpoint, shown.hash, signal);
  return { header, hash: shown.hash, justification: shown.bytes };
}

/** The justification that a node stored with a block; nodes do so for some blocks only. */
async function pullJustified(
  endpoint: SubstrateEndpoint,
  hash: string,
  header: JsonHeader,
  signal: AbortSignal,
): Promise<ProvenBlock | undefined> {
  const block = asRecord(await endpoint.result('chain_getBlock', [hash], signal));
  const list = block?.['justifications'];
  for (const item of Array.isArray(list) ? (list as readonly unknown[]) : []) {
    const [engine, data] = Array.isArray(item) ? (item as readonly unknown[]) : [];
    const justification = asByteArray(data);
    if (sameText(asByteArray(engine), 'FRNK') && justification !== undefined) return { header, hash, justification };
  }
  return undefined;
}

/** Hex, or a list of numbers: nodes write justifications in the second way. */
function asByteArray(value: unknown): Uint8Array | undefined {
  if (!Array.isArray(value)) return asBytes(value);
  const isBytes = value.every((item) => Number.isInteger(item) && item >= 0 && item < 256);
  return isBytes ? Uint8Array.from(value as number[]) : undefined;
}

function sameText(bytes: Uint8Array | undefined, text: string): boolean {
  return bytes !== undefined && toHex(bytes) === toHex(utf8(text));
}

function handsOver(header: Uint8Array): boolean {
  const logs = tryRead(() => consensusLogs(decodeHeader(header)));
  return logs?.some(({ kind }) => kind === 'scheduledChange') === true;
}
