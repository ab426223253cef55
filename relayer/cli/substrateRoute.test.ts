/** What a person may get wrong on the way to and from an asset hub: said before anything is sent. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toHex, utf8, word } from '../core/bytes.ts';
import { systemClock } from '../core/clock.ts';
import { asViaductError } from '../core/errors.ts';
import { formatAccount, loadManifest } from '../manifest/index.ts';
import { encodeSs58 } from '../manifest/ss58.ts';
import { HUB, HUB_PREFIX, hubKey, hubManifest } from '../manifest/substrate.fixture.ts';
import type { Output } from './output.ts';
import { transfer, type TransferOptions } from './transfer.ts';
import { createWallet, type TransferRequest } from './wallet.ts';

const manifest = loadManifest(utf8(hubManifest()), 'manifest.json');
const hub = manifest.chains[2]!;
const account = hubKey('//receiver');
const address = encodeSs58(HUB_PREFIX, account);
const typo = address.slice(0, -1) + (address.endsWith('1') ? '2' : '1');
/** Of Polkadot. */
const elsewhere = encodeSs58(0, account);
const evm = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

const wrong: readonly (readonly [string, Partial<TransferRequest>, RegExp])[] = [
  ['a mistyped address', { receiver: typo }, /Not an account of asset-hub-testnet: .*the checksum is wrong/],
  ['an address of another chain', { receiver: elsewhere }, /prefix is 0, not 42[^]*The same key has 5\w+ here/],
  ['a public key in hex', { receiver: toHex(account) }, /it is no base58 text/],
  ['an EVM account', { receiver: evm }, /Not an account of asset-hub-testnet/],
  ['an empty address', { receiver: '' }, /Not an account of asset-hub-testnet/],
  ['a flood', { receiver: '5'.repeat(50_000) }, /Not an account of asset-hub-testnet/],
  ['an amount finer than the hub has it', { amount: '0.0100005' }, /finer than both ends/],
  ['an amount below the least', { amount: '0.000001' }, /outside what the lane takes/],
  ['an amount that is none', { amount: 'much' }, /much/],
  ['an amount of too many digits', { amount: `0.${'0'.repeat(19)}1` }, /18/],
  ['an amount below zero', { amount: '-1' }, /-1/],
];

describe('a route to an asset hub', () => {
  // Nothing here is asked of an endpoint.
  const wallet = createWallet(
    { clock: systemClock },
    { manifest, key: () => word(0x5ec2e7n), endpoint: () => 'http://127.0.0.1:1' },
  );
  const request: TransferRequest = {
    ...{ from: 'cosmos-testnet', to: HUB, asset: 'ETH', amount: '0.5', receiver: address, deadline: 0n },
  };

  it('has a receiver by its SS58 address, or the account of the key', async () => {
    expect((await wallet.route(request)).receiver).toEqual(account);
    const own = await wallet.route({ ...request, receiver: undefined });
    expect(formatAccount(hub, own.receiver)).toMatch(/^5/);
  });

  it.each(wrong)('refuses %s', async (_, part, problem) => {
    const error = await wallet.route({ ...request, ...part }).then(
      () => undefined,
      (thrown: unknown) => asViaductError(thrown),
    );
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(error?.message).toMatch(problem);
  });

  it('refuses an SS58 address where the target is another family', async () => {
    await expect(wallet.route({ ...request, from: HUB, to: 'sepolia' })).rejects.toThrow(/it is no EVM account/);
    await expect(wallet.route({ ...request, from: HUB, to: 'cosmos-testnet' })).rejects.toThrow(
      /Not an account of cosmos-testnet/,
    );
  });
});

describe('viaduct transfer', () => {
  const dir = mkdtempSync(join(tmpdir(), 'viaduct-transfer-'));
  const config = join(dir, 'relayer.yaml');
  writeFileSync(join(dir, 'manifest.json'), hubManifest());
  writeFileSync(join(dir, 'key'), toHex(word(0x5ec2e7n)));
  const row = (name: string): string[] => [
    `  ${name}:`,
    '    endpoints:',
    '      - url: http://127.0.0.1:1',
    '      - url: http://127.0.0.1:2',
    ...(name === HUB ? ['    relayEndpoints:', '      - url: http://127.0.0.1:3'] : []),
  ];
  const lines = ['manifest: ./manifest.json', 'dataDir: ./data', 'roles: [verify]', 'chains:'];
  lines.push(...manifest.chains.flatMap(({ name }) => row(name)), "nats: { url: 'nats://127.0.0.1:4' }");
  writeFileSync(config, `${lines.join('\n')}\n`);
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  const said: string[] = [];
  const output: Output = {
    json: false,
    line: (text) => void said.push(text),
    result: () => undefined,
    say: () => undefined,
  };
  const run = async (options: Partial<TransferOptions>): Promise<string> => {
    const usual = { from: HUB, to: ['cosmos-testnet'], asset: 'ETH', amount: '0.5', timeout: '5' };
    const all = { config, keyFile: join(dir, 'key'), ...usual, ...options };
    const error = await transfer(all, { clock: systemClock, output }, new AbortController().signal).then(
      () => undefined,
      (thrown: unknown) => asViaductError(thrown),
    );
    return `${error?.code}: ${error?.message}`;
  };

  it('says what is wrong before it says what it sends', async () => {
    expect(await run({ from: 'sepolia', to: [HUB], receiver: [typo] })).toMatch(/^USAGE: .*the checksum is wrong/);
    expect(await run({ from: 'sepolia', to: [HUB], receiver: [elsewhere] })).toMatch(/^USAGE: .*prefix is 0, not 42/);
    expect(await run({ receiver: [address] })).toMatch(/^USAGE: Not an account of cosmos-testnet/);
    for (const deadline of ['soon', '-1', '1.5', '0x10', `${10n ** 12n}`, '1e9']) {
      expect(await run({ deadline })).toMatch(/^USAGE: --deadline takes whole seconds/);
    }
    expect(said).toEqual([]);
  });

  it('reaches for an endpoint only with what makes sense', async () => {
    expect(await run({})).toMatch(/^ENDPOINT_FAILED: /);
    expect(said.join('\n')).toContain(`0.5 ETH: ${HUB} -> cosmos-testnet`);
    expect(said.join('\n')).not.toContain('sent');
  });
});
