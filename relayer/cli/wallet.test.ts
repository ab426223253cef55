import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { utf8, word } from '../core/bytes.ts';
import { systemClock } from '../core/clock.ts';
import { chainName } from '../core/ids.ts';
import { formatAccount, loadManifest } from '../manifest/index.ts';
import { createWallet, type TransferRequest } from './wallet.ts';

const EXAMPLE = readFileSync(new URL('../../configs/example-cosmos/manifest.json', import.meta.url), 'utf8');
const manifest = loadManifest(utf8(EXAMPLE), 'manifest.json');
// Nothing here is asked of an endpoint.
const wallet = createWallet(
  { clock: systemClock },
  { manifest, key: () => word(0x5ec2e7n), endpoint: () => 'http://127.0.0.1:1' },
);

const toCosmos: TransferRequest = {
  from: 'sepolia',
  to: 'cosmos-testnet',
  asset: 'ETH',
  amount: '0.5',
  receiver: 'cosmos1zdma98pp8fj5szuzcv8yu6prcyeqam7qa2wjpv',
  deadline: 0n,
};
const toEvm: TransferRequest = {
  ...toCosmos,
  ...{ from: 'cosmos-testnet', to: 'sepolia', receiver: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' },
};

async function problemOf(request: TransferRequest): Promise<unknown> {
  try {
    await wallet.route(request);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

describe('a route to a Cosmos chain', () => {
  it('has a receiver by its bech32 address and the amount in units of the source', async () => {
    const route = await wallet.route(toCosmos);
    expect(formatAccount(route.target, route.receiver)).toBe(toCosmos.receiver);
    expect(route.amount).toBe(5n * 10n ** 17n);
    expect(route.lane.target).toBe(chainName('cosmos-testnet'));
    // As the chain's own tools write it, or all in capitals.
    expect((await wallet.route({ ...toCosmos, receiver: toCosmos.receiver!.toUpperCase() })).receiver).toEqual(
      route.receiver,
    );
  });

  it.each([
    ['another prefix', 'osmo1qyqszqgpqyqszqgpqyqszqgpqyqszqgp6gjwmw', /its prefix is "osmo", not "cosmos"/],
    ['a mistyped digit', 'cosmos1zdma98pp8fj5szuzcv8yu6prcyeqam7qa2wjpx', /the checksum is wrong/],
    ['an EVM address', '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', /Not an account of cosmos-testnet/],
    [
      'an account of 32 bytes, which the contract at the source does not take',
      formatAccount(manifest.chains[1]!, new Uint8Array(32).fill(1)),
      /have 20 bytes/,
    ],
  ])('%s is refused before anything is sent', async (_, receiver, problem) => {
    expect(await problemOf({ ...toCosmos, receiver })).toMatch(problem);
  });

  it('refuses what its 6 decimals cannot represent', async () => {
    expect(await problemOf({ ...toCosmos, amount: '0.0100005' })).toMatch(/finer than both ends/);
    expect(await problemOf({ ...toCosmos, amount: '0.010001' })).toBeUndefined();
  });
});

describe('a route from a Cosmos chain', () => {
  it('has the amount in units of the coin', async () => {
    expect((await wallet.route(toEvm)).amount).toBe(500_000n);
    expect((await wallet.route({ ...toEvm, asset: 'TEST', amount: '1.5' })).amount).toBe(1_500_000n);
  });

  it('refuses a receiver that is no EVM account', async () => {
    expect(await problemOf({ ...toEvm, receiver: toCosmos.receiver })).toMatch(/it is no EVM account/);
    expect(await problemOf({ ...toEvm, receiver: toEvm.receiver!.replace('C5', 'c5') })).toMatch(
      /its checksum is wrong/,
    );
  });

  it('does not lead to itself: the home lane is for refunds', async () => {
    expect(await problemOf({ ...toEvm, to: 'cosmos-testnet', receiver: toCosmos.receiver })).toMatch(
      /no open lane from cosmos-testnet to cosmos-testnet.*\n.*sepolia to cosmos-testnet, cosmos-testnet to sepolia\./,
    );
  });
});

describe('who sends', () => {
  it('is the account of the key on an EVM chain', async () => {
    const route = await wallet.route({ ...toEvm, receiver: undefined });
    expect(formatAccount(route.target, route.receiver)).toMatch(/^0x[0-9a-fA-F]{40}$/);
  });
});
