/**
 * What users of a Cosmos chain do, rightly and wrongly, by unmodified cosmjs: run on the real chain and on the local one, in
 * the same order from the same genesis, with the same keys. What each step shows is returned to be compared.
 */
import { toBech32 } from '@cosmjs/encoding';
import type { EncodeObject } from '@cosmjs/proto-signing';
import { BroadcastTxError, type DeliverTxResponse, type StdFee } from '@cosmjs/stargate';
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { BURN, CREATE_DENOM, factoryDenom, MINT } from '../../../adapters/cosmos/tokenFactory.ts';
import type { Clock } from '../../../relayer/core/clock.ts';
import { type DevAccount, type DevMultisig, makeDevAccount, makeDevMultisig } from '../../devnet/cosmos/accounts.ts';
import type { GenesisHolder } from '../../devnet/cosmos/app/createApp.ts';
import { type CosmosUnderTest, feeOf, readClient, sendOf, signByMultisig, signingClient } from './clients.ts';
import { type Observation, plainText } from './observe.ts';

export interface WorkloadActors {
  readonly carol: DevAccount;
  readonly dave: DevAccount;
  /** Holds nothing. */
  readonly erin: DevAccount;
  readonly vault: DevMultisig;
  readonly wide: DevMultisig;
  /** One key more than chains take. */
  readonly wider: DevMultisig;
}

export async function makeActors(seed: string): Promise<WorkloadActors> {
  const account = async (name: string): Promise<DevAccount> => makeDevAccount(`${seed}/workload`, name);
  const multisig = async (name: string, threshold: number, count: number): Promise<DevMultisig> =>
    makeDevMultisig(`${seed}/workload`, name, threshold, count);
  return {
    ...{ carol: await account('carol'), dave: await account('dave'), erin: await account('erin') },
    vault: await multisig('vault', 2, 3),
    wide: await multisig('wide', 5, 7),
    wider: await multisig('wider', 5, 8),
  };
}

export function holdersOf({ carol, dave, vault, wide, wider }: WorkloadActors, denom: string): GenesisHolder[] {
  return [carol, dave, vault, wide, wider].map(({ address }) => ({ address, coins: { [denom]: 10n ** 12n } }));
}

const MODULE_ACCOUNT = 'cosmos17xpfvakm2amg962yls6f84z3kell8c5lserqta';

/** The steps in their order; what they show. */
export async function runWorkload(
  chain: CosmosUnderTest,
  actors: WorkloadActors,
  clock: Clock,
  signal: AbortSignal,
): Promise<Observation[]> {
  const { carol, dave, erin, vault, wide, wider } = actors;
  const observations: Observation[] = [];
  const client = readClient(chain);
  const coins = (amount: bigint | number | string, denom = chain.denom): { denom: string; amount: string }[] => [
    { denom, amount: `${amount}` },
  ];
  const send = (from: { address: string }, to: { address: string }, amount: bigint | number | string): EncodeObject =>
    sendOf(chain, from.address, to.address, amount);
  let made = 0;
  /** Addresses that no account has yet. */
  const fresh = async (): Promise<{ address: string }> => makeDevAccount('fresh', `${made++}`);

  const see = (name: string, result: DeliverTxResponse, bytes: number): void => {
    const value = {
      code: result.code,
      log: plainText(result.rawLog ?? ''),
      gasWanted: Number(result.gasWanted),
      bytes,
      responses: result.msgResponses.map((one) => ({ ...one, value: Buffer.from(one.value).toString('hex') })),
      events: result.events.map(({ type, attributes }) => ({
        type,
        attributes: attributes.map(({ key, value: text }) => ({
          key,
          value: key === 'signature' ? '<signature>' : text,
        })),
      })),
    };
    observations.push({ name, value, gas: Number(result.gasUsed) });
  };
  /** A transaction that gets into a block. */
  const broadcast = async (name: string, tx: Uint8Array): Promise<void> => {
    signal.throwIfAborted();
    try {
      see(name, await client.broadcastTx(tx, 30_000, 100), tx.length);
    } catch (error) {
      observations.push({ name, value: refusalOf(error) });
    }
  };
  const terms = async (address: string): Promise<{ accountNumber: bigint; sequence: number }> =>
    client.getSequence(address);

  interface Change {
    readonly memo?: string;
    readonly gas?: number;
    readonly fee?: StdFee;
    readonly mode?: 'direct' | 'amino';
    /** Added to the account's own. */
    readonly sequence?: number;
    /** In place of the account's own. */
    readonly at?: number;
    readonly accountNumber?: bigint;
    readonly chainId?: string;
    readonly timeoutHeight?: bigint;
  }
  const sign = async (account: DevAccount, messages: readonly EncodeObject[], change: Change = {}): Promise<TxRaw> => {
    const known = await terms(account.address).catch(() => ({ accountNumber: 0n, sequence: 0 }));
    const data = {
      accountNumber: change.accountNumber ?? known.accountNumber,
      sequence: change.at ?? known.sequence + (change.sequence ?? 0),
      chainId: change.chainId ?? chain.chainId,
    };
    const fee = change.fee ?? feeOf(chain, change.gas ?? 200_000 + 60_000 * messages.length);
    const signer = signingClient(chain, account, change.mode);
    return signer.sign(account.address, messages, fee, change.memo ?? '', data, change.timeoutHeight);
  };
  const tx = async (
    name: string,
    account: DevAccount,
    messages: readonly EncodeObject[],
    change?: Change,
  ): Promise<void> => broadcast(name, TxRaw.encode(await sign(account, messages, change)).finish());
  const byMultisig = async (
    name: string,
    multisig: DevMultisig,
    messages: readonly EncodeObject[],
    gas: number,
    signers?: number,
  ): Promise<void> => {
    const fee = feeOf(chain, gas);
    await broadcast(
      name,
      await signByMultisig(chain, multisig, messages, fee, 'm', await terms(multisig.address), signers),
    );
  };

  // Sends.
  await tx('send, new account, first of its sender', carol, [send(carol, await fresh(), 1000)], {
    memo: 'with a memo',
  });
  await tx('send, known account', carol, [send(carol, dave, 1000)], { memo: 'with a memo' });
  await tx('send, Amino JSON', carol, [send(carol, dave, 1000)], { mode: 'amino', memo: 'a < b & c > d é' });
  await tx('send, no fee', carol, [send(carol, dave, 1)], { fee: { amount: [], gas: '200000' } });
  await tx(
    'send, three messages',
    carol,
    [1, 2, 3].map((amount) => send(carol, dave, amount)),
  );
  await tx('send to oneself', carol, [send(carol, carol, 5)]);
  await tx('send, second message fails', carol, [send(carol, dave, 7), send(carol, dave, 10n ** 20n)]);
  await tx('send to a module account', carol, [send(carol, { address: MODULE_ACCOUNT }, 5)]);
  await tx('send to no address', carol, [send(carol, { address: 'cosmos1nothing' }, 5)]);
  await tx('send to another prefix', carol, [
    send(carol, { address: toBech32('osmo', new Uint8Array(20).fill(7)) }, 5),
  ]);
  await tx('send of nothing', carol, [send(carol, dave, 0)]);
  await tx('send without a coin', carol, [withValue(send(carol, dave, 1), { amount: [] })]);
  await tx('send of an unknown coin', carol, [withValue(send(carol, dave, 1), { amount: coins(1, 'unknown') })]);
  await tx('send of a negative amount', carol, [send(carol, dave, '-5')]);
  await tx('send of a coin twice', carol, [withValue(send(carol, dave, 1), { amount: [...coins(1), ...coins(2)] })]);
  await tx('send, gas ends on the way', carol, [send(carol, dave, 1)], { gas: 62_000 });
  await tx('send of another', carol, [send(dave, carol, 1)]);

  // Many at once.
  const multi = (inputs: readonly object[], outputs: readonly object[]): EncodeObject => ({
    typeUrl: '/cosmos.bank.v1beta1.MsgMultiSend',
    value: { inputs, outputs },
  });
  const party = (who: { address: string }, amount: number): object => ({ address: who.address, coins: coins(amount) });
  await tx('multi-send', carol, [multi([party(carol, 30)], [party(dave, 10), party(vault, 20)])]);
  await tx('multi-send, sums differ', carol, [multi([party(carol, 31)], [party(dave, 10), party(vault, 20)])]);
  await tx('multi-send of two', carol, [multi([party(carol, 5), party(dave, 5)], [party(vault, 10)])]);
  const inner = {
    typeUrl: '/cosmos.bank.v1beta1.MsgSend',
    value: MsgSend.encode(send(carol, dave, 9).value as MsgSend).finish(),
  };
  const exec = MsgExec.fromPartial({ grantee: carol.address, msgs: [inner] });
  await tx('send inside MsgExec', carol, [{ typeUrl: '/cosmos.authz.v1beta1.MsgExec', value: exec }]);
  const foreign = { ...inner, value: MsgSend.encode(send(dave, carol, 9).value as MsgSend).finish() };
  const theft = MsgExec.fromPartial({ grantee: carol.address, msgs: [foreign] });
  await tx('send of another inside MsgExec', carol, [{ typeUrl: '/cosmos.authz.v1beta1.MsgExec', value: theft }]);

  // Multisigs.
  await byMultisig('2 of 3, first', vault, [send(vault, dave, 1)], 300_000);
  await byMultisig('2 of 3, one send', vault, [send(vault, dave, 1)], 300_000);
  await byMultisig(
    '2 of 3, 100 sends',
    vault,
    Array.from({ length: 100 }, () => send(vault, dave, 1)),
    4_000_000,
  );
  await byMultisig(
    '2 of 3, 500 sends',
    vault,
    Array.from({ length: 500 }, () => send(vault, dave, 1)),
    16_000_000,
  );
  const strangers = await Promise.all(Array.from({ length: 50 }, fresh));
  await byMultisig(
    '2 of 3, 50 sends to new accounts',
    vault,
    strangers.map((to) => send(vault, to, 1)),
    4_000_000,
  );
  const outputs = Array.from({ length: 100 }, () => party(dave, 1));
  await byMultisig('2 of 3, multi-send of 100', vault, [multi([party(vault, 100)], outputs)], 4_000_000);
  await byMultisig('2 of 3, all three sign', vault, [send(vault, dave, 1)], 300_000, 3);
  await byMultisig('2 of 3, one signs', vault, [send(vault, dave, 1)], 300_000, 1);
  await byMultisig('5 of 7', wide, [send(wide, dave, 1)], 300_000);
  await byMultisig('5 of 8', wider, [send(wider, dave, 1)], 300_000);

  // Tokens.
  const denom = factoryDenom(vault.address, 'weth');
  const create = (sender: { address: string }, subdenom: string): EncodeObject => ({
    typeUrl: CREATE_DENOM,
    value: { sender: sender.address, subdenom },
  });
  const mint = (to: string, amount: number, sender: { address: string } = vault, name = denom): EncodeObject => ({
    typeUrl: MINT,
    value: { sender: sender.address, amount: { denom: name, amount: `${amount}` }, mintToAddress: to },
  });
  const burn = (from: string, amount: number, sender: { address: string } = vault): EncodeObject => ({
    typeUrl: BURN,
    value: { sender: sender.address, amount: { denom, amount: `${amount}` }, burnFromAddress: from },
  });
  await byMultisig('create a token', vault, [create(vault, 'weth')], 3_000_000);
  await byMultisig('create it again', vault, [create(vault, 'weth')], 3_000_000);
  await tx('create, name too long', carol, [create(carol, 'x'.repeat(45))], { gas: 3_000_000 });
  await tx('create, name malformed', carol, [create(carol, 'a b')], { gas: 3_000_000 });
  await byMultisig('mint, first', vault, [mint(dave.address, 5_000)], 400_000);
  await byMultisig('mint, known holder', vault, [mint(dave.address, 5_000)], 400_000);
  await byMultisig('mint to oneself', vault, [mint('', 700)], 400_000);
  await byMultisig(
    'mint, 100 at once',
    vault,
    Array.from({ length: 100 }, () => mint(dave.address, 1)),
    8_000_000,
  );
  const holders = await Promise.all(Array.from({ length: 50 }, fresh));
  await byMultisig(
    'mint, 50 new holders',
    vault,
    holders.map((to) => mint(to.address, 1)),
    8_000_000,
  );
  await tx('mint by a stranger', carol, [mint(carol.address, 5, carol)]);
  await tx('mint of no token', carol, [mint(carol.address, 5, carol, factoryDenom(carol.address, 'none'))]);
  await tx('mint of the chain coin', carol, [mint(carol.address, 5, carol, chain.denom)]);
  await byMultisig('mint of nothing', vault, [mint(dave.address, 0)], 400_000);
  await byMultisig('burn', vault, [burn('', 300)], 400_000);
  await byMultisig('burn of too much', vault, [burn('', 3_000_000)], 400_000);
  await byMultisig("burn of another's", vault, [burn(dave.address, 10)], 400_000);
  await tx('burn by a stranger', dave, [burn('', 10, dave)]);
  await tx('send of a token', dave, [withValue(send(dave, carol, 1), { amount: coins(100, denom) })]);

  // What is refused before it gets anywhere.
  const one = [send(carol, dave, 1)];
  await tx('memo of 256', carol, one, { memo: 'x'.repeat(256) });
  await tx('memo of 257', carol, one, { memo: 'x'.repeat(257) });
  await tx('memo of 200 letters in 400 bytes', carol, one, { memo: 'é'.repeat(200) });
  await tx('sequence too high', carol, one, { sequence: 1 });
  await tx('sequence too low', carol, one, { sequence: -1 });
  await tx('another account number', carol, one, { accountNumber: 777_777n });
  await tx('another chain id', carol, one, { chainId: 'other-1' });
  await tx('another chain id, Amino JSON', carol, one, { chainId: 'other-1', mode: 'amino' });
  await tx('timed out', carol, one, { timeoutHeight: 1n });
  await tx('too little gas', carol, one, { gas: 20_000 });
  await tx('no gas at all', carol, one, { gas: 0 });
  await tx('fee below the minimum', carol, one, { fee: { amount: coins(1), gas: '200000' } });
  await tx('fee in another coin', carol, one, { fee: { amount: coins(1_000, 'unknown'), gas: '200000' } });
  await tx('fee that is not there', carol, one, { fee: { amount: coins(10n ** 20n), gas: '200000' } });
  await tx('account that does not exist', erin, [send(erin, dave, 1)]);
  const good = await sign(carol, one);
  const bytes = (change: Partial<TxRaw>): Uint8Array => TxRaw.encode({ ...good, ...change }).finish();
  await broadcast('signature of zeros', bytes({ signatures: [new Uint8Array(64)] }));
  await broadcast('no signature', bytes({ signatures: [] }));
  await broadcast('two signatures', bytes({ signatures: [...good.signatures, ...good.signatures] }));
  await broadcast('body of rubbish', bytes({ bodyBytes: Uint8Array.of(0xff) }));
  await broadcast('rubbish', Uint8Array.of(1, 2, 3));
  await broadcast('nothing', new Uint8Array(0));
  const body = TxBody.decode(good.bodyBytes);
  const unknown = { typeUrl: '/nowhere.v1.MsgNothing', value: new Uint8Array(0) };
  await broadcast('unknown message', bytes({ bodyBytes: TxBody.encode({ ...body, messages: [unknown] }).finish() }));
  await broadcast('no message', bytes({ bodyBytes: TxBody.encode({ ...body, messages: [] }).finish() }));
  await broadcast('the good one after all', bytes({}));
  await broadcast('the same again', bytes({}));

  // Several sequences before a block.
  const first = await terms(carol.address);
  const hashes: string[] = [];
  for (let i = 0; i < 10; i++) {
    const signed = await sign(carol, [send(carol, dave, 1)], { at: first.sequence + i, memo: `${i}` });
    hashes.push(await client.broadcastTxSync(TxRaw.encode(signed).finish()));
  }
  for (const hash of hashes) while ((await client.getTx(hash)) === null) await clock.sleep(100, signal);
  const codes = await Promise.all(hashes.map(async (hash) => (await client.getTx(hash))?.code));
  observations.push({ name: 'ten sequences without waiting', value: codes });

  // Simulation.
  const simulate = async (name: string, messages: readonly EncodeObject[]): Promise<void> => {
    try {
      const gas = await signingClient(chain, carol).simulate(carol.address, messages, 'm');
      observations.push({ name, value: 'simulated', gas });
    } catch (error) {
      observations.push({ name, value: refusalOf(error) });
    }
  };
  await simulate('simulate a send', one);
  await simulate('simulate a send that fails', [send(carol, dave, 10n ** 20n)]);
  await simulate('simulate no message', []);
  return observations;
}

function withValue({ typeUrl, value }: EncodeObject, change: object): EncodeObject {
  return { typeUrl, value: { ...(value as object), ...change } };
}

/** Why a node refused, as cosmjs tells it. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof BroadcastTxError) {
    return {
      refused: 'by the application',
      code: error.code,
      codespace: error.codespace,
      log: plainText(error.log ?? ''),
    };
  }
  return { refused: 'by the node', message: plainText(error instanceof Error ? error.message : String(error)) };
}
