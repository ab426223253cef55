import { WsProvider } from '@polkadot/api';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../relayer/core/clock.ts';
import { sizedBytes } from '../../../light-clients/scale.ts';
import { compactU128 } from './assetHub/createAsset.ts';
import { askRpc, post, resultOf } from './askRpc.ts';
import {
  hexText,
  type LocalSubstrate,
  multiAddress,
  nonceOf,
  signTransaction,
  startLocalSubstrate,
  type TransactionStatus,
} from './index.ts';

let local: LocalSubstrate;
let url: string;

beforeAll(async () => {
  local = await startLocalSubstrate({ clock: systemClock }, { nodes: 2 });
  url = local.relay.url;
});
afterAll(async () => local.stop());
afterEach(() => {
  local.relay.faults.clear();
  local.relay.stallFinality(false);
  local.relay.finalize();
});

/** A transfer by a development account, signed. */
function transfer(from: number, nonce: number, amount = 10n ** 10n, tip = 0n): Uint8Array {
  const { chain } = local.relay;
  const to = multiAddress(local.accounts[5]!.pair.publicKey);
  const call = chain.runtime.encodeCall('Balances', 'transfer_keep_alive', to, compactU128(amount));
  return signTransaction(chain, local.accounts[from]!.pair, call, { nonce, tip });
}

function nextNonce(from: number): number {
  return nonceOf(local.relay.chain, local.accounts[from]!.pair.publicKey);
}

async function submitError(bytes: Uint8Array | string): Promise<unknown> {
  return (await askRpc(url, 'author_submitExtrinsic', typeof bytes === 'string' ? bytes : hexText(bytes))).error;
}

describe('refused transactions', () => {
  it('are refused with the codes and words of a node', async () => {
    const nonce = nextNonce(0);
    const tampered = transfer(0, nonce).map((byte, at) => (at === 60 ? byte ^ 1 : byte));
    const poor = signTransaction(
      local.relay.chain,
      local.accounts[0]!.pair.derive('//poor'),
      local.relay.chain.runtime.encodeCall('System', 'remark', sizedBytes(new Uint8Array(1))),
      { nonce: 0 },
    );
    expect(await submitError(tampered)).toEqual({
      code: 1010,
      message: 'Invalid Transaction',
      data: 'Transaction has a bad signature',
    });
    expect(await submitError(poor)).toEqual({
      code: 1010,
      message: 'Invalid Transaction',
      data: 'Inability to pay some fees (e.g. account balance too low)',
    });
    expect(await submitError('0x1234')).toMatchObject({ code: 1001 });
    expect(await submitError(sizedBytes(new Uint8Array(9).fill(255)))).toMatchObject({ code: 1002 });
    expect(await submitError('nonsense')).toMatchObject({ code: -32602, message: 'Invalid params' });

    const good = transfer(0, nonce);
    expect(await submitError(good)).toBeUndefined();
    expect(await submitError(good)).toMatchObject({ code: 1013, message: 'Transaction Already Imported' });
    expect(await submitError(transfer(0, nonce, 1n))).toMatchObject({ code: 1014 });
    local.relay.produceBlock();
    expect(await submitError(good)).toEqual({ code: 1012, message: 'Transaction is temporarily banned' });
    expect(await submitError(transfer(0, nonce, 2n))).toEqual({
      code: 1010,
      message: 'Invalid Transaction',
      data: 'Transaction is outdated',
    });
  });
});

describe('the pool', () => {
  const watch = (bytes: Uint8Array, seen: TransactionStatus[]): string =>
    local.relay.chain.pool.submit(bytes, local.relay.chain.best(), (status) => void seen.push(status));

  it('keeps what comes too early, orders by nonce, and replaces by a higher tip', async () => {
    const nonce = nextNonce(1);
    const early: TransactionStatus[] = [];
    const cheap: TransactionStatus[] = [];
    watch(transfer(1, nonce + 1), early);
    local.relay.produceBlock();
    expect(early).toEqual(['future']);
    watch(transfer(1, nonce), cheap);
    const address = local.accounts[1]!.pair.address;
    expect(await resultOf(url, 'system_accountNextIndex', address)).toBe(nonce + 2);
    const dear = watch(transfer(1, nonce, 5n, 10n ** 9n), []);
    expect(cheap).toEqual(['ready', { usurped: dear }]);
    const block = local.relay.produceBlock();
    expect(block.extrinsics).toHaveLength(4);
    expect(early).toEqual(['future', { inBlock: block.hash }, { finalized: block.hash }]);
  });

  it('tells of a block that was retracted, and takes the transaction up again', () => {
    const { relay } = local;
    relay.stallFinality(true);
    const fork = relay.produceBlock();
    const seen: TransactionStatus[] = [];
    watch(transfer(2, nextNonce(2)), seen);
    const lost = relay.produceBlock();
    const sibling = relay.produceBlock({ parent: fork, transactions: [], skipSlots: 1 });
    expect(relay.chain.best()).toBe(lost);
    const longer = relay.produceBlock({ parent: sibling, transactions: [] });
    expect(relay.chain.best()).toBe(longer);
    const home = relay.produceBlock();
    relay.finalize();
    expect(seen).toEqual([
      'ready',
      { inBlock: lost.hash },
      { retracted: lost.hash },
      { inBlock: home.hash },
      { finalized: home.hash },
    ]);
    expect(relay.chain.block(lost.hash)).toBeUndefined();
  });

  it('drops what has become invalid', () => {
    const nonce = nextNonce(3);
    const seen: TransactionStatus[] = [];
    watch(transfer(3, nonce), seen);
    local.relay.produceBlock({ transactions: [transfer(3, nonce, 77n)] });
    local.relay.produceBlock();
    expect(seen).toEqual(['ready', 'invalid']);
  });
});

describe('a parachain', () => {
  it('follows a fork of its relay chain before finality', () => {
    const { relay, assetHub } = local;
    relay.stallFinality(true);
    const fork = relay.produceBlock();
    const before = assetHub.chain.best();
    const orphan = assetHub.produceBlock();
    expect(assetHub.chain.best()).toBe(orphan);
    let tip = relay.produceBlock({ parent: fork, skipSlots: 3 });
    while (relay.chain.best() !== tip) tip = relay.produceBlock({ parent: tip });
    expect(assetHub.chain.best()).toBe(before);
    const kept = assetHub.produceBlock();
    expect(kept.number).toBe(orphan.number);
    relay.finalize();
    expect(assetHub.chain.finalized()).toBe(kept);
    expect(assetHub.chain.block(orphan.hash)).toBeUndefined();
  });

  it('is not included by half of the bitfields, nor backed by a tampered vote', () => {
    const { relay, assetHub } = local;
    const inclusion = relay.inclusion;
    const parent = relay.chain.best();
    const para = assetHub.collate();
    const candidate = inclusion.candidate(local.assetHub.paraId, para, parent);
    const broken = candidate.map((byte, at) => (at === candidate.length - 20 ? byte ^ 1 : byte));
    expect(() => relay.produceBlock({ parachains: () => ({ bitfields: [], candidates: [broken] }) })).toThrow(
      'an inherent was refused',
    );

    relay.produceBlock({ parachains: () => ({ bitfields: [], candidates: [candidate] }) });
    const some = (votes: number): void =>
      void relay.produceBlock({ parachains: (at) => ({ bitfields: inclusion.bitfields(at, votes), candidates: [] }) });
    some(2);
    expect(assetHub.chain.best()).not.toBe(para);
    some(4);
    expect(assetHub.chain.best()).toBe(para);
  });
});

describe('parameters', () => {
  it('that make no sense get JSON-RPC errors', async () => {
    const unknown = `0x${'11'.repeat(32)}`;
    const errors = await Promise.all(
      (
        [
          ['chain_getHeader', '0x12'],
          ['chain_getBlockHash', -1],
          ['chain_getBlockHash', { number: 1 }],
          ['state_getStorage', 12],
          ['state_getStorage', '0x12', unknown],
          ['state_getReadProof', '0x12'],
          ['state_getReadProof', Array.from({ length: 10_001 }, () => '0x00')],
          ['state_getKeysPaged', '0x', 1001],
          ['state_getKeysPaged', '0x', 'ten'],
          ['state_call', 'Core_nothing', '0x'],
          ['system_accountNextIndex', 'nobody'],
          ['grandpa_proveFinality', 1_000_000],
          ['grandpa_proveFinality', '1'],
          ['author_rotateKeys'],
        ] as const
      ).map(async ([method, ...params]) => [method, (await askRpc(url, method, ...params)).error?.code]),
    );
    expect(errors.map(([, code]) => code)).toEqual([
      -32602, -32602, -32602, -32602, 4003, -32602, -32602, 4002, -32602, 4003, -32602, 4, -32602, -32601,
    ]);
    expect((await askRpc(url, 'chain_getBlock', unknown)).result).toBeNull();
    expect((await askRpc(url, 'chain_getBlockHash', 1_000_000)).result).toBeNull();
    expect((await askRpc(local.assetHub.url, 'grandpa_proveFinality', 1)).error?.code).toBe(-32601);
  });

  it('and bodies that are no request too', async () => {
    expect(JSON.parse((await post(url, '{')).text)).toMatchObject({ error: { code: -32700 } });
    expect(JSON.parse((await post(url, '[]')).text)).toMatchObject({ error: { code: -32600 } });
    expect(JSON.parse((await post(url, '{"method":1}')).text)).toMatchObject({ error: { code: -32600 } });
    expect((await post(url, ' '.repeat(15 * 1024 * 1024 + 1))).status).toBe(413);
    const batch = await post(
      url,
      JSON.stringify([
        { jsonrpc: '2.0', id: 'a', method: 'system_chain' },
        { jsonrpc: '2.0', id: 'b', method: 'no_such' },
      ]),
    );
    expect(JSON.parse(batch.text)).toEqual([
      { jsonrpc: '2.0', id: 'a', result: 'Rococo Local' },
      { jsonrpc: '2.0', id: 'b', error: { code: -32601, message: 'Method not found' } },
    ]);
    expect((await fetch(url)).status).toBe(405);
  });

  it('and subscriptions beyond the bound', async () => {
    const provider = new WsProvider(local.relay.wsUrl, false);
    await provider.connect();
    await provider.isReady;
    const subscribe = async (): Promise<unknown> =>
      provider.subscribe('chain_newHead', 'chain_subscribeNewHeads', [], () => undefined);
    await Promise.all(Array.from({ length: 1_024 }, subscribe));
    await expect(subscribe()).rejects.toThrow('Too many subscriptions');
    await provider.disconnect();
  });
});

describe('faults of one node', () => {
  it('lag, lie, omit, fail and forget, while the other node is honest', async () => {
    const { relay } = local;
    const [liar, honest] = relay.nodes as [(typeof relay.nodes)[0], (typeof relay.nodes)[0]];
    const nonce = nextNonce(0);
    const block = relay.produceBlock({ transactions: [transfer(0, nonce)] });
    const number = async (node: { url: string }): Promise<number> =>
      Number((await resultOf<{ number: string }>(node.url, 'chain_getHeader')).number);

    liar.faults.add({ kind: 'lag', blocks: 2 });
    expect(await number(liar)).toBe(block.number - 2);
    expect(await number(honest)).toBe(block.number);
    expect(await resultOf(liar.url, 'chain_getFinalizedHead')).not.toBe(block.hash);
    expect(await resultOf(liar.url, 'chain_getBlock', block.hash)).toBeNull();
    liar.faults.clear();

    liar.faults.add({ kind: 'lie', method: 'chain_getHeader', path: 'number', value: '0x1' });
    liar.faults.add({ kind: 'omit', number: block.number, index: 2 });
    liar.faults.add({ kind: 'error', method: 'state_getMetadata', code: -32000, message: 'no' });
    liar.faults.add({ kind: 'httpStatus', method: 'system_health', status: 503 });
    liar.faults.add({ kind: 'dropBroadcast', count: 1 });
    expect(await number(liar)).toBe(1);
    const body = async (node: { url: string }): Promise<number> =>
      (await resultOf<{ block: { extrinsics: string[] } }>(node.url, 'chain_getBlock', block.hash)).block.extrinsics
        .length;
    expect([await body(liar), await body(honest)]).toEqual([2, 3]);
    expect((await askRpc(liar.url, 'state_getMetadata')).error).toEqual({ code: -32000, message: 'no' });
    expect((await askRpc(liar.url, 'system_health')).status).toBe(503);
    const forgotten = hexText(transfer(0, nonce + 1));
    expect(await resultOf(liar.url, 'author_submitExtrinsic', forgotten)).toMatch(/^0x/);
    expect(await resultOf(honest.url, 'author_pendingExtrinsics')).toEqual([]);
    expect(await resultOf(liar.url, 'author_submitExtrinsic', forgotten)).toMatch(/^0x/);
    expect(await resultOf(honest.url, 'author_pendingExtrinsics')).toEqual([forgotten]);
    relay.produceBlock();
  });

  it('a mute subscription says only its first word', async () => {
    const { relay } = local;
    const provider = new WsProvider(relay.wsUrl, false);
    await provider.connect();
    await provider.isReady;
    const heads: string[] = [];
    const listen = async (): Promise<unknown> =>
      provider.subscribe('chain_newHead', 'chain_subscribeNewHeads', [], (_error, head: { number: string }) => {
        heads.push(head.number);
      });
    relay.faults.add({ kind: 'mute' });
    await listen();
    const first = relay.chain.best().number;
    relay.produceBlock();
    relay.faults.clear();
    relay.produceBlock();
    await expect.poll(() => heads.map(Number)).toEqual([first, first + 2]);
    await provider.disconnect();
  });

  it('skipped slots and stalled finality are of the chain', async () => {
    const { relay } = local;
    const before = relay.chain.best();
    relay.stallFinality(true);
    const block = relay.produceBlock({ skipSlots: 5 });
    expect(block.slot).toBe(before.slot + 6n);
    expect(await resultOf(url, 'chain_getFinalizedHead')).toBe(before.hash);
    expect((await askRpc(url, 'grandpa_proveFinality', block.number)).error).toEqual({
      code: 4,
      message: 'GRANDPA prove finality rpc failed: Block not yet finalized',
    });
    relay.finalize();
    expect(await resultOf(url, 'chain_getFinalizedHead')).toBe(block.hash);
  });
});

describe('the block timer', () => {
  it('grows both chains by itself, and forgets old states', async () => {
    const paced = await startLocalSubstrate({ clock: systemClock }, { blockMs: 1, statesKept: 2, validators: 2 });
    await expect
      .poll(() => paced.assetHub.chain.finalized().number, { timeout: 20_000, interval: 20 })
      .toBeGreaterThan(2);
    const hash = await resultOf(paced.relay.url, 'chain_getBlockHash', 1);
    expect((await askRpc(paced.relay.url, 'state_getStorage', '0x12', hash)).error).toEqual({
      code: 4003,
      message: `Client error: UnknownBlock: State already discarded for ${String(hash)}`,
    });
    await paced.stop();
    expect(paced.failure()).toBeUndefined();
  });
});
