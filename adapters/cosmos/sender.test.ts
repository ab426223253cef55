/** The user's side: deposits as an unmodified cosmjs client sends them, and the making of a vault. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { balanceOf, deposit, depositMany, supplyOf } from './deposit.ts';
import { deployVault, runByShard } from './deploy.ts';
import { encodeMemo } from './memo.ts';
import { sendOf } from './releaseTx.ts';
import { createCosmosSender } from './sender.ts';
import { factoryDenom, MINT } from './tokenFactory.ts';
import { CHAIN_ID } from './vault.fixture.ts';
import { ADDRESSES, MINTED, SHARDS, startVaultChain, type VaultChain } from './vaultChain.fixture.ts';

let vault: VaultChain;

beforeAll(async () => {
  vault = await startVaultChain('u');
});

afterAll(async () => {
  await vault.stop();
});

const receiver = new Uint8Array(20).fill(0xab);
const target = chainName('anvil-a');

describe('a sender', () => {
  it('deposits many amounts at once, and knows their references', async () => {
    const before = await balanceOf(vault.endpoint, 'utoken', ADDRESSES[1]!, vault.signal);
    const terms = { vault: SHARDS[1]!.account, denom: 'utoken', amounts: [10n, 20n, 30n], target, receiver };
    const { sourceReferences, transaction } = await deposit(vault.funder, terms, vault.signal);
    expect(await balanceOf(vault.endpoint, 'utoken', ADDRESSES[1]!, vault.signal)).toBe(before + 60n);
    expect(new Set(sourceReferences.map(String)).size).toBe(3);
    expect(transaction).toMatch(/^[0-9A-F]{64}$/);
  });

  it('sends several transactions into the same block', async () => {
    const memo = encodeMemo({ target, receiver, deadline: 0n });
    const message = sendOf(vault.funder.address, ADDRESSES[0]!, 'utoken', 5n);
    const hashes = await Promise.all([1, 2, 3].map(async () => vault.funder.submit([message], memo, vault.signal)));
    const heights = await Promise.all(hashes.map(async (hash) => (await vault.funder.wait(hash, vault.signal)).height));
    expect(new Set(heights).size).toBe(1);
  });

  it('makes many deposits to many receivers, in few blocks', async () => {
    const many = [1, 2, 3, 4].map((tag) => ({
      ...{ vault: SHARDS[tag % 2]!.account, denom: 'utoken', amounts: [BigInt(tag)], target },
      receiver: new Uint8Array(20).fill(tag),
    }));
    const sent = await depositMany(vault.funder, many, vault.signal);
    expect(new Set(sent.map(({ height }) => height)).size).toBe(1);
    expect(new Set(sent.flatMap(({ sourceReferences }) => sourceReferences.map(String))).size).toBe(4);
  });

  it('says when a transaction is refused, and when it failed', async () => {
    const tooMuch = sendOf(vault.funder.address, ADDRESSES[0]!, 'utoken', 10n ** 18n);
    await expect(vault.funder.send([tooMuch], '', vault.signal)).rejects.toMatchObject({
      code: 'TX_REVERTED',
      shortMessage: expect.stringContaining('failed with code 5') as string,
    });
    const message = sendOf(vault.funder.address, ADDRESSES[0]!, 'utoken', 1n);
    await expect(vault.funder.send([message], 'x'.repeat(257), vault.signal)).rejects.toMatchObject({
      code: 'TX_REVERTED',
      shortMessage: expect.stringContaining('was refused') as string,
    });
    expect(await vault.funder.send([message], '', vault.signal)).toMatchObject({
      gasUsed: expect.any(BigInt) as bigint,
    });
  });

  it('names an endpoint that is away without what its address hides', async () => {
    const options = { url: 'http://user:hidden@127.0.0.1:9', chainId: CHAIN_ID, prefix: 'cosmos', feeDenom: 'utoken' };
    const privateKey = new Uint8Array(32).fill(5);
    const sent = createCosmosSender({ clock: systemClock }, { ...options, privateKey }).then(async (sender) =>
      sender.send([], '', vault.signal),
    );
    await expect(sent).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      shortMessage: expect.not.stringContaining('hidden') as string,
    });
  });
});

describe('a vault', () => {
  it('is made once: made again it only fills what is missing', async () => {
    const { gateway, endpoint, keys, funder, signal } = vault;
    const before = await balanceOf(endpoint, 'utoken', ADDRESSES[0]!, signal);
    const account = await supplyOf(endpoint, MINTED, signal);
    const options = { endpoint, gateway, keys, funder, funding: { utoken: before + 7n } };
    const { startHeight } = await deployVault(vault, options, signal);
    expect(await balanceOf(endpoint, 'utoken', ADDRESSES[0]!, signal)).toBe(before + 7n);
    expect(await supplyOf(endpoint, MINTED, signal)).toBe(account);
    expect(startHeight).toBe(vault.local.chain.height() + 1n);
  });

  it('acts for its members only where enough of them are, and only on what is its own', async () => {
    const { gateway, endpoint, keys, signal } = vault;
    const mint = (sender: string, denom: string) => {
      return { typeUrl: MINT, value: { sender, amount: { denom, amount: '9' }, mintToAddress: sender } };
    };
    const [shard, other] = SHARDS as [(typeof SHARDS)[0], (typeof SHARDS)[0]];
    const own = { endpoint, gateway, shard, keys: keys[0]!, gas: 100_000n };
    const supply = await supplyOf(endpoint, MINTED, signal);
    await runByShard(vault, { ...own, messages: [mint(ADDRESSES[0]!, MINTED)] }, signal);
    expect(await supplyOf(endpoint, MINTED, signal)).toBe(supply + 9n);

    const few = new Map([...keys[0]!].slice(0, 1));
    await expect(
      runByShard(vault, { ...own, keys: few, messages: [mint(ADDRESSES[0]!, MINTED)] }, signal),
    ).rejects.toMatchObject({ code: 'SETUP_FAILED' });
    const foreign = { ...own, shard: other, keys: keys[1]!, messages: [mint(ADDRESSES[1]!, MINTED)] };
    await expect(runByShard(vault, foreign, signal)).rejects.toMatchObject({ code: 'TX_REVERTED' });
    expect(factoryDenom(ADDRESSES[0]!, 'weth')).toBe(MINTED);
  });
});
