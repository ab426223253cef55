/** A vault of 2-of-3 shards on the local chain, with members that sign in memory, and chunks to pay. */
import { concatBytes } from '../../relayer/core/bytes.ts';
import { decodeReleaseRequest, encodeReleaseRequest } from '../../relayer/core/release.ts';
import { type Clock, systemClock } from '../../relayer/core/clock.ts';
import { chunkHashes, merkleRoot } from '../../relayer/core/checkpoint.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { encodePacket, type Packet } from '../../relayer/core/packet.ts';
import type {
  Cosigners,
  Delivery,
  ReleaseRequest,
  ReleaseView,
  TargetAccount,
  Vault,
  VaultMember,
} from '../../relayer/core/ports.ts';
import { sha256 } from '../../light-clients/tendermint/index.ts';
import { makeDevAccount } from '../../test/devnet/cosmos/accounts.ts';
import { type LocalCosmos, startLocalCosmos } from '../../test/devnet/cosmos/index.ts';
import { createHttpEndpoint } from '../endpoints/http.ts';
import { formatAccount } from './account.ts';
import { deployVault, type ShardKeys } from './deploy.ts';
import { SDK_053_COSTS } from './fees.ts';
import type { CosmosGateway } from './gateway.ts';
import { memberKey } from './memberKeys.ts';
import { type CometEndpoint, createCometEndpoint } from './rpc.ts';
import { createCosmosSender, type CosmosSender } from './sender.ts';
import { makeShard, type VaultShard } from './shards.ts';
import { factoryDenom } from './tokenFactory.ts';
import { createCosmosVault, type CosmosVaultDeps } from './vault.ts';
import { ASSET, CHAIN_ID, COARSE, FROM_EVM, makeGateway, SCALE } from './vault.fixture.ts';

const SECRETS = ['one', 'two', 'three'].map((name) => sha256(new TextEncoder().encode(`member ${name}`)));

export const SHARDS: readonly VaultShard[] = [0, 1].map((index) =>
  makeShard(
    SECRETS.map((secret) => memberKey(secret, CHAIN_ID, index).publicKey),
    2,
  ),
);
export const ADDRESSES = SHARDS.map(({ account }) => formatAccount(account, 'cosmos'));
/** Minted by the first shard. */
export const MINTED = factoryDenom(ADDRESSES[0] ?? '', 'weth');
/** Of the local chain's fee collector, which its bank pays nothing to. */
export const MODULE_ACCOUNT = sha256(new TextEncoder().encode('fee_collector')).slice(0, 20);

export function vaultGateway(startHeight: bigint, more: Partial<CosmosGateway> = {}): CosmosGateway {
  const made = makeGateway(SHARDS, startHeight);
  return {
    ...made,
    coins: [
      ...made.coins.slice(0, 1),
      { denom: MINTED, asset: COARSE, decimals: 6, canonicalDecimals: 6, refundMinimum: 0n, custody: 'mint' },
    ],
    blocked: [MODULE_ACCOUNT],
    costs: { ...SDK_053_COSTS, feePerThousandGas: 1n },
    ...more,
  };
}

export interface VaultChain {
  readonly local: LocalCosmos;
  readonly endpoint: CometEndpoint;
  /** Of two nodes of the same chain. */
  readonly endpoints: readonly CometEndpoint[];
  readonly gateway: CosmosGateway;
  readonly funder: CosmosSender;
  readonly signal: AbortSignal;
  /** Makes a block whenever somebody waits. */
  readonly clock: Clock;
  readonly keys: readonly ShardKeys[];
  vaultOf(member: number | undefined, deps?: CosmosVaultDeps, nodes?: readonly CometEndpoint[]): Vault;
  stop(): Promise<void>;
}

export interface VaultChainOptions {
  readonly gateway?: Partial<CosmosGateway>;
  readonly funding?: Readonly<Record<string, bigint>>;
  readonly tokenFactory?: boolean;
}

export async function startVaultChain(seed: string, options: VaultChainOptions = {}): Promise<VaultChain> {
  const { gateway: more = {}, funding = { utoken: 10n ** 12n }, tokenFactory } = options;
  const rich = await makeDevAccount(seed, 'rich');
  const holders = [{ address: rich.address, coins: { utoken: 10n ** 15n, upool: 10n ** 15n } }];
  const local = await startLocalCosmos(
    { clock: systemClock },
    { chainId: CHAIN_ID, seed, holders, nodes: 2, tokenFactory },
  );
  const { chain } = local;
  const url = local.nodes[0]?.url ?? '';
  const endpoints = local.nodes.map((node) =>
    createCometEndpoint(createHttpEndpoint({ clock: systemClock }, { url: node.url }), { chainId: CHAIN_ID }),
  );
  const endpoint = endpoints[0] as CometEndpoint;
  const clock: Clock = {
    now: () => Number((chain.block(chain.height())?.header.timeNanos ?? 0n) / 1_000_000n),
    sleep: async () => Promise.resolve(void chain.produceBlock()),
  };
  const stop = new AbortController();
  const { signal } = stop;
  const privateKey = sha256(new TextEncoder().encode(`${seed}/account/rich`));
  const funder = await createCosmosSender(
    { clock },
    { url, chainId: CHAIN_ID, prefix: 'cosmos', privateKey, feeDenom: 'utoken' },
  );
  const keys = SHARDS.map(
    (_, index) => new Map(SECRETS.map((secret, at) => [at, memberKey(secret, CHAIN_ID, index).privateKey] as const)),
  );
  const undeployed = vaultGateway(1n, more);
  const deployment = { endpoint, gateway: undeployed, keys, funder, funding };
  const { startHeight } = await deployVault({ clock }, deployment, signal);
  const gateway = { ...undeployed, startHeight };
  return {
    local,
    endpoint,
    endpoints,
    gateway,
    funder,
    signal,
    clock,
    keys,
    vaultOf: (member, deps = {}, nodes = [endpoint]) =>
      createCosmosVault(deps, {
        endpoints: nodes,
        gateway,
        clockDriftSeconds: 10n,
        memberSecret: member === undefined ? undefined : SECRETS[member],
      }),
    stop: async () => {
      stop.abort();
      funder.close();
      await local.stop();
    },
  };
}

/** What a member that follows the chain closely sees. */
export function viewOf({ local }: Pick<VaultChain, 'local'>, more: Partial<ReleaseView> = {}): ReleaseView {
  const height = local.chain.height();
  const timeSeconds = (local.chain.block(height)?.header.timeNanos ?? 0n) / 10n ** 9n;
  return { height, timeSeconds, standing: undefined, nextSlot: async () => Promise.resolve(0n), ...more };
}

export interface Interference {
  /** The answer of a member as it arrives; undefined: it does not. */
  answer?: (answer: Uint8Array, member: number, request: ReleaseRequest) => Uint8Array | undefined;
}

/** All members, asked one after the other over bytes. */
export function cosignersOf(
  vault: VaultChain,
  { answer: alter = (answer) => answer }: Interference = {},
): Cosigners & { readonly asked: ReleaseRequest[]; readonly reasons: string[] } {
  const members = SECRETS.map((_, index) => vault.vaultOf(index).member as VaultMember);
  const asked: ReleaseRequest[] = [];
  const reasons: string[] = [];
  return {
    asked,
    reasons,
    collect: async (request, take, signal) => {
      asked.push(request);
      for (const [index, member] of members.entries()) {
        const told = decodeReleaseRequest(encodeReleaseRequest(request));
        const verdict = await member.check(told, viewOf(vault));
        if (verdict.kind !== 'valid') {
          reasons.push(verdict.reason);
          continue;
        }
        const answer = alter(await member.sign(told, verdict.value, signal), index, request);
        if (answer !== undefined && take(answer) === 'enough') return;
      }
      throw new ViaductError({ code: 'COSIGNERS_MISSING', shortMessage: 'Too few.' });
    },
  };
}

export function packet(sequence: bigint, more: Partial<Packet> = {}): Packet {
  const tag = new Uint8Array(32);
  new DataView(tag.buffer).setBigUint64(0, sequence);
  return {
    kind: 'transfer',
    sequence,
    asset: ASSET,
    amount: 10n * SCALE,
    receiver: sha256(tag).slice(0, 20),
    deadline: 0n,
    sourceReference: tag,
    sender: new Uint8Array(20).fill(7),
    ...more,
  };
}

/** A chunk of packets from `first` on; `change` says what is special about single ones. */
export function chunkOf(
  first: bigint,
  count: number,
  change: (index: number) => Partial<Packet> = () => ({}),
  lane: LaneId = FROM_EVM,
): Delivery {
  const packets = concatBytes(
    ...Array.from({ length: count }, (_, index) => encodePacket(packet(first + BigInt(index), change(index)))),
  );
  const zero = new Uint8Array(32);
  return {
    checkpoint: {
      lane,
      signerEpoch: 0n,
      signerSetHash: zero,
      manifestHash: zero,
      firstSequence: first,
      packetCount: count,
      chunkSize: 512,
      root: merkleRoot(chunkHashes(packets, 512)),
      sourceHeight: 1n,
      sourceBlockHash: zero,
    },
    signatures: new Uint8Array(0),
    chunkIndex: 0,
    packets,
    proof: [],
  };
}

/** Prepares, signs, broadcasts and includes one chunk; the transaction. */
export async function release(vault: VaultChain, account: TargetAccount, delivery: Delivery) {
  const { signal } = vault;
  const preparation = await account.prepare(delivery, signal);
  if (preparation.kind !== 'send') throw new Error(JSON.stringify(preparation));
  const slot = await account.nextSlot(signal);
  const transaction = await account.sign(preparation.call, slot, 0, signal);
  await account.broadcast(transaction, signal);
  vault.local.chain.produceBlock();
  return transaction;
}
