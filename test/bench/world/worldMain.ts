/** The simulated chains in a process of their own, so that their work is not taken for the relayer's. Ends with its parent. */
import { createServer, type Socket } from 'node:net';
import { readU64, toHex, writeU64 } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import type { SimulatedChain } from './chain.ts';
import { ANSWER, ASK, type Message, createReceiver, sendMessage } from './messages.ts';
import { benchManifest } from './network.ts';
import { answerParent } from './processes.ts';
import { benchRules } from './rules.ts';
import { createWorld, type Load, type WorldOptions } from './world.ts';

/** A local socket: what a network costs is not asked here. */
const options = JSON.parse(process.argv[2] ?? '') as WorldOptions & { readonly socket: string };
const manifest = benchManifest(options.chains, options.chunkSize);
const world = createWorld(options, manifest, (lane) => benchRules(manifest, manifest.lanes[lane]!));
const sockets = new Set<Socket>();
let clients = 0;
const NOTHING = new Uint8Array(0);

function answer(client: number, message: Message): readonly Uint8Array[] {
  const { what, chain, payload } = message;
  if (what !== ASK.evidence) return [answerShortly(message)];
  return chainOf(chain).evidence(
    client,
    Number(readU64(payload, 0)),
    payload.length > 8 ? payload.subarray(8) : undefined,
  );
}

function chainOf(index: number): SimulatedChain {
  const chain = world.chains[index];
  if (chain === undefined) throw new Error(`no chain ${index}`);
  return chain;
}

function answerShortly({ what, chain: index, payload }: Message): Uint8Array {
  const chain = chainOf(index);
  switch (what) {
    case ASK.update:
      return chain.update(Number(readU64(payload, 0)));
    case ASK.lanes:
      return u64(chain.inbound.accepted);
    case ASK.prepare: {
      const [first, chunkIndex] = [readU64(payload, 0), Number(readU64(payload, 8))];
      if (chain.inbound.isDelivered(first, chunkIndex)) return Uint8Array.of(1);
      return Uint8Array.of(first > chain.inbound.accepted ? 2 : 0);
    }
    case ASK.nextSlot:
      return u64(BigInt(chain.nextSlot(toHex(payload))));
    case ASK.broadcast:
      chain.broadcast(toHex(payload.subarray(0, 20)), payload.subarray(20), systemClock.now());
      return NOTHING;
    case ASK.outcome: {
      const found = chain.outcome(toHex(payload));
      if (found === undefined) return NOTHING;
      return Uint8Array.of(...u64(BigInt(found.height)), ...new TextEncoder().encode(found.reverted ?? ''));
    }
    default:
      throw new Error(`no request ${what}`);
  }
}

const server = createServer((socket) => {
  const client = clients++;
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
  const receive = createReceiver((message) => {
    const { id, chain } = message;
    try {
      sendMessage(socket, { id, what: ANSWER.ok, chain }, ...answer(client, message));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      sendMessage(socket, { id, what: ANSWER.failed, chain }, new TextEncoder().encode(text));
    }
  });
  socket.on('data', receive);
});

async function run(): Promise<void> {
  let next = systemClock.now();
  for (;;) {
    next += world.turnMs;
    const now = systemClock.now();
    // A host that cannot keep the pace makes fewer blocks, not a burst of them.
    if (next < now) next = now;
    await systemClock.sleep(next - now);
    for (const chain of world.turn(systemClock.now())) {
      for (const socket of sockets) sendMessage(socket, { id: 0, what: ANSWER.news, chain });
    }
  }
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, value);
  return bytes;
}

server.listen(options.socket, () => {
  answerParent(
    {
      load: (load) => world.setLoad(load as Load, systemClock.now()),
      stats: () => world.stats(),
      progress: () => world.progress(),
    },
    {},
  );
  run().catch((error: unknown) => {
    throw error;
  });
});
