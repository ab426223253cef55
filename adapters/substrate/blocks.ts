/**
 * Pulls evidence: the headers between cursor and head, whole blocks with their proofs from the lowest on, the metadata that
 * reading them takes, and what the vault's own operations in them were to pay. Untrusted until `derive` says otherwise.
 */
import { decodeHeader } from '../../light-clients/grandpa/index.ts';
import { equalBytes, toHex } from '../../relayer/core/bytes.ts';
import type { ViaductError } from '../../relayer/core/errors.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { BLOCK_RANGE_MAX } from '../../relayer/core/limits.ts';
import type { VerifiedHead } from '../../relayer/core/ports.ts';
import { EVENTS_KEY, readProvenState, RUNTIME_KEY } from './derive.ts';
import { type BlockContent, type ChunkContent, encodeBlock, type Evidence } from './evidence.ts';
import type { SubstrateGateway } from './gateway.ts';
import { asBytes, asBytesList, asHeader, asRecord, type JsonHeader } from './json.ts';
import { type ClosedOperation, readBlock } from './readBlock.ts';
import { callHash, releaseCall } from './releaseCall.ts';
import { decodeReleaseRemark, type ReleaseRemark } from './releaseRemark.ts';
import type { SubstrateCall, SubstrateEndpoint } from './rpc.ts';
import { type Runtime, tryRead } from './runtime.ts';
import { type Runtimes, unpinned } from './runtimes.ts';

/** The packets of a lane that leads to the vault, from this process's own journal; undefined while they are not there. */
export type PacketsOf = (lane: LaneId, firstSequence: bigint, count: number) => Promise<Uint8Array | undefined>;

export interface BlockPull {
  readonly gateway: SubstrateGateway;
  readonly runtimes: Runtimes;
  readonly packetsOf: PacketsOf;
  /** Bytes of block contents after which one evidence ends. */
  readonly contentBytesMax: number;
}

/** Whether it reaches up to the head. */
export interface PulledBlocks {
  readonly evidence: Evidence;
  readonly isWhole: boolean;
}

export async function pullBlocks(
  endpoint: SubstrateEndpoint,
  cursorHeight: bigint,
  head: VerifiedHead,
  pull: BlockPull,
  signal: AbortSignal,
): Promise<PulledBlocks> {
  const first = Number(cursorHeight) + 1;
  const numbers = Array.from({ length: Number(head.height) - first }, (_, i) => first + i);
  const hashes = await pullHashes(endpoint, numbers, signal);
  hashes.push(toHex(head.hash));
  const blocks: BlockContent[] = [];
  const headers: Uint8Array[] = [];
  const paid: { calls: Uint8Array[]; chunks: ChunkContent[] } = { calls: [], chunks: [] };
  let size = 0;
  for (const hash of hashes) {
    if (size > pull.contentBytesMax || blocks.length >= BLOCK_RANGE_MAX) break;
    const { header, content } = await pullBlock(endpoint, hash, signal);
    const runtime = await runtimeOf(endpoint, header, hash, content, pull.runtimes, signal);
    if ('unread' in runtime) {
      // What lies below is derived first; then this is what the chain's lanes stop at.
      if (blocks.length === 0) throw runtime.unread;
      break;
    }
    await addPaid(paid, runtime.runtime, runtime.events, hash, content, pull);
    blocks.push(content);
    headers.push(header.encoded);
    size += encodeBlock(content).length;
  }
  const rest = hashes.slice(headers.length, -1);
  headers.push(...(await pullHeaders(endpoint, rest, signal)));
  // The head's own header is known.
  return {
    evidence: { headers: headers.slice(0, numbers.length), blocks, ...paid },
    isWhole: blocks.length === hashes.length,
  };
}

async function pullHashes(
  endpoint: SubstrateEndpoint,
  numbers: readonly number[],
  signal: AbortSignal,
): Promise<string[]> {
  const calls = numbers.map((number): SubstrateCall => ({ method: 'chain_getBlockHash', params: [number] }));
  return (await endpoint.results(calls, signal)).map((hash) => {
    if (asBytes(hash, 32) === undefined) throw endpoint.failed('does not have a block below the finalized one');
    return hash as string;
  });
}

async function pullHeaders(
  endpoint: SubstrateEndpoint,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const calls = hashes.map((hash): SubstrateCall => ({ method: 'chain_getHeader', params: [hash] }));
  return (await endpoint.results(calls, signal)).map((answer) => {
    const header = asHeader(answer);
    if (header === undefined) throw endpoint.failed('does not have the header of a block');
    return header.encoded;
  });
}

async function pullBlock(
  endpoint: SubstrateEndpoint,
  hash: string,
  signal: AbortSignal,
): Promise<{ readonly header: JsonHeader; readonly content: BlockContent }> {
  const keys = [EVENTS_KEY, RUNTIME_KEY].map(toHex);
  const [block, proven] = await endpoint.results(
    [
      { method: 'chain_getBlock', params: [hash] },
      { method: 'state_getReadProof', params: [keys, hash] },
    ],
    signal,
  );
  const body = asRecord(asRecord(block)?.['block']);
  const header = asHeader(body?.['header']);
  const extrinsics = asBytesList(body?.['extrinsics']);
  const proof = asBytesList(asRecord(proven)?.['proof']);
  if (header === undefined || extrinsics === undefined) throw endpoint.failed('does not have a finalized block');
  if (proof === undefined) throw endpoint.failed('answered a malformed read proof');
  return { header, content: { extrinsics, proof } };
}

/** The runtime that made a block, brought here if need be; or why it cannot be read. */
async function runtimeOf(
  endpoint: SubstrateEndpoint,
  header: JsonHeader,
  hash: string,
  { proof }: BlockContent,
  runtimes: Runtimes,
  signal: AbortSignal,
): Promise<{ readonly runtime: Runtime; readonly events: Uint8Array } | { readonly unread: ViaductError }> {
  const { stateRoot } = decodeHeader(header.encoded);
  const state = readProvenState(stateRoot, proof);
  if (state.kind !== 'valid') throw endpoint.failed('served a read proof that does not hold', state.reason);
  const { specVersion, events } = state.value;
  if (!runtimes.isPinned(specVersion)) return { unread: unpinned(specVersion) };
  if (runtimes.get(specVersion) === undefined) {
    const metadata = asBytes(await endpoint.result('state_getMetadata', [hash], signal));
    if (metadata === undefined || !runtimes.bring(specVersion, metadata)) {
      throw endpoint.failed(`serves metadata of spec version ${specVersion} that is not the pinned one`);
    }
  }
  const runtime = runtimes.get(specVersion);
  return runtime === undefined ? { unread: unpinned(specVersion) } : { runtime, events };
}

/** The calls that the vault carried out in a block, and the packets that they pay. */
async function addPaid(
  paid: { readonly calls: Uint8Array[]; readonly chunks: ChunkContent[] },
  runtime: Runtime,
  eventsBytes: Uint8Array,
  hash: string,
  { extrinsics }: BlockContent,
  { gateway, packetsOf }: BlockPull,
): Promise<void> {
  const blockHash = asBytes(hash, 32) ?? new Uint8Array(32);
  const events = tryRead(() => readBlock(gateway, runtime, blockHash, extrinsics, eventsBytes)) ?? [];
  for (const event of events) {
    if (event.kind !== 'executed') continue;
    const extrinsic = extrinsics[event.index] ?? new Uint8Array(0);
    const found = await findRelease(extrinsic, event, runtime, gateway, packetsOf);
    if (found !== undefined) {
      paid.calls.push(found.call);
      paid.chunks.push(found.chunk);
    } else {
      const call = tryRead(() => carriedCall(runtime, extrinsic));
      if (call !== undefined) paid.calls.push(call);
    }
  }
}

/**
 * The release whose remark stands somewhere in the extrinsic, however the call is wrapped: built anew from its packets, it
 * must have the hash that the chain carried out.
 */
async function findRelease(
  extrinsic: Uint8Array,
  event: ClosedOperation,
  runtime: Runtime,
  gateway: SubstrateGateway,
  packetsOf: PacketsOf,
): Promise<{ readonly call: Uint8Array; readonly chunk: ChunkContent } | undefined> {
  for (const remark of remarksIn(extrinsic)) {
    const { lane, firstSequence, count } = remark;
    const packets = await packetsOf(lane, firstSequence, count);
    if (packets === undefined) continue;
    const call = releaseCall(gateway, runtime, event.vault, remark, packets);
    if (call !== undefined && equalBytes(callHash(call), event.callHash)) {
      return { call, chunk: { lane, firstSequence, packets } };
    }
  }
  return undefined;
}

const REMARKS = /v1d\|[0-9a-f]{64}\|\d{1,20}\|\d{1,3}\|[0-9a-f]{64}\|(?:[0-9a-f]{2})*/g;

function remarksIn(extrinsic: Uint8Array): readonly ReleaseRemark[] {
  const text = Buffer.from(extrinsic.buffer, extrinsic.byteOffset, extrinsic.length).toString('latin1');
  return [...text.matchAll(REMARKS)].flatMap(
    ([found]) => decodeReleaseRemark('pays', Buffer.from(found, 'latin1')) ?? [],
  );
}

/** The call inside a plain `multisig.as_multi`. */
function carriedCall(runtime: Runtime, extrinsic: Uint8Array): Uint8Array | undefined {
  const { call } = runtime.readExtrinsic(extrinsic);
  const name = runtime.callName(call);
  if (name?.pallet !== 'Multisig' || name.name !== 'as_multi') return undefined;
  return runtime.callArgument(call, 'call');
}
