/**
 * Lets a relay chain and its parachains grow together: what the relay chain's state says of a parachain is what the parachain
 * is. Each parachain has a core of its own, so that one relay block backs a block of each and the next one includes them all.
 */
import type { AssetHub } from './assetHub/createAssetHub.ts';
import { type Block, isDescendant } from './chain/block.ts';
import type { Relay, RelayBlockParts } from './relay/createRelay.ts';
import { NO_PARACHAINS } from './relay/inherents.ts';

export interface Driver {
  /** One relay block, finalized unless finality is stalled. */
  relayBlock(parts?: RelayBlockParts): Block;
  /** A block of one parachain, backed and included by relay blocks. */
  paraBlock(hub: AssetHub, transactions?: readonly Uint8Array[]): Block;
  /** The next relay block of both kinds by turns: it backs, or includes what is backed. */
  step(): Block;
  stall(stalled: boolean): void;
}

export const RELAY_SLOT_MS = 6_000;
/** A change of session drops what was backed and not included; one more try is enough. */
const TRIES_MAX = 3;

export function createDriver(relay: Relay, hubs: readonly AssetHub[]): Driver {
  const { inclusion } = relay;
  let stalled = false;

  const followed = (hub: AssetHub, relayBlock: Block): Block | undefined => {
    const head = inclusion.head(hub.paraId, relayBlock);
    return head === undefined ? undefined : hub.blockOfHead(head);
  };
  relay.chain.listen((event) => {
    if (event.kind === 'imported') return;
    for (const hub of hubs) {
      const block = followed(hub, event.block);
      if (block === undefined) continue;
      if (event.kind === 'best') hub.chain.setBest(block);
      else if (block !== hub.chain.finalized()) hub.chain.finalize(block);
    }
  });

  const relayBlock = (parts?: RelayBlockParts): Block => {
    const block = relay.produce(parts);
    if (!stalled && relay.chain.best() === block) relay.grandpa.finalizeTo(block);
    return block;
  };
  /** One candidate for each parachain, in the order of their cores. */
  const back = (backed: readonly AssetHub[], transactions?: readonly Uint8Array[]): readonly Block[] => {
    const parent = relay.chain.best();
    const blocks = backed.map((hub) => hub.collate(parent, RELAY_SLOT_MS, transactions));
    const candidates = backed.flatMap(({ paraId }, index) => {
      const block = blocks[index];
      return block === undefined ? [] : [{ paraId, bytes: inclusion.candidate(paraId, block, parent) }];
    });
    candidates.sort((a, b) => a.paraId - b.paraId);
    relayBlock({ parent, parachains: () => ({ bitfields: [], candidates: candidates.map(({ bytes }) => bytes) }) });
    return blocks;
  };
  const include = (): Block =>
    relayBlock({ parachains: (parent) => ({ ...NO_PARACHAINS, bitfields: inclusion.bitfields(parent) }) });

  return {
    relayBlock,
    stall: (value) => {
      stalled = value;
    },
    paraBlock: (hub, transactions) => {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        if (inclusion.pending(relay.chain.best())) include();
        const [block] = back([hub], transactions);
        include();
        if (block !== undefined && isDescendant(hub.chain.best(), block)) return block;
      }
      throw new Error('the relay chain did not include the asset hub block');
    },
    step: () => {
      if (inclusion.pending(relay.chain.best())) include();
      else back(hubs);
      return relay.chain.best();
    },
  };
}
