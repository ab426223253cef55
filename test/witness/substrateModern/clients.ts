/** Unmodified @polkadot/api on both chains, as a wallet would use it. */
import { ApiPromise, WsProvider } from '@polkadot/api';
import type { SubmittableExtrinsic } from '@polkadot/api/types';
import type { KeyringPair } from '@polkadot/keyring/types';
import { createKeyMulti, encodeAddress, sortAddresses } from '@polkadot/util-crypto';
import { type LocalSubstrate, type NetworkSpecs, startLocalSubstrate } from '../../devnet/substrate/index.ts';
import { expectSame, expectThat } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';
import { startOf } from './relayChain.ts';

type Call = SubmittableExtrinsic<'promise'>;

const ASSET_ID = 7;
const COIN = 10n ** 12n;
const MAX_WEIGHT = { refTime: 10n ** 10n, proofSize: 100_000n };

export async function checkClients({ checks, clock }: WitnessContext, specs: NetworkSpecs): Promise<void> {
  const asset = { id: ASSET_ID, name: 'Token', symbol: 'TOK', decimals: 6, minBalance: 1n, holders: [] };
  const local = await startLocalSubstrate({ clock }, { specs, startMs: startOf(clock), assets: [asset] });
  const apis: ApiPromise[] = [];
  try {
    const connected = await checks.check(
      'unmodified @polkadot/api connects to both chains and knows them',
      async () => {
        for (const { wsUrl, chain } of [local.relay, local.assetHub]) {
          const api = await ApiPromise.create({ provider: new WsProvider(wsUrl) as never, noInitWarn: true });
          apis.push(api);
          expectSame(api.runtimeVersion.specVersion.toNumber(), chain.runtime.version.specVersion, 'spec version');
        }
        const [relay, hub] = apis;
        expectThat(relay !== undefined && hub !== undefined, 'not connected');
        return { relay, hub };
      },
    );
    if (connected === undefined) return;
    await useRelay(checks, local, connected.relay);
    await useAssetHub(checks, local, connected.hub);
  } finally {
    await Promise.all(apis.map(async (api) => api.disconnect()));
    await local.stop();
  }
}

async function useRelay(checks: WitnessContext['checks'], local: LocalSubstrate, api: ApiPromise): Promise<void> {
  const [alice, bob] = local.accounts;
  await checks.check('a transfer on the relay chain is ready, in a block, final, and moves the money', async () => {
    const to = bob!.pair.address;
    const before = await freeOf(api, to);
    const events = await send(api.tx['balances']!['transferKeepAlive']!(to, COIN), alice!.pair, () => {
      local.relay.produceBlock();
    });
    expectThat(events.includes('balances.Transfer'), `events: ${events.join(', ')}`);
    expectSame((await freeOf(api, to)) - before, COIN, 'received');
  });
  await checks.check('its finalized head, a proof of its storage, and fees are read', async () => {
    const head = await api.rpc.chain.getFinalizedHead();
    expectSame(head.toHex(), local.relay.chain.finalized().hash, 'finalized head');
    const { proof } = await api.rpc.state.getReadProof([api.query['system']!['events']!.key()], head);
    expectThat(proof.length > 3, 'a proof of few nodes');
    const { partialFee } = await api.tx['balances']!['transferKeepAlive']!(bob!.pair.address, 1n).paymentInfo(
      alice!.pair,
    );
    expectThat(partialFee.toBigInt() > 0n, 'no fee');
  });
}

async function useAssetHub(checks: WitnessContext['checks'], local: LocalSubstrate, api: ApiPromise): Promise<void> {
  const [alice, bob, charlie, dave] = local.accounts.map(({ pair }) => pair);
  const produce = (): void => void local.assetHub.produceBlock();
  await checks.check('an asset is minted and paid on the asset hub by two of three', async () => {
    const { assets, balances, utility, multisig } = api.tx;
    await send(assets!['mint']!(ASSET_ID, alice!.address, 1_000_000n), alice!, produce);
    const owners = sortAddresses([alice!.address, bob!.address, charlie!.address], 42);
    const vault = encodeAddress(createKeyMulti(owners, 2), 42);
    const funding = [
      balances!['transferKeepAlive']!(vault, 10n * COIN),
      assets!['transferKeepAlive']!(ASSET_ID, vault, 500_000n),
    ];
    await send(utility!['batchAll']!(funding), alice!, produce);

    const others = (who: KeyringPair): string[] => owners.filter((owner) => owner !== who.address);
    const payout = utility!['batchAll']!([assets!['transfer']!(ASSET_ID, dave!.address, 1_234n)]);
    const { hash } = payout.method;
    const open = multisig!['approveAsMulti']!(2, others(alice!), null, hash, MAX_WEIGHT);
    await send(open, alice!, produce);
    const opened = (await api.query['multisig']!['multisigs']!(vault, hash)).toJSON() as { when: object };
    const events = await send(
      multisig!['asMulti']!(2, others(bob!), opened.when, payout.method, MAX_WEIGHT),
      bob!,
      produce,
    );
    expectThat(events.includes('multisig.MultisigExecuted'), `events: ${events.join(', ')}`);
    const held = (await api.query['assets']!['account']!(ASSET_ID, dave!.address)).toJSON() as { balance: number };
    expectSame(held.balance, 1_234, 'paid');
  });
}

/** Signs, watches, makes a block, and gives the names of the events once it is final. */
async function send(call: Call, signer: KeyringPair, produce: () => void): Promise<string[]> {
  return new Promise((resolve, reject) => {
    call
      .signAndSend(signer, { nonce: -1 }, ({ status, events, dispatchError }) => {
        if (dispatchError !== undefined) reject(new Error(`it failed: ${dispatchError.toString()}`));
        if (status.isReady) produce();
        if (status.isFinalized) resolve(events.map(({ event }) => `${event.section}.${event.method}`));
      })
      .catch(reject);
  });
}

async function freeOf(api: ApiPromise, address: string): Promise<bigint> {
  const account = (await api.query['system']!['account']!(address)) as unknown as {
    readonly data: { readonly free: { toBigInt(): bigint } };
  };
  return account.data.free.toBigInt();
}
