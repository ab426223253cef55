import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../relayer/core/clock.ts';
import { encodeHeader } from '../../../light-clients/grandpa/index.ts';
import { joinBytes } from '../../../light-clients/scale.ts';
import { vectorBytes } from './chain/genesis.ts';
import type { Chain } from './chain/createChain.ts';
import { type Block, hexText, type LocalSubstrate, startLocalSubstrate, stateOf } from './index.ts';
import { secondHeader, secondRoot } from './secondOpinion.ts';
import { createDraw, drawTransactions } from './workload.ts';

const ROUNDS = 2;
/** A busy machine may take long for it. */
const TIMEOUT_MS = 120_000;
const TRANSACTIONS = 12;
const START_MS = 1_790_000_000_000;

describe('blocks of mixed work', () => {
  let local: LocalSubstrate;
  const blocks: { readonly chain: Chain; readonly block: Block }[] = [];

  const sessionEnds = new Set<Block>();

  beforeAll(async () => {
    local = await startLocalSubstrate({ clock: systemClock }, { startMs: START_MS });
    const draw = createDraw(20_261_121);
    for (let round = 0; round < ROUNDS; round++) {
      const { relay, assetHub, accounts } = local;
      const work = (chain: Chain): readonly Uint8Array[] => drawTransactions(chain, accounts, draw, TRANSACTIONS);
      const made = [relay.produceBlock({ transactions: work(relay.chain) }), relay.nextSession()];
      sessionEnds.add(made[1]!);
      const hub = assetHub.produceBlock(work(assetHub.chain));
      // The two relay blocks that back and include it are among the judged.
      const including = relay.chain.best();
      for (const block of [...made, including.parent!, including]) blocks.push({ chain: relay.chain, block });
      blocks.push({ chain: assetHub.chain, block: hub });
    }
  });
  afterAll(async () => local.stop());

  it('take nearly everything', () => {
    const extrinsics = blocks.reduce((sum, { block }) => sum + block.extrinsics.length, 0);
    expect(extrinsics).toBe(ROUNDS * (2 * TRANSACTIONS + 5 * 2));
  });

  it(
    "come out the same in smoldot's machine, to the last bit of the header",
    async () => {
      const comparable = blocks.filter(({ block }) => !sessionEnds.has(block));
      expect(comparable).toHaveLength(4 * ROUNDS);
      for (const { chain, block } of comparable) {
        const second = await secondHeader(chain.runtime.executor.wasm, block);
        expect(hexText(second)).toBe(hexText(block.headerBytes));
      }
      for (const { chain } of [local.relay, local.assetHub]) {
        const state = stateOf(chain.best());
        expect(hexText(await secondRoot(state))).toBe(hexText(state.root()));
      }
    },
    TIMEOUT_MS,
  );

  it(
    'are executed by the runtime itself, and refused with another root, body or digest',
    () => {
      const execute = (chain: Chain, block: Block, header: Uint8Array, extrinsics = block.extrinsics): void =>
        void chain.runtime.call(
          stateOf(block.parent!),
          'Core_execute_block',
          joinBytes([header, vectorBytes(extrinsics)]),
        );
      for (const { chain, block } of blocks) {
        const { header } = block;
        execute(chain, block, block.headerBytes);
        const flipped = header.stateRoot.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
        const wrong = [
          encodeHeader({ ...header, stateRoot: flipped }),
          encodeHeader({ ...header, extrinsicsRoot: flipped }),
          encodeHeader({ ...header, digest: [...header.digest, { kind: 'other', data: flipped }] }),
        ];
        for (const bytes of wrong) expect(() => execute(chain, block, bytes)).toThrow('Core_execute_block');
        expect(() => execute(chain, block, block.headerBytes, block.extrinsics.slice(0, -1))).toThrow();
      }
    },
    TIMEOUT_MS,
  );
});
