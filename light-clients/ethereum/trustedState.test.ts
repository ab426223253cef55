import { describe, expect, it } from 'vitest';
import { MINIMAL_PRESET, type EthereumParameters } from './parameters.ts';
import {
  decodeTrustedState,
  encodeTrustedState,
  keysOf,
  summarizeTrustedState,
  type TrustedState,
} from './trustedState.ts';

const parameters: EthereumParameters = {
  preset: MINIMAL_PRESET,
  forks: [{ name: 'phase0', epoch: 0n, version: new Uint8Array(4) }],
  genesisValidatorsRoot: new Uint8Array(32).fill(1),
  genesisTime: 0n,
  secondsPerSlot: 12n,
  trustedBlockRoot: new Uint8Array(32),
  maxAgeSeconds: 1n,
};

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const committee = (value: number) => ({ root: filled(32, value), keys: filled(32 * 96, value) });
const state: TrustedState = {
  finalized: {
    slot: (1n << 64n) - 1n,
    beaconRoot: filled(32, 2),
    blockHash: filled(32, 3),
    number: 4n,
    timestamp: 5n,
    stateRoot: filled(32, 6),
    receiptsRoot: filled(32, 7),
  },
  finalizedRoots: [
    { slot: 9n, root: filled(32, 8) },
    { slot: 1n, root: filled(32, 9) },
  ],
  currentCommittee: committee(10),
  nextCommittee: undefined,
};

describe('trusted state', () => {
  it.each([state, { ...state, nextCommittee: committee(11) }])('comes back from its bytes', (given) => {
    expect(decodeTrustedState(parameters, encodeTrustedState(parameters, given))).toEqual(given);
  });

  it('of another network, preset or length is none', () => {
    const bytes = encodeTrustedState(parameters, state);
    expect(decodeTrustedState({ ...parameters, genesisValidatorsRoot: new Uint8Array(32) }, bytes)).toBeUndefined();
    const preset = { ...MINIMAL_PRESET, syncCommitteeSize: 64 };
    expect(decodeTrustedState({ ...parameters, preset }, bytes)).toBeUndefined();
    expect(decodeTrustedState(parameters, bytes.subarray(1))).toBeUndefined();
    expect(decodeTrustedState(parameters, Uint8Array.of(...bytes, 0))).toBeUndefined();
    expect(decodeTrustedState(parameters, new Uint8Array(0))).toBeUndefined();
  });

  it('says what it needs next', () => {
    const at = { ...state, finalized: { ...state.finalized, slot: 130n }, nextCommittee: committee(11) };
    expect(summarizeTrustedState(parameters, encodeTrustedState(parameters, at))).toEqual({
      finalizedSlot: 130n,
      period: 2n,
      knowsNextCommittee: true,
    });
    expect(summarizeTrustedState(parameters, new Uint8Array(9))).toBeUndefined();
  });

  it('gives the keys whose bits are set', () => {
    const bits = Array.from({ length: 32 }, (_, index) => index === 3 || index === 31);
    const keys = Uint8Array.from({ length: 32 * 96 }, (_, index) => Math.floor(index / 96));
    expect(keysOf({ root: filled(32, 0), keys }, bits)).toEqual([filled(96, 3), filled(96, 31)]);
  });
});
