/** What is held to be unpayable, beside what the asset hub's real runtime does when it is paid all the same. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type LocalSubstrate,
  nonceOf,
  signTransaction,
  startLocalSubstrate,
} from '../../test/devnet/substrate/index.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { createEndpointRing, createHttpEndpoint } from '../endpoints/index.ts';
import { type ChainView, createChainView } from './chainView.ts';
import { integerOf } from './codec.ts';
import type { VaultToken } from './gateway.ts';
import { unpayable } from './receivable.ts';
import { createSubstrateEndpoint } from './rpc.ts';
import { createRuntimes, metadataHash } from './runtimes.ts';
import { failureOf } from './sender.ts';
import { ASSET } from './vault.fixture.ts';

const NATIVE: VaultToken = { kind: 'native' };
const TOKEN: VaultToken = { kind: 'asset', id: 7n };
const LEAST = 1_000n;
const nobody = (number: number): Uint8Array => new Uint8Array(32).fill(0xa0 + number);

describe('a payout', () => {
  const { signal } = new AbortController();
  let local: LocalSubstrate;
  let view: ChainView;

  beforeAll(async () => {
    const holders = [{ address: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY', amount: 10n ** 9n }];
    const asset = { id: 7, name: 'Seven', symbol: 'SVN', decimals: 6, minBalance: LEAST, holders };
    local = await startLocalSubstrate({ clock: systemClock }, { assets: [asset] });
    const { chain, genesisHash, url } = local.assetHub;
    const { version, metadataBytes } = chain.runtime;
    const runtimes = createRuntimes(new Map([[version.specVersion, metadataHash(metadataBytes)]]));
    const endpoint = createSubstrateEndpoint(createHttpEndpoint({ clock: systemClock }, { url }), { genesisHash });
    view = createChainView(createEndpointRing([endpoint]), runtimes, genesisHash);
  });
  afterAll(async () => local.stop());

  /** Alice is owner, issuer, admin and freezer of the asset. Undefined when the runtime carried it out. */
  const carryOut = async (pallet: string, call: string, args: object): Promise<string | undefined> => {
    const { runtime } = await view.now(signal);
    const { chain } = local.assetHub;
    const alice = local.accounts[0]!.pair;
    const bytes = runtime.call(pallet, call, args as Parameters<typeof runtime.call>[2]);
    const signed = signTransaction(chain, alice, bytes, { nonce: nonceOf(chain, alice.publicKey) });
    const block = local.assetHub.produceBlock([signed]);
    const events = await view.events(runtime, block.hash, signal);
    return failureOf(
      runtime,
      events.filter(({ extrinsic }) => extrinsic === block.extrinsics.length - 1),
    );
  };
  const judged = async (token: VaultToken, receiver: Uint8Array, own: bigint): Promise<string | undefined> => {
    const { runtime, finalized } = await view.now(signal);
    const asset = { asset: ASSET, token, custody: { kind: 'lock' } as const, decimals: 6, canonicalDecimals: 6 };
    const payout = { position: 4, asset: { ...asset, refundMinimum: 0n }, receiver, own };
    return (await unpayable(view, runtime, finalized, [payout], signal)).get(4);
  };
  /** What is said of it before, and what the runtime says. */
  const pay = async (token: VaultToken, receiver: Uint8Array, own: bigint) => {
    const said = await judged(token, receiver, own);
    const failure =
      token.kind === 'native'
        ? await carryOut('Balances', 'transfer_keep_alive', { dest: receiver, value: own })
        : await carryOut('Assets', 'transfer', { id: token.id, target: receiver, amount: own });
    return { said, failure };
  };
  const fine = { said: undefined, failure: undefined };
  const refused = (said: string) => ({ said, failure: expect.any(String) as string });

  it('of native coin makes an account from the existential deposit on, and adds any amount to one', async () => {
    const { runtime } = await view.now(signal);
    const least = integerOf(runtime.constant('Balances', 'ExistentialDeposit'))!;
    expect(await pay(NATIVE, nobody(1), least - 1n)).toEqual(refused('below the existential deposit'));
    expect(await pay(NATIVE, nobody(1), least)).toEqual(fine);
    expect(await pay(NATIVE, nobody(1), 1n)).toEqual(fine);
  });

  it('of an asset needs an account, and the least balance where there is none of it yet', async () => {
    expect(await pay(TOKEN, nobody(2), LEAST)).toEqual(
      refused('the receiver has no account that could hold the asset'),
    );
    expect(await pay(NATIVE, nobody(2), 10n ** 12n)).toEqual(fine);
    expect(await pay(TOKEN, nobody(2), LEAST - 1n)).toEqual(refused('below the least balance of the asset'));
    expect(await pay(TOKEN, nobody(2), LEAST)).toEqual(fine);
    expect(await pay(TOKEN, nobody(2), 1n)).toEqual(fine);
    expect(await pay({ kind: 'asset', id: 8n }, nobody(2), LEAST)).toEqual(refused('the asset does not exist'));
  });

  it('of an asset that is frozen is none, until it is not any more', async () => {
    expect(await carryOut('Assets', 'freeze_asset', { id: 7n })).toBeUndefined();
    expect(await pay(TOKEN, nobody(2), LEAST)).toEqual(refused('the asset is frozen'));
    expect(await carryOut('Assets', 'thaw_asset', { id: 7n })).toBeUndefined();
    expect(await pay(TOKEN, nobody(2), LEAST)).toEqual(fine);
  });

  it('reaches an account whose own holding is frozen: it may receive, only not send', async () => {
    expect(await carryOut('Assets', 'freeze', { id: 7n, who: nobody(2) })).toBeUndefined();
    expect(await pay(TOKEN, nobody(2), LEAST)).toEqual(fine);
  });
});
