/** What things cost here against what they cost on tokend 0.53.5, as it was measured there; the witness measures it anew. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EncodeObject } from '@cosmjs/proto-signing';
import { BURN, CREATE_DENOM, factoryDenom, MINT } from '../../../adapters/cosmos/tokenFactory.ts';
import { type DevAccount, type DevMultisig, makeDevAccount, makeDevMultisig } from './accounts.ts';
import { type AppTxResult, type CosmosChain, createApp, createChain } from './index.ts';
import { sendMessage, signByMultisig, signOffline, submit } from './offlineTx.ts';

const CHAIN_ID = 'viaduct-local-1';
const coins = (amount: string): { denom: string; amount: string }[] => [{ denom: 'utoken', amount }];
/** Every transaction here pays a fee, which is not in the figures of single sends. */
const FEE = 18_300;
let chain: CosmosChain;
let [alice, bob]: DevAccount[] = [];
let vault: DevMultisig;
let made = 0;

beforeAll(async () => {
  alice = await makeDevAccount('g', 'alice');
  bob = await makeDevAccount('g', 'bob');
  vault = await makeDevMultisig('g', 'vault', 2, 3);
  const holders = [alice.address, bob.address, vault.address];
  const app = createApp(
    { chainId: CHAIN_ID, prefix: 'cosmos', denom: 'utoken', feePerThousandGas: 0n, denomCreationFee: 10_000_000n },
    holders.map((address) => ({ address, coins: { utoken: 10n ** 12n } })),
  );
  const times = { genesisNanos: 10n ** 18n, voteNanos: (last: bigint) => last + 10n ** 9n };
  chain = createChain(app, { chainId: CHAIN_ID, seed: 'g', validators: { a: 1n }, ...times });
  chain.produceBlock();
  // The first transaction of an account writes its key, which costs more.
  await byVault([sendMessage(vault.address, alice.address, coins('1'))]);
});

async function fresh(): Promise<string> {
  return (await makeDevAccount('g', `fresh-${made++}`)).address;
}

function included(tx: Uint8Array): { gas: number; bytes: number; result: AppTxResult } {
  submit(chain, tx);
  const result = chain.produceBlock()!.results[0]!;
  return { gas: Number(result.gasUsed), bytes: tx.length, result };
}

async function byVault(
  messages: readonly EncodeObject[],
): Promise<{ gas: number; bytes: number; result: AppTxResult }> {
  return included(await signByMultisig(chain, vault, messages, { gas: 400_000_000 }));
}

function near(actual: number, measured: number, tolerance = 0.05): void {
  expect(actual).toBeGreaterThan(measured * (1 - tolerance));
  expect(actual).toBeLessThan(measured * (1 + tolerance));
}

describe('gas and size', () => {
  it('of single sends', async () => {
    const memo = 'b1:eth:0x000000000000000000000000000000000000000a';
    const first = included(
      await signOffline(chain, alice!, [sendMessage(alice!.address, await fresh(), coins('1000'))], { memo }),
    );
    near(first.gas, 81_800 + FEE);
    near(first.bytes, 355);
    near(
      included(await signOffline(chain, alice!, [sendMessage(alice!.address, bob!.address, coins('1000'))], { memo }))
        .gas,
      54_700 + FEE,
    );
    const failed = included(
      await signOffline(chain, alice!, [sendMessage(alice!.address, bob!.address, coins('9'.repeat(20)))]),
    );
    expect(failed.result).toMatchObject({ code: 5, data: new Uint8Array(0) });
    near(failed.gas, 40_400 + FEE);
  });

  it('of multisig releases', async () => {
    const sends = (count: number, to: string): EncodeObject[] =>
      Array.from({ length: count }, () => sendMessage(vault.address, to, coins('1')));
    const hundred = await byVault(sends(100, bob!.address));
    near(hundred.gas / 100, 22_965);
    near(hundred.bytes, 14_700);
    const many = await byVault(sends(500, bob!.address));
    near(many.gas / 500, 22_602);
    near(many.bytes, 71_500);
    const holders = await Promise.all(Array.from({ length: 100 }, fresh));
    near((await byVault(holders.map((to) => sendMessage(vault.address, to, coins('1'))))).gas / 100, 36_300);
  });

  it('of MsgMultiSend', async () => {
    const multi = (addresses: readonly string[]): EncodeObject => ({
      typeUrl: '/cosmos.bank.v1beta1.MsgMultiSend',
      value: {
        inputs: [{ address: vault.address, coins: coins(`${addresses.length}`) }],
        outputs: addresses.map((address) => ({ address, coins: coins('1') })),
      },
    });
    const holders = await Promise.all(Array.from({ length: 200 }, fresh));
    near((await byVault([multi(holders)])).gas / 200, 22_334);
    const known = await byVault([multi(Array.from({ length: 500 }, (_, i) => holders[i % 200]!))]);
    near(known.gas / 500, 8_537);
    near(known.bytes, 31_000);
  });

  it('of tokens', async () => {
    const denom = factoryDenom(vault.address, 'weth');
    near(
      (await byVault([{ typeUrl: CREATE_DENOM, value: { sender: vault.address, subdenom: 'weth' } }])).gas,
      2_100_000,
    );
    const mint = (mintToAddress: string): EncodeObject => ({
      typeUrl: MINT,
      value: { sender: vault.address, amount: { denom, amount: '1000000' }, mintToAddress },
    });
    const alone = await byVault([mint(bob!.address)]);
    near(alone.gas, 118_600);
    near((await byVault([mint(bob!.address)])).gas, 104_300);
    const batch = await byVault(Array.from({ length: 500 }, () => mint(bob!.address)));
    near(batch.gas / 500, 40_900);
    near(batch.bytes / 500, 208);
    const holders = await Promise.all(Array.from({ length: 100 }, fresh));
    near((await byVault(holders.map(mint))).gas / 100, 54_900);
    await byVault([mint(vault.address)]);
    const burn = {
      typeUrl: BURN,
      value: { sender: vault.address, amount: { denom, amount: '5' }, burnFromAddress: '' },
    };
    expect((await byVault([burn])).result.code).toBe(0);
  });
});
