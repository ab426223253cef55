/**
 * A chain in memory behind the engine's ports: it keeps packets and accepts, delivers and refuses as a gateway does, with
 * nothing to verify. It is for tests of the engine, which must not depend on a family; real chains judge the adapters.
 */
import { equalBytes, readU64, toHex, utf8, writeU64 } from '../../relayer/core/bytes.ts';
import { type Certificate, endSequence, packetsInChunk } from '../../relayer/core/certificate.ts';
import { type Checkpoint, chunkCount, chunkHash, verifyMerkleProof } from '../../relayer/core/checkpoint.ts';
import { decodeDelivery, encodeDelivery } from '../../relayer/core/certificate.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { type AssetId, type ChainName, idBytes, type LaneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, encodePacket, transferIdOf } from '../../relayer/core/packet.ts';
import type {
  ChainSource,
  ChainTarget,
  Delivery,
  DeliveredRange,
  Derivation,
  Derive,
  LightClient,
  LightClientStep,
  RefusedPacket,
  SignedTransaction,
  TargetAccount,
  TransactionOutcome,
  Vault,
} from '../../relayer/core/ports.ts';
import { type AttestationRules, certificateProblem } from '../../relayer/core/signatures.ts';
import { createFakeVault, readRelease } from './fakeVault.ts';

export interface FakeLane {
  readonly id: LaneId;
  readonly opposite: LaneId;
  readonly rules: AttestationRules;
}

export interface FakeDeposit {
  readonly asset: AssetId;
  readonly amount: bigint;
  readonly receiver: Uint8Array;
  readonly sender: Uint8Array;
}

export interface FakeChain {
  readonly name: ChainName;
  source(): ChainSource;
  readonly lightClient: LightClient;
  readonly derive: Derive;
  readonly target: ChainTarget;
  account(address: string): TargetAccount;
  /** Where the gateway is a vault: its accounts, and one of its members. */
  vault(member: number | undefined): Vault | undefined;
  send(lane: LaneId, deposit: FakeDeposit): void;
  /** Makes a block: included are deposits since the last one and broadcast transactions in slot order. */
  mine(): void;
  /** Accounts credited by delivered packets, `<receiver hex>/<asset>` to amount. */
  readonly balances: ReadonlyMap<string, bigint>;
  /** How often each packet took effect, by transfer id. */
  readonly effects: ReadonlyMap<string, number>;
  readonly height: bigint;
  /** Chunks that a transaction tried to deliver twice. */
  readonly doubles: number;
  /** Receivers that cannot be paid. */
  readonly refusing: Set<string>;
  /** Makes every answer of the chain's endpoints fail while true. */
  unreachable: boolean;
}

interface Block {
  readonly outbound: { lane: LaneId; packet: Uint8Array }[];
  readonly settled: {
    lane: LaneId;
    accepted: bigint | undefined;
    fresh: Checkpoint[];
    delivered: DeliveredRange[];
    refused: RefusedPacket[];
  }[];
}

export function createFakeChain(
  name: ChainName,
  incoming: readonly FakeLane[],
  outgoing: readonly LaneId[],
  gateway: 'contract' | 'vault' = 'contract',
): FakeChain {
  const blocks: Block[] = [{ outbound: [], settled: [] }];
  const nextSequence = new Map<LaneId, bigint>(outgoing.map((lane) => [lane, 0n]));
  const accepted = new Map<LaneId, bigint>(incoming.map((lane) => [lane.id, 0n]));
  const commitments = new Map<string, Certificate>();
  const done = new Set<string>();
  const balances = new Map<string, bigint>();
  const effects = new Map<string, number>();
  const refusing = new Set<string>();
  const slots = new Map<string, bigint>();
  const mempool = new Map<string, SignedTransaction & { address: string }>();
  const included = new Map<string, { height: bigint; reverted: string | undefined }>();
  let open: Block = { outbound: [], settled: [] };
  const state = { doubles: 0, unreachable: false };

  function hashAt(height: bigint): Uint8Array {
    return keccak256(utf8(`${name} ${height}`));
  }

  function emit(lane: LaneId, packet: Parameters<typeof encodePacket>[0]): void {
    open.outbound.push({ lane, packet: encodePacket(packet) });
    nextSequence.set(lane, packet.sequence + 1n);
  }

  /** The gateway's rules; a reason when it reverts. */
  function execute(delivery: Delivery, transaction: string): string | undefined {
    const { checkpoint, chunkIndex, packets } = delivery;
    const lane = incoming.find(({ id }) => id === checkpoint.lane);
    if (lane === undefined) return 'unknown lane';
    const at = accepted.get(lane.id) ?? 0n;
    const key = `${lane.id}/${checkpoint.firstSequence}`;
    const known = commitments.get(key);
    if (known === undefined && checkpoint.firstSequence !== at) return 'not next';
    const problem = known === undefined ? certificateProblem(delivery, lane.rules) : undefined;
    if (problem !== undefined) return problem;
    if (known !== undefined && !equalBytes(known.checkpoint.root, checkpoint.root)) return 'another checkpoint';
    if (!verifyMerkleProof(checkpoint.root, chunkHash(packets), chunkIndex, chunkCount(checkpoint), delivery.proof))
      return 'proof';
    if (done.has(`${key}/${chunkIndex}`)) {
      state.doubles++;
      return 'already delivered';
    }
    commitments.set(key, delivery);
    if (known === undefined) accepted.set(lane.id, endSequence(checkpoint));
    done.add(`${key}/${chunkIndex}`);
    pay(lane, delivery, transaction, {
      accepted: accepted.get(lane.id),
      fresh: known === undefined ? [checkpoint] : [],
    });
    return undefined;
  }

  /** A vault's accounts pay whatever its members signed, in order of their slots. */
  function executeRelease(transaction: SignedTransaction & { address: string }): string | undefined {
    const release = readRelease(transaction.raw);
    if (release === undefined) return 'not signed by enough members';
    const lane = incoming.find(({ id }) => id === release.delivery?.checkpoint.lane);
    if (release.delivery === undefined || lane === undefined) return undefined;
    pay(lane, release.delivery, transaction.hash, { accepted: undefined, fresh: [] });
    return undefined;
  }

  function pay(
    lane: FakeLane,
    { checkpoint, chunkIndex, packets }: Delivery,
    transaction: string,
    news: Pick<Block['settled'][number], 'accepted' | 'fresh'>,
  ): void {
    const firstSequence = checkpoint.firstSequence + BigInt(chunkIndex * checkpoint.chunkSize);
    const refused: RefusedPacket[] = [];
    for (let offset = 0; offset < packets.length; offset += PACKET_BYTES) {
      const packet = decodePacket(packets, offset);
      const id = transferIdOf(lane.id, packets, offset);
      effects.set(id, (effects.get(id) ?? 0) + 1);
      if (refusing.has(toHex(packet.receiver)) && packet.kind === 'transfer') {
        refused.push({ sequence: packet.sequence, reason: 'receiver', transaction });
        emit(lane.opposite, {
          ...packet,
          kind: 'return',
          sequence: nextSequence.get(lane.opposite) ?? 0n,
          receiver: packet.sender,
          sender: packet.receiver,
          deadline: 0n,
          sourceReference: idBytes(id),
        });
        continue;
      }
      const account = `${toHex(packet.receiver)}/${packet.asset}`;
      balances.set(account, (balances.get(account) ?? 0n) + packet.amount);
    }
    open.settled.push({
      lane: lane.id,
      ...news,
      delivered: [{ firstSequence, count: packetsInChunk(checkpoint, chunkIndex), transaction }],
      refused,
    });
  }

  function execution(transaction: SignedTransaction & { address: string }): string | undefined {
    if (gateway === 'vault') return executeRelease(transaction);
    return transaction.call.length === 0 ? undefined : execute(decodeDelivery(transaction.call), transaction.hash);
  }

  function mine(): void {
    const height = BigInt(blocks.length);
    const waiting = [...mempool.values()].sort((a, b) =>
      a.slot === b.slot ? b.attempt - a.attempt : a.slot < b.slot ? -1 : 1,
    );
    for (const transaction of waiting) {
      if (transaction.slot !== (slots.get(transaction.address) ?? 0n)) continue;
      if (gateway === 'vault' && (readRelease(transaction.raw)?.expiryHeight ?? height) < height) {
        mempool.delete(transaction.hash);
        continue;
      }
      slots.set(transaction.address, transaction.slot + 1n);
      const reverted = execution(transaction);
      included.set(transaction.hash, { height, reverted });
      mempool.delete(transaction.hash);
    }
    blocks.push(open);
    open = { outbound: [], settled: [] };
  }

  function acceptedOf(lane: LaneId): bigint | undefined {
    return gateway === 'vault' ? undefined : (accepted.get(lane) ?? 0n);
  }

  function addToMempool(address: string, transaction: SignedTransaction): void {
    reach();
    const isNew = !included.has(transaction.hash) && transaction.slot >= (slots.get(address) ?? 0n);
    if (isNew) mempool.set(transaction.hash, { ...transaction, address });
  }

  function outcomeOf(address: string, transaction: SignedTransaction): TransactionOutcome {
    const found = included.get(transaction.hash);
    if (found === undefined) {
      return (slots.get(address) ?? 0n) > transaction.slot ? { kind: 'slotTaken' } : { kind: 'pending' };
    }
    const { reverted: reason, height } = found;
    if (reason === undefined) return { kind: 'included', height, gasUsed: 0n };
    return { kind: 'reverted', reason, height, alreadyDelivered: reason === 'already delivered' };
  }

  function step(height: bigint): LightClientStep {
    const head = { height, hash: hashAt(height), timeSeconds: height, header: Uint8Array.of(1) };
    const bytes = new Uint8Array(8);
    writeU64(bytes, 0, height);
    return { state: bytes, head };
  }

  function reach(): void {
    if (state.unreachable)
      throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'The fake endpoint is down.' });
  }

  const lightClient: LightClient = {
    kind: 'fake',
    assurance: 'light client',
    start: () => ({ kind: 'valid', value: step(0n) }),
    update: (_, update) => ({ kind: 'valid', value: step(readU64(update, 0)) }),
  };

  /** The evidence is the cursor's end height; the packets come straight from the fake's own blocks. */
  const derive: Derive = (request, evidence) => {
    const from = request.cursor === undefined ? 0n : readU64(request.cursor, 0);
    const to = readU64(evidence, 0);
    const cursor = new Uint8Array(8);
    writeU64(cursor, 0, to);
    const range = blocks.slice(Number(from) + 1, Number(to) + 1);
    const outbound = new Map<LaneId, Uint8Array[]>();
    const settlements: Derivation['settlements'][number][] = [];
    for (const block of range) {
      for (const { lane, packet } of block.outbound) {
        const packets = outbound.get(lane);
        if (packets === undefined) outbound.set(lane, [packet]);
        else packets.push(packet);
      }
      for (const { lane, accepted: acceptedSequence, fresh, delivered, refused } of block.settled) {
        settlements.push({ lane, acceptedSequence, accepted: fresh, delivered, refused });
      }
    }
    return {
      kind: 'valid',
      value: {
        cursor,
        height: to,
        settlements,
        outbound: [...outbound].map(([lane, packets]) => {
          const flat = new Uint8Array(packets.length * PACKET_BYTES);
          packets.forEach((packet, index) => {
            flat.set(packet, index * PACKET_BYTES);
          });
          return { lane, firstSequence: readU64(flat, 1), packets: flat };
        }),
      },
    };
  };

  return {
    name,
    lightClient,
    derive,
    balances,
    effects,
    refusing,
    mine,
    get height() {
      return BigInt(blocks.length - 1);
    },
    get doubles() {
      return state.doubles;
    },
    get unreachable() {
      return state.unreachable;
    },
    set unreachable(value) {
      state.unreachable = value;
    },
    send(lane, deposit) {
      const sequence = nextSequence.get(lane) ?? 0n;
      const sourceReference = keccak256(utf8(`${name} ${lane} ${sequence}`));
      emit(lane, { kind: 'transfer', sequence, deadline: 0n, sourceReference, ...deposit });
    },
    source: () => ({
      pullBootstrap: async () => Promise.resolve(new Uint8Array(0)),
      pullUpdate: async (current) => {
        reach();
        const height = BigInt(blocks.length - 1);
        if (readU64(current, 0) >= height) return Promise.resolve(undefined);
        return Promise.resolve(step(height).state);
      },
      pullEvidence: async ({ head }) => {
        reach();
        return Promise.resolve(step(head.height).state);
      },
      reject: () => undefined,
      watch: () => undefined,
      findDeposits: async () => Promise.resolve(undefined),
      close: async () => Promise.resolve(),
    }),
    target: {
      lanes: async (lanes) => {
        reach();
        return Promise.resolve(
          new Map(lanes.map((lane) => [lane, { acceptedSequence: acceptedOf(lane), paused: false }])),
        );
      },
      close: async () => Promise.resolve(),
    },
    account: (address) => ({
      address,
      blank: () => new Uint8Array(0),
      nextSlot: async () => Promise.resolve(slots.get(address) ?? 0n),
      prepare: async (delivery) => {
        reach();
        const { lane, firstSequence } = delivery.checkpoint;
        if (done.has(`${lane}/${firstSequence}/${delivery.chunkIndex}`))
          return Promise.resolve({ kind: 'alreadyDelivered' });
        if (firstSequence > (accepted.get(lane) ?? 0n))
          return Promise.resolve({ kind: 'wait', reason: 'not next', retryMs: 50 });
        return Promise.resolve({ kind: 'send', call: encodeDelivery(delivery) });
      },
      sign: async (call, slot, attempt) => {
        const raw = call;
        return Promise.resolve({
          slot,
          attempt,
          call,
          raw,
          hash: toHex(keccak256(utf8(`${address} ${slot} ${attempt}`), call)),
        });
      },
      broadcast: async (transaction) => {
        addToMempool(address, transaction);
        return Promise.resolve();
      },
      outcome: async (transaction) => Promise.resolve(outcomeOf(address, transaction)),
    }),
    vault: (member) => {
      if (gateway === 'contract') return undefined;
      const height = (): bigint => BigInt(blocks.length - 1);
      const nextSlot = (address: string): bigint => slots.get(address) ?? 0n;
      return createFakeVault({ height, nextSlot, add: addToMempool, outcome: outcomeOf }, member);
    },
  };
}
