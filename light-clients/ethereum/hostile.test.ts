/**
 * Corrupted and random input: nothing corrupted is accepted, and nothing throws. The valid messages come from a maker
 * with keys of its own, so that every part of them is there.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusedOrTheSame } from '../../test/vectors/ethereum/corrupted.ts';
import { corruptions } from '../../test/vectors/ethereum/corruptions.ts';
import { createSyntheticChain } from '../../test/vectors/ethereum/syntheticChain.ts';
import { createEthereumClient, FORK_NAMES, MINIMAL_PRESET } from './index.ts';

const EPOCHS = [0n, 0n, 0n, 0n, 0n, 0n, 0n, 6n];
const chain = createSyntheticChain(
  {
    preset: MINIMAL_PRESET,
    forks: FORK_NAMES.map((name, index) => ({ name, epoch: EPOCHS[index]!, version: Uint8Array.of(index, 0, 0, 98) })),
    genesisValidatorsRoot: new Uint8Array(32).fill(6),
    genesisTime: 0n,
    secondsPerSlot: 12n,
    maxAgeSeconds: 1_000_000n,
  },
  8n,
);
const client = createEthereumClient(chain.parameters);
const bootstrap = chain.bootstrap().bytes;
const state = (() => {
  const started = client.start(bootstrap);
  if (started.kind !== 'valid') throw new Error(started.reason);
  return started.value.state;
})();
const now = chain.timeAt(62n);
const options = { attestedSlot: 40n, finalizedSlot: 24n };
const messages = {
  update: chain.update(options),
  finalityUpdate: chain.finalityUpdate(options),
  gloas: chain.update({ attestedSlot: 60n, finalizedSlot: 50n }),
};

describe('every leaf of a valid message changed', () => {
  it.each(Object.entries(messages))('%s: none accepted', (_, message) => {
    expect(client.update(state, message, now).kind).toBe('valid');
    const tried = [...corruptions(chain.parameters, message)];
    const accepted = tried.filter(([path, bytes]) => !isRefusedOrTheSame(client, state, message, path, bytes, now));
    expect(accepted.map(([path]) => path)).toEqual([]);
    expect(tried.length).toBeGreaterThan(100);
  });

  it('bootstrap: none accepted', () => {
    const tried = [...corruptions(chain.parameters, bootstrap)];
    expect(tried.filter(([, bytes]) => client.start(bytes).kind === 'valid')).toEqual([]);
    expect(tried.length).toBeGreaterThan(100);
  });
});

describe('bytes', () => {
  it('cut short or too long are refused', () => {
    for (const message of Object.values(messages)) {
      for (let length = 0; length < message.length; length += 97) {
        expect(client.update(state, message.subarray(0, length), now).kind).not.toBe('valid');
      }
      expect(client.update(state, Uint8Array.of(...message, 0), now).kind).toBe('invalid');
    }
    expect(client.update(state, new Uint8Array(1_000_000).fill(1), now).kind).toBe('invalid');
    for (let length = 0; length < state.length; length += 61) {
      expect(client.update(state.subarray(0, length), messages.update, now).kind).toBe('invalid');
    }
  });

  it('whose tag is not exact are refused', () => {
    const { update, finalityUpdate, gloas } = messages;
    for (let length = 0; length <= 16; length++) {
      expect(client.update(state, update.subarray(0, length), now).kind).toBe('invalid');
    }
    const withByte = (message: Uint8Array, at: number, byte: number) => message.with(at, byte);
    expect(client.update(state, withByte(finalityUpdate, 0, 3), now)).toMatchObject({
      reason: 'unknown kind of message',
    });
    expect(client.update(state, withByte(update, 4, 1), now)).toMatchObject({ reason: 'unknown fork version' });
    expect(client.update(state, withByte(update, 1, 1), now)).toMatchObject({
      reason: 'altair has no execution headers',
    });
    for (const change of [1, -1]) {
      expect(client.update(state, withByte(update, 8, update[8]! + change), now).kind).toBe('invalid');
    }
    const executionHeader = gloas.subarray(9 + new DataView(gloas.buffer, gloas.byteOffset).getUint32(5));
    const longer = Uint8Array.of(...update, ...executionHeader);
    expect(client.update(state, longer, now)).toMatchObject({ kind: 'invalid', reason: 'bytes after the message' });
  });

  it('of any kind throw nothing', () => {
    const tag = fc.constantFrom(...Object.values(messages), bootstrap).map((message) => message.slice(0, 9));
    const flips = fc.array(fc.tuple(fc.nat(6000), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
    const damaged = fc.tuple(fc.constantFrom(...Object.values(messages)), flips).map(([message, changes]) => {
      const bytes = message.slice();
      for (const [at, mask] of changes) bytes[at % bytes.length]! ^= mask;
      return bytes;
    });
    const random = fc
      .tuple(tag, fc.uint8Array({ maxLength: 3000 }))
      .map(([head, rest]) => Uint8Array.of(...head, ...rest));
    fc.assert(
      fc.property(
        fc.oneof(damaged, random, fc.uint8Array()),
        fc.bigInt({ min: -10n, max: 1n << 64n }),
        (bytes, time) => {
          client.start(bytes);
          client.update(bytes, messages.update, now);
          client.update(state, bytes, time);
          const verdict = client.update(state, bytes, now);
          if (verdict.kind === 'valid')
            expect(Object.values(messages).some((one) => one.length === bytes.length)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of a damaged trusted state throw nothing', () => {
    fc.assert(
      fc.property(fc.nat(state.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = state.slice();
        bytes[at]! ^= mask;
        client.update(bytes, messages.update, now);
      }),
      { numRuns: 200 },
    );
  });
});
