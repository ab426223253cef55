/**
 * What clients ask of a Cosmos chain besides transactions: queries through cosmjs, compared by value, and the RPC's own
 * answers, compared by their shape (fields, types, spelling of numbers), errors with their codes and texts included.
 */
import { Comet38Client, WebsocketClient } from '@cosmjs/tendermint-rpc';
import { toAscii } from '@cosmjs/encoding';
import type { Clock } from '../../../relayer/core/clock.ts';
import { type CosmosUnderTest, cometClient, readClient, sendOf, submitAndWait } from './clients.ts';
import { type Observation, plainText, shapeOf } from './observe.ts';
import { rawCall, rawPost } from './rawRpc.ts';
import { refusalOf, type WorkloadActors } from './workload.ts';

/** Asked after the workload has run on the chain. */
export async function askQuestions(
  chain: CosmosUnderTest,
  { carol, dave, erin, vault }: WorkloadActors,
  clock: Clock,
  signal: AbortSignal,
): Promise<Observation[]> {
  const observations: Observation[] = [];
  const client = readClient(chain);
  const comet = cometClient(chain);
  const ask = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    signal.throwIfAborted();
    try {
      observations.push({ name, value: plain(await work()) });
    } catch (error) {
      observations.push({ name, value: refusalOf(error) });
    }
  };

  await ask('balance', async () => client.getBalance(carol.address, chain.denom));
  await ask('balance of an unknown coin', async () => client.getBalance(carol.address, 'nothing'));
  await ask('balance of an unknown account', async () => client.getBalance(erin.address, chain.denom));
  await ask('balance of no address', async () => client.getBalance('cosmos1nothing', chain.denom));
  await ask('balance of no denom', async () => client.getBalance(carol.address, ''));
  await ask('all balances', async () => client.getAllBalances(dave.address));
  await ask('all balances of none', async () => client.getAllBalances(erin.address));
  await ask('account', async () => withoutNumber(await client.getAccount(carol.address)));
  await ask('account of a multisig', async () => withoutNumber(await client.getAccount(vault.address)));
  await ask('account that is not there', async () => client.getAccount(erin.address));
  await ask('account of no address', async () => client.getAccount('cosmos1nothing'));
  await ask('sequence that is not there', async () => client.getSequence(erin.address));
  await ask('chain id', async () => client.getChainId());
  await ask('block too high', async () => client.getBlock(1_000_000_000));

  const query = async (name: string, path: string, data: Uint8Array): Promise<void> =>
    ask(name, async () => {
      const { code, codespace, log, value } = await comet.abciQuery({ path, data });
      return { code, codespace, log: plainText(log ?? ''), value: Buffer.from(value).toString('hex') };
    });
  const text = (field: number, value: string): Uint8Array =>
    Uint8Array.from([(field << 3) | 2, value.length, ...toAscii(value)]);
  await query('supply of the chain coin', '/cosmos.bank.v1beta1.Query/SupplyOf', text(1, chain.denom));
  await query('supply of nothing', '/cosmos.bank.v1beta1.Query/SupplyOf', text(1, 'nothing'));
  await query('spendable balances', '/cosmos.bank.v1beta1.Query/SpendableBalances', text(1, vault.address));
  await query('token factory parameters', '/osmosis.tokenfactory.v1beta1.Query/Params', new Uint8Array(0));
  await query('tokens of a creator', '/osmosis.tokenfactory.v1beta1.Query/DenomsFromCreator', text(1, vault.address));
  await query('unknown query', '/nowhere.v1.Query/Nothing', new Uint8Array(0));
  await query('query of rubbish', '/cosmos.auth.v1beta1.Query/Account', Uint8Array.of(0xff, 0xff));

  // Searches: what is found, newest last, without hashes and heights.
  const search = async (name: string, condition: string): Promise<void> =>
    ask(name, async () => {
      const found = await client.searchTx(condition);
      return found.map(({ code, txIndex, msgResponses }) => ({ code, txIndex, responses: msgResponses.length }));
    });
  await search('search by recipient', `transfer.recipient='${vault.address}'`);
  await search(
    'search by sender and action',
    `message.sender='${carol.address}' AND message.action='/cosmos.bank.v1beta1.MsgMultiSend'`,
  );
  await search('search by height', `tx.height=1`);
  await search('search for nothing', `transfer.recipient='${erin.address}'`);
  await search('search for a token', `tf_mint.mint_to_address='${dave.address}'`);

  // One more transaction, to ask about.
  const { transactionHash, height } = await submitAndWait(chain, carol, [
    sendOf(chain, carol.address, dave.address, 3),
  ]);
  const hash = Buffer.from(transactionHash, 'hex').toString('base64');
  while ((await client.getHeight()) < height + 2) await clock.sleep(50, signal);
  const [at, above] = [`${height}`, `${height + 1}`];
  const raw = async (name: string, method: string, params: Readonly<Record<string, unknown>> = {}): Promise<void> =>
    ask(`rpc ${name}`, async () => {
      const answer = await rawCall(chain.url, method, params);
      return answer.kind === 'result' ? shapeOf(answer.result) : errorOf(answer);
    });
  await raw('status', 'status');
  await raw('health', 'health');
  await raw('abci_info', 'abci_info');
  await raw('net_info', 'net_info');
  await raw('genesis', 'genesis');
  await raw('consensus_params', 'consensus_params', { height: at });
  await raw('num_unconfirmed_txs', 'num_unconfirmed_txs');
  await raw('unconfirmed_txs', 'unconfirmed_txs');
  await raw('block', 'block', { height: at });
  await raw('block 1', 'block', { height: '1' });
  await raw('empty block', 'block', { height: above });
  await raw('latest block', 'block');
  await raw('block by number', 'block', { height: 1 });
  await raw('block of height 0', 'block', { height: '0' });
  await raw('block of a negative height', 'block', { height: '-1' });
  await raw('block too high', 'block', { height: '1000000000' });
  await raw('block of no height', 'block', { height: 'x' });
  await raw('header', 'header', { height: at });
  await raw('block_results', 'block_results', { height: at });
  await raw('empty block_results', 'block_results', { height: above });
  await raw('block_results of height 1', 'block_results', { height: '1' });
  await raw('block_results too high', 'block_results', { height: '1000000000' });
  await raw('commit', 'commit', { height: at });
  await raw('latest commit', 'commit');
  await raw('commit too high', 'commit', { height: '1000000000' });
  await raw('blockchain', 'blockchain', { minHeight: '2', maxHeight: '4' });
  await raw('blockchain, all', 'blockchain');
  await raw('blockchain, backwards', 'blockchain', { minHeight: '4', maxHeight: '2' });
  await raw('validators', 'validators', { height: at });
  await raw('validators, page', 'validators', { height: at, page: '1', per_page: '2' });
  await raw('validators, page too high', 'validators', { height: at, page: '9', per_page: '2' });
  await raw('validators too high', 'validators', { height: '1000000000' });
  await raw('tx', 'tx', { hash });
  await raw('tx with proof', 'tx', { hash, prove: true });
  await raw('tx that is not there', 'tx', { hash: Buffer.alloc(32, 1).toString('base64') });
  await raw('tx of rubbish', 'tx', { hash: '!' });
  await raw('tx_search', 'tx_search', { query: `tx.height=${at}`, prove: true });
  await raw('tx_search, page too high', 'tx_search', { query: `tx.height=${at}`, page: '9' });
  await raw('tx_search of rubbish', 'tx_search', { query: 'this and that' });
  await raw('tx_search of nothing', 'tx_search', { query: '' });
  await raw('abci_query without a path', 'abci_query', {});
  await raw('broadcast of rubbish', 'broadcast_tx_sync', { tx: 'AQID' });
  await raw('broadcast of rubbish, async', 'broadcast_tx_async', { tx: 'AQIE' });
  await raw('broadcast of rubbish, commit', 'broadcast_tx_commit', { tx: 'AQIF' });
  await raw('broadcast of no base64', 'broadcast_tx_sync', { tx: '***' });
  await raw('broadcast of nothing', 'broadcast_tx_sync', {});
  await raw('broadcast too large', 'broadcast_tx_sync', { tx: Buffer.alloc(700_000).toString('base64') });
  await raw('unknown method', 'nothing');
  await raw('unknown parameter', 'status', { nothing: 1 });
  const post = async (name: string, body: unknown): Promise<void> =>
    ask(`rpc ${name}`, async () => {
      const answer = await rawPost(chain.url, body);
      return answer.kind === 'result' ? shapeOf(answer.result) : errorOf(answer);
    });
  const status = { jsonrpc: '2.0', id: 1, method: 'status', params: {} };
  await post('batch', [status, status]);
  await post(
    'batch too large',
    Array.from({ length: 11 }, () => status),
  );
  await post('empty batch', []);
  await post('without parameters', { jsonrpc: '2.0', id: 1, method: 'status' });
  await post('with parameters by position', { jsonrpc: '2.0', id: 1, method: 'block', params: ['1'] });
  await post('without a method', { jsonrpc: '2.0', id: 1 });

  await ask('new blocks over a WebSocket', async () => firstEvent(chain, (socket) => socket.subscribeNewBlock()));
  await ask('new headers over a WebSocket', async () =>
    firstEvent(chain, (socket) => socket.subscribeNewBlockHeader()),
  );
  return observations;
}

/** The shape of the first event of a subscription, as cosmjs decodes it. */
async function firstEvent(
  chain: CosmosUnderTest,
  subscribe: (comet: Comet38Client) => { addListener(listener: object): void },
): Promise<unknown> {
  const comet = Comet38Client.create(new WebsocketClient(chain.wsUrl, () => undefined));
  try {
    return await new Promise<unknown>((resolve, reject) => {
      subscribe(comet).addListener({
        next: (event: unknown) => {
          resolve(shapeOf(Object.keys(event as object).sort()));
        },
        error: reject,
      });
    });
  } finally {
    comet.disconnect();
  }
}

function errorOf({ error, status }: { error: unknown; status: number }): unknown {
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  return { status, code, message, data: typeof data === 'string' ? plainText(data) : data };
}

function withoutNumber(account: unknown): unknown {
  return { ...(account as object), accountNumber: '<n>' };
}

function plain(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? `${part}` : part,
  );
  return text === undefined ? 'undefined' : (JSON.parse(text) as unknown);
}
