import { Keyring } from '@polkadot/keyring';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { memberKey } from '../../adapters/cosmos/index.ts';
import { toHex, word } from '../core/bytes.ts';
import type { Output } from './output.ts';
import { vaultKeys, type VaultKeysOptions } from './vaultKeys.ts';

const dir = mkdtempSync(join(tmpdir(), 'viaduct-keys-'));
const keyFile = join(dir, 'vault');
const secret = word(0x5ec2e7n);
writeFileSync(keyFile, `${toHex(secret)}\n`);

afterAll(() => {
  rmSync(dir, { recursive: true });
});

function run(options: Partial<VaultKeysOptions>): { lines: string[]; result: unknown } {
  const lines: string[] = [];
  let result: unknown;
  const output: Output = {
    json: true,
    line: (text) => void lines.push(text),
    result: (value) => void (result = value),
    say: () => undefined,
  };
  vaultKeys({ shards: '2', ...options }, output);
  return { lines, result };
}

const cosmos = { chainId: 'hub-1', keyFile };

describe('keys vault of a Cosmos chain', () => {
  it('prints the public keys that the member signs with, and nothing of the secret', () => {
    const { lines, result } = run(cosmos);
    const expected = [0, 1].map((shard) => toHex(memberKey(secret, 'hub-1', shard).publicKey));
    expect(result).toEqual({ chainId: 'hub-1', publicKeys: expected });
    for (const key of expected) expect(lines.join('\n')).toContain(key);
    expect(lines.join('\n')).not.toContain(toHex(secret).slice(-12));
  });

  it('says what it takes', () => {
    expect(() => run({ ...cosmos, shards: '0' })).toThrow(/--shards takes a number from 1 to 16/);
    expect(() => run({ ...cosmos, keyFile: join(dir, 'none') })).toThrow(/cannot be read/);
    expect(() => run({ chainId: 'hub-1' })).toThrow(/Give --key-file/);
    expect(() => run({ ...cosmos, submitterKeyFile: keyFile })).toThrow(/has no submitter key/);
    writeFileSync(join(dir, 'bad'), 'hunter2');
    expect(() => run({ ...cosmos, keyFile: join(dir, 'bad') })).toThrow(/does not hold a private key/);
    expect(() => run({ ...cosmos, keyFile: join(dir, 'bad') })).not.toThrow(/hunter2/);
  });
});

describe('keys vault of a Substrate chain', () => {
  const seed = word(0x0febe6n);
  const submitterKeyFile = join(dir, 'submitter');
  writeFileSync(submitterKeyFile, toHex(seed));
  /** As other tools have it. */
  const account = (from: Uint8Array, path: string, ss58Format: number) => {
    const { address, publicKey } = new Keyring({ type: 'sr25519', ss58Format }).addFromUri(`${toHex(from)}${path}`);
    return { address, publicKey: toHex(publicKey) };
  };

  it('prints the accounts of the member, the openers and the executors as other tools derive them', () => {
    const { lines, result } = run({ ss58Prefix: '2', keyFile, submitterKeyFile });
    const submitters = [0, 1].map((number) => ({
      opener: account(seed, `//opener//${number}`, 2),
      executor: account(seed, `//executor//${number}`, 2),
    }));
    const member = account(secret, '', 2);
    expect(result).toEqual({ ss58Prefix: 2, member, submitters });
    const text = lines.join('\n');
    for (const { address, publicKey } of [member, ...submitters.flatMap((pair) => Object.values(pair))]) {
      expect(text).toContain(`${address}  ${publicKey}`);
    }
    for (const hidden of [secret, seed]) expect(text).not.toContain(toHex(hidden).slice(-12));
  });

  it('prints for a member alone, and for a submitter alone', () => {
    const member = account(secret, '', 42);
    expect(run({ ss58Prefix: '42', keyFile }).result).toEqual({ ss58Prefix: 42, member });
    const pair = { opener: account(seed, '//opener//0', 42), executor: account(seed, '//executor//0', 42) };
    const alone = run({ ss58Prefix: '42', submitterKeyFile, shards: '1' });
    expect(alone.result).toEqual({ ss58Prefix: 42, submitters: [pair] });
    expect(alone.lines.join('\n')).not.toContain('member');
  });

  it('says what it takes', () => {
    expect(() => run({ ss58Prefix: '42' })).toThrow(/Give --key-file .* --submitter-key-file/);
    expect(() => run({ ss58Prefix: '16384', keyFile })).toThrow(/--ss58-prefix takes a number from 0 to 16383/);
    expect(() => run({ ss58Prefix: 'dot', keyFile })).toThrow(/--ss58-prefix takes a number/);
    expect(() => run({ ss58Prefix: '42', keyFile, shards: '17' })).toThrow(/--shards takes a number/);
    expect(() => run({ keyFile })).toThrow(/Give --chain-id for a Cosmos chain, or --ss58-prefix/);
    expect(() => run({ ...cosmos, ss58Prefix: '42' })).toThrow(/Give --chain-id for a Cosmos chain, or --ss58-prefix/);
  });
});
