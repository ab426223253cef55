/**
 * A simulated EVM chain: blocks with true headers, state roots and storage proofs over the gateway's slots, and
 * transactions of accounts in the order of their nonces. There is no EVM, no gas and no other contract; signatures of
 * transactions are not checked. What a light client and `derive` look at is as on a real chain.
 */
import { replayWords } from '../../../adapters/evm/derive.ts';
import { type Cursor, decodeCursor } from '../../../adapters/evm/cursor.ts';
import { accumulatorSlot, checkpointSlot, deliveredSlot, inboundLaneSlot } from '../../../adapters/evm/gateway.ts';
import { decodeAcceptedCheckpoint } from '../../../adapters/evm/acceptedCheckpoint.ts';
import { encodeConfirmationsUpdate } from '../../../light-clients/confirmations/index.ts';
import { stateTrie, storageTrie, type TestTrie } from '../../../light-clients/merkle/trie.fixture.ts';
import { equalBytes } from '../../../relayer/core/bytes.ts';
import { decodeDelivery } from '../../../relayer/core/certificate.ts';
import type { LaneId } from '../../../relayer/core/ids.ts';
import { keccak256, keccakEach } from '../../../relayer/core/keccak.ts';
import { CHUNK_PACKETS_MAX, PACKET_BYTES } from '../../../relayer/core/limits.ts';
import type { Delivery } from '../../../relayer/core/ports.ts';
import { evidenceParts } from './evidenceParts.ts';
import type { InLane, OutLane } from './gateway.ts';
import { encodeHeader, gatewayAddress, genesisHeader } from './network.ts';
import { readTransaction, transactionHash } from './transaction.ts';

/** Blocks whose state can still be proven. */
const STATES_KEPT = 24;
const HEADERS_KEPT = 256;
const OUTCOMES_KEPT = 1_024;

/** Chunks hashed at once: two go side by side, and more of them spare calls. */
const SIDE_BY_SIDE_MAX = 16;
/** Where they are laid together; the same for all chains. */
export const SCRATCH_BYTES = SIDE_BY_SIDE_MAX * CHUNK_PACKETS_MAX * PACKET_BYTES;

type SlotWord = readonly [slot: Uint8Array, word: Uint8Array];

interface State {
  readonly account: TestTrie;
  readonly storage: TestTrie;
  /** First sequence not sent, by outgoing lane. */
  readonly next: ReadonlyMap<LaneId, number>;
  readonly evidenceOf: ReadonlyMap<LaneId, { readonly accepted: bigint }>;
}

/** A transaction in the mempool. */
interface Waiting {
  readonly raw: Uint8Array;
  /** When the node took it. */
  readonly submittedMs: number;
}

export interface SimulatedChain {
  readonly index: number;
  readonly height: number;
  readonly outbound: OutLane;
  readonly inbound: InLane;
  /** Closes a block: includes waiting transactions. `paid` hears of every chunk that took effect, and when it was submitted. */
  mine(nowSeconds: bigint, paid: (delivery: Delivery, submittedMs: number) => void): void;
  update(trustedHeight: number): Uint8Array;
  /** In parts that are laid end to end. */
  evidence(client: number, height: number, cursor: Uint8Array | undefined): Uint8Array[];
  nextSlot(account: string): number;
  broadcast(account: string, raw: Uint8Array, nowMs: number): void;
  outcome(hash: string): { readonly height: number; readonly reverted: string | undefined } | undefined;
}

export function createSimulatedChain(
  index: number,
  outbound: OutLane,
  inbound: InLane,
  transactionsMax: number,
  scratch: Uint8Array,
): SimulatedChain {
  const address = gatewayAddress(index);
  const codeHash = keccak256(address);
  const genesis = genesisHeader(index);
  const headers = new Map<number, Uint8Array>([[0, genesis]]);
  const states = new Map<number, State>();
  const slots = new Map<string, number>();
  const mempool = new Map<string, Map<number, Waiting>>();
  const outcomes = new Map<string, { readonly height: number; readonly reverted: string | undefined }>();
  /** How far each client is, so that what nobody asks for any more is forgotten. */
  const floors = new Map<number, { readonly accepted: bigint; readonly base: bigint }>();
  let parent = keccak256(genesis);
  let height = 0;

  function mine(nowSeconds: bigint, paid: (delivery: Delivery, submittedMs: number) => void): void {
    height++;
    const included: Waiting[] = [];
    for (const [account, waiting] of mempool) {
      for (let slot = slots.get(account) ?? 0; included.length < transactionsMax; slot++) {
        const transaction = waiting.get(slot);
        if (transaction === undefined) break;
        waiting.delete(slot);
        slots.set(account, slot + 1);
        included.push(transaction);
      }
    }
    const deliveries = included.map(({ raw }) => {
      const { call } = readTransaction(raw);
      return call.length === 0 ? undefined : decodeDelivery(call);
    });
    const chunks = hashSideBySide(
      deliveries.flatMap((delivery) => delivery?.packets ?? []),
      scratch,
    );
    let nextChunk = 0;
    for (const [index, { raw, submittedMs }] of included.entries()) {
      const delivery = deliveries[index];
      const chunk = delivery && chunks[nextChunk++]!;
      const hash = transactionHash(raw);
      const reverted = delivery && chunk && inbound.execute(delivery, chunk, hash);
      if (delivery !== undefined && reverted === undefined) paid(delivery, submittedMs);
      outcomes.set(hash, { height, reverted });
    }
    for (const hash of outcomes.keys()) {
      if (outcomes.size <= OUTCOMES_KEPT) break;
      outcomes.delete(hash);
    }
    const words: SlotWord[] = [[accumulatorSlot(outbound.id), outbound.accumulator], ...inbound.storage()];
    const storage = storageTrie(words.filter(isSet));
    const account = stateTrie([{ address, storageRoot: storage.root, codeHash }]);
    const header = encodeHeader(BigInt(height), parent, account.root, nowSeconds);
    parent = keccak256(header);
    headers.set(height, header);
    headers.delete(height - HEADERS_KEPT);
    states.set(height, {
      account,
      storage,
      next: new Map([[outbound.id, outbound.next]]),
      evidenceOf: new Map([[inbound.id, { accepted: inbound.accepted }]]),
    });
    states.delete(height - STATES_KEPT);
  }

  function evidence(client: number, at: number, cursorBytes: Uint8Array | undefined): Uint8Array[] {
    const state = states.get(at);
    if (state === undefined) throw new Error(`block ${at} of chain ${index} has no state any more`);
    const cursor = decodeCursor(cursorBytes, 1n);
    note(client, cursor);
    const from = Number(cursor.outbound.get(outbound.id)?.nextSequence ?? 0n);
    const end = state.next.get(outbound.id) ?? 0;
    const inCursor = cursor.inbound.get(inbound.id);
    const open = inCursor?.open ?? [];
    const accepted = state.evidenceOf.get(inbound.id)?.accepted ?? 0n;
    const told = inbound.evidence(
      inCursor?.acceptedSequence ?? 0n,
      open.map(({ chunkBase }) => chunkBase),
    );
    // The gateway may be ahead of the block that is asked about.
    const checkpoints = told.checkpoints.filter((preimage) => firstOf(preimage) < accepted);
    const fresh = checkpoints.flatMap((preimage) => decodeAcceptedCheckpoint(preimage) ?? []);
    const words = replayWords([...open, ...fresh.map((one) => ({ ...one, delivered: 0n }))]);
    const wanted = [
      accumulatorSlot(outbound.id),
      inboundLaneSlot(inbound.id),
      ...fresh.map(({ firstSequence }) => checkpointSlot(inbound.id, firstSequence)),
      ...words.map((word) => deliveredSlot(inbound.id, word)),
    ];
    return evidenceParts(
      {
        accountProof: state.account.prove(keccak256(address)),
        storage: wanted.map((slot) => ({ slot, proof: state.storage.prove(keccak256(slot)) })),
        inbound: [{ ...told, checkpoints }],
      },
      outbound.id,
      outbound.packets(from, end),
    );
  }

  function note(client: number, cursor: Cursor): void {
    const at = cursor.inbound.get(inbound.id);
    const bases = (at?.open ?? []).map(({ chunkBase }) => chunkBase);
    const base = bases.reduce((least, one) => (one < least ? one : least), at?.acceptedChunks ?? 0n);
    floors.set(client, { accepted: at?.acceptedSequence ?? 0n, base });
    const all = [...floors.values()];
    const least = (values: readonly bigint[]): bigint => values.reduce((low, one) => (one < low ? one : low));
    inbound.forget(least(all.map(({ accepted }) => accepted)), least(all.map((one) => one.base)));
  }

  return {
    index,
    outbound,
    inbound,
    get height() {
      return height;
    },
    mine,
    update(trusted) {
      const found: Uint8Array[] = [];
      for (let at = trusted + 1; at <= height && found.length < 500; at++) found.push(headers.get(at) as Uint8Array);
      return found.length === 0 ? new Uint8Array(0) : encodeConfirmationsUpdate([found]);
    },
    evidence,
    nextSlot: (account) => slots.get(account) ?? 0,
    broadcast(account, raw, nowMs) {
      const { slot } = readTransaction(raw);
      if (slot < (slots.get(account) ?? 0)) return;
      const waiting = mempool.get(account) ?? new Map<number, Waiting>();
      mempool.set(account, waiting);
      const known = waiting.get(slot);
      // Sent again, it was submitted all the same when it came first.
      if (known === undefined || !equalBytes(known.raw, raw)) waiting.set(slot, { raw, submittedMs: nowMs });
    },
    outcome: (hash) => outcomes.get(hash),
  };
}

/** The hash of each; those of one length that follow each other go together. */
function hashSideBySide(messages: readonly Uint8Array[], scratch: Uint8Array): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  for (let from = 0; from < messages.length;) {
    const { length } = messages[from]!;
    let end = from + 1;
    while (end - from < SIDE_BY_SIDE_MAX && messages[end]?.length === length) end++;
    const digests = keccakEach(laidTogether(messages.slice(from, end), scratch), length);
    for (let at = 0; at < digests.length; at += 32) hashes.push(digests.subarray(at, at + 32));
    from = end;
  }
  return hashes;
}

function laidTogether(messages: readonly Uint8Array[], scratch: Uint8Array): Uint8Array {
  const [only] = messages;
  if (messages.length === 1 && only !== undefined) return only;
  let at = 0;
  for (const message of messages) {
    scratch.set(message, at);
    at += message.length;
  }
  return scratch.subarray(0, at);
}

function isSet([, word]: SlotWord): boolean {
  return word.some((byte) => byte !== 0);
}

function firstOf(preimage: Uint8Array): bigint {
  return decodeAcceptedCheckpoint(preimage)?.firstSequence ?? 0n;
}
