/**
 * Attacks through the endpoints of an Ethereum chain, on real nodes: one chain that a beacon chain finalizes, and an
 * attacker's copy of it, with the same gateway at the same address, in which deposits happened that never did.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createEndpointRing, createHttpEndpoint } from '../../adapters/endpoints/index.ts';
import {
  createBeaconUpdates,
  createEvmDerive,
  createEvmSender,
  createEvmSource,
  createRpcEndpoint,
  deployGateway,
  deposit,
  type EvmGateway,
  registerAsset,
  registerLane,
  setLaneAsset,
  setLimit,
} from '../../adapters/evm/index.ts';
import { createEthereumFollower } from '../../light-clients/ethereum/index.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import { systemClock as clock } from '../../relayer/core/clock.ts';
import { assetId, caip2, type LaneId } from '../../relayer/core/ids.ts';
import type { EvidenceRequest, VerifiedHead } from '../../relayer/core/ports.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';
import { type Anvil, devAccounts, findAnvil, startAnvil } from '../devnet/anvil.ts';
import { type BeaconChain, createBeaconChain } from '../devnet/beacon/beaconChain.ts';
import { parametersOf } from '../devnet/beacon/judges.ts';
import { startRestApi } from '../devnet/beacon/restApi.ts';

const CHAIN_ID = 31337;
const GENESIS = 1_700_000_000;
const SECONDS_PER_SLOT = 12;
const ETH = assetId(1);
const { signal } = new AbortController();

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Chain {
  readonly anvil: Anvil;
  readonly gateway: EvmGateway;
  readonly outgoing: LaneId;
  /** Sends a deposit of the chain's own coin. */
  deposit(): Promise<void>;
}

/** The same calls by the same account: the same addresses on every copy. */
async function startChain(): Promise<Chain> {
  const anvil = await startAnvil({ chainId: CHAIN_ID, timestamp: GENESIS });
  stops.push(async () => anvil.stop());
  const key = devAccounts(1)[0]!.privateKey;
  const endpoint = createRpcEndpoint({ clock }, { url: anvil.url, chainId: CHAIN_ID });
  const sender = createEvmSender({ clock }, { endpoint, chainId: CHAIN_ID, privateKey: key });
  const signerSet = { epoch: 1n, threshold: 1, members: [addressOf(key)] };
  const { address, startHeight } = await deployGateway(sender, { signerSet }, signal);
  const remote = { remoteChain: caip2('eip155:31338'), remoteGateway: new Uint8Array(20).fill(0xbb) };
  const lane = { ...remote, receiverLength: 20, chunkSizeMax: 128 };
  const { outgoing, incoming } = await registerLane(sender, address, lane, signal);
  const asset = { asset: ETH, token: undefined, custody: 'native', canonicalDecimals: 18 } as const;
  await registerAsset(sender, address, asset, signal);
  await setLimit(sender, address, { asset: ETH, cap: 10n ** 24n, windowSeconds: 3600n }, signal);
  const terms = { outgoing, asset: ETH, enabled: true, minAmount: 1n, maxAmount: 10n ** 24n, granularity: 1n };
  await setLaneAsset(sender, address, terms, signal);
  return {
    anvil,
    outgoing,
    gateway: { address, startHeight, outbound: [outgoing], inbound: [incoming] },
    async deposit() {
      const to = { gateway: address, lane: outgoing, asset: ETH, token: undefined };
      await deposit(sender, { ...to, amount: 10n ** 18n, receiver: new Uint8Array(20).fill(0xee) }, signal);
    },
  };
}

interface Finalized {
  readonly beacon: BeaconChain;
  readonly head: VerifiedHead;
  /** What the beacon node offers next, with ancestors from these execution endpoints. */
  next(executionUrls: readonly string[]): Promise<{ kind: string; head: VerifiedHead }>;
}

/** Has a beacon chain finalize the chain, and a light client verify that from honest nodes. */
async function finalize({ anvil }: Chain): Promise<Finalized> {
  await anvil.rpc('evm_setAutomine', [false]);
  const beacon = await createBeaconChain({ rpc: anvil.rpc, secondsPerSlot: SECONDS_PER_SLOT, validators: 64 });
  const api = await startRestApi(beacon);
  stops.push(async () => api.stop());
  const mine = async (slots: number): Promise<void> => {
    for (let i = 0; i < slots; i++) await beacon.mineSlot();
  };
  while (beacon.finalized === undefined) await mine(1);
  const parameters = parametersOf(beacon, beacon.finalized);
  const client = createEthereumFollower(parameters);
  const updatesFrom = (urls: readonly string[]) =>
    createBeaconUpdates({
      endpoints: [createHttpEndpoint({ clock }, { url: api.url })],
      execution: createEndpointRing(urls.map((url) => createRpcEndpoint({ clock }, { url, chainId: CHAIN_ID }))),
      parameters,
    });
  const honest = updatesFrom([anvil.url]);
  const started = client.start(await honest.pullBootstrap(signal));
  if (started.kind !== 'valid') throw new Error(started.reason);
  let { state, head } = started.value;

  async function next(urls: readonly string[]): Promise<{ kind: string; head: VerifiedHead }> {
    const update = await updatesFrom(urls).pullUpdate(state, signal);
    if (update === undefined) return { kind: 'nothing', head };
    const now = parameters.genesisTime + BigInt((beacon.slot + 1) * SECONDS_PER_SLOT);
    const verdict = client.update(state, update, now);
    if (verdict.kind === 'valid') ({ state, head } = verdict.value);
    return { kind: verdict.kind, head };
  }

  await mine(17);
  while ((await next([anvil.url])).kind === 'valid');
  return { beacon, head, next };
}

/** What `derive` says of the evidence that these endpoints give for a verified head. */
async function judge(gateway: EvmGateway, urls: readonly string[], head: VerifiedHead) {
  const source = createEvmSource(
    { clock },
    {
      endpoints: urls.map((url) => createRpcEndpoint({ clock }, { url, chainId: CHAIN_ID })),
      gateway,
      pullUpdate: async () => Promise.resolve(undefined),
      pollMs: 1000,
    },
  );
  stops.push(async () => source.close());
  const request: EvidenceRequest = { cursor: undefined, head };
  return createEvmDerive(gateway)(request, await source.pullEvidence(request, signal));
}

// Skipped where no anvil is installed: it is an optional dependency.
describe.skipIf(findAnvil() === undefined)('endpoints that all belong to the attacker', () => {
  it('ATK-09 ATK-27: a deposit that every execution endpoint serves, proofs and all, is refused', async () => {
    const [honest, forged] = [await startChain(), await startChain()];
    expect(forged.gateway).toEqual(honest.gateway);
    const { head } = await finalize(honest);
    // The attacker's chain goes as far, and every one of its endpoints agrees on the deposit.
    for (let i = 0; i < 3; i++) await forged.deposit();
    await forged.anvil.rpc('anvil_mine', [`0x${(head.height + 16n).toString(16)}`]);

    const verdict = await judge(honest.gateway, [forged.anvil.url, forged.anvil.url], head);
    expect(verdict).toMatchObject({ kind: 'invalid' });
    expect(verdict).toHaveProperty('reason', expect.stringContaining("the gateway's account proof"));
    // The same head, asked of the chain itself: nothing was deposited.
    const honestly = await judge(honest.gateway, [honest.anvil.url], head);
    expect(honestly).toMatchObject({ kind: 'valid', value: { outbound: [], height: head.height } });
  });

  it('ATK-36: execution blocks of another chain do not become ancestors of a finalized one', async () => {
    const [honest, forged] = [await startChain(), await startChain()];
    const { beacon, head, next } = await finalize(honest);
    await forged.anvil.rpc('anvil_mine', [`0x${(head.height + 64n).toString(16)}`]);
    for (let i = 0; i < 17; i++) await beacon.mineSlot();
    // Whatever comes of the foreign headers, a head is one that the committee signed: a block of the honest chain.
    for (const urls of [[forged.anvil.url], [honest.anvil.url]]) {
      const { head: moved } = await next(urls);
      const at = `0x${moved.height.toString(16)}`;
      const block = (await honest.anvil.rpc('eth_getBlockByNumber', [at, false])) as { hash: string };
      expect(toHex(moved.hash)).toBe(block.hash);
    }
    const told = await next([honest.anvil.url]);
    expect(told.head.height).toBeGreaterThan(head.height);
  });

  it('ATK-37: deposits that an endpoint leaves out are missed at once', async () => {
    const honest = await startChain();
    for (let i = 0; i < 3; i++) await honest.deposit();
    const { head } = await finalize(honest);
    const all = await judge(honest.gateway, [honest.anvil.url], head);
    if (all.kind !== 'valid') throw new Error(all.reason);
    expect(all.value.outbound).toMatchObject([{ lane: honest.outgoing, firstSequence: 0n }]);
    expect(all.value.outbound[0]?.packets).toHaveLength(3 * 135);
    // As if logs had been hidden. Of the first deposit: a hole in the sequences, seen by the source itself.
    const since = (hidden: bigint) => ({ ...honest.gateway, startHeight: honest.gateway.startHeight + hidden });
    const holed = judge(since(6n), [honest.anvil.url], head);
    await expect(holed).rejects.toMatchObject({
      code: 'ENDPOINT_FAILED',
      message: expect.stringContaining('left out'),
    });
    // Of all of them: no hole to see, but the proven accumulator has moved.
    const silent = await judge(since(head.height - honest.gateway.startHeight), [honest.anvil.url], head);
    expect(silent).toMatchObject({ kind: 'invalid' });
    expect(silent).toHaveProperty('reason', expect.stringMatching(/accumulator|carries sequence/));
  });
});
