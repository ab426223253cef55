/** The local Cosmos chain. */
export type { AppTxResult, CosmosApp, GenesisHolder } from './app/createApp.ts';
export { createApp } from './app/createApp.ts';
export type { AppConfig } from './app/config.ts';
export { type ChainBlock, type ChainOptions, type CosmosChain, createChain } from './consensus/createChain.ts';
export type { Vote } from './consensus/votes.ts';
export { type LocalCosmos, type LocalCosmosOptions, startLocalCosmos } from './localCosmos.ts';
export type { Fault, Faults } from './rpc/faults.ts';
export { type CosmosRpc, startCosmosRpc } from './rpc/server.ts';
