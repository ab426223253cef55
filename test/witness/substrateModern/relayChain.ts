/**
 * The relay chain alone: it authors, finalizes, and keeps the root of its Merkle mountain range; then its own runtime and another
 * virtual machine execute what it and its asset hub made.
 */
import { encodeHeader, verifyJustification } from '../../../light-clients/grandpa/index.ts';
import { joinBytes } from '../../../light-clients/scale.ts';
import type { Clock } from '../../../relayer/core/clock.ts';
import type { Chain } from '../../devnet/substrate/chain/createChain.ts';
import { vectorBytes } from '../../devnet/substrate/chain/genesis.ts';
import {
  type Block,
  createDevAccounts,
  hashBytes,
  hexText,
  type NetworkSpecs,
  startLocalSubstrate,
  stateOf,
} from '../../devnet/substrate/index.ts';
import { createRelay } from '../../devnet/substrate/relay/createRelay.ts';
import { secondHeader, secondRoot } from '../../devnet/substrate/secondOpinion.ts';
import { createDraw, drawTransactions } from '../../devnet/substrate/workload.ts';
import { expectSame, expectThat } from '../checks.ts';
import type { WitnessContext } from '../witness.ts';

const BLOCKS = 20;
const VALIDATORS = 4;
const FUNDS = 10n ** 18n;
const HEAD_START_MS = 30 * 86_400_000;
const ROUNDS = 4;
const TRANSACTIONS = 15;
/** `ConsensusLog::MmrRoot` */
const MMR_ROOT = 3;

export async function checkRelayAlone({ checks, clock }: WitnessContext, specs: NetworkSpecs): Promise<void> {
  const accounts = await createDevAccounts();
  const relay = createRelay(specs.relay, {
    accounts,
    validators: VALIDATORS,
    holders: accounts.map(({ pair }) => ({ publicKey: pair.publicKey, amount: FUNDS })),
    startMs: startOf(clock),
    parachains: [],
  });
  const { chain, grandpa } = relay;
  await checks.check(`the relay chain alone authors ${BLOCKS} blocks and finalizes each`, () => {
    for (let number = 1; number <= BLOCKS; number++) {
      const block = relay.produce();
      grandpa.finalizeTo(block);
      expectSame(chain.finalized().number, number, 'finalized');
      const { set, justification } = grandpa.latest()!;
      expectSame(set.authorities.length, VALIDATORS, 'authorities');
      const verdict = verifyJustification(justification, set);
      expectThat(verdict.kind === 'valid', `justification of block ${number}: ${JSON.stringify(verdict)}`);
      expectSame(verdict.value.hash, hashBytes(block), 'what it finalizes');
    }
  });
  await checks.check('its headers carry the root of the Merkle mountain range in their state, for BEEFY', () => {
    for (let number = 2; number <= BLOCKS; number++) {
      const block = chain.blockAt(number)!;
      const said = block.header.digest.flatMap((item) =>
        item.kind === 'consensus' && item.engine === 'BEEF' && item.data[0] === MMR_ROOT ? [item.data.slice(1)] : [],
      );
      expectSame(said, [stateOf(block).get(chain.runtime.storageKey('Mmr', 'RootHash'))], `block ${number}`);
    }
  });
}

/** Returns how many blocks another machine came to the same header for. */
export async function checkExecution({ checks, clock, seed }: WitnessContext, specs: NetworkSpecs): Promise<number> {
  const local = await startLocalSubstrate({ clock }, { specs, startMs: startOf(clock) });
  try {
    const { relay, assetHub, accounts } = local;
    const names = [relay, assetHub].map(({ chain }) => chain.runtime.version.specName).join(' and ');
    const draw = createDraw(Number.parseInt(Buffer.from(seed).toString('hex').slice(0, 8), 16));
    const work = (chain: Chain): readonly Uint8Array[] => drawTransactions(chain, accounts, draw, TRANSACTIONS);
    const made: { readonly chain: Chain; readonly block: Block; readonly endsSession: boolean }[] = [];
    const add = (chain: Chain, block: Block, endsSession = false): void =>
      void made.push({ chain, block, endsSession });

    await checks.check(`${names}: blocks of mixed work are made on both chains, and take all of it`, () => {
      for (let round = 0; round < ROUNDS; round++) {
        add(relay.chain, relay.produceBlock({ transactions: work(relay.chain) }));
        add(relay.chain, relay.nextSession(), true);
        add(assetHub.chain, assetHub.produceBlock(work(assetHub.chain)));
        const including = relay.chain.best();
        add(relay.chain, including.parent!);
        add(relay.chain, including);
      }
      // Each block has two inherents.
      const extrinsics = made.reduce((sum, { block }) => sum + block.extrinsics.length - 2, 0);
      expectSame(extrinsics, ROUNDS * 2 * TRANSACTIONS, 'transactions');
    });
    await checks.check(
      `${names}: the runtimes execute these blocks again, and none with another root, body or digest`,
      () => {
        for (const { chain, block } of made) {
          const { header, headerBytes, extrinsics } = block;
          expectThat(accepts(chain, block, headerBytes, extrinsics), `block ${block.number} is refused`);
          const flipped = header.stateRoot.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
          for (const [what, wrong] of [
            ['state root', { ...header, stateRoot: flipped }],
            ['extrinsics root', { ...header, extrinsicsRoot: flipped }],
            ['digest', { ...header, digest: [...header.digest, { kind: 'other', data: flipped }] }],
          ] as const) {
            expectThat(!accepts(chain, block, encodeHeader(wrong), extrinsics), `another ${what} is accepted`);
          }
          expectThat(!accepts(chain, block, headerBytes, extrinsics.slice(0, -1)), 'a shorter body is accepted');
        }
      },
    );
    const compared = made.filter(({ endsSession }) => !endsSession);
    await checks.check(`${names}: smoldot's virtual machine comes to the same headers, to the last bit`, async () => {
      for (const { chain, block } of compared) {
        const second = await secondHeader(chain.runtime.executor.wasm, block);
        expectSame(hexText(second), hexText(block.headerBytes), `${chain.options.name}, block ${block.number}`);
      }
      for (const { chain } of [relay, assetHub]) {
        const state = stateOf(chain.best());
        expectSame(hexText(await secondRoot(state)), hexText(state.root()), `state root of ${chain.options.name}`);
      }
    });
    return compared.length;
  } finally {
    await local.stop();
  }
}

/** 30 days ago: room for blocks that come faster than their slots. */
export function startOf(clock: Clock): number {
  return clock.now() - HEAD_START_MS;
}

function accepts(chain: Chain, block: Block, header: Uint8Array, extrinsics: readonly Uint8Array[]): boolean {
  try {
    chain.runtime.call(stateOf(block.parent!), 'Core_execute_block', joinBytes([header, vectorBytes(extrinsics)]));
    return true;
  } catch {
    return false;
  }
}
