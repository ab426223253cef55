/** What is read of a runtime's metadata, beside what @polkadot/types reads of it. */
import { Metadata, TypeRegistry } from '@polkadot/types';
import { waitReady } from '@polkadot/wasm-crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createScaleReader } from '../../../../light-clients/scale.ts';
import { createDevAccounts } from '../accounts.ts';
import { sessionKeys } from '../relay/sessionKeys.ts';
import { rococoSpec } from '../specs.ts';
import { bytesOf, hexText } from './block.ts';
import { type RawSpec, specCode } from './genesis.ts';
import { createRuntime, type Runtime } from './runtime.ts';

describe('metadata', () => {
  let spec: RawSpec;
  let runtime: Runtime;

  beforeAll(async () => {
    await waitReady();
    spec = await rococoSpec();
    runtime = createRuntime(specCode(spec));
  });

  it('tells where every field of a struct lies, behind parts of any length', () => {
    const { metadata } = runtime;
    const registry = new TypeRegistry();
    registry.setMetadata(new Metadata(registry, runtime.metadataBytes));
    const bytes = bytesOf(spec.top[hexText(runtime.storageKey('Configuration', 'ActiveConfig'))]!)!;
    const config = registry.createType('PolkadotRuntimeParachainsConfigurationHostConfiguration', bytes);
    const values = config.toJSON() as Record<string, unknown>;
    const fields = metadata.fields('Configuration', 'ActiveConfig');
    expect(fields.length).toBe(Object.keys(values).length);
    const u32 = (name: string): number =>
      createScaleReader(metadata.fieldFrom('Configuration', 'ActiveConfig', name, bytes), name).u32();
    for (const [at, [name, value]] of Object.entries(values).entries()) {
      // The rest are weights, balances, options and flags.
      if (typeof value === 'number' && !/weight/i.test(name)) expect([name, u32(fields[at]!)]).toEqual([name, value]);
    }
    expect(() => metadata.fieldFrom('Configuration', 'ActiveConfig', 'none', bytes)).toThrow(/no field none/);
  });

  it('names the arguments of calls, and what there is not', () => {
    const { metadata } = runtime;
    expect(metadata.callArguments('Multisig', 'as_multi')?.map(({ name }) => name)).toEqual([
      'threshold',
      'other_signatories',
      'maybe_timepoint',
      'call',
      'store_call',
      'max_weight',
    ]);
    expect(metadata.callArguments('Multisig', 'none')).toBeUndefined();
    expect(metadata.hasPallet('Staking')).toBe(false);
  });

  it('gives session keys their order', async () => {
    const [alice] = await createDevAccounts();
    const keys = sessionKeys(runtime, alice!);
    expect(keys.map(({ type }) => type)).toEqual(['gran', 'babe', 'imon', 'para', 'asgn', 'audi', 'beef']);
    expect(keys.map(({ key }) => key.length)).toEqual([32, 32, 32, 32, 32, 32, 33]);
  });
});
