/**
 * The local Cosmos chain as a whole: application, consensus and one or more RPC nodes in this process, ready with its first
 * block. It is what unmodified clients meet in place of a real chain; what it does not have is said in app/createApp.ts.
 *
 * Blocks come by `chain.produceBlock()`, or by themselves every `blockMs`. Times of blocks follow `chainNow`, which may
 * run ahead or behind the host's clock; without it each block is `stepNanos` after the last.
 */
import type { Clock } from '../../../relayer/core/clock.ts';
import { createApp, type GenesisHolder } from './app/createApp.ts';
import { type CosmosChain, createChain } from './consensus/createChain.ts';
import { type CosmosRpc, startCosmosRpc } from './rpc/server.ts';

export interface LocalCosmosOptions {
  readonly chainId: string;
  readonly seed: string;
  readonly holders: readonly GenesisHolder[];
  readonly prefix?: string | undefined;
  readonly denom?: string | undefined;
  readonly validators?: Readonly<Record<string, bigint>> | undefined;
  readonly feePerThousandGas?: bigint | undefined;
  /** False for a chain without a token factory. */
  readonly tokenFactory?: boolean | undefined;
  readonly genesisNanos?: bigint | undefined;
  /** Chain time in nanoseconds; without it blocks are `stepNanos` apart. */
  readonly chainNow?: (() => bigint) | undefined;
  readonly stepNanos?: bigint | undefined;
  /** Milliseconds between blocks; without it they are made by hand. */
  readonly blockMs?: number | undefined;
  /** RPC nodes, each with faults of its own. */
  readonly nodes?: number | undefined;
  /** Of the first node; any free one when not said. */
  readonly port?: number | undefined;
}

export interface LocalCosmos {
  readonly chain: CosmosChain;
  readonly nodes: readonly CosmosRpc[];
  stop(): Promise<void>;
}

const GENESIS_NANOS = 1_750_000_000_000_000_000n;
const STEP_NANOS = 1_000_000_000n;
/** 10 million, as tokend has it. */
const DENOM_CREATION_FEE = 10_000_000n;

export async function startLocalCosmos(
  deps: { readonly clock: Clock },
  options: LocalCosmosOptions,
): Promise<LocalCosmos> {
  const { chainId, seed, chainNow, blockMs } = options;
  const app = createApp(
    {
      chainId,
      prefix: options.prefix ?? 'cosmos',
      denom: options.denom ?? 'utoken',
      feePerThousandGas: options.feePerThousandGas ?? 0n,
      denomCreationFee: options.tokenFactory === false ? undefined : DENOM_CREATION_FEE,
    },
    options.holders,
  );
  const step = options.stepNanos ?? STEP_NANOS;
  const chain = createChain(app, {
    chainId,
    seed,
    validators: options.validators ?? { v1: 10n, v2: 10n, v3: 10n, v4: 10n },
    genesisNanos: options.genesisNanos ?? GENESIS_NANOS,
    voteNanos: chainNow ?? ((last) => last + step),
  });
  chain.produceBlock();
  const nodes: CosmosRpc[] = [];
  for (let index = 0; index < (options.nodes ?? 1); index++) {
    nodes.push(await startCosmosRpc(chain, index === 0 ? (options.port ?? 0) : 0));
  }
  const stopping = new AbortController();
  const pace = async (): Promise<void> => {
    while (blockMs !== undefined && !stopping.signal.aborted) {
      await deps.clock.sleep(blockMs, stopping.signal).catch(() => undefined);
      if (!stopping.signal.aborted) chain.produceBlock();
    }
  };
  const paced = pace();
  return {
    chain,
    nodes,
    stop: async () => {
      stopping.abort();
      await paced;
      await Promise.all(nodes.map(async (node) => node.stop()));
    },
  };
}
