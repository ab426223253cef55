/**
 * Deposits into a vault on a real chain, made by unmodified cosmjs, and what the adapter reads from its blocks: what must be
 * credited or go back is, and what looks like a deposit without being one is not.
 */
import { gzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import type { EncodeObject } from '@cosmjs/proto-signing';
import { toUtf8 } from '@cosmjs/encoding';
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { parseAccount } from '../../../adapters/cosmos/account.ts';
import { referenceOf } from '../../../adapters/cosmos/deposits.ts';
import { encodeMemo } from '../../../adapters/cosmos/memo.ts';
import { CREATE_DENOM, factoryDenom, MINT } from '../../../adapters/cosmos/tokenFactory.ts';
import { ASSET, EVM_LANE, HOME_LANE, makeGateway, SCALE } from '../../../adapters/cosmos/vault.fixture.ts';
import { chainName } from '../../../relayer/core/ids.ts';
import { type DevAccount, type DevMultisig } from '../../devnet/cosmos/accounts.ts';
import { expectSame, expectThat } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';
import {
  type CosmosUnderTest,
  readClient,
  sendOf,
  signByMultisig,
  submitAndWait,
  type SubmitOptions,
  waitForHeight,
  WASM,
} from './clients.ts';
import { endpointOf, followFromGenesis, followSequentially, mustBeValid, packetsFrom } from './follow.ts';
import { startLyingProxy } from './lyingProxy.ts';

export interface DepositActors {
  readonly alice: DevAccount;
  readonly bob: DevAccount;
  readonly vault: DevMultisig;
  readonly shard: DevMultisig;
}

/** A packet that must come out, without its sequence. */
interface Expected {
  readonly kind: 'transfer' | 'return';
  readonly lane: string;
  readonly amount: bigint;
  readonly sender: Uint8Array;
  readonly receiver: Uint8Array;
  readonly sourceReference: Uint8Array;
}

const RECEIVER = new Uint8Array(20).fill(0xab);
const MEMO = encodeMemo({ target: chainName('anvil-a'), receiver: RECEIVER, deadline: 0n });

export async function checkDeposits(
  context: WitnessContext,
  chain: CosmosUnderTest,
  actors: DepositActors,
  reflectContract: string | undefined,
): Promise<void> {
  const { checks, clock, signal } = context;
  const { alice, bob, vault, shard } = actors;
  const reader = readClient(chain);
  const bytesOf = (address: string): Uint8Array => parseAccount(address.toLowerCase(), 'cosmos')!;
  const gateway = {
    ...makeGateway(
      [vault, shard].map(({ address }) => bytesOf(address)),
      1n,
    ),
    chainId: chain.chainId,
  };
  const expected: Expected[] = [];
  let last = 1;
  let inVaults = 0n;

  const held = async (): Promise<bigint> => {
    const balances = await Promise.all(
      [vault, shard].map(async ({ address }) => reader.getBalance(address, chain.denom)),
    );
    return balances.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  };
  const begin = await held();

  /** Sends a transaction and checks its code and what the vaults hold after it. */
  async function deposit(
    messages: readonly EncodeObject[],
    options: SubmitOptions & { readonly from?: DevAccount; readonly code?: number; readonly paid: bigint },
  ): Promise<(messageIndex: number, amount: bigint, kind?: Expected['kind'], coinIndex?: number) => void> {
    const from = options.from ?? alice;
    const result = await submitAndWait(chain, from, messages, options);
    expectSame(result.code, options.code ?? 0, `code (${result.rawLog})`);
    last = result.height;
    inVaults += options.paid;
    expectSame((await held()) - begin, inVaults, 'what the vaults hold');
    const hash = Buffer.from(result.transactionHash, 'hex');
    return (messageIndex, amount, kind = 'transfer', coinIndex = 0) => {
      const sender = bytesOf(from.address);
      const receiver = kind === 'transfer' ? RECEIVER : sender;
      const lane = kind === 'transfer' ? EVM_LANE : HOME_LANE;
      const sourceReference = referenceOf(hash, messageIndex, coinIndex);
      expected.push({ kind, lane, amount: amount * SCALE, sender, receiver, sourceReference });
    };
  }

  const pay = (to: string, amount: bigint, from = alice): EncodeObject => sendOf(chain, from.address, to, amount);

  await checks.check('the chain takes a deposit with a routing memo, signed directly and as Amino JSON', async () => {
    (await deposit([pay(vault.address, 100n)], { memo: MEMO, paid: 100n }))(0, 100n);
    (await deposit([pay(vault.address, 101n)], { memo: MEMO, mode: 'amino', paid: 101n }))(0, 101n);
  });
  await checks.check('the chain takes a deposit with another memo, which is to go back', async () => {
    (await deposit([pay(vault.address, 200n)], { memo: 'for my friend', paid: 200n }))(0, 200n, 'return');
  });
  await checks.check('the chain takes several deposits in one transaction, to several vaults', async () => {
    const messages = [
      pay(vault.address, 11n),
      pay(bob.address, 12n),
      pay(shard.address, 13n),
      pay(vault.address, 14n),
      // Below the lane's minimum of 10: it goes back.
      pay(vault.address, 6n),
    ];
    const credit = await deposit(messages, { memo: MEMO, paid: 44n });
    for (const [index, amount] of [
      [0, 11n],
      [2, 13n],
      [3, 14n],
    ] as const)
      credit(index, amount);
    credit(4, 6n, 'return');
  });
  await checks.check('the chain takes a vault address in capitals, as bech32 has it', async () => {
    (await deposit([pay(vault.address.toUpperCase(), 31n)], { memo: MEMO, paid: 31n }))(0, 31n);
  });
  await checks.check('the chain takes two coins in one message, which are to go back', async () => {
    const denom = factoryDenom(alice.address, 'second');
    const mint = { sender: alice.address, amount: { denom, amount: '1000' }, mintToAddress: alice.address };
    const create = { typeUrl: CREATE_DENOM, value: { sender: alice.address, subdenom: 'second' } };
    await deposit([create, { typeUrl: MINT, value: mint }], { gas: 3_000_000, paid: 0n });
    const message = pay(vault.address, 60n);
    const amount = [{ denom, amount: '5' }, ...(message.value as { amount: object[] }).amount];
    const credit = await deposit([{ ...message, value: { ...(message.value as object), amount } }], {
      memo: MEMO,
      paid: 60n,
    });
    // The coin that no asset knows stays; the other is the second in its message.
    credit(0, 60n, 'return', 1);
  });

  await checks.check('the chain refuses the second of two sends, and takes back the first', async () => {
    await deposit([pay(vault.address, 50n), pay(vault.address, 10n ** 30n)], { memo: MEMO, code: 5, paid: 0n });
  });
  await checks.check('the chain ends a deposit without gas enough', async () => {
    await deposit([pay(vault.address, 51n)], { memo: MEMO, gas: 65_000, code: 11, paid: 0n });
  });
  await checks.check('the chain moves money by MsgMultiSend', async () => {
    const coins = [{ denom: chain.denom, amount: '52' }];
    const value = { inputs: [{ address: alice.address, coins }], outputs: [{ address: vault.address, coins }] };
    await deposit([{ typeUrl: '/cosmos.bank.v1beta1.MsgMultiSend', value }], { memo: MEMO, paid: 52n });
  });
  await checks.check('the chain moves money by a send inside MsgExec', async () => {
    const { value } = pay(vault.address, 53n);
    const inner = { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value: MsgSend.encode(value as MsgSend).finish() };
    const wrapper = MsgExec.fromPartial({ grantee: alice.address, msgs: [inner] });
    await deposit([{ typeUrl: '/cosmos.authz.v1beta1.MsgExec', value: wrapper }], { memo: MEMO, paid: 53n });
  });
  if (reflectContract !== undefined) {
    await checks.check('the chain moves money by a contract', async () => {
      const message = await contractSend(chain, alice, vault.address, 54n, await readFile(reflectContract));
      await deposit([message], { memo: MEMO, gas: 500_000, paid: 54n });
    });
  }
  await checks.check('the chain moves money from one vault to another, signed by its members', async () => {
    const { accountNumber, sequence } = await reader.getSequence(vault.address);
    const message = sendOf(chain, vault.address, shard.address, 55);
    const terms = { accountNumber, sequence };
    const tx = await signByMultisig(chain, vault, [message], { amount: [], gas: '200000' }, MEMO, terms);
    const { code, height } = await reader.broadcastTx(tx, 30_000, 100);
    expectSame(code, 0, 'code');
    last = height;
  });
  await checks.check('the chain takes twenty deposits in one transaction', async () => {
    const amounts = Array.from({ length: 20 }, (_, index) => BigInt(300 + index));
    const credit = await deposit(
      amounts.map((amount) => pay(shard.address, amount)),
      { memo: MEMO, paid: amounts.reduce((sum, amount) => sum + amount, 0n) },
    );
    for (const [index, amount] of amounts.entries()) credit(index, amount);
  });

  await waitForHeight(chain, last + 2, clock, signal);
  const endpoint = endpointOf(clock, chain.url, chain.chainId);
  const followed = await checks.check('source, light client and derivation follow the chain from block 1', async () =>
    mustBeValid(await followFromGenesis(clock, [chain.url], gateway, BigInt(last), signal), 'following'),
  );
  await checks.check('exactly these deposits come out, each with its amount, sender, receiver and reference', () => {
    expectThat(followed !== undefined, 'the chain could not be followed');
    const sequences = new Map<string, bigint>();
    const wanted = expected.map((packet) => {
      const sequence = sequences.get(packet.lane) ?? 0n;
      sequences.set(packet.lane, sequence + 1n);
      return { ...packet, sequence, asset: ASSET, deadline: 0n };
    });
    const order = (a: { lane: string; sequence: bigint }, b: { lane: string; sequence: bigint }): number =>
      a.lane === b.lane ? Number(a.sequence - b.sequence) : a.lane < b.lane ? -1 : 1;
    const fields = (packet: (typeof wanted)[number]): unknown => {
      const { kind, lane, sequence, asset, amount, receiver, deadline, sender, sourceReference } = packet;
      return { kind, lane, sequence, asset, amount, receiver, deadline, sender, sourceReference };
    };
    const got = packetsFrom(followed) as (typeof wanted)[number][];
    expectSame(got.toSorted(order).map(fields), wanted.toSorted(order).map(fields), 'packets');
  });
  await checks.check('the light client follows it header by header', async () => {
    expectSame(
      await followSequentially(clock, endpoint, chain.chainId, BigInt(last), signal),
      BigInt(last - 1),
      'headers',
    );
  });
  await checkLies(context, chain, gateway, last);
}

/** A node that changes what the real one says about a deposit is found out. */
async function checkLies(
  { checks, clock, signal }: WitnessContext,
  chain: CosmosUnderTest,
  gateway: Parameters<typeof followFromGenesis>[2],
  last: number,
): Promise<void> {
  const proxy = await startLyingProxy(chain.url);
  const answerOf = async (): Promise<string> => {
    try {
      const verdict = await followFromGenesis(clock, [proxy.url], gateway, BigInt(last), signal);
      return verdict.kind === 'valid' ? 'valid' : `${verdict.kind}: ${verdict.reason}`;
    } catch (error) {
      return `refused: ${error instanceof Error ? error.message : String(error)}`;
    }
  };
  type Block = { block: { data: { txs: string[] } } };
  type Results = { txs_results: { code: number; gas_used: string; data: string | null }[] | null };
  const LIES: readonly (readonly [string, (method: string, result: unknown) => void])[] = [
    [
      'hides a transaction',
      (method, result) => {
        if (method === 'block') (result as Block).block.data.txs.pop();
        if (method === 'block_results') (result as Results).txs_results?.pop();
      },
    ],
    [
      'shows a failed transaction as a good one',
      (method, result) => {
        if (method === 'block_results') for (const one of (result as Results).txs_results ?? []) one.code = 0;
      },
    ],
    [
      'shows a good transaction as a failed one',
      (method, result) => {
        if (method === 'block_results') for (const one of (result as Results).txs_results ?? []) one.code = 5;
      },
    ],
    [
      'changes a byte of a transaction',
      (method, result) => {
        if (method !== 'block') return;
        const { txs } = (result as Block).block.data;
        const bytes = Buffer.from(txs[0] ?? '', 'base64');
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        if (txs.length > 0) txs[0] = bytes.toString('base64');
      },
    ],
    [
      'says that less gas was used',
      (method, result) => {
        if (method === 'block_results') for (const one of (result as Results).txs_results ?? []) one.gas_used = '1';
      },
    ],
  ];
  try {
    await checks.check('a proxy that changes nothing is believed', async () => {
      expectSame(await answerOf(), 'valid', 'verdict');
    });
    for (const [name, change] of LIES) {
      await checks.check(`a node that ${name} is refused`, async () => {
        proxy.lie(({ method }, result) => {
          change(method, result);
          return result;
        });
        const answer = await answerOf();
        expectThat(answer.startsWith('invalid:'), `the answer is ${answer}`);
      });
    }
  } finally {
    await proxy.stop();
  }
}

/** A message that makes a contract send `amount` of its own, which the message gives it. */
async function contractSend(
  chain: CosmosUnderTest,
  owner: DevAccount,
  to: string,
  amount: bigint,
  wasm: Uint8Array,
): Promise<EncodeObject> {
  const sender = owner.address;
  const attribute = (
    events: readonly { type: string; attributes: readonly { key: string; value: string }[] }[],
    type: string,
    key: string,
  ): string => {
    const found = events.find((event) => event.type === type)?.attributes.find((one) => one.key === key)?.value;
    expectThat(found !== undefined, `no ${type}.${key}`);
    return found;
  };
  const store = { typeUrl: `${WASM}MsgStoreCode`, value: { sender, wasmByteCode: gzipSync(wasm) } };
  const stored = await submitAndWait(chain, owner, [store], { gas: 10_000_000 });
  expectSame(stored.code, 0, `storing (${stored.rawLog})`);
  const codeId = BigInt(attribute(stored.events, 'store_code', 'code_id'));
  const instantiate = {
    typeUrl: `${WASM}MsgInstantiateContract`,
    value: { sender, admin: '', codeId, label: 'reflect', msg: toUtf8('{}'), funds: [] },
  };
  const made = await submitAndWait(chain, owner, [instantiate], { gas: 1_000_000 });
  expectSame(made.code, 0, `instantiating (${made.rawLog})`);
  const contract = attribute(made.events, 'instantiate', '_contract_address');
  const funds = [{ denom: chain.denom, amount: `${amount}` }];
  const msg = { reflect_msg: { msgs: [{ bank: { send: { to_address: to, amount: funds } } }] } };
  return {
    typeUrl: `${WASM}MsgExecuteContract`,
    value: { sender, contract, msg: toUtf8(JSON.stringify(msg)), funds },
  };
}
