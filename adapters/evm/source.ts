/**
 * The source side of an EVM chain: updates for its light client, evidence for `derive`, wake-up hints.
 *
 * Nothing here is trusted or checked beyond form. Evidence is logs since the cursor, and proofs at the verified head's
 * height: an endpoint that reorganised, lies or leaves something out produces evidence that `derive` refuses, and the
 * next endpoint is asked.
 *
 * Bound: nodes keep state proofs for recent blocks only, so evidence always reaches up to the head; what was sent since
 * the cursor has to fit into EVIDENCE_BYTES_MAX / 2 (about 240,000 deposits), or `pullEvidence` says that it does not.
 */
import { createPublicClient, webSocket } from 'viem';
import type { Clock } from '../../relayer/core/clock.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { laneId } from '../../relayer/core/ids.ts';
import type { ChainSource, DepositPosition, EvidenceRequest } from '../../relayer/core/ports.ts';
import { decodeAcceptedCheckpoint } from './acceptedCheckpoint.ts';
import { type Cursor, decodeCursor, FRESH_INBOUND, type OpenCheckpoint } from './cursor.ts';
import { type EvmGateway, replayWords } from './derive.ts';
import { createEndpointRing } from '../endpoints/endpointRing.ts';
import { encodeEvidence, type StorageEvidence } from './evidence.ts';
import { accumulatorSlot, checkpointSlot, deliveredSlot, inboundLaneSlot, TOPICS } from './gateway.ts';
import { type GatewayLogs, readGatewayLogs } from './gatewayLogs.ts';
import type { PullUpdate } from './headerUpdates.ts';
import { asList, asRecord, parseData, parseDataList, parseQuantity, quantity } from './json.ts';
import type { RpcEndpoint } from './rpc.ts';

export interface EvmSourceOptions {
  readonly endpoints: readonly RpcEndpoint[];
  readonly gateway: EvmGateway;
  /** Updates for the chain's kind of light client: `createHeaderUpdates`, or a puller of beacon-chain updates. */
  readonly pullUpdate: PullUpdate;
  /** For a light client that starts from more than the manifest. */
  readonly pullBootstrap?: ((signal: AbortSignal) => Promise<Uint8Array>) | undefined;
  /** A WebSocket endpoint for wake-up hints; without it the height is polled only. */
  readonly wsUrl?: string | undefined;
  /** Milliseconds between looks at the chain's height. */
  readonly pollMs: number;
}

/** Slots in one `eth_getProof`: geth takes at most 1024. */
const PROOF_SLOTS_MAX = 256;

export function createEvmSource(deps: { readonly clock: Clock }, options: EvmSourceOptions): ChainSource {
  const { gateway, wsUrl, pollMs } = options;
  const ring = createEndpointRing(options.endpoints);
  const closing = new AbortController();
  /** Whose evidence a refusal is about: others may have answered something else since. */
  let served: RpcEndpoint | undefined;

  return {
    pullBootstrap: options.pullBootstrap ?? (async () => Promise.resolve(new Uint8Array(0))),
    pullUpdate: options.pullUpdate,
    pullEvidence: async (request, signal) =>
      ring.ask(async (endpoint) => {
        served = endpoint;
        return pullEvidence(endpoint, gateway, request, signal);
      }, signal),
    reject: () => {
      ring.reject(served);
    },
    watch: (wake, signal) => {
      const both = AbortSignal.any([signal, closing.signal]);
      if (wsUrl !== undefined) {
        // Whoever follows the chain looks by itself every so often: looking here as well would double the calls.
        subscribeHeads(wsUrl, wake, both);
        return;
      }
      poll(deps.clock, pollMs, both, wake, async () =>
        ring.ask(async (endpoint) => parseQuantity(await endpoint.result('eth_blockNumber', [], both)), both),
      ).catch(() => undefined);
    },
    findDeposits: async (transaction, signal) =>
      ring.ask(async (endpoint) => findDeposits(endpoint, gateway, transaction, signal), signal),
    close: async () => {
      closing.abort();
      return Promise.resolve();
    },
  };
}

async function pullEvidence(
  endpoint: RpcEndpoint,
  gateway: EvmGateway,
  request: EvidenceRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const cursor = decodeCursor(request.cursor, gateway.startHeight);
  const { height } = request.head;
  const logs = await readGatewayLogs(endpoint, gateway, cursor, height, signal);
  const { accountProof, storage } = await readProofs(
    endpoint,
    gateway,
    neededSlots(gateway, cursor, logs),
    height,
    signal,
  );
  return encodeEvidence({ accountProof, storage, outbound: logs.outbound, inbound: logs.inbound });
}

/** The slots that `derive` will read, each once. */
export function neededSlots(gateway: EvmGateway, cursor: Cursor, logs: GatewayLogs): Uint8Array[] {
  const slots = gateway.outbound.map(accumulatorSlot);
  for (const lane of gateway.inbound) {
    slots.push(inboundLaneSlot(lane));
    const open: OpenCheckpoint[] = [...(cursor.inbound.get(lane) ?? FRESH_INBOUND).open];
    for (const preimage of logs.inbound.find((entry) => entry.lane === lane)?.checkpoints ?? []) {
      const checkpoint = decodeAcceptedCheckpoint(preimage);
      if (checkpoint === undefined) continue;
      slots.push(checkpointSlot(lane, checkpoint.firstSequence));
      open.push({ ...checkpoint, delivered: 0n });
    }
    slots.push(...replayWords(open).map((index) => deliveredSlot(lane, index)));
  }
  return slots;
}

async function readProofs(
  endpoint: RpcEndpoint,
  gateway: EvmGateway,
  slots: readonly Uint8Array[],
  height: bigint,
  signal: AbortSignal,
): Promise<{ accountProof: Uint8Array[]; storage: StorageEvidence[] }> {
  const storage: StorageEvidence[] = [];
  let accountProof: Uint8Array[] | undefined;
  for (let i = 0; i === 0 || i < slots.length; i += PROOF_SLOTS_MAX) {
    const asked = slots.slice(i, i + PROOF_SLOTS_MAX);
    const params = [toHex(gateway.address), asked.map(toHex), quantity(height)];
    const answer = asRecord(await endpoint.result('eth_getProof', params, signal));
    const proofs = asList(answer?.['storageProof']);
    accountProof ??= parseDataList(answer?.['accountProof']);
    if (accountProof === undefined || proofs?.length !== asked.length) throw malformed(endpoint, 'eth_getProof');
    for (const [index, entry] of proofs.entries()) {
      const proof = parseDataList(asRecord(entry)?.['proof']);
      if (proof === undefined) throw malformed(endpoint, 'eth_getProof');
      storage.push({ slot: asked[index] as Uint8Array, proof });
    }
  }
  if (accountProof === undefined) throw malformed(endpoint, 'eth_getProof');
  return { accountProof, storage };
}

async function findDeposits(
  endpoint: RpcEndpoint,
  gateway: EvmGateway,
  transaction: string,
  signal: AbortSignal,
): Promise<readonly DepositPosition[] | undefined> {
  if (parseData(transaction, 32) === undefined) return undefined;
  const receipt = asRecord(await endpoint.result('eth_getTransactionReceipt', [transaction], signal));
  return receipt === undefined ? undefined : depositsOf(receipt, gateway.address);
}

/** The deposits that a receipt shows for one gateway: only its own logs count, whoever else prints look-alikes. */
export function depositsOf(receipt: Readonly<Record<string, unknown>>, gateway: Uint8Array): DepositPosition[] {
  const height = parseQuantity(receipt['blockNumber']);
  if (height === undefined) return [];
  return (asList(receipt['logs']) ?? []).flatMap((log) => {
    const record = asRecord(log);
    const [topic, lane] = asList(record?.['topics']) ?? [];
    const data = parseData(record?.['data']);
    const address = record?.['address'];
    if (typeof address !== 'string' || address.toLowerCase() !== toHex(gateway)) return [];
    if (topic !== TOPICS.packetSent || parseData(lane, 32) === undefined || data === undefined || data.length < 73)
      return [];
    const sequence = new DataView(data.buffer, data.byteOffset).getBigUint64(65);
    return [{ lane: laneId(lane as string), sequence, height }];
  });
}

/** Looks at the height again and again. Only a hint, so that errors are not of interest here. */
async function poll(
  clock: Clock,
  pollMs: number,
  signal: AbortSignal,
  wake: () => void,
  readHeight: () => Promise<bigint | undefined>,
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

/** `newHeads` over a WebSocket, reconnecting. A silent or dead one costs time only: a hint is all that it gives. */
function subscribeHeads(wsUrl: string, wake: () => void, signal: AbortSignal): void {
  const client = createPublicClient({
    transport: webSocket(wsUrl, { retryCount: 0, reconnect: { attempts: 1_000, delay: 5_000 } }),
  });
  const connect = async (): Promise<void> => {
    const socket = await client.transport.getRpcClient();
    const close = (): void => {
      socket.close();
    };
    if (signal.aborted) close();
    signal.addEventListener('abort', close, { once: true });
    await client.transport.subscribe({ params: ['newHeads'], onData: wake, onError: () => undefined });
  };
  connect().catch(() => undefined);
}

function malformed(endpoint: RpcEndpoint, method: string): ViaductError {
  return new ViaductError({
    code: 'ENDPOINT_FAILED',
    shortMessage: `${endpoint.name} answered nonsense to ${method}.`,
  });
}
