/**
 * Deploys a gateway and its tokens, and makes the owner's configuration calls. Used by the local network and by operators.
 * Each configuration call looks first and does nothing when the gateway already says so, so a broken-off run is repeated.
 */
import { type Abi, encodeAbiParameters, encodeFunctionData } from 'viem';
import bridgedTokenArtifact from '../../contracts/evm/artifacts/BridgedToken.json' with { type: 'json' };
import gatewayArtifact from '../../contracts/evm/artifacts/Gateway.json' with { type: 'json' };
import testTokenArtifact from '../../contracts/evm/artifacts/TestToken.json' with { type: 'json' };
import { concatBytes, fromHex, toHex } from '../../relayer/core/bytes.ts';
import type { SignerSet } from '../../relayer/core/checkpoint.ts';
import { assert } from '../../relayer/core/errors.ts';
import { type AssetId, type Caip2, caip2, type LaneId } from '../../relayer/core/ids.ts';
import { laneIdOf } from '../../relayer/core/lane.ts';
import { encode, laneArgument, readViews } from './gatewayCalls.ts';
import type { EvmReceipt, EvmSender } from './sender.ts';

/** As `Custody` of the contract. */
export const CUSTODIES = { native: 1, lock: 2, mint: 3 } as const;
export type EvmCustody = keyof typeof CUSTODIES;

export interface DeployedGateway {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** The block of the deployment: where derivation starts and a `confirmations` client may start to trust. */
  readonly startHeight: bigint;
  /** 32 bytes. */
  readonly blockHash: Uint8Array;
}

interface Artifact {
  readonly abi: unknown;
  readonly bytecode: string;
}

export async function deployGateway(
  sender: EvmSender,
  options: { readonly signerSet: SignerSet; readonly owner?: Uint8Array; readonly guardians?: readonly Uint8Array[] },
  signal: AbortSignal,
): Promise<DeployedGateway> {
  const { signerSet } = options;
  const owner = options.owner ?? sender.address;
  const set = { epoch: signerSet.epoch, threshold: signerSet.threshold, members: signerSet.members.map(toHex) };
  const receipt = await deploy(sender, gatewayArtifact, [toHex(owner), set], signal);
  const address = contractOf(receipt);
  for (const guardian of options.guardians ?? []) await setGuardian(sender, address, guardian, signal);
  return { address, startHeight: receipt.height, blockHash: receipt.blockHash };
}

/** A representation of an asset of another chain, minted and burned by this gateway only. Returns its address. */
export async function deployBridgedToken(
  sender: EvmSender,
  options: { readonly name: string; readonly symbol: string; readonly decimals: number; readonly gateway: Uint8Array },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { name, symbol, decimals, gateway } = options;
  return contractOf(await deploy(sender, bridgedTokenArtifact, [name, symbol, decimals, toHex(gateway)], signal));
}

/** A token that anyone may mint: for local networks and testnets. Returns its address. */
export async function deployTestToken(
  sender: EvmSender,
  options: { readonly name: string; readonly symbol: string; readonly decimals: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { name, symbol, decimals } = options;
  return contractOf(await deploy(sender, testTokenArtifact, [name, symbol, decimals], signal));
}

export async function mintTestToken(
  sender: EvmSender,
  token: Uint8Array,
  to: Uint8Array,
  amount: bigint,
  signal: AbortSignal,
): Promise<void> {
  const abi = testTokenArtifact.abi as unknown as Abi;
  const data = encodeFunctionData({ abi, functionName: 'mint', args: [toHex(to), amount] });
  await sender.send({ to: token, data: fromHex(data) }, signal);
}

export async function setGuardian(
  sender: EvmSender,
  gateway: Uint8Array,
  guardian: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const [isGuardian] = await view(sender, gateway, 'guardians', [toHex(guardian)], signal);
  if (isGuardian !== true) await configure(sender, gateway, 'setGuardian', [toHex(guardian), true], signal);
}

export interface LaneRegistration {
  readonly remoteChain: Caip2;
  /** Native account bytes of the remote gateway, 1 to 32. */
  readonly remoteGateway: Uint8Array;
  /** Bytes of an account on the remote chain. */
  readonly receiverLength: number;
  /** 512 where all assets are minted here, at most 128 where native coin or locked tokens are paid out. */
  readonly chunkSizeMax: number;
}

/** Both directions to a remote gateway. Returns their ids. */
export async function registerLane(
  sender: EvmSender,
  gateway: Uint8Array,
  lane: LaneRegistration,
  signal: AbortSignal,
): Promise<{ readonly outgoing: LaneId; readonly incoming: LaneId }> {
  const local = { chain: caip2(`eip155:${sender.chainId}`), gateway };
  const remote = { chain: lane.remoteChain, gateway: lane.remoteGateway };
  const outgoing = laneIdOf(local, remote);
  const incoming = laneIdOf(remote, local);
  const [outbound] = await view(sender, gateway, 'outboundLanes', [laneArgument(outgoing)], signal);
  if ((outbound as readonly unknown[])[2] !== true) {
    const args = [lane.remoteChain, toHex(lane.remoteGateway), lane.receiverLength, lane.chunkSizeMax];
    await configure(sender, gateway, 'registerLane', args, signal);
  }
  return { outgoing, incoming };
}

export async function registerAsset(
  sender: EvmSender,
  gateway: Uint8Array,
  asset: {
    readonly asset: AssetId;
    /** Undefined for the chain's own coin. */
    readonly token: Uint8Array | undefined;
    readonly custody: EvmCustody;
    readonly canonicalDecimals: number;
  },
  signal: AbortSignal,
): Promise<void> {
  const [registered] = await view(sender, gateway, 'assets', [asset.asset], signal);
  if ((registered as readonly unknown[])[1] !== 0) return;
  const token = toHex(asset.token ?? new Uint8Array(20));
  const args = [asset.asset, token, CUSTODIES[asset.custody], asset.canonicalDecimals];
  await configure(sender, gateway, 'registerAsset', args, signal);
}

/** At most `cap` canonical units leave in any window. Without a limit nothing of the asset is paid out. */
export async function setLimit(
  sender: EvmSender,
  gateway: Uint8Array,
  limit: { readonly asset: AssetId; readonly cap: bigint; readonly windowSeconds: bigint },
  signal: AbortSignal,
): Promise<void> {
  const [current] = await view(sender, gateway, 'limits', [limit.asset], signal);
  const [, , windowSeconds, capacity] = current as readonly bigint[];
  if (windowSeconds === limit.windowSeconds && capacity === limit.cap / 2n) return;
  await configure(sender, gateway, 'setLimit', [limit.asset, limit.cap, limit.windowSeconds], signal);
}

export async function setLaneAsset(
  sender: EvmSender,
  gateway: Uint8Array,
  terms: {
    readonly outgoing: LaneId;
    readonly asset: AssetId;
    readonly enabled: boolean;
    /** Canonical units. */
    readonly minAmount: bigint;
    readonly maxAmount: bigint;
    readonly granularity: bigint;
  },
  signal: AbortSignal,
): Promise<void> {
  const { outgoing, asset, enabled, minAmount, maxAmount, granularity } = terms;
  const [current] = await view(sender, gateway, 'laneAssets', [laneArgument(outgoing), asset], signal);
  const wanted = [minAmount, maxAmount, granularity, enabled];
  if ((current as readonly unknown[]).every((value, index) => value === wanted[index])) return;
  const args = [laneArgument(outgoing), asset, enabled, minAmount, maxAmount, granularity];
  await configure(sender, gateway, 'setLaneAsset', args, signal);
}

async function deploy(
  sender: EvmSender,
  artifact: Artifact,
  args: readonly unknown[],
  signal: AbortSignal,
): Promise<EvmReceipt> {
  const constructor = (artifact.abi as Abi).find((entry) => entry.type === 'constructor');
  const encoded = constructor === undefined ? '0x' : encodeAbiParameters(constructor.inputs, args as never);
  return sender.send({ data: concatBytes(fromHex(artifact.bytecode), fromHex(encoded)) }, signal);
}

function contractOf(receipt: EvmReceipt): Uint8Array {
  assert(receipt.contract !== undefined, 'a deployment names its contract');
  return receipt.contract;
}

async function view(
  sender: EvmSender,
  gateway: Uint8Array,
  functionName: string,
  args: readonly unknown[],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  return readViews(sender.endpoint, gateway, [{ functionName, args }], signal);
}

async function configure(
  sender: EvmSender,
  gateway: Uint8Array,
  functionName: string,
  args: readonly unknown[],
  signal: AbortSignal,
): Promise<void> {
  await sender.send({ to: gateway, data: encode(functionName, args) }, signal);
}
