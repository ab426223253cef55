/**
 * A real proof-of-stake chain in one process: an anvil node executes, Lodestar's state transition is the consensus layer.
 * Justification, finality, committee rotation and fork upgrades come out of the protocol's rules; every block is verified
 * in full. There is no network and no fork choice: this process proposes every block, and `reorg` is a command.
 */
import { toHex, type Hex } from '../../../relayer/core/bytes.ts';
import { createSerial } from '../../../relayer/core/concurrency.ts';
import { type ExecutionRpc, latestBlock, mineBlock } from './executionBlock.ts';
import { createGenesis, type CachedState, type ForkEpochs } from './genesis.ts';
import { committeeProof, type CommitteeProof, lightHeader, lightUpdate } from './lightObjects.ts';
import {
  type BeaconConfig,
  lightClient,
  type LightClientHeader,
  type LightClientUpdate,
  params,
  ssz,
  transition,
} from './lodestar.ts';
import { type ProducedBlock, produceBlock } from './produceBlock.ts';
import { createValidators } from './validators.ts';

export interface BeaconChainOptions {
  readonly rpc: ExecutionRpc;
  readonly secondsPerSlot: number;
  readonly validators?: number;
  readonly forks?: ForkEpochs;
}

export interface Participation {
  /** Share of the sync committee that signs, 0 to 1. */
  readonly syncCommittee: number;
  /** Share of the attesters that vote, 0 to 1. */
  readonly attesters: number;
}

/** A block as the light-client server remembers it. */
export interface KnownBlock {
  readonly root: Hex;
  readonly slot: number;
  readonly light: LightClientHeader;
  readonly committee: CommitteeProof;
}

export interface BeaconChain {
  readonly config: BeaconConfig;
  readonly genesisTime: number;
  readonly genesisValidatorsRoot: Uint8Array;
  /** The slot that was made or missed last. */
  readonly slot: number;
  readonly head: KnownBlock | undefined;
  /** The finalized block of the head's state; undefined before the first finality. */
  readonly finalized: KnownBlock | undefined;
  /** Blocks of the chain, by root. Old ones that were never a checkpoint are forgotten. */
  block(root: Hex): KnownBlock | undefined;
  /** The best update of a sync-committee period so far. */
  bestUpdate(period: number): LightClientUpdate | undefined;
  /** The newest update with finality. */
  finalityUpdate(): LightClientUpdate | undefined;
  /** The update made by the block at this slot, while it is remembered. */
  updateAt(slot: number): LightClientUpdate | undefined;
  mineSlot(): Promise<void>;
  missSlot(): Promise<void>;
  /** Drops the newest blocks; the next slot builds on what is left. They must not be finalized. */
  reorg(depth: number): Promise<void>;
  setParticipation(participation: Participation): void;
}

interface LiveBlock extends KnownBlock {
  readonly parent: Hex | undefined;
  readonly state: CachedState;
  readonly update: LightClientUpdate | undefined;
}

/** Blocks whose states are kept: deeper than any reorg that the rules allow while the chain finalizes. */
const LIVE_BLOCKS = 64;

export async function createBeaconChain(options: BeaconChainOptions): Promise<BeaconChain> {
  const { rpc, secondsPerSlot, forks = {} } = options;
  const validators = createValidators(options.validators ?? 64);
  const parent = await latestBlock(rpc);
  const genesisTime = parent.fields.timestamp;
  const genesis = createGenesis({ validators, parent: parent.fields, genesisTime, secondsPerSlot, forks });
  const { config, genesisValidatorsRoot } = genesis;
  const genesisRoot = genesisBlockRoot(genesis.state);

  const serial = createSerial();
  /** Newest last. */
  let live: LiveBlock[] = [];
  const known = new Map<Hex, KnownBlock>();
  const best = new Map<number, LightClientUpdate>();
  let slot = 0;
  let participation: Participation = { syncCommittee: 1, attesters: 1 };

  async function mine(): Promise<void> {
    slot += 1;
    const head = live.at(-1);
    const block = await produceBlock({
      config,
      validators,
      parent:
        head === undefined
          ? { root: genesisRoot, slot: 0, state: genesis.state }
          : { root: Buffer.from(head.root.slice(2), 'hex'), slot: head.slot, state: head.state },
      slot,
      participation,
      execution: async () => mineBlock(rpc, genesisTime + slot * secondsPerSlot),
    });
    add(block, head);
  }

  function add(block: ProducedBlock, parentBlock: LiveBlock | undefined): void {
    const root = toHex(block.root);
    const update = parentBlock === undefined ? undefined : updateOf(block, parentBlock);
    const added: LiveBlock = {
      root,
      slot: block.header.slot,
      light: lightHeader(config, block),
      committee: committeeProof(config, block.state),
      parent: parentBlock?.root,
      state: block.state,
      update,
    };
    live.push(added);
    const { root: id, slot: at, light, committee } = added;
    known.set(id, { root: id, slot: at, light, committee });
    if (update !== undefined && isProgress(update)) keepBest(update);
    forget();
  }

  function updateOf(block: ProducedBlock, attested: LiveBlock): LightClientUpdate {
    const checkpoint = attested.state.finalizedCheckpoint;
    const finalized = known.get(toHex(checkpoint.root));
    return lightUpdate(config, { header: attested.light, state: attested.state }, block, finalized?.light);
  }

  /** The committee that signed and the one that is proven must be of one period. */
  function isProgress(update: LightClientUpdate): boolean {
    return periodOf(update.attestedHeader.beacon.slot) === periodOf(update.signatureSlot);
  }

  function keepBest(update: LightClientUpdate): void {
    const period = periodOf(update.attestedHeader.beacon.slot);
    const before = best.get(period);
    const summary = lightClient.toLightClientUpdateSummary;
    if (before === undefined || lightClient.isBetterUpdate(summary(update), summary(before))) best.set(period, update);
  }

  /** Forgets states beyond the reach of a reorg, and blocks that will not be asked for: those that are no checkpoint. */
  function forget(): void {
    if (live.length <= LIVE_BLOCKS) return;
    const [oldest, next] = live;
    live = live.slice(1);
    if (oldest === undefined || next === undefined) return;
    const isCheckpoint = transition.computeEpochAtSlot(oldest.slot) !== transition.computeEpochAtSlot(next.slot);
    if (!isCheckpoint && oldest.slot % params.SLOTS_PER_EPOCH !== 0) known.delete(oldest.root);
  }

  return {
    config,
    genesisTime,
    genesisValidatorsRoot,
    get slot() {
      return slot;
    },
    get head() {
      return live.at(-1);
    },
    get finalized() {
      const root = live.at(-1)?.state.finalizedCheckpoint.root;
      return root === undefined ? undefined : known.get(toHex(root));
    },
    block: (root) => known.get(root),
    bestUpdate: (period) => best.get(period),
    finalityUpdate: () => live.findLast(({ update }) => hasFinality(update))?.update,
    updateAt: (at) => live.find((block) => block.slot === at)?.update,
    mineSlot: async () => serial(mine),
    missSlot: async () =>
      serial(async () => {
        slot += 1;
        return Promise.resolve();
      }),
    reorg: async (depth) =>
      serial(async () => {
        const dropped = live.slice(-depth);
        const finalizedEpoch = live.at(-1)?.state.finalizedCheckpoint.epoch ?? 0;
        const first = dropped[0];
        if (depth < 1 || depth >= live.length || first === undefined) {
          throw new RangeError('A reorg drops at least one block and leaves one.');
        }
        if (first.slot <= finalizedEpoch * params.SLOTS_PER_EPOCH) throw new RangeError('Finalized blocks stay.');
        // A number: this call takes no hex.
        await rpc('anvil_rollback', [depth]);
        live = live.slice(0, -depth);
        for (const { root } of dropped) known.delete(root);
        // What the dropped blocks signed or were signed for is gone from the chain; the rest is judged again.
        for (const [period, update] of best) if (update.signatureSlot >= first.slot) best.delete(period);
        for (const { update } of live) if (update !== undefined && isProgress(update)) keepBest(update);
      }),
    setParticipation: (value) => {
      participation = value;
    },
  };
}

export function periodOf(slot: number): number {
  return Math.floor(slot / (params.SLOTS_PER_EPOCH * params.EPOCHS_PER_SYNC_COMMITTEE_PERIOD));
}

export function hasFinality(update: LightClientUpdate | undefined): boolean {
  return update !== undefined && lightClient.isFinalityUpdate(update);
}

function genesisBlockRoot(state: CachedState): Uint8Array {
  const header = { ...state.latestBlockHeader.toValue(), stateRoot: state.hashTreeRoot() };
  return ssz.phase0.BeaconBlockHeader.hashTreeRoot(header);
}
