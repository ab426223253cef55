/** Asset hubs under the newer relay chain: backed and included by votes that it checks itself, through ends of sessions. */
import { joinBytes, u32Bytes } from '../../../light-clients/scale.ts';
import {
  type LocalSubstrate,
  type NetworkSpecs,
  signTransaction,
  startLocalSubstrate,
  sudoCall,
} from '../../devnet/substrate/index.ts';
import { expectSame, expectThat } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';
import { startOf } from './relayChain.ts';

const SECOND_PARA_ID = 2_000;
const SESSIONS = 6;
const STEPS = 60;
const CANDIDATE_DEPTH = 3;
/** Relay blocks before the newest that a candidate may be made on. */
const ALLOWED_ANCESTRY = 2;
/** Until a change of the configuration holds. */
const SESSIONS_TO_CONFIGURE = 3;

export async function checkParachains({ checks, clock }: WitnessContext, specs: NetworkSpecs): Promise<void> {
  const options = { specs, startMs: startOf(clock), furtherHubs: [SECOND_PARA_ID] };
  const local = await startLocalSubstrate({ clock }, options);
  const { relay, assetHub, assetHubs, accounts } = local;
  try {
    await checks.check('two asset hubs are backed and included, on a core each, and final with the relay chain', () => {
      expectSame(assetHubs.length, 2, 'asset hubs');
      for (let step = 0; step < STEPS; step++) local.step();
      // Every second relay block includes.
      for (const { chain } of assetHubs) expectSame(chain.finalized().number, STEPS / 2, chain.options.name);
    });
    await checks.check('the end of a session drops what is backed and not included; the asset hubs go on', () => {
      for (let session = 0; session < SESSIONS; session++) {
        settle(local);
        const before = assetHubs.map(({ chain }) => chain.finalized().number);
        local.step();
        expectThat(relay.inclusion.pending(relay.chain.best()), 'nothing is backed');
        relay.nextSession();
        expectThat(!relay.inclusion.pending(relay.chain.best()), 'what was backed is still there');
        for (const hub of assetHubs) hub.produceBlock();
        for (const [at, { chain }] of assetHubs.entries()) {
          expectThat(
            chain.finalized().number > (before[at] ?? 0),
            `session ${session}: ${chain.options.name} stands still`,
          );
        }
      }
    });
    await checks.check('a tampered vote does not back, nor do votes of half of the validators include', () => {
      settle(local);
      const { inclusion } = relay;
      const para = assetHub.collate();
      const candidate = inclusion.candidate(assetHub.paraId, para, relay.chain.best());
      const tampered = candidate.map((byte, at) => (at === candidate.length - 20 ? byte ^ 1 : byte));
      const back = (one: Uint8Array): void =>
        void relay.produceBlock({ parachains: () => ({ bitfields: [], candidates: [one] }) });
      const vote = (votes: number): void =>
        void relay.produceBlock({
          parachains: (at) => ({ bitfields: inclusion.bitfields(at, votes), candidates: [] }),
        });
      expectThrow(() => {
        back(tampered);
      }, 'a tampered vote backs');
      back(candidate);
      expectThat(inclusion.pending(relay.chain.best()), 'the candidate is not backed');
      vote(2);
      expectThat(assetHub.chain.best() !== para, 'two of four votes include');
      vote(4);
      expectThat(assetHub.chain.best() === para, 'four of four votes do not include');
    });
    await checks.check('with asynchronous backing a candidate may be some relay blocks old, and no older', () => {
      const [sudo] = accounts;
      const params = joinBytes([u32Bytes(CANDIDATE_DEPTH), u32Bytes(ALLOWED_ANCESTRY)]);
      const call = relay.chain.runtime.encodeCall('Configuration', 'set_async_backing_params', params);
      relay.produceBlock({ transactions: [signTransaction(relay.chain, sudo!.pair, sudoCall(relay.chain, call))] });
      for (let session = 0; session < SESSIONS_TO_CONFIGURE; session++) relay.nextSession();
      for (let age = 0; age <= ALLOWED_ANCESTRY + 1; age++) {
        settle(local);
        const parent = relay.chain.best();
        const para = assetHub.collate();
        for (let block = 0; block < age; block++) relay.produceBlock();
        const candidates = [relay.inclusion.candidate(assetHub.paraId, para, parent)];
        const backing = relay.produceBlock({ parachains: () => ({ bitfields: [], candidates }) });
        // What is too old is passed over.
        expectSame(relay.inclusion.pending(backing), age <= ALLOWED_ANCESTRY, `backed, ${age} blocks old`);
        if (age > ALLOWED_ANCESTRY) continue;
        local.step();
        expectThat(assetHub.chain.finalized() === para, `a candidate ${age} blocks old is not included`);
      }
    });
  } finally {
    await local.stop();
  }
}

/** Until nothing waits for votes. */
function settle(local: LocalSubstrate): void {
  const { relay } = local;
  if (relay.inclusion.pending(relay.chain.best())) local.step();
}

function expectThrow(work: () => void, otherwise: string): void {
  let refused = false;
  try {
    work();
  } catch {
    refused = true;
  }
  expectThat(refused, otherwise);
}
