/** Against @polkadot/types as an independent judge, on runtimes of different ages. */
import { expandMetadata, Metadata, TypeRegistry } from '@polkadot/types';
import kusamaMetadata from '@polkadot/types-support/metadata/v14/kusama-hex';
import polkadotMetadata from '@polkadot/types-support/metadata/v14/polkadot-hex';
import substrateMetadata from '@polkadot/types-support/metadata/v14/substrate-hex';
import { createKeyMulti } from '@polkadot/util-crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../light-clients/refusal.ts';
import { createScaleReader } from '../../light-clients/scale.ts';
import { fromHex, toHex, utf8 } from '../../relayer/core/bytes.ts';
import { asViaductError } from '../../relayer/core/errors.ts';
import { type InputRecord, readCompact, writeCompact } from './codec.ts';
import { eraBytes, signExtrinsic } from './extrinsic.ts';
import { keyFromSeed } from './keys.ts';
import { decodeMetadata } from './metadata.ts';
import { multisigAccount } from './multisig.ts';
import { createRuntime } from './runtime.ts';
import { DEV_SEED } from './vault.fixture.ts';

const RUNTIMES = { kusama: kusamaMetadata, polkadot: polkadotMetadata, substrate: substrateMetadata } as const;
const alice = keyFromSeed(DEV_SEED, '//Alice');
const to = new Uint8Array(32).fill(5);

describe.each(Object.entries(RUNTIMES))('the runtime of %s', (name, hex) => {
  const runtime = createRuntime(fromHex(hex));
  const registry = new TypeRegistry();
  const oracle = new Metadata(registry, hex);
  registry.setMetadata(oracle);
  const { tx, query } = expandMetadata(registry, oracle);
  const transfer = runtime.call('Balances', 'transfer_keep_alive', { dest: to, value: 1_234_567_890_123n });
  const timepoint = { height: 7, index: 3 };
  const weight = { refTime: 5_000_000_000n, proofSize: 70_000n };

  it('has its calls written as the judge writes them', () => {
    const same = (pallet: string, call: string, args: InputRecord, theirs: { toHex(): string }): void => {
      expect(toHex(runtime.call(pallet, call, args))).toBe(theirs.toHex());
    };
    same(
      'Balances',
      'transfer_keep_alive',
      { dest: to, value: 1n << 70n },
      tx['balances']!['transferKeepAlive']!(to, 1n << 70n),
    );
    same('System', 'remark', { remark: utf8('hello') }, tx['system']!['remark']!('0x68656c6c6f'));
    const inner = registry.createType('Call', transfer);
    same('Utility', 'batch_all', { calls: [transfer, transfer] }, tx['utility']!['batchAll']!([inner, inner]));
    const others = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const common = {
      threshold: 2,
      other_signatories: others,
      max_weight: runtime.weightFor('Multisig', 'as_multi', 'max_weight', weight),
    };
    same(
      'Multisig',
      'as_multi',
      { ...common, maybe_timepoint: { Some: timepoint }, call: transfer, store_call: false },
      tx['multisig']!['asMulti']!(2, others, timepoint, inner, weight),
    );
    same(
      'Multisig',
      'approve_as_multi',
      { ...common, maybe_timepoint: 'None', call_hash: to },
      tx['multisig']!['approveAsMulti']!(2, others, null, to, weight),
    );
  });

  it('has its signed extrinsics read by the judge, and ours', () => {
    const context = { specVersion: 5, transactionVersion: 6, genesisHash: to, era: { number: 1_000, hash: to } };
    const { raw, hash } = signExtrinsic(runtime, transfer, alice, context, { nonce: 70_000n, tip: 9n });
    const theirs = registry.createType('Extrinsic', raw) as unknown as {
      nonce: { toBigInt(): bigint };
      tip: { toBigInt(): bigint };
      signer: { toString(): string };
      method: { toHex(): string };
      era: { asMortalEra: { birth(at: number): number; death(at: number): number } };
      hash: { toHex(): string };
    };
    expect([theirs.nonce.toBigInt(), theirs.tip.toBigInt()]).toEqual([70_000n, 9n]);
    expect(theirs.method.toHex()).toBe(toHex(transfer));
    expect(theirs.hash.toHex()).toBe(hash);
    expect([theirs.era.asMortalEra.birth(1_010), theirs.era.asMortalEra.death(1_010)]).toEqual([1_000, 1_064]);
    const ours = runtime.readExtrinsic(raw);
    expect([toHex(ours.signer!), toHex(ours.call)]).toEqual([toHex(alice.account), toHex(transfer)]);
  });

  it('keeps its storage where the judge looks for it', () => {
    const key = toHex(runtime.storageKey('System', 'Account', to));
    expect(key).toBe(
      `0x${Buffer.from(query['system']!['account']!(to))
        .toString('hex')
        .slice(-key.length + 2)}`,
    );
  });

  it('names errors', () => {
    const index = runtime.metadata.pallets.get('Balances')!.index;
    const error = { variant: 'Module', names: ['index', 'error'], values: [index, Uint8Array.of(2, 0, 0, 0)] };
    expect(runtime.errorName(error)).toMatch(/^Balances\.\w+/);
    expect(name).not.toBe('');
  });
});

describe('reading', () => {
  const runtime = createRuntime(fromHex(substrateMetadata));
  const context = { specVersion: 5, transactionVersion: 6, genesisHash: to, era: { number: 1_000, hash: to } };
  const call = runtime.call('System', 'remark', { remark: utf8('hello') });
  const { raw } = signExtrinsic(runtime, call, alice, context, { nonce: 0n, tip: 0n });

  it('of hostile bytes is a refusal, never anything else', () => {
    const attempt = (bytes: Uint8Array): void => {
      for (const read of [runtime.readExtrinsic, runtime.readEvents, runtime.readCall]) {
        try {
          read(bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Refusal);
        }
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), attempt), { numRuns: 300 });
    const position = fc.nat(raw.length - 1);
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 255 }), (at, mask) => {
        attempt(raw.map((byte, i) => (i === at ? byte ^ mask : byte)));
      }),
      { numRuns: 300 },
    );
  });

  it('of a call that nests too deep is a refusal', () => {
    let nested = call;
    for (let i = 0; i < 60; i++) nested = runtime.call('Utility', 'batch_all', { calls: [nested] });
    expect(() => runtime.readCall(nested)).toThrow('too deep');
  });

  it('of metadata that is cut or of another version says so', () => {
    const bytes = fromHex(substrateMetadata);
    expect(() => decodeMetadata(bytes.slice(0, -1))).toThrow(/Malformed runtime metadata/);
    expect(() => decodeMetadata(bytes.map((byte, i) => (i === 4 ? 13 : byte)))).toThrow(/version 13/);
    try {
      runtime.call('Balances', 'nothing', {});
    } catch (thrown) {
      expect(asViaductError(thrown).code).toBe('CONFIG_INVALID');
    }
  });

  it('of compact integers takes one spelling', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (value) => {
        expect(readCompact(createScaleReader(writeCompact(value), 'compact'))).toBe(value);
      }),
    );
    for (const long of [
      [1, 0],
      [2, 0, 0, 0],
      [3, 1, 0, 0, 0],
      [7, 255, 255, 255, 63, 0],
    ]) {
      expect(() => readCompact(createScaleReader(Uint8Array.from(long), 'compact'))).toThrow('not shortest');
    }
  });
});

describe('an account of several', () => {
  it('has the address that the judge gives it', () => {
    const members = [3, 1, 2].map((byte) => new Uint8Array(32).fill(byte));
    expect(toHex(multisigAccount(members, 2))).toBe(toHex(createKeyMulti(members, 2)));
  });

  it('signs eras whose phase is their first block', () => {
    expect(eraBytes(64)).toEqual(eraBytes(128));
    expect(eraBytes(64)).not.toEqual(eraBytes(65));
  });
});
