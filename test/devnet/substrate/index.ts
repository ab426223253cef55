/**
 * A local relay chain (Rococo 9190) with its asset hub (statemine 900), from their real runtimes, in this process.
 *
 *   const local = await startLocalSubstrate({ clock: systemClock }, { blockMs: 300 });   // or without blockMs, by hand:
 *   await startLocalSubstrate({ clock: systemClock }, { specs });   // other runtimes: specs.ts, modernSpecs.ts
 *   local.assetHub.produceBlock();            // takes the pool; backed and included by two relay blocks, and finalized
 *   local.assetHubs[1];                       // with { furtherHubs: [2000] }: another parachain under the same relay chain
 *   local.relay.produceBlock();               // one relay block; { parent } forks, { skipSlots } leaves slots empty
 *   local.relay.stallFinality(true); local.relay.finalize();
 *   local.relay.changeValidators({ add, remove }); local.relay.nextSession();             // rotations
 *   local.relay.faults.add({ kind: 'lie', method: 'chain_getHeader', path: 'number', value: '0x1' });   // rpc/faults.ts
 *   local.relay.faults.add({ kind: 'forkedFinality', fork: local.relay.grandpa.sign(forkBlock) });
 *   createGrandpaClient({ trusted: local.relay.trusted(), slotMs: 6_000, ... });
 *   await ApiPromise.create({ provider: new WsProvider(local.assetHub.wsUrl) });
 *   await local.stop();
 *
 * A finalized block is justified by the authorities that the runtime names; the asset hub's best and finalized blocks
 * are those that the relay chain's state says. `rpc/` differs from a node in this: nothing is gossiped;
 * `grandpa_proveFinality` answers before the first change of the set too; no child tries, no runtime upgrade, no
 * messages between the chains. `oracle/main.ts` compares the GRANDPA light client with the runtime's own bridge pallet.
 *
 * `local.accounts` are Alice to Ferdie with a million each on both chains (`pair` signs); Alice is sudo of the relay
 * chain. Blocks come as fast as asked: slots start 30 days in the past and advance 6 s (relay) a block whatever the
 * clock says.
 */
export { createDevAccounts, type DevAccount } from './accounts.ts';
export type { NewAsset } from './assetHub/createAsset.ts';
export { type Block, hashBytes, hexText, stateOf } from './chain/block.ts';
export type { Chain, ChainEvent } from './chain/createChain.ts';
export type { GenesisHolder } from './chain/genesis.ts';
export { multiAddress, nonceOf, signTransaction } from './chain/signTransaction.ts';
export type { TransactionStatus } from './chain/transactionPool.ts';
export type { RelayBlockParts } from './relay/createRelay.ts';
export type { FinalizedBlock, Grandpa } from './relay/grandpa.ts';
export type { JustificationFlaw } from './relay/justification.ts';
export { sudoCall, type ValidatorChange } from './relay/rotation.ts';
export type { Fault, Faults } from './rpc/faults.ts';
export type { SubstrateRpc } from './rpc/server.ts';
export { type NetworkSpecs, readSpec, readSpecs, type SpecFiles } from './specs.ts';
export {
  type LocalAssetHub,
  type LocalChain,
  type LocalRelay,
  type LocalSubstrate,
  type LocalSubstrateOptions,
  startLocalSubstrate,
} from './startLocalSubstrate.ts';
