import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSyntheticChain } from '../../test/vectors/ethereum/syntheticChain.ts';
import { messageFromJson } from './messageJson.ts';
import { FORK_NAMES, MINIMAL_PRESET } from './parameters.ts';

const chain = createSyntheticChain(
  {
    preset: MINIMAL_PRESET,
    forks: FORK_NAMES.slice(0, 7).map((name, index) => ({ name, epoch: 0n, version: Uint8Array.of(index, 0, 0, 97) })),
    genesisValidatorsRoot: new Uint8Array(32).fill(6),
    genesisTime: 0n,
    secondsPerSlot: 12n,
    maxAgeSeconds: 1_000_000n,
  },
  8n,
);
const options = { attestedSlot: 40n, finalizedSlot: 24n };
const { types, value } = chain.updateValue(options);
const json = types.update.toJson(value as never);

describe('message from JSON', () => {
  it('is the message of the same SSZ', () => {
    expect(messageFromJson(chain.parameters, 'update', 'fulu', json)).toEqual(chain.update(options));
  });

  it('is none for a version without a layout or another shape', () => {
    expect(messageFromJson(chain.parameters, 'update', 'altair', json)).toBeUndefined();
    expect(messageFromJson(chain.parameters, 'update', 'gloas', json)).toBeUndefined();
    expect(messageFromJson(chain.parameters, 'bootstrap', 'fulu', json)).toBeUndefined();
    const short = { ...(json as object), next_sync_committee_branch: [] };
    expect(messageFromJson(chain.parameters, 'update', 'fulu', short)).toBeUndefined();
  });

  it('throws on nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('bootstrap', 'update', 'finalityUpdate'), (data, kind) => {
        expect(messageFromJson(chain.parameters, kind, 'fulu', data)).toBeUndefined();
      }),
    );
    for (const [name, part] of Object.entries(json as object)) {
      for (const bad of [null, 1, -1, 'x', '-1', '18446744073709551616', [], {}, [part]]) {
        const changed = { ...(json as object), [name]: bad };
        const message = messageFromJson(chain.parameters, 'update', 'fulu', changed);
        if (message !== undefined) expect(name).toBe('signature_slot');
      }
    }
  });
});
