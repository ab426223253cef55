/**
 * The local Substrate network as a whole: a relay chain and its asset hub, or several, executing their real runtimes, with
 * RPC nodes that unmodified clients meet in place of real ones. See `index.ts` for how to drive it.
 */
import type { Clock } from '../../../relayer/core/clock.ts';
import type { AuthoritySet } from '../../../light-clients/grandpa/index.ts';
import { createDevAccounts, type DevAccount } from './accounts.ts';
import { assetTransactions, type NewAsset } from './assetHub/createAsset.ts';
import { createAssetHub } from './assetHub/createAssetHub.ts';
import type { Block } from './chain/block.ts';
import type { Chain } from './chain/createChain.ts';
import { type GenesisHolder, publicKeyOf } from './chain/genesis.ts';
import { createDriver, RELAY_SLOT_MS } from './createDriver.ts';
import { createRelay, type RelayBlockParts } from './relay/createRelay.ts';
import type { Grandpa } from './relay/grandpa.ts';
import type { Inclusion } from './relay/inclusion.ts';
import { type ValidatorChange, validatorTransactions } from './relay/rotation.ts';
import { startSubstrateRpc, type SubstrateRpc } from './rpc/server.ts';
import { type NetworkSpecs, packagedSpecs } from './specs.ts';

export interface LocalSubstrateOptions {
  /** Beside the development accounts, which have a million each; on both chains, in planck. */
  readonly holders?: readonly GenesisHolder[] | undefined;
  /** How many of Alice, Bob, Charlie, Dave, Eve, Ferdie validate from the start; 4 when not said. */
  readonly validators?: number | undefined;
  /**
   * Unix milliseconds of the first slot; 30 days before now when not said, which leaves room for blocks to come fast.
   */
  readonly startMs?: number | undefined;
  /** Milliseconds between relay blocks; an asset hub block takes two. Without it blocks are made by hand. */
  readonly blockMs?: number | undefined;
  /** RPC nodes of each chain, each with faults of its own. */
  readonly nodes?: number | undefined;
  /** Of the first nodes; any free ones when not said. */
  readonly relayPort?: number | undefined;
  readonly assetHubPort?: number | undefined;
  /** Parachain ids of asset hubs beside the first one, under the same relay chain. */
  readonly furtherHubs?: readonly number[] | undefined;
  /** Assets of the first asset hub, owned by Alice. */
  readonly assets?: readonly NewAsset[] | undefined;
  /** Newest finalized blocks whose states are kept. */
  readonly statesKept?: number | undefined;
  readonly justificationPeriod?: number | undefined;
  /** The runtimes of the chains, of which every asset hub has the same; those of installed packages when not said. */
  readonly specs?: NetworkSpecs | undefined;
}

/** One chain as clients and tests meet it. */
export interface LocalChain {
  readonly chain: Chain;
  /** `0x` text. */
  readonly genesisHash: string;
  readonly nodes: readonly SubstrateRpc[];
  /** Of the first node. */
  readonly url: string;
  readonly wsUrl: string;
  readonly faults: SubstrateRpc['faults'];
}

export interface LocalRelay extends LocalChain {
  readonly grandpa: Grandpa;
  /** Candidates, votes and bitfields, for blocks that are not by the book. */
  readonly inclusion: Inclusion;
  /** What a light client may start from: a block whose state is kept; the newest finalized one when not said. */
  trusted(block?: Block): { readonly header: Uint8Array } & AuthoritySet;
  /** One block, finalized unless finality is stalled. A block beside the best chain is not finalized. */
  produceBlock(parts?: RelayBlockParts): Block;
  /** Finalizes up to a block, stalled or not. */
  finalize(block?: Block): void;
  stallFinality(stalled: boolean): void;
  /** Skips to the next session with one block; enacts and announces what was queued. */
  nextSession(): Block;
  /** Signs and includes the calls; the new set signs three sessions later. */
  changeValidators(change: ValidatorChange): Block;
}

export interface LocalAssetHub extends LocalChain {
  readonly paraId: number;
  /** One block, included in the relay chain by two blocks of its own. */
  produceBlock(transactions?: readonly Uint8Array[]): Block;
  /** A block that nothing includes, on top of the best one. */
  collate(transactions?: readonly Uint8Array[]): Block;
}

export interface LocalSubstrate {
  readonly accounts: readonly DevAccount[];
  readonly relay: LocalRelay;
  readonly assetHub: LocalAssetHub;
  /** All of them, the first one first. */
  readonly assetHubs: readonly LocalAssetHub[];
  /** The next relay block: it backs a new block of each asset hub, or includes the backed ones. */
  step(): Block;
  /** What ended the block timer, if anything did. */
  failure(): unknown;
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;
const HEAD_START_DAYS = 30;
const MILLION_TOKENS = 1_000_000n * 10n ** 12n;
/** The relay runtime does not make a parachain block available by one validator's word. */
const VALIDATORS_MIN = 2;

export async function startLocalSubstrate(
  deps: { readonly clock: Clock },
  options: LocalSubstrateOptions = {},
): Promise<LocalSubstrate> {
  const { startMs = deps.clock.now() - HEAD_START_DAYS * DAY_MS, validators = 4, statesKept, blockMs } = options;
  const accounts = await createDevAccounts();
  if (validators < VALIDATORS_MIN || validators > accounts.length) {
    throw new Error(`between ${VALIDATORS_MIN} and ${accounts.length} validators, not ${validators}`);
  }
  const extra = (options.holders ?? []).map((holder) => ({ publicKey: publicKeyOf(holder), amount: holder.amount }));
  const funded = (pick: (account: DevAccount) => Uint8Array): typeof extra =>
    accounts.map((account) => ({ publicKey: pick(account), amount: MILLION_TOKENS }));
  const pairs = funded(({ pair }) => pair.publicKey);

  const specs = options.specs ?? (await packagedSpecs());
  const hubs = [undefined, ...(options.furtherHubs ?? [])].map((paraId) =>
    createAssetHub(specs.assetHub, {
      paraId,
      collators: accounts.slice(0, 2),
      holders: [...pairs, ...extra],
      startMs,
      statesKept,
    }),
  );
  const relay = createRelay(specs.relay, {
    accounts,
    validators,
    holders: [...pairs, ...funded(({ stash }) => stash.publicKey), ...extra],
    startMs,
    statesKept,
    justificationPeriod: options.justificationPeriod,
    parachains: hubs.map(({ paraId, chain, code }) => ({ id: paraId, header: chain.genesis.headerBytes, code })),
  });
  const driver = createDriver(relay, hubs);
  driver.relayBlock();
  const [alice] = accounts;
  const [firstHub] = hubs;
  if (alice === undefined || firstHub === undefined) throw new Error('no development accounts');
  for (const asset of options.assets ?? []) {
    driver.paraBlock(firstHub, assetTransactions(firstHub.chain, alice.pair, asset));
  }

  const start = async (chain: Chain, grandpa: Grandpa | undefined, port = 0): Promise<readonly SubstrateRpc[]> => {
    const nodes: SubstrateRpc[] = [];
    for (let index = 0; index < (options.nodes ?? 1); index++) {
      nodes.push(await startSubstrateRpc(chain, grandpa, index === 0 ? port : 0));
    }
    return nodes;
  };
  const relayNodes = await start(relay.chain, relay.grandpa, options.relayPort);
  const assetHubs: LocalAssetHub[] = [];
  for (const hub of hubs) {
    const nodes = await start(hub.chain, undefined, hub === firstHub ? options.assetHubPort : undefined);
    assetHubs.push({
      ...faceOf(hub.chain, nodes),
      paraId: hub.paraId,
      produceBlock: (transactions) => driver.paraBlock(hub, transactions),
      collate: (transactions) => hub.collate(relay.chain.best(), RELAY_SLOT_MS, transactions),
    });
  }
  const [assetHub] = assetHubs;
  if (assetHub === undefined) throw new Error('no asset hub');

  const stopping = new AbortController();
  let failure: unknown;
  const pace = async (): Promise<void> => {
    while (blockMs !== undefined && !stopping.signal.aborted) {
      await deps.clock.sleep(blockMs, stopping.signal).catch(() => undefined);
      if (!stopping.signal.aborted) driver.step();
    }
  };
  const paced = pace().catch((error: unknown) => {
    failure = error;
  });

  return {
    accounts,
    relay: {
      ...faceOf(relay.chain, relayNodes),
      grandpa: relay.grandpa,
      inclusion: relay.inclusion,
      trusted: (block = relay.chain.finalized()) => ({ header: block.headerBytes, ...relay.grandpa.setAfter(block) }),
      produceBlock: driver.relayBlock,
      finalize: (block = relay.chain.best()) => void relay.grandpa.finalizeTo(block),
      stallFinality: driver.stall,
      nextSession: () => driver.relayBlock({ skipSlots: relay.slotsToNextSession(relay.chain.best()) - 1 }),
      changeValidators: (change) =>
        driver.relayBlock({ transactions: validatorTransactions(relay.chain, accounts, change) }),
    },
    assetHub,
    assetHubs,
    step: driver.step,
    failure: () => failure,
    stop: async () => {
      stopping.abort();
      await paced;
      const hubNodes = assetHubs.flatMap(({ nodes }) => nodes);
      await Promise.all([...relayNodes, ...hubNodes].map(async (node) => node.stop()));
    },
  };
}

function faceOf(chain: Chain, nodes: readonly SubstrateRpc[]): LocalChain {
  const first = nodes[0];
  if (first === undefined) throw new Error('a chain needs an RPC node');
  return { chain, genesisHash: chain.genesis.hash, nodes, url: first.url, wsUrl: first.wsUrl, faults: first.faults };
}
