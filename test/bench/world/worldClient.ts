/** The ports of the simulated chains towards a relayer: everything is asked over the socket, nothing is shared. */
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { createConfirmationsClient, decodeTrustedBlock } from '../../../light-clients/confirmations/index.ts';
import { createEvmDeriveWith } from '../../../adapters/evm/index.ts';
import { concatBytes, fromHex, readU64, toHex, utf8, writeU64 } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { ViaductError } from '../../../relayer/core/errors.ts';
import type { LaneId } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import type { TargetAccount } from '../../../relayer/core/ports.ts';
import { addressOf } from '../../../relayer/core/secp256k1.ts';
import { lanesFrom, lanesTo, type Manifest } from '../../../relayer/manifest/index.ts';
import type { NodeChain } from '../../../relayer/node.ts';
import { createAccumulateTogether } from '../../../relayer/verify/accumulateTogether.ts';
import { ANSWER, ASK, createReceiver, sendMessage } from './messages.ts';
import { gatewayAddress, genesisHeader } from './network.ts';
import { callOf, signTransaction } from './transaction.ts';

const NOTHING = new Uint8Array(0);
/** Headers may be ahead of this process's clock by this much. */
const DRIFT_SECONDS_MAX = 30;
/** How often a chunk that is not next is looked at again. */
const NOT_NEXT_MS = 50;

export interface WorldClient {
  chain(index: number, accounts: number, name: string, pollMs: number): NodeChain;
  close(): void;
}

export async function connectWorld(address: string, manifest: Manifest): Promise<WorldClient> {
  const waiting = new Map<number, { resolve(payload: Uint8Array): void; reject(error: Error): void }>();
  const watchers = new Map<number, Set<() => void>>();
  const accumulate = createAccumulateTogether(systemClock);
  let ids = 0;
  const receive = createReceiver(({ id, what, chain, payload }) => {
    if (id === 0) {
      for (const wake of watchers.get(chain) ?? []) wake();
      return;
    }
    const call = waiting.get(id);
    waiting.delete(id);
    if (what === ANSWER.ok) call?.resolve(payload);
    else call?.reject(failed(new TextDecoder().decode(payload)));
  });
  const socket = await open(address, receive);
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(failed('The simulated chains are gone.'));
    waiting.clear();
  });

  async function ask(
    chain: number,
    what: number,
    payload: Uint8Array,
    more: Uint8Array = NOTHING,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const id = (ids = (ids % 0xffff_fff0) + 1);
      waiting.set(id, { resolve, reject });
      sendMessage(socket, { id, what, chain }, payload, more);
    });
  }

  function account(chain: number, key: Uint8Array): TargetAccount {
    const own = addressOf(key);
    return {
      address: toHex(own),
      blank: () => NOTHING,
      nextSlot: async () => readU64(await ask(chain, ASK.nextSlot, own), 0),
      prepare: async (delivery) => {
        const place = concatBytes(u64(delivery.checkpoint.firstSequence), u64(BigInt(delivery.chunkIndex)));
        switch ((await ask(chain, ASK.prepare, place))[0]) {
          case 0:
            return { kind: 'send', call: callOf(delivery) };
          case 1:
            return { kind: 'alreadyDelivered' };
          default:
            return { kind: 'wait', reason: 'not next', retryMs: NOT_NEXT_MS };
        }
      },
      sign: async (call, slot, attempt) => Promise.resolve(signTransaction(call, slot, attempt, key)),
      broadcast: async ({ raw }) => {
        await ask(chain, ASK.broadcast, own, raw);
      },
      outcome: async ({ hash, slot }) => {
        const answer = await ask(chain, ASK.outcome, fromHex(hash));
        if (answer.length === 0) {
          const next = readU64(await ask(chain, ASK.nextSlot, own), 0);
          return next > slot ? { kind: 'slotTaken' } : { kind: 'pending' };
        }
        const height = readU64(answer, 0);
        const reason = new TextDecoder().decode(answer.subarray(8));
        if (reason === '') return { kind: 'included', height, gasUsed: 0n };
        return { kind: 'reverted', reason, height, alreadyDelivered: reason === 'already delivered' };
      },
    };
  }

  return {
    chain(index, accounts, name, pollMs) {
      const row = manifest.chains[index]!;
      const trusted = { height: 0n, hash: keccak256(genesisHeader(index)) };
      const inbound = lanesTo(manifest, row.name).map(({ id }) => id);
      return {
        name: row.name,
        source: {
          pullBootstrap: async () => Promise.resolve(NOTHING),
          pullUpdate: async (state) => {
            const update = await ask(index, ASK.update, u64(decodeTrustedBlock(state)?.height ?? 0n));
            return update.length === 0 ? undefined : update;
          },
          pullEvidence: async ({ head, cursor }) =>
            ask(index, ASK.evidence, concatBytes(u64(head.height), cursor ?? NOTHING)),
          reject: () => undefined,
          watch(wake, signal) {
            const own = watchers.get(index) ?? new Set();
            watchers.set(index, own.add(wake));
            signal.addEventListener('abort', () => own.delete(wake), { once: true });
          },
          findDeposits: async () => Promise.resolve(undefined),
          close: async () => Promise.resolve(),
        },
        lightClient: createConfirmationsClient({
          trusted,
          confirmations: 0,
          quorum: 1,
          endpoints: 1,
          driftSecondsMax: DRIFT_SECONDS_MAX,
        }),
        derive: createEvmDeriveWith(
          {
            address: gatewayAddress(index),
            startHeight: 1n,
            outbound: lanesFrom(manifest, row.name).map(({ id }) => id),
            inbound,
          },
          accumulate,
        ),
        target: {
          lanes: async (lanes) => {
            const acceptedSequence = readU64(await ask(index, ASK.lanes, NOTHING), 0);
            return new Map<LaneId, { acceptedSequence: bigint; paused: boolean }>(
              lanes.map((lane) => [lane, { acceptedSequence, paused: false }]),
            );
          },
          close: async () => Promise.resolve(),
        },
        accounts: Array.from({ length: accounts }, (_, i) => account(index, keccak256(utf8(`${name} ${index} ${i}`)))),
        finality: 'at once, simulated',
        pollMs,
      };
    },
    close: () => socket.destroy(),
  };
}

/** What was read is taken at once, so that all of it goes through one place. */
const READ_BYTES = 256 * 1024;

async function open(path: string, receive: (bytes: Uint8Array) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (length: number): boolean => {
      receive(buffer.subarray(0, length));
      return true;
    };
    const socket = connect({ path, onread: { buffer, callback } }, () => {
      socket.off('error', reject);
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function failed(text: string): ViaductError {
  return new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: text });
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, value);
  return bytes;
}
