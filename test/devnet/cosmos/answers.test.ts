/** What the local chain answers as `tokend` does, where it once did not. The witness compares all of it; this is the quick part. */
import type { EncodeObject } from '@cosmjs/proto-signing';
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BURN, CREATE_DENOM, factoryDenom, MINT } from '../../../adapters/cosmos/tokenFactory.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { type DevAccount, type DevMultisig, makeDevAccount, makeDevMultisig } from './accounts.ts';
import { moduleAddress } from './app/address.ts';
import { balanceOf } from './app/state.ts';
import { type AppTxResult, type LocalCosmos, startLocalCosmos } from './index.ts';
import { sendMessage, signByMultisig, signOffline } from './offlineTx.ts';

let local: LocalCosmos;
let [alice, bob]: DevAccount[] = [];
let vault: DevMultisig;

beforeAll(async () => {
  alice = await makeDevAccount('answers', 'alice');
  bob = await makeDevAccount('answers', 'bob');
  vault = await makeDevMultisig('answers', 'vault', 2, 3);
  const holders = [alice, bob, vault].map(({ address }) => ({ address, coins: { utoken: 10n ** 12n } }));
  local = await startLocalCosmos({ clock: systemClock }, { chainId: 'answers-1', seed: 'answers', holders });
});

afterAll(async () => {
  await local.stop();
});

function run(tx: Uint8Array): AppTxResult {
  const added = local.chain.mempool.add(tx);
  if (added.kind === 'refused') throw new Error(added.reason);
  return added.result.code === 0 ? local.chain.produceBlock()!.results[0]! : added.result;
}

const by = async (account: DevAccount, ...messages: EncodeObject[]): Promise<AppTxResult> =>
  run(await signOffline(local.chain, account, messages, { gas: 4_000_000 }));
const byVault = async (...messages: EncodeObject[]): Promise<AppTxResult> =>
  run(await signByMultisig(local.chain, vault, messages, { gas: 4_000_000 }));
const types = ({ events }: AppTxResult): string[] => events.map(({ type }) => type);
const utoken = (amount: string): { denom: string; amount: string }[] => [{ denom: 'utoken', amount }];

describe('as tokend does', () => {
  it('tells of the fee, of every signature of a multisig, and of each step of a send', async () => {
    const result = await byVault(sendMessage(vault.address, bob!.address, utoken('5')));
    const sends = ['coin_spent', 'coin_received', 'transfer', 'message'];
    expect(types(result)).toEqual([...sends, 'tx', 'tx', 'tx', 'tx', 'tx', 'message', ...sends]);
  });

  it('takes new coins through the account of the token factory, and burns those of others', async () => {
    const denom = factoryDenom(vault.address, 'weth');
    const amount = (coins: string): object => ({ sender: vault.address, amount: { denom, amount: coins } });
    const fees = moduleAddress('distribution', 'cosmos');
    const before = balanceOf(local.chain.app.state, fees, 'utoken');
    await byVault({ typeUrl: CREATE_DENOM, value: { sender: vault.address, subdenom: 'weth' } });
    expect(balanceOf(local.chain.app.state, fees, 'utoken') - before).toBe(10_000_000n);
    const minted = await byVault({ typeUrl: MINT, value: { ...amount('7'), mintToAddress: bob!.address } });
    const minter = minted.events.find(({ type }) => type === 'coinbase')!.attributes[0]!;
    expect(minter).toMatchObject({ key: 'minter', value: moduleAddress('tokenfactory', 'cosmos') });
    await byVault({ typeUrl: BURN, value: { ...amount('3'), burnFromAddress: bob!.address } });
    expect(balanceOf(local.chain.app.state, bob!.address, denom)).toBe(4n);
    expect(local.chain.app.state.supply.get(denom)).toBe(4n);
  });

  it('refuses by the codes of the modules, some before a block and some in it', async () => {
    const mint = (denom: string, coins = '1'): EncodeObject => ({
      typeUrl: MINT,
      value: { sender: alice!.address, amount: { denom, amount: coins }, mintToAddress: '' },
    });
    const create = (subdenom: string): EncodeObject => ({
      typeUrl: CREATE_DENOM,
      value: { sender: alice!.address, subdenom },
    });
    const party = (address: string, coins: string): object => ({ address, coins: utoken(coins) });
    const multi = {
      typeUrl: '/cosmos.bank.v1beta1.MsgMultiSend',
      value: { inputs: [party(alice!.address, '2')], outputs: [party(bob!.address, '1')] },
    };
    const none = factoryDenom(alice!.address, 'none');
    const codes = [];
    for (const message of [create('a b'), create('x'.repeat(45)), mint(none, '0'), mint(none), multi]) {
      const { code, codespace, gasUsed } = await by(alice!, message);
      codes.push([codespace, code, gasUsed > 0n]);
    }
    expect(codes).toEqual([
      ['tokenfactory', 4, false],
      ['tokenfactory', 4, false],
      ['sdk', 10, false],
      ['tokenfactory', 10, true],
      ['bank', 4, true],
    ]);
  });

  it('names the place of a wrapped message, and the grant that a wrapper lacks', async () => {
    const wrapped = async (from: string): Promise<AppTxResult> => {
      const value = MsgSend.encode({ fromAddress: from, toAddress: bob!.address, amount: utoken('1') }).finish();
      const msgs = [{ typeUrl: '/cosmos.bank.v1beta1.MsgSend', value }];
      const exec = MsgExec.fromPartial({ grantee: alice!.address, msgs });
      return by(alice!, { typeUrl: '/cosmos.authz.v1beta1.MsgExec', value: exec });
    };
    const own = await wrapped(alice!.address);
    expect(own.events.at(-1)!.attributes.map(({ key }) => key)).toEqual(['sender', 'authz_msg_index', 'msg_index']);
    expect(await wrapped(bob!.address)).toMatchObject({ code: 2, codespace: 'authz' });
  });
});
