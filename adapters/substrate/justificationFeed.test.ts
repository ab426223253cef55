import { describe, expect, it } from 'vitest';
import { startLocalSubstrate } from '../../test/devnet/substrate/index.ts';
import { createBootstrapClient } from '../../light-clients/grandpa/bootstrap.ts';
import { fromHex } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { createHttpEndpoint } from '../endpoints/index.ts';
import { pullBootstrap, pullFinality } from './finality.ts';
import { createFrameReader, followJustifications } from './justificationFeed.ts';
import { createSubstrateEndpoint } from './rpc.ts';

const text = (words: string, { fin = true, opcode = 1 } = {}): Buffer =>
  Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, words.length]), Buffer.from(words)]);

describe('a reader of frames', () => {
  const read = (...chunks: readonly Uint8Array[]): { messages: string[]; writes: number; stopped: boolean } => {
    const seen = { messages: [] as string[], writes: 0, stopped: false };
    const reader = createFrameReader(
      (message) => seen.messages.push(message),
      () => seen.writes++,
      () => (seen.stopped = true),
    );
    chunks.forEach(reader);
    return seen;
  };

  it('puts messages together however they come in', () => {
    const bytes = Buffer.concat([text('one'), text('tw', { fin: false }), text('o', { opcode: 0 }), text('three')]);
    expect(read(bytes).messages).toEqual(['one', 'two', 'three']);
    expect(read(...[...bytes].map((byte) => Uint8Array.of(byte))).messages).toEqual(['one', 'two', 'three']);
    const long = 'x'.repeat(70_000);
    const header = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    expect(read(header, Buffer.from(long), text('end')).messages).toEqual([long, 'end']);
  });

  it('answers pings, and ends at what it does not take', () => {
    expect(read(text('', { opcode: 9 }))).toEqual({ messages: [], writes: 1, stopped: false });
    expect(read(text('', { opcode: 8 })).stopped).toBe(true);
    expect(read(Uint8Array.of(0x81, 0x85, 0, 0, 0, 0)).stopped).toBe(true);
    expect(read(Uint8Array.of(0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0)).stopped).toBe(true);
  });
});

describe('a node that proves no finality on request', () => {
  it('is followed by what it shows to subscribers', async () => {
    const local = await startLocalSubstrate({ clock: systemClock }, { justificationPeriod: 512 });
    const { relay } = local;
    const stop = new AbortController();
    const http = createHttpEndpoint({ clock: systemClock }, { url: relay.url });
    const endpoint = createSubstrateEndpoint(http, { genesisHash: relay.genesisHash });
    const trusted = relay.chain.finalized().hash;
    const client = createBootstrapClient({ trustedHash: fromHex(trusted, 32), slotMs: 6_000 });
    const started = client.start(await pullBootstrap(endpoint, trusted, undefined, stop.signal));
    if (started.kind !== 'valid') throw new Error(started.reason);
    const { state } = started.value;

    const feed = await new Promise<ReturnType<typeof followJustifications>>((resolve) => {
      const made = followJustifications(relay.wsUrl, () => resolve(made), systemClock, stop.signal);
      // The subscription counts from when the node has it; blocks until then show nothing.
      const produce = (): void => {
        if (made.newest() !== undefined || stop.signal.aborted) return;
        relay.produceBlock();
        setImmediate(produce);
      };
      produce();
    });
    const shown = feed.newest()!;
    expect(relay.chain.block(shown.hash)?.number).toBe(shown.number);
    const now = BigInt(Math.floor(systemClock.now() / 1000));
    relay.faults.add({ kind: 'error', method: 'grandpa_proveFinality', code: -32601, message: 'Method not found' });
    expect(await pullFinality(endpoint, state, undefined, undefined, stop.signal)).toBeUndefined();
    const update = await pullFinality(endpoint, state, undefined, shown, stop.signal);
    const step = client.update(state, update!, now);
    expect(step).toMatchObject({ kind: 'valid' });
    if (step.kind === 'valid') expect(step.value.head.height).toBeGreaterThanOrEqual(BigInt(shown.number));

    feed.drop();
    expect(feed.newest()).toBeUndefined();
    stop.abort();
    await local.stop();
  });
});
