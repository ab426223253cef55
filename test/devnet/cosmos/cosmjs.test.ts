/** Unmodified cosmjs is the judge of what the local chain says and takes. */
import {
  coins,
  makeMultisignedTxBytes,
  SigningStargateClient,
  StargateClient,
  AminoTypes,
  createDefaultAminoConverters,
  defaultRegistryTypes,
  type StdFee,
} from '@cosmjs/stargate';
import { type EncodeObject, Registry } from '@cosmjs/proto-signing';
import { Comet38Client, WebsocketClient } from '@cosmjs/tendermint-rpc';
import { TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BURN,
  CREATE_DENOM,
  factoryDenom,
  MINT,
  tokenFactoryAmino,
  tokenFactoryTypes,
} from '../../../adapters/cosmos/tokenFactory.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { type DevAccount, type DevMultisig, makeDevAccount, makeDevMultisig } from './accounts.ts';
import { type LocalCosmos, startLocalCosmos } from './index.ts';

const CHAIN_ID = 'viaduct-local-1';
const registry = new Registry([...defaultRegistryTypes, ...tokenFactoryTypes]);
const aminoTypes = new AminoTypes({ ...createDefaultAminoConverters(), ...tokenFactoryAmino });
const FEE: StdFee = { amount: coins(2000, 'utoken'), gas: '200000' };

let local: LocalCosmos;
let [alice, bob, carol]: DevAccount[] = [];
let vault: DevMultisig;
let client: StargateClient;

beforeAll(async () => {
  [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map(async (name) => makeDevAccount('s', name)));
  vault = await makeDevMultisig('s', 'vault', 2, 3);
  local = await startLocalCosmos(
    { clock: systemClock },
    {
      chainId: CHAIN_ID,
      seed: 's',
      holders: [
        { address: alice!.address, coins: { utoken: 1_000_000_000n } },
        { address: vault.address, coins: { utoken: 1_000_000_000n } },
      ],
    },
  );
  client = StargateClient.create(await Comet38Client.connect(local.nodes[0]!.url));
});

afterAll(async () => {
  client.disconnect();
  await local.stop();
});

async function signer(account: DevAccount, mode: 'direct' | 'amino' = 'direct'): Promise<SigningStargateClient> {
  return SigningStargateClient.createWithSigner(await Comet38Client.connect(local.nodes[0]!.url), account[mode], {
    registry,
    aminoTypes,
  });
}

function send(from: string, to: string, amount: number): EncodeObject {
  return {
    typeUrl: '/cosmos.bank.v1beta1.MsgSend',
    value: { fromAddress: from, toAddress: to, amount: coins(amount, 'utoken') },
  };
}

async function balance(address: string, denom = 'utoken'): Promise<string> {
  return (await client.getBalance(address, denom)).amount;
}

/** Signed by the first members of the vault. */
async function byVault(
  messages: readonly EncodeObject[],
  fee: StdFee,
  memo: string,
  of = vault,
  count = 2,
): Promise<Uint8Array> {
  const { accountNumber, sequence } = await client.getSequence(of.address);
  const signatures = new Map<string, Uint8Array>();
  let bodyBytes = new Uint8Array(0);
  for (const member of of.members.slice(0, count)) {
    const signing = await signer(member, 'amino');
    const signed = await signing.sign(member.address, messages, fee, memo, {
      accountNumber,
      sequence,
      chainId: CHAIN_ID,
    });
    bodyBytes = Uint8Array.from(signed.bodyBytes);
    signatures.set(member.address, signed.signatures[0]!);
  }
  return makeMultisignedTxBytes(of.publicKey, sequence, fee, bodyBytes, signatures);
}

describe('what cosmjs reads', () => {
  it('connects by its own guess of the version, over HTTP and WebSocket', async () => {
    for (const url of [local.nodes[0]!.url, local.nodes[0]!.wsUrl]) {
      const guessed = await StargateClient.connect(url);
      expect(await guessed.getChainId()).toBe(CHAIN_ID);
      expect(await guessed.getHeight()).toBe(Number(local.chain.height()));
      guessed.disconnect();
    }
  });

  it('reads balances, accounts, supply and blocks', async () => {
    expect(await balance(alice!.address)).toBe('1000000000');
    expect(await client.getAllBalances(alice!.address)).toEqual(coins(1_000_000_000, 'utoken'));
    expect(await client.getAccount(alice!.address)).toMatchObject({ accountNumber: 0n, sequence: 0, pubkey: null });
    expect(await client.getAccount(carol!.address)).toBeNull();
    const block = await client.getBlock(1);
    expect(block.header).toMatchObject({ chainId: CHAIN_ID, height: 1 });
    const comet = await Comet38Client.connect(local.nodes[0]!.url);
    expect((await comet.validatorsAll(1)).validators).toHaveLength(4);
    expect((await comet.commit(1)).commit.signatures).toHaveLength(4);
    expect((await comet.genesis()).chainId).toBe(CHAIN_ID);
    expect((await comet.abciInfo()).lastBlockHeight).toBe(Number(local.chain.height()));
    expect((await comet.blockchain()).blockMetas.length).toBeGreaterThan(0);
    await comet.health();
  });

  it('is told of new blocks over a WebSocket', async () => {
    const socket = new WebsocketClient(local.nodes[0]!.wsUrl, () => undefined);
    const comet = Comet38Client.create(socket);
    const next = new Promise<number>((resolve, reject) => {
      comet.subscribeNewBlock().addListener({
        next: ({ header }) => {
          resolve(header.height);
        },
        error: reject,
      });
    });
    // A later request on the same connection is answered after the subscription is in place.
    await comet.status();
    local.chain.produceBlock();
    expect(await next).toBe(Number(local.chain.height()));
    comet.disconnect();
  });
});

describe('what cosmjs signs', () => {
  it('sends with a memo, directly and by Amino JSON, and finds the transaction', async () => {
    for (const mode of ['direct', 'amino'] as const) {
      const signing = await signer(alice!, mode);
      const before = BigInt(await balance(bob!.address));
      const memo = `v1|${mode} <&>|`;
      const hash = await signing.signAndBroadcastSync(
        alice!.address,
        [send(alice!.address, bob!.address, 1000)],
        FEE,
        memo,
      );
      expect(await client.getTx(hash)).toBeNull();
      local.chain.produceBlock();
      const tx = await client.getTx(hash);
      expect(tx).toMatchObject({ code: 0, height: Number(local.chain.height()), txIndex: 0 });
      expect(tx!.msgResponses).toHaveLength(1);
      expect(BigInt(await balance(bob!.address)) - before).toBe(1000n);
      const found = await client.searchTx([{ key: 'transfer.recipient', value: bob!.address }]);
      expect(found.map((one) => one.hash)).toContain(hash);
    }
  });

  it('simulates close to what it then costs', async () => {
    const signing = await signer(alice!);
    const message = send(alice!.address, bob!.address, 5);
    const simulated = await signing.simulate(alice!.address, [message], 'm');
    const hash = await signing.signAndBroadcastSync(alice!.address, [message], FEE, 'm');
    local.chain.produceBlock();
    const { gasUsed } = (await client.getTx(hash))!;
    // The simulated one has no signature, which makes up some of its bytes, and pays no fee, which costs more.
    expect(Number(gasUsed) - simulated).toBeGreaterThan(18_300);
    expect(Number(gasUsed) - simulated).toBeLessThan(20_000);
    expect(Number(gasUsed)).toBeGreaterThan(69_000);
    expect(Number(gasUsed)).toBeLessThan(76_000);
    await expect(signing.simulate(alice!.address, [send(alice!.address, bob!.address, 1e12)], '')).rejects.toThrow(
      /insufficient funds/,
    );
  });

  it('keeps fee and sequence of a send that fails, and says code 5', async () => {
    const signing = await signer(alice!);
    const before = await client.getSequence(alice!.address);
    const [mine, his] = [BigInt(await balance(alice!.address)), await balance(bob!.address)];
    const hash = await signing.signAndBroadcastSync(
      alice!.address,
      [send(alice!.address, bob!.address, 7), send(alice!.address, bob!.address, 2_000_000_000)],
      FEE,
    );
    local.chain.produceBlock();
    const tx = await client.getTx(hash);
    expect(tx).toMatchObject({ code: 5, msgResponses: [] });
    expect(tx!.rawLog).toMatch(/message index: 1: spendable balance .* insufficient funds$/);
    expect(await balance(bob!.address)).toBe(his);
    expect(BigInt(await balance(alice!.address))).toBe(mine - 2000n);
    expect((await client.getSequence(alice!.address)).sequence).toBe(before.sequence + 1);
  });

  it('refuses what a node refuses, by the codes of the SDK', async () => {
    const signing = await signer(alice!);
    const message = [send(alice!.address, bob!.address, 1)];
    const { accountNumber, sequence } = await client.getSequence(alice!.address);
    const data = { accountNumber, sequence, chainId: CHAIN_ID };
    const attempt = async (tx: TxRaw): Promise<number> => {
      try {
        await client.broadcastTxSync(TxRaw.encode(tx).finish());
        return 0;
      } catch (error) {
        return (error as { code: number }).code;
      }
    };
    const signed = async (change: Partial<typeof data>, fee = FEE, memo = '', timeout?: bigint): Promise<TxRaw> =>
      signing.sign(alice!.address, message, fee, memo, { ...data, ...change }, timeout);
    expect(await attempt(await signed({}, FEE, 'x'.repeat(257)))).toBe(12);
    expect(await attempt(await signed({ sequence: sequence + 1 }))).toBe(32);
    expect(await attempt(await signed({ accountNumber: 77n }))).toBe(4);
    expect(await attempt(await signed({ chainId: 'other' }))).toBe(4);
    expect(await attempt(await signed({}, FEE, '', 1n))).toBe(30);
    expect(await attempt(await signed({}, { amount: coins(2_000_000_000, 'utoken'), gas: '200000' }))).toBe(5);
    expect(await attempt(await signed({}, { amount: [], gas: '20000' }))).toBe(11);
    const good = await signed({}, FEE, 'x'.repeat(256));
    expect(await attempt({ ...good, signatures: [new Uint8Array(64).fill(1)] })).toBe(4);
    expect(await attempt({ ...good, bodyBytes: new Uint8Array([0xff]) })).toBe(2);
    expect(await attempt(good)).toBe(0);
    // The very same bytes once more.
    await expect(client.broadcastTxSync(TxRaw.encode(good).finish())).rejects.toThrow(/already exists in cache/);
    local.chain.produceBlock();
  });

  it('takes many sequences of one account before any block', async () => {
    const signing = await signer(alice!);
    const { accountNumber, sequence } = await client.getSequence(alice!.address);
    for (let i = 0; i < 20; i++) {
      const data = { accountNumber, sequence: sequence + i, chainId: CHAIN_ID };
      const tx = await signing.sign(alice!.address, [send(alice!.address, bob!.address, 1)], FEE, `${i}`, data);
      await client.broadcastTxSync(TxRaw.encode(tx).finish());
    }
    const block = local.chain.produceBlock()!;
    expect(block.results.map(({ code }) => code)).toEqual(Array.from({ length: 20 }, () => 0));
  });
});

describe('other ways to broadcast', () => {
  it('waits for the block, or for nothing, and tells subscribers of the transaction', async () => {
    const signing = await signer(alice!);
    const message = send(alice!.address, bob!.address, 1);
    const comet = Comet38Client.create(new WebsocketClient(local.nodes[0]!.wsUrl, () => undefined));
    const seen = new Promise<Uint8Array>((resolve, reject) => {
      comet.subscribeTx().addListener({
        next: ({ tx }) => {
          resolve(tx);
        },
        error: reject,
      });
    });
    await comet.status();
    const tx = TxRaw.encode(await signing.sign(alice!.address, [message], FEE, 'commit')).finish();
    const committed = comet.broadcastTxCommit({ tx });
    while (local.chain.mempool.waiting().length === 0) await comet.status();
    local.chain.produceBlock();
    const height = Number(local.chain.height());
    expect(await committed).toMatchObject({ height, checkTx: { code: 0 }, txResult: { code: 0 } });
    expect(await seen).toEqual(Uint8Array.from(tx));

    const bad = TxRaw.encode(await signing.sign(alice!.address, [message], FEE, 'x'.repeat(257))).finish();
    expect(await comet.broadcastTxCommit({ tx: bad })).toMatchObject({ height: 0, checkTx: { code: 12 } });
    // Not to wait is not to be told.
    expect((await comet.broadcastTxAsync({ tx: bad })).hash).toHaveLength(32);
    expect(local.chain.produceBlock()!.txs).toEqual([]);
    comet.disconnect();
  });
});

describe('a multisig of cosmjs', () => {
  it('2 of 3 pays a hundred at about the gas and size of a real chain', async () => {
    const messages = Array.from({ length: 100 }, () => send(vault.address, bob!.address, 3));
    const tx = await byVault(messages, { amount: coins(2000, 'utoken'), gas: '5000000' }, 'release');
    expect(tx.length).toBeGreaterThan(14_000);
    expect(tx.length).toBeLessThan(15_400);
    const before = BigInt(await balance(bob!.address));
    await client.broadcastTxSync(tx);
    const [result] = local.chain.produceBlock()!.results;
    expect(result).toMatchObject({ code: 0 });
    expect(Number(result!.gasUsed) / 100).toBeGreaterThan(22_000);
    expect(Number(result!.gasUsed) / 100).toBeLessThan(24_000);
    expect(BigInt(await balance(bob!.address)) - before).toBe(300n);
  });

  it('makes, mints and burns a token of its own', async () => {
    const denom = factoryDenom(vault.address, 'weth');
    const create = { typeUrl: CREATE_DENOM, value: { sender: vault.address, subdenom: 'weth' } };
    const mint = {
      typeUrl: MINT,
      value: { sender: vault.address, amount: { denom, amount: '500' }, mintToAddress: carol!.address },
    };
    const mintSelf = {
      typeUrl: MINT,
      value: { sender: vault.address, amount: { denom, amount: '40' }, mintToAddress: '' },
    };
    const burn = {
      typeUrl: BURN,
      value: { sender: vault.address, amount: { denom, amount: '15' }, burnFromAddress: '' },
    };
    const fee = { amount: coins(5000, 'utoken'), gas: '3000000' };
    await client.broadcastTxSync(await byVault([create, mint, mintSelf, burn], fee, ''));
    expect(local.chain.produceBlock()!.results[0]).toMatchObject({ code: 0 });
    expect(await balance(carol!.address, denom)).toBe('500');
    expect(await balance(vault.address, denom)).toBe('25');

    const signing = await signer(alice!);
    const theft = { ...mint, value: { ...mint.value, sender: alice!.address } };
    await signing.signAndBroadcastSync(alice!.address, [theft], FEE);
    expect(local.chain.produceBlock()!.results[0]).toMatchObject({ code: 3, codespace: 'tokenfactory' });
  });

  it('refuses too few, foreign and too many keys', async () => {
    const message = [send(vault.address, bob!.address, 1)];
    await expect(client.broadcastTxSync(await byVault(message, FEE, '', vault, 1))).rejects.toMatchObject({ code: 4 });
    for (const [count, code] of [
      [7, 0],
      [8, 14],
    ] as const) {
      const large = await makeDevMultisig('s', `large-${count}`, 5, count);
      const signing = await signer(alice!);
      await signing.signAndBroadcastSync(alice!.address, [send(alice!.address, large.address, 10_000)], FEE);
      local.chain.produceBlock();
      const tx = byVault([send(large.address, bob!.address, 1)], FEE, '', large, 5);
      const sent = client.broadcastTxSync(await tx);
      if (code === 0) await sent;
      else await expect(sent).rejects.toMatchObject({ code });
      local.chain.produceBlock();
    }
  });

  it('pays many at once by MsgMultiSend', async () => {
    const outputs = [bob!, carol!].map(({ address }) => ({ address, coins: coins(11, 'utoken') }));
    const value = { inputs: [{ address: vault.address, coins: coins(22, 'utoken') }], outputs };
    const before = BigInt(await balance(carol!.address));
    await client.broadcastTxSync(await byVault([{ typeUrl: '/cosmos.bank.v1beta1.MsgMultiSend', value }], FEE, ''));
    expect(local.chain.produceBlock()!.results[0]).toMatchObject({ code: 0 });
    expect(BigInt(await balance(carol!.address)) - before).toBe(11n);
  });
});
