/** The engine's own loop over this adapter: light client, source and derivation, with a journal, against the local chains. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordTelemetry } from '../../test/sim/statements.ts';
import { type LocalSubstrate, startLocalSubstrate } from '../../test/devnet/substrate/index.ts';
import { createBootstrapClient } from '../../light-clients/grandpa/bootstrap.ts';
import { fromHex, toHex } from '../../relayer/core/bytes.ts';
import { type Clock, systemClock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { silentLogger } from '../../relayer/core/log.ts';
import { decodePacket, type Packet } from '../../relayer/core/packet.ts';
import { followChain } from '../../relayer/ingest/followChain.ts';
import { createJournal } from '../../relayer/store/journal.ts';
import { createMemoryStore } from '../../relayer/store/memoryStore.ts';
import { createVerifier } from '../../relayer/verify/createVerifier.ts';
import { createEndpointRing, createHttpEndpoint } from '../endpoints/index.ts';
import { createChainView, type ChainView } from './chainView.ts';
import { createSubstrateDerive } from './derive.ts';
import { keyFromSeed, type SigningKey } from './keys.ts';
import { vaultAccount } from './multisig.ts';
import { createSubstrateEndpoint, type SubstrateEndpoint } from './rpc.ts';
import { createRuntimes, metadataHash, type Runtimes } from './runtimes.ts';
import { createSubstrateSender, type SubstrateSender } from './sender.ts';
import { createSubstrateSource } from './source.ts';
import { depositWithMemo } from './user.ts';
import { COIN, DEV_SEED, EVM_LANE, HOME_LANE, makeGateway } from './vault.fixture.ts';

const NAME = chainName('asset-hub');
const signal = new AbortController().signal;

describe('the engine following an asset hub', () => {
  let local: LocalSubstrate;
  let runtimes: Runtimes;
  let view: ChainView;
  let alice: SubstrateSender;
  const key = (path: string): SigningKey => keyFromSeed(DEV_SEED, path);
  const signers = { members: ['//m1', '//m2', '//m3'].map((path) => key(path).account), threshold: 2 };
  const vault = vaultAccount(signers, key('//opener').account, key('//executor').account);
  const gateway = makeGateway([vault], 1n);

  /** Without what is learned of them they are asked in the order of the list, the one that lies first. */
  const endpointsOf = (chain: LocalSubstrate['relay' | 'assetHub']): SubstrateEndpoint[] =>
    chain.nodes.map(({ url }) => {
      const http = createHttpEndpoint({ clock: systemClock }, { url });
      return { ...createSubstrateEndpoint(http, { genesisHash: chain.genesisHash }), health: undefined };
    });

  beforeAll(async () => {
    local = await startLocalSubstrate({ clock: systemClock }, { nodes: 2 });
    const { runtime } = local.assetHub.chain;
    const pin = [runtime.version.specVersion, metadataHash(runtime.metadataBytes)] as const;
    runtimes = createRuntimes(new Map([pin]));
    view = createChainView(
      createEndpointRing(endpointsOf(local.assetHub).slice(1)),
      runtimes,
      local.assetHub.genesisHash,
    );
    alice = createSubstrateSender({ clock: systemClock, view }, { key: key('//Alice'), ss58Prefix: 42, pollMs: 5 });
  });
  afterAll(async () => local.stop());

  const journal = createJournal(createMemoryStore());
  const telemetry = recordTelemetry();

  /** Runs the loop until everything up to the tip is derived. */
  const followToTip = async (trustedHash: Uint8Array, known = runtimes): Promise<void> => {
    const source = createSubstrateSource(
      { clock: systemClock },
      {
        endpoints: endpointsOf(local.assetHub),
        gateway,
        runtimes: known,
        trustedHash,
        parachain: { id: local.assetHub.paraId, relayEndpoints: endpointsOf(local.relay) },
        packetsOf: async (lane, first, count) => journal.readPackets(lane, first, count),
        pollMs: 5,
      },
    );
    const lightClient = createBootstrapClient({
      trustedHash,
      slotMs: 6_000,
      parachain: { id: local.assetHub.paraId, slotMs: 12_000 },
    });
    const clock: Clock = systemClock;
    const verifier = createVerifier(NAME, {
      journal,
      lightClient,
      derive: createSubstrateDerive(gateway, known),
      clock,
    });
    const stop = new AbortController();
    const onDerived = ({ height }: { height: bigint }): void => {
      if (height === BigInt(local.assetHub.chain.finalized().number)) stop.abort();
    };
    const watched: typeof telemetry = {
      ...telemetry,
      alert: (severity, code, text) => {
        telemetry.alert(severity, code, text);
        if (code === 'SETUP_FAILED') stop.abort();
      },
    };
    await followChain({ source, verifier, clock, log: silentLogger, telemetry: watched, onDerived }, 5, stop.signal);
    await source.close();
  };

  it('keeps every deposit once, through changes of the authority set and a node that lies', async () => {
    const trustedHash = fromHex(local.relay.chain.finalized().hash, 32);
    const memo = `v1|anvil-a|${'ab'.repeat(20)}|0`;
    const send = async (amount: bigint, text: string): Promise<void> => {
      const sent = depositWithMemo(alice, { vault: vault.account, token: { kind: 'native' }, amount }, text, signal);
      while (local.assetHub.chain.pool.ready().length === 0) await new Promise((resolve) => setImmediate(resolve));
      local.assetHub.produceBlock();
      const { receipt } = await sent;
      expect(receipt.events.map(({ variant }) => variant)).toContain('ExtrinsicSuccess');
    };
    await send(10n * COIN, memo);
    // Nothing is read by a runtime that nobody pinned; with the pin it goes on.
    await followToTip(trustedHash, createRuntimes(new Map()));
    expect(telemetry.alerts.splice(0)).toEqual(['SETUP_FAILED']);
    expect(await journal.readPackets(EVM_LANE, 0n, 1)).toBeUndefined();
    await followToTip(trustedHash);
    local.relay.changeValidators({ remove: [local.accounts[3]!] });
    for (let i = 0; i < 4; i++) local.relay.nextSession();
    await send(20n * COIN, memo);
    await send(30n * COIN, 'where to?');
    for (let i = 0; i < 5; i++) local.assetHub.produceBlock();
    await followToTip(trustedHash);
    expect(telemetry.alerts).toEqual([]);

    const number = local.assetHub.chain.best().number + 1;
    local.assetHub.nodes[0]!.faults.add({ kind: 'omit', number, index: 2 });
    await send(40n * COIN, memo);
    await followToTip(trustedHash);
    expect(telemetry.alerts).toEqual(['EVIDENCE_REFUSED']);

    const packets = (await journal.readPackets(EVM_LANE, 0n, 3))!;
    expect([0, 1, 2].map((i) => decodePacket(packets, i * 135).amount / COIN)).toEqual([10n, 20n, 40n]);
    expect(await journal.readPackets(EVM_LANE, 3n, 1)).toBeUndefined();
    const home = decodePacket((await journal.readPackets(HOME_LANE, 0n, 1))!);
    expect(home).toMatchObject({
      kind: 'return',
      amount: 30n * COIN,
      receiver: alice.account,
    } satisfies Partial<Packet>);
    expect(toHex(home.sender)).toBe(toHex(alice.account));
  });
});
