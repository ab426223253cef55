import { ApiPromise, WsProvider } from '@polkadot/api';
import type { SubmittableExtrinsic } from '@polkadot/api/types';
import type { KeyringPair } from '@polkadot/keyring/types';
import { createKeyMulti, encodeAddress, sortAddresses } from '@polkadot/util-crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../relayer/core/clock.ts';
import { type LocalSubstrate, startLocalSubstrate } from './index.ts';

type Call = SubmittableExtrinsic<'promise'>;

describe('unmodified @polkadot/api', () => {
  let local: LocalSubstrate;
  let relay: ApiPromise;
  let hub: ApiPromise;
  let addresses: string[];

  beforeAll(async () => {
    local = await startLocalSubstrate(
      { clock: systemClock },
      { assets: [{ id: 7, name: 'Token', symbol: 'TOK', decimals: 6, minBalance: 1n, holders: [] }] },
    );
    [relay, hub] = await Promise.all([connect(local.relay.wsUrl), connect(local.assetHub.wsUrl)]);
    addresses = local.accounts.map(({ pair }) => pair.address);
  });
  afterAll(async () => {
    await Promise.all([relay.disconnect(), hub.disconnect()]);
    await local.stop();
  });

  /** Signs, watches, makes a block, and gives the events once it is finalized. */
  const send = async (api: ApiPromise, call: Call, signer: KeyringPair): Promise<string[]> =>
    new Promise((resolve, reject) => {
      call
        .signAndSend(signer, { nonce: -1 }, ({ status, events }) => {
          if (status.isReady) (api === relay ? local.relay : local.assetHub).produceBlock();
          if (status.isFinalized) resolve(events.map(({ event }) => `${event.section}.${event.method}`));
        })
        .catch(reject);
    });
  const assetBalance = async (address: string): Promise<string> => {
    const account = (await hub.query['assets']!['account']!(7, address)).toJSON() as { balance: number } | null;
    return String(account?.balance ?? 0);
  };

  it('follows a transfer from ready over its block to finality', async () => {
    const [alice] = local.accounts;
    const statuses: string[] = [];
    local.relay.stallFinality(true);
    await new Promise<void>((resolve, reject) => {
      relay.tx['balances']!['transferKeepAlive']!(addresses[1]!, 10n ** 12n)
        .signAndSend(alice!.pair, ({ status, dispatchError }) => {
          statuses.push(status.type);
          if (status.isReady) local.relay.produceBlock();
          if (status.isInBlock) local.relay.finalize();
          if (status.isFinalized) resolve();
          expect(dispatchError).toBeUndefined();
        })
        .catch(reject);
    });
    local.relay.stallFinality(false);
    expect(statuses).toEqual(['Ready', 'InBlock', 'Finalized']);
  });

  it('mints, batches and pays by multisig on the asset hub', async () => {
    const [alice, bob, charlie] = local.accounts;
    const { assets, balances, utility, multisig, system } = hub.tx;
    await send(hub, assets!['mint']!(7, addresses[0]!, 1_000_000n), alice!.pair);
    const owners = sortAddresses(
      [alice, bob, charlie].map((account) => account!.pair.address),
      42,
    );
    const vault = encodeAddress(createKeyMulti(owners, 2), 42);
    const funding = await send(
      hub,
      utility!['batchAll']!([
        balances!['transferKeepAlive']!(vault, 10n ** 13n),
        assets!['transferKeepAlive']!(7, vault, 500_000n),
        system!['remarkWithEvent']!('0x1234'),
      ]),
      alice!.pair,
    );
    expect(funding).toEqual(
      expect.arrayContaining(['utility.BatchCompleted', 'assets.Transferred', 'system.Remarked', 'balances.Transfer']),
    );

    const others = (who: string): string[] => owners.filter((owner) => owner !== who);
    const payout = utility!['batchAll']!([assets!['transfer']!(7, addresses[3]!, 1_234n)]);
    const maxWeight = 10n ** 11n;
    await send(
      hub,
      multisig!['approveAsMulti']!(2, others(alice!.pair.address), null, payout.method.hash, maxWeight),
      alice!.pair,
    );
    const opened = (await hub.query['multisig']!['multisigs']!(vault, payout.method.hash)).toJSON() as {
      when: { height: number; index: number };
    };
    const executed = await send(
      hub,
      multisig!['asMulti']!(2, others(bob!.pair.address), opened.when, payout.method.toHex(), false, maxWeight),
      bob!.pair,
    );
    expect(executed).toContain('multisig.MultisigExecuted');
    expect(await assetBalance(addresses[3]!)).toBe('1234');
  });

  it('reads queries, proofs, fees and nonces', async () => {
    const [alice] = local.accounts;
    const call = relay.tx['balances']!['transferKeepAlive']!(addresses[1]!, 1n);
    expect((await call.paymentInfo(alice!.pair)).partialFee.toBigInt()).toBeGreaterThan(0n);
    const signed = await call.signAsync(alice!.pair);
    expect((await relay.rpc.payment.queryInfo(signed.toHex())).partialFee.toBigInt()).toBeGreaterThan(0n);
    const next = await relay.rpc.system.accountNextIndex(addresses[0]!);
    await signed.send();
    expect((await relay.rpc.system.accountNextIndex(addresses[0]!)).toNumber()).toBe(next.toNumber() + 1);
    expect(await relay.rpc.author.pendingExtrinsics()).toHaveLength(1);
    local.relay.produceBlock();
    expect(await relay.rpc.author.pendingExtrinsics()).toHaveLength(0);
    const proof = await relay.rpc.state.getReadProof([relay.query['system']!['events']!.key()]);
    expect(proof.proof.length).toBeGreaterThan(3);
    const accounts = await relay.query['system']!['account']!.entries();
    expect(accounts.length).toBeGreaterThanOrEqual(12);
    const finalized = await relay.rpc.chain.getFinalizedHead();
    const { block } = await relay.rpc.chain.getBlock(finalized);
    expect(block.extrinsics).toHaveLength(3);
    expect(block.header.hash.toHex()).toBe(local.relay.chain.finalized().hash);
    expect((await relay.rpc.grandpa.proveFinality(block.header.number.toNumber())).isSome).toBe(true);
  });

  it('subscribes to heads, storage and justifications', async () => {
    const heads: number[] = [];
    const values: string[] = [];
    const stopHeads = await relay.rpc.chain.subscribeFinalizedHeads((head) => void heads.push(head.number.toNumber()));
    const stopValues = (await relay.query['timestamp']!['now']!((now: { toString(): string }) => {
      values.push(now.toString());
    })) as unknown as () => void;
    const first = local.relay.chain.best().number;
    const justified = new Promise<string>((resolve, reject) => {
      relay.rpc.grandpa.subscribeJustifications((bytes) => resolve(bytes.toHex())).catch(reject);
    });
    // Its answer comes after the subscription, which resolves only with the first justification.
    await relay.rpc.system.health();
    local.relay.produceBlock();
    local.relay.produceBlock();
    expect(await justified).toMatch(/^0x/);
    await expect.poll(() => heads).toEqual([first, first + 1, first + 2]);
    await expect.poll(() => values.length).toBe(3);
    stopHeads();
    stopValues();
  });
});

async function connect(url: string): Promise<ApiPromise> {
  return ApiPromise.create({ provider: new WsProvider(url) as never, noInitWarn: true });
}
