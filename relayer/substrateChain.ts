/** A Substrate chain behind the engine's ports: a vault, and finality by GRANDPA, its own or its relay chain's. */
import { createEndpointRing, createHttpEndpoint } from '../adapters/endpoints/index.ts';
import {
  createChainView,
  createReceiverProblem,
  createRuntimes,
  createSubstrateDerive,
  createSubstrateEndpoint,
  createSubstrateSource,
  createSubstrateTarget,
  createSubstrateVault,
  keyFromSeed,
  type SubstrateEndpoint,
  type SubstrateGateway,
  traceDeposits,
  vaultAccount,
} from '../adapters/substrate/index.ts';
import type { ChainDeps } from './chainDeps.ts';
import type { Endpoint, SubstrateChainConfig } from './config/index.ts';
import { equalBytes, toHex } from './core/bytes.ts';
import { assert, ViaductError } from './core/errors.ts';
import { VAULT_ACCOUNTS_MAX } from './core/limits.ts';
import type { DepositPosition } from './core/ports.ts';
import {
  isHomeLane,
  lanesFrom,
  lanesTo,
  type Manifest,
  type SubstrateChain,
  type SubstrateToken,
} from './manifest/index.ts';
import type { NodeChain } from './node.ts';
import { vaultLane } from './vaultLane.ts';
import { createChainClock } from './verify/chainClock.ts';

export function createSubstrateChain(
  manifest: Manifest,
  chain: SubstrateChain,
  config: SubstrateChainConfig,
  deps: ChainDeps,
): NodeChain {
  const { name, lightClient, gateway: row } = chain;
  const { parachain, trusted, slotMs, chainClock } = lightClient;
  const genesisHash = toHex(chain.genesisHash);
  const endpoints = endpointsOf(config.endpoints, deps, genesisHash);
  const runtimes = createRuntimes(chain.runtimes);
  const gateway = substrateGateway(manifest, chain);
  const view = createChainView(createEndpointRing(endpoints), runtimes, genesisHash);
  const [firstShard] = row.shards;
  assert(firstShard !== undefined, 'a vault has a shard');
  const submitterSeed = config.submitterKey?.reveal();
  const memberSeed = config.vaultKey?.reveal();
  const relayHash = parachain && toHex(parachain.relayGenesisHash);
  const parameters = { trustedHash: trusted.hash, slotMs };
  const source = createSubstrateSource(deps, {
    endpoints,
    gateway,
    runtimes,
    trustedHash: trusted.hash,
    parachain:
      parachain && relayHash !== undefined
        ? { id: parachain.id, relayEndpoints: endpointsOf(config.relayEndpoints, deps, relayHash) }
        : undefined,
    packetsOf: deps.packetsOf,
    pollMs: config.pollMs,
  });

  async function findDeposits(
    transaction: string,
    signal: AbortSignal,
  ): Promise<readonly DepositPosition[] | undefined> {
    const traces = await traceDeposits(view, gateway, transaction, signal);
    const found: DepositPosition[] = [];
    for (const { lane, sourceReference, height } of traces ?? []) {
      const sequence = await deps.sequenceOf(lane, sourceReference);
      if (sequence !== undefined) found.push({ lane, sequence, height });
    }
    return found.length === 0 ? undefined : found;
  }

  return {
    name,
    source: { ...source, findDeposits },
    lightClient: deps.worker.open({
      kind: 'grandpa',
      parameters: parachain ? { ...parameters, parachain: { id: parachain.id, slotMs: chain.slotMs } } : parameters,
    }),
    ...(chainClock === undefined ? {} : { clock: createChainClock(deps.clock, chainClock) }),
    derive: createSubstrateDerive(gateway, runtimes),
    target: createSubstrateTarget(),
    forecast: { unpayable: createReceiverProblem(view, gateway) },
    accounts: [],
    vault: createSubstrateVault(
      {
        clock: deps.clock,
        view,
        log: deps.log.child({ chain: name }),
        cursor: async () => deps.cursorOf(name),
        isDelivered: deps.isDelivered,
      },
      {
        gateway,
        signers: { members: firstShard.members, threshold: row.threshold },
        submitters: submitterSeed === undefined ? [] : submitterKeys(submitterSeed),
        memberKey: memberSeed && keyFromSeed(memberSeed),
      },
    ),
    finality:
      parachain === undefined
        ? 'finalized by two thirds of the GRANDPA authorities'
        : `included by its relay chain as parachain ${parachain.id}, and finalized there by two thirds of the authorities`,
    pollMs: config.pollMs,
  };
}

/**
 * The opener and the executor of an account, both from an operator's one seed. `number`: which of the operator's pairs, by
 * agreement that of the account in the manifest.
 */
export function shardKeys(seed: Uint8Array, number: number) {
  return { opener: keyFromSeed(seed, `//opener//${number}`), executor: keyFromSeed(seed, `//executor//${number}`) };
}

/** All pairs that a vault may have of one seed: which of them it has, the manifest says. */
function submitterKeys(seed: Uint8Array) {
  return Array.from({ length: VAULT_ACCOUNTS_MAX }, (_, number) => shardKeys(seed, number));
}

function endpointsOf(rows: readonly Endpoint[], deps: ChainDeps, genesisHash: string): SubstrateEndpoint[] {
  return rows.map(({ url }) =>
    createSubstrateEndpoint(createHttpEndpoint(deps, { url: url.reveal() }), { genesisHash }),
  );
}

/** The vault with its tokens and lanes, as the manifest has them. Throws `CONFIG_INVALID` for accounts that are not its own. */
export function substrateGateway(manifest: Manifest, chain: SubstrateChain): SubstrateGateway {
  const { name, gateway } = chain;
  const home = lanesFrom(manifest, name).find(isHomeLane);
  const [issuer] = gateway.shards;
  assert(home !== undefined && issuer !== undefined, 'a vault has a home lane and a shard');
  return {
    startHeight: gateway.startHeight,
    slotMs: chain.slotMs,
    ss58Prefix: chain.ss58Prefix,
    vaults: gateway.shards.map((shard, index) => {
      const signers = { members: shard.members, threshold: gateway.threshold };
      const vault = vaultAccount(signers, shard.opener, shard.executor);
      if (!equalBytes(vault.account, shard.account)) throw notItsAccount(name, index, vault.account);
      return vault;
    }),
    assets: manifest.assets.flatMap((asset) =>
      asset.representations.flatMap((row) => {
        if (row.chain !== name || row.family !== 'substrate') return [];
        const { decimals, refundMinimum } = row;
        const custody = row.custody === 'mint' ? ({ kind: 'mint', issuer: issuer.account } as const) : LOCK;
        const token = tokenOf(row);
        return [{ asset: asset.id, token, custody, decimals, canonicalDecimals: asset.decimals, refundMinimum }];
      }),
    ),
    outbound: lanesFrom(manifest, name)
      .filter((lane) => !isHomeLane(lane))
      .map((lane) => vaultLane(manifest, lane)),
    inbound: lanesTo(manifest, name)
      .filter((lane) => !isHomeLane(lane))
      .map(({ id, oppositeId }) => ({ lane: id, opposite: oppositeId })),
    home: home.id,
  };
}

const LOCK = { kind: 'lock' } as const;

function tokenOf({ assetId }: SubstrateToken): SubstrateGateway['assets'][number]['token'] {
  return assetId === undefined ? { kind: 'native' } : { kind: 'asset', id: assetId };
}

function notItsAccount(chain: string, shard: number, own: Uint8Array): ViaductError {
  return new ViaductError({
    code: 'CONFIG_INVALID',
    shortMessage: `The manifest's address of shard ${shard} on ${chain} is not that of its keys.`,
    metaMessages: [`Members, opener, executor and threshold make ${toHex(own)}.`],
  });
}
