import { describe, expect, it } from 'vitest';
import { toHex } from '../../relayer/core/bytes.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';
import { devAccounts, findAnvil, startAnvil } from './anvil.ts';

// Skipped where no anvil is installed: it is an optional dependency.
describe.skipIf(findAnvil() === undefined)('anvil as a child process', () => {
  it('starts with funded accounts of the test mnemonic, mines on request, and stops', async () => {
    const anvil = await startAnvil({ chainId: 4242, mining: 'manual', timestamp: 1_700_000_000 });
    expect(await anvil.rpc('eth_chainId')).toBe('0x1092');
    expect(await anvil.rpc('eth_blockNumber')).toBe('0x0');
    await anvil.rpc('evm_mine');
    expect(await anvil.rpc('eth_blockNumber')).toBe('0x1');
    expect(anvil.accounts[0]!.address).toBe('0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266');
    expect(BigInt((await anvil.rpc('eth_getBalance', [anvil.accounts[9]!.address, 'latest'])) as string)).toBe(
      10n ** 22n,
    );
    await expect(anvil.rpc('no_such_method')).rejects.toMatchObject({ code: 'SETUP_FAILED' });
    await anvil.stop();
    await anvil.stop();
    await expect(anvil.rpc('eth_chainId')).rejects.toThrow();
  });

  it('says why it did not start', async () => {
    await expect(startAnvil({ chainId: 1, hardfork: 'no-such-fork' })).rejects.toMatchObject({ code: 'SETUP_FAILED' });
  });

  it('derives dev accounts whose keys fit their addresses', () => {
    for (const { address, privateKey } of devAccounts(12)) expect(toHex(addressOf(privateKey))).toBe(address);
  });
});
