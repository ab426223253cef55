/** The options of a local Cosmos chain's process. */
import type { CosmosNode } from './cosmosChains.ts';
import { type ChainProcess, startChainProcess } from './chainProcess.ts';

export interface CosmosProcessOptions {
  readonly chainId: string;
  readonly prefix: string;
  readonly denom: string;
  readonly holders: readonly { readonly address: string; readonly coins: Readonly<Record<string, string>> }[];
  readonly blockMs: number;
}

export async function startCosmosProcess(options: CosmosProcessOptions): Promise<ChainProcess<CosmosNode>> {
  return startChainProcess('cosmosMain.ts', 'Cosmos', options);
}
