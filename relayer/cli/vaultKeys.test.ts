import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { memberKey } from '../../adapters/cosmos/index.ts';
import { toHex, word } from '../core/bytes.ts';
import type { Output } from './output.ts';
import { vaultKeys } from './vaultKeys.ts';

const dir = mkdtempSync(join(tmpdir(), 'viaduct-keys-'));
const keyFile = join(dir, 'vault');
const secret = word(0x5ec2e7n);
writeFileSync(keyFile, `${toHex(secret)}\n`);

afterAll(() => {
  rmSync(dir, { recursive: true });
});

function run(options: { keyFile?: string; shards?: string }): { lines: string[]; result: unknown } {
  const lines: string[] = [];
  let result: unknown;
  const output: Output = {
    json: true,
    line: (text) => void lines.push(text),
    result: (value) => void (result = value),
    say: () => undefined,
  };
  vaultKeys({ chainId: 'hub-1', keyFile, shards: '2', ...options }, output);
  return { lines, result };
}

describe('keys vault', () => {
  it('prints the public keys that the member signs with, and nothing of the secret', () => {
    const { lines, result } = run({});
    const expected = [0, 1].map((shard) => toHex(memberKey(secret, 'hub-1', shard).publicKey));
    expect(result).toEqual({ chainId: 'hub-1', publicKeys: expected });
    for (const key of expected) expect(lines.join('\n')).toContain(key);
    expect(lines.join('\n')).not.toContain(toHex(secret).slice(-12));
  });

  it('says what it takes', () => {
    expect(() => run({ shards: '0' })).toThrow(/--shards takes a number from 1 to 16/);
    expect(() => run({ keyFile: join(dir, 'none') })).toThrow(/cannot be read/);
    writeFileSync(join(dir, 'bad'), 'hunter2');
    expect(() => run({ keyFile: join(dir, 'bad') })).toThrow(/does not hold a private key/);
    expect(() => run({ keyFile: join(dir, 'bad') })).not.toThrow(/hunter2/);
  });
});
