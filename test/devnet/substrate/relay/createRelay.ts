/** The relay chain: blocks on command, with or without candidates of parachains, and GRANDPA over them. */
import type { DevAccount } from '../accounts.ts';
import { type Block, stateOf } from '../chain/block.ts';
import { type Chain, createChain } from '../chain/createChain.ts';
import { type RawSpec, specCode, specState } from '../chain/genesis.ts';
import { createRuntime } from '../chain/runtime.ts';
import { relayGenesis, type RelayGenesis } from './genesis.ts';
import { createGrandpa, type Grandpa } from './grandpa.ts';
import { createInclusion, type Inclusion } from './inclusion.ts';
import { babeRules, NO_PARACHAINS, type ParachainsData, relayInherents } from './inherents.ts';

export interface RelayOptions extends RelayGenesis {
  readonly startMs: number;
  readonly statesKept?: number | undefined;
  readonly justificationPeriod?: number | undefined;
}

export interface RelayBlockParts {
  readonly parent?: Block | undefined;
  /** Slots left empty before the block. */
  readonly skipSlots?: number | undefined;
  readonly transactions?: readonly Uint8Array[] | undefined;
  readonly parachains?: ((parent: Block) => ParachainsData) | undefined;
}

export interface Relay {
  readonly chain: Chain;
  readonly grandpa: Grandpa;
  readonly inclusion: Inclusion;
  readonly accounts: readonly DevAccount[];
  produce(parts?: RelayBlockParts): Block;
  /** Slots from a block to the first of the next session. */
  slotsToNextSession(block: Block): number;
}

const SLOT_MS = 6_000;

export function createRelay(spec: RawSpec, options: RelayOptions): Relay {
  const runtime = createRuntime(specCode(spec));
  const genesis = relayGenesis(runtime, specState(spec, runtime.version.stateVersion), options);
  const chain = createChain(runtime, babeRules(runtime), genesis, {
    name: `${spec.name} Local`,
    properties: spec.properties,
    slotMs: SLOT_MS,
    firstSlot: BigInt(Math.floor(options.startMs / SLOT_MS)),
    statesKept: options.statesKept,
  });
  const { accounts } = options;
  const epochSlots = Number(readU64(runtime.metadata.constant('Babe', 'EpochDuration')));

  return {
    chain,
    accounts,
    grandpa: createGrandpa(chain, accounts, options.justificationPeriod),
    inclusion: createInclusion(runtime, accounts),
    produce: ({ parent = chain.best(), skipSlots = 0, transactions, parachains = () => NO_PARACHAINS } = {}) =>
      chain.build({
        parent,
        slot: parent.slot === 0n ? undefined : parent.slot + 1n + BigInt(skipSlots),
        inherents: relayInherents(runtime, SLOT_MS, parachains),
        transactions,
      }),
    slotsToNextSession: (block) => {
      const start = readU64(stateOf(block).get(runtime.storageKey('Babe', 'GenesisSlot')) ?? new Uint8Array(8));
      const within = Number((block.slot - start) % BigInt(epochSlots));
      return epochSlots - within;
    },
  };
}

function readU64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}
