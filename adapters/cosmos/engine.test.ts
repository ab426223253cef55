/** The engine's own loop over this adapter: light client, source and derivation, with a journal, against the local chain. */
import { describe, expect, it } from 'vitest';
import { recordTelemetry } from '../../test/sim/statements.ts';
import { startLocalCosmos } from '../../test/devnet/cosmos/index.ts';
import { makeDevAccount, makeDevMultisig } from '../../test/devnet/cosmos/accounts.ts';
import { sendMessage, signOffline, submit } from '../../test/devnet/cosmos/offlineTx.ts';
import { createTendermintFollower, type TrustRules } from '../../light-clients/tendermint/index.ts';
import { type Clock, systemClock } from '../../relayer/core/clock.ts';
import { chainName } from '../../relayer/core/ids.ts';
import { silentLogger } from '../../relayer/core/log.ts';
import { decodePacket } from '../../relayer/core/packet.ts';
import type { LightClient } from '../../relayer/core/ports.ts';
import { followChain } from '../../relayer/ingest/followChain.ts';
import { createJournal } from '../../relayer/store/journal.ts';
import { createMemoryStore } from '../../relayer/store/memoryStore.ts';
import { createVerifier } from '../../relayer/verify/createVerifier.ts';
import { createHttpEndpoint } from '../endpoints/http.ts';
import { parseAccount } from './account.ts';
import { createCosmosDerive } from './derive.ts';
import { createCometEndpoint } from './rpc.ts';
import { createCosmosSource } from './source.ts';
import { CHAIN_ID, EVM_LANE, HOME_LANE, makeGateway } from './vault.fixture.ts';

const NAME = chainName('cosmos-a');
const RULES: TrustRules = {
  chainId: CHAIN_ID,
  trustLevel: { numerator: 1n, denominator: 3n },
  trustingPeriodNanos: 10n ** 15n,
  clockDriftNanos: 10n ** 10n,
};

describe('the engine following a Cosmos chain', () => {
  it('keeps every deposit once, through a restart and a node that lies', async () => {
    const alice = await makeDevAccount('e', 'alice');
    const vault = await makeDevMultisig('e', 'vault', 2, 3);
    const holders = [{ address: alice.address, coins: { utoken: 10n ** 9n } }];
    const local = await startLocalCosmos({ clock: systemClock }, { chainId: CHAIN_ID, seed: 'e', holders, nodes: 2 });
    const { chain } = local;
    // Chain time is not the host's: what compares with "now" asks the network's clock.
    const clock: Clock = {
      ...systemClock,
      now: () => Number(chain.block(chain.height())!.header.timeNanos / 1_000_000n) + 1_000,
    };
    const gateway = makeGateway([parseAccount(vault.address, 'cosmos')!], 2n);
    const journal = createJournal(createMemoryStore());
    const checkpoint = { height: 1n, hash: chain.block(1n)!.blockId.hash };
    const telemetry = recordTelemetry();

    /** Runs the loop until everything up to the tip is derived. */
    const followToTip = async (): Promise<void> => {
      // Without what is learned of them they are asked in the order of the list, the one that lies first.
      const endpoints = local.nodes.map(({ url }) => ({
        ...createCometEndpoint(createHttpEndpoint({ clock: systemClock }, { url }), { chainId: CHAIN_ID }),
        health: undefined,
      }));
      const options = { endpoints, gateway, rules: RULES, checkpointHeight: 1n, pollMs: 5 };
      const source = createCosmosSource({ clock: systemClock }, options);
      const lightClient: LightClient = {
        kind: 'tendermint',
        assurance: 'light client',
        ...createTendermintFollower({ rules: RULES, checkpoint }),
      };
      const verifier = createVerifier(NAME, { journal, lightClient, derive: createCosmosDerive(gateway), clock });
      const stop = new AbortController();
      const onDerived = ({ height }: { height: bigint }): void => {
        if (height === chain.height()) stop.abort();
      };
      await followChain({ source, verifier, clock, log: silentLogger, telemetry, onDerived }, 5, stop.signal);
      await source.close();
    };

    const memo = `v1|anvil-a|${'ab'.repeat(20)}|0`;
    const deposit = async (amount: number, text: string): Promise<void> => {
      const message = sendMessage(alice.address, vault.address, [{ denom: 'utoken', amount: `${amount}` }]);
      submit(chain, await signOffline(chain, alice, [message, message], { memo: text }));
      chain.produceBlock();
    };
    await deposit(100, memo);
    for (let i = 0; i < 700; i++) chain.produceBlock();
    await deposit(200, memo);
    chain.produceBlock();
    await followToTip();
    expect(telemetry.alerts).toEqual([]);

    local.nodes[0]!.faults.add({ kind: 'omit', height: chain.height() + 1n, index: 0 });
    await deposit(300, memo);
    await deposit(400, 'where to?');
    chain.produceBlock();
    await followToTip();
    expect(telemetry.alerts).toEqual(['EVIDENCE_REFUSED']);

    const packets = (await journal.readPackets(EVM_LANE, 0n, 6))!;
    const amounts = Array.from({ length: 6 }, (_, i) => decodePacket(packets, i * 135).amount / 10n ** 12n);
    expect(amounts).toEqual([100n, 100n, 200n, 200n, 300n, 300n]);
    expect(await journal.readPackets(EVM_LANE, 6n, 1)).toBeUndefined();
    expect(decodePacket((await journal.readPackets(HOME_LANE, 1n, 1))!)).toMatchObject({ kind: 'return' });
    await local.stop();
  });
});
