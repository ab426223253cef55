/**
 * The same deliveries without us: chunks of the same size to the same gateway, signed and encoded before the clock starts, sent
 * straight to the node by the same number of accounts with as many transactions in flight. What the chain takes this way is
 * what it can take.
 */
import { performance } from 'node:perf_hooks';
import type { RpcEndpoint } from '../../../adapters/evm/index.ts';
import { DEFAULT_FEE_LIMITS, nextFees } from '../../../adapters/evm/fees.ts';
import { readFeeMarket } from '../../../adapters/evm/feeMarket.ts';
import { acceptAndDeliverData, deliverData } from '../../../adapters/evm/gatewayCalls.ts';
import { parseQuantity } from '../../../adapters/evm/json.ts';
import { signTransaction } from '../../../adapters/evm/transaction.ts';
import { concatBytes, toHex, utf8 } from '../../../relayer/core/bytes.ts';
import {
  type Checkpoint,
  checkpointDigest,
  chunkHashes,
  domainSeparator,
  merkleProof,
  merkleRoot,
  signerSetHash,
} from '../../../relayer/core/checkpoint.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { assetId, caip2 } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { ACCOUNT_IN_FLIGHT_MAX, PACKET_BYTES } from '../../../relayer/core/limits.ts';
import { encodePacket } from '../../../relayer/core/packet.ts';
import type { Delivery } from '../../../relayer/core/ports.ts';
import { addressOf, sign } from '../../../relayer/core/secp256k1.ts';
import type { Receivers } from '../../load/receivers.ts';
import type { DirectRun } from '../relayed/directFeed.ts';
import { type BenchNetwork, endpointOf } from './network.ts';

export interface DirectFeed {
  /** Deposits whose deliveries are ready to be sent. */
  readonly prepared: number;
  /** Makes the next deliveries ready; not while the clock runs. */
  prepare(chunks: number): void;
  /** Sends for so many seconds, or until nothing is ready, and waits for the inclusion of all that it sent. */
  run(seconds: number, signal: AbortSignal): Promise<DirectRun>;
}

interface Feeder {
  readonly key: Uint8Array;
  readonly address: string;
  nonce: bigint | undefined;
  included: bigint;
}

/** As the relayer's checkpoints are under load. */
const CHUNKS_PER_CHECKPOINT = 32;
const LOOK_MS = 20;
const ASSET = assetId(1);
const GAS_MARGIN_PERCENT = 15n;

export function createDirectFeed(
  network: BenchNetwork,
  receivers: Receivers,
  keys: readonly Uint8Array[],
  chunkSize: number,
): DirectFeed {
  const endpoint = endpointOf(network.b);
  const { chainId } = network.b.anvil;
  const domain = domainSeparator(caip2(`eip155:${chainId}`), network.b.gateway);
  const ready: { readonly data: Uint8Array; readonly opens: boolean }[] = [];
  const feeders = keys.map((key): Feeder => {
    return { key, address: toHex(addressOf(key)), nonce: undefined, included: 0n };
  });
  let nextNumber = 0;
  let chunkBase = 0n;
  let gas: bigint | undefined;

  function prepareCheckpoint(chunks: number): void {
    const count = chunks * chunkSize;
    const packets = packetsOf(nextNumber, count, receivers);
    const hashes = chunkHashes(packets, chunkSize);
    const checkpoint: Checkpoint = {
      lane: network.directLane,
      signerEpoch: network.signerSet.epoch,
      signerSetHash: signerSetHash(network.signerSet),
      manifestHash: network.manifest.hash,
      firstSequence: BigInt(nextNumber),
      packetCount: count,
      chunkSize,
      root: merkleRoot(hashes),
      sourceHeight: BigInt(nextNumber),
      sourceBlockHash: keccak256(utf8(`block ${nextNumber}`)),
    };
    const digest = checkpointDigest(checkpoint, domain);
    const signatures = concatBytes(
      ...network.signerKeys.slice(0, network.signerSet.threshold).map((key) => sign(digest, key)),
    );
    for (let chunkIndex = 0; chunkIndex < chunks; chunkIndex++) {
      const from = chunkIndex * chunkSize * PACKET_BYTES;
      const delivery: Delivery = {
        checkpoint,
        signatures,
        chunkIndex,
        packets: packets.subarray(from, from + chunkSize * PACKET_BYTES),
        proof: merkleProof(hashes, chunkIndex),
      };
      const opens = chunkIndex === 0;
      ready.push({ opens, data: (opens ? acceptAndDeliverData : deliverData)(delivery, chunkBase) });
    }
    nextNumber += count;
    chunkBase += BigInt(chunks);
  }

  /** One at a time and in order: a chunk can be delivered once its checkpoint is accepted. */
  async function sendNext(feeder: Feeder, signal: AbortSignal): Promise<void> {
    const next = ready.shift();
    if (next === undefined) return;
    const to = network.b.gateway;
    if (gas === undefined) {
      const call = { from: feeder.address, to: toHex(to), data: toHex(next.data) };
      const estimate = parseQuantity(await endpoint.result('eth_estimateGas', [call], signal));
      if (estimate === undefined) throw new Error('the target does not estimate a delivery');
      gas = (estimate * (100n + GAS_MARGIN_PERCENT)) / 100n;
    }
    const market = await readFeeMarket(endpoint, signal);
    // What opens a checkpoint must not come after what needs it open: the pool puts the better paid first.
    const tip = next.opens ? 2n * market.priorityFeePerGas : market.priorityFeePerGas;
    const offer = nextFees({ ...market, priorityFeePerGas: tip }, 0, undefined, {
      ...DEFAULT_FEE_LIMITS,
      maxFeePerGasMax: 10n ** 15n,
    });
    if (offer.kind === 'capped') throw new Error('the target asks too much for gas');
    const nonce = feeder.nonce ?? 0n;
    const { raw } = signTransaction({ to, value: 0n, gas, data: next.data }, chainId, nonce, offer.fees, feeder.key);
    await endpoint.result('eth_sendRawTransaction', [toHex(raw)], signal);
    feeder.nonce = nonce + 1n;
  }

  async function look(feeder: Feeder, signal: AbortSignal): Promise<void> {
    feeder.included = await countOf(endpoint, feeder.address, signal);
    feeder.nonce ??= feeder.included;
  }

  return {
    get prepared() {
      return ready.length * chunkSize;
    },

    prepare(chunks) {
      for (let left = chunks; left > 0; left -= CHUNKS_PER_CHECKPOINT) {
        prepareCheckpoint(Math.min(left, CHUNKS_PER_CHECKPOINT));
      }
    },

    async run(seconds, signal) {
      const before = ready.length;
      gas = undefined;
      for (const feeder of feeders) await look(feeder, signal);
      // The clock starts with a block, so that whole blocks are counted.
      await nextBlock(endpoint, signal);
      const started = performance.now();
      let [turn, inFlight] = [0, 0];
      do {
        const isOpen = performance.now() - started < seconds * 1_000 && ready.length > 0;
        for (let tries = 0; isOpen && tries < feeders.length;) {
          const feeder = feeders[turn++ % feeders.length] as Feeder;
          if ((feeder.nonce ?? 0n) - feeder.included >= BigInt(ACCOUNT_IN_FLIGHT_MAX)) tries++;
          else await sendNext(feeder, signal);
          if (ready.length === 0) break;
        }
        await systemClock.sleep(LOOK_MS, signal);
        for (const feeder of feeders) await look(feeder, signal);
        inFlight = feeders.reduce((sum, { nonce, included }) => sum + Number((nonce ?? 0n) - included), 0);
      } while (inFlight > 0 || (performance.now() - started < seconds * 1_000 && ready.length > 0));
      const wall = (performance.now() - started) / 1_000;
      const delivered = (before - ready.length) * chunkSize;
      return { delivered, seconds: wall, perSecond: delivered / wall };
    },
  };
}

function packetsOf(first: number, count: number, receivers: Receivers): Uint8Array {
  const sender = keccak256(utf8('direct sender')).slice(0, 20);
  const packets = new Uint8Array(count * PACKET_BYTES);
  for (let index = 0; index < count; index++) {
    const number = first + index;
    const packet = encodePacket({
      kind: 'transfer',
      sequence: BigInt(number),
      asset: ASSET,
      amount: receivers.amount(number),
      receiver: receivers.receiver(number),
      deadline: 0n,
      sourceReference: keccak256(utf8(`direct ${number}`)),
      sender,
    });
    packets.set(packet, index * PACKET_BYTES);
  }
  return packets;
}

async function countOf(endpoint: RpcEndpoint, address: string, signal: AbortSignal): Promise<bigint> {
  const count = parseQuantity(await endpoint.result('eth_getTransactionCount', [address, 'latest'], signal));
  if (count === undefined) throw new Error('the target answers a malformed nonce');
  return count;
}

async function nextBlock(endpoint: RpcEndpoint, signal: AbortSignal): Promise<void> {
  const height = async (): Promise<unknown> => endpoint.result('eth_blockNumber', [], signal);
  const before = await height();
  while ((await height()) === before) await systemClock.sleep(LOOK_MS, signal);
}
