/**
 * Two real anvil nodes with a gateway each, a lane both ways, and what follows, deposits and delivers on them. For tests; the
 * signer set of three with a threshold of two is made up.
 */
import { createServer, type Server } from 'node:http';
import { expect } from 'vitest';
import { createConfirmationsClient } from '../../light-clients/confirmations/index.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import {
  type Checkpoint,
  checkpointDigest,
  chunkHashes,
  domainSeparator,
  merkleProof,
  merkleRoot,
  type SignerSet,
  signerSetHash,
} from '../../relayer/core/checkpoint.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { type AssetId, assetId, caip2, type LaneId } from '../../relayer/core/ids.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import type { LightClient } from '../../light-clients/verdict.ts';
import type { ChainSource, Delivery, Derive, VerifiedHead } from '../../relayer/core/ports.ts';
import { addressOf, sign } from '../../relayer/core/secp256k1.ts';
import { type Anvil, startAnvil } from '../../test/devnet/anvil.ts';
import {
  createEvmAccount,
  createEvmDerive,
  createEvmSender,
  createEvmSource,
  createHeaderUpdates,
  createRpcEndpoint,
  deployBridgedToken,
  deployGateway,
  type DeployedGateway,
  deployTestToken,
  type EvmGateway,
  type EvmSender,
  mintTestToken,
  registerAsset,
  registerLane,
  type RpcEndpoint,
  setLaneAsset,
  setLimit,
} from './index.ts';

export const deps = { clock: systemClock };
export const signal = new AbortController().signal;
export const SIGNER_KEYS = [1, 2, 3]
  .map((n) => new Uint8Array(32).fill(n))
  .sort((a, b) => (toHex(addressOf(a)) < toHex(addressOf(b)) ? -1 : 1));
const SIGNERS: SignerSet = { epoch: 1n, threshold: 2, members: SIGNER_KEYS.map(addressOf) };
export const ASSET = assetId(7);
export const NATIVE = assetId(1);
export const CONFIRMATIONS = 2;

export interface Side {
  anvil: Anvil;
  chainId: number;
  endpoint: RpcEndpoint;
  owner: EvmSender;
  deployed: DeployedGateway;
  token: Uint8Array;
  gateway: EvmGateway;
  source: ChainSource;
  derive: Derive;
  client: LightClient;
}

export interface TwoChains {
  readonly a: Side;
  readonly b: Side;
  readonly laneAb: LaneId;
  readonly laneBa: LaneId;
  /** Of a deposit on A that goes to B. */
  terms(): { gateway: Uint8Array; lane: LaneId; asset: AssetId; token: Uint8Array };
  /** A chunk of such packets for B, signed. */
  deliver: Deliver;
  close(): Promise<void>;
}

type Deliver = (
  packets: Uint8Array,
  chunkSize: number,
  chunkIndex: number,
  changes?: Partial<Checkpoint>,
  keys?: readonly Uint8Array[],
) => Delivery;

export async function startTwoChains(): Promise<TwoChains> {
  const [first, second] = await Promise.all([setUp(31337), setUp(31338)]);
  const home = await deployTestToken(first.owner, { name: 'Test', symbol: 'TST', decimals: 18 }, signal);
  const bridged = await deployBridgedToken(
    second.owner,
    { name: 'Test', symbol: 'TST', decimals: 6, gateway: second.deployed.address },
    signal,
  );
  await mintTestToken(first.owner, home, first.owner.address, 10n ** 24n, signal);
  const { outgoing: laneAb, incoming: laneBa } = await connect(first, second, home, 'lock');
  await connect(second, first, bridged, 'mint');
  const a = complete(first, home, laneAb, laneBa);
  const b = complete(second, bridged, laneBa, laneAb);
  return {
    ...{ a, b, laneAb, laneBa },
    terms: () => ({ gateway: a.gateway.address, lane: laneAb, asset: ASSET, token: a.token }),
    deliver: (...asked) => deliver({ b, laneAb }, ...asked),
    close: async () => {
      await Promise.all([a.source.close(), b.source.close(), a.anvil.stop(), b.anvil.stop()]);
    },
  };
}

async function setUp(chainId: number): Promise<Pick<Side, 'anvil' | 'chainId' | 'endpoint' | 'owner' | 'deployed'>> {
  const anvil = await startAnvil({ chainId });
  const endpoint = createRpcEndpoint(deps, { url: anvil.url, chainId });
  const owner = createEvmSender(deps, { endpoint, chainId, privateKey: keyOf(anvil, 0) });
  const deployed = await deployGateway(owner, { signerSet: SIGNERS, guardians: [owner.address] }, signal);
  return { anvil, chainId, endpoint, owner, deployed };
}

async function connect(
  local: Pick<Side, 'owner' | 'deployed'>,
  remote: Pick<Side, 'chainId' | 'deployed'>,
  token: Uint8Array,
  custody: 'lock' | 'mint',
): Promise<{ outgoing: LaneId; incoming: LaneId }> {
  const gateway = local.deployed.address;
  const registration = {
    remoteChain: caip2(`eip155:${remote.chainId}`),
    remoteGateway: remote.deployed.address,
    receiverLength: 20,
    chunkSizeMax: 128,
  };
  const lanes = await registerLane(local.owner, gateway, registration, signal);
  // Again: nothing happens, and the ids are the same.
  expect(await registerLane(local.owner, gateway, registration, signal)).toEqual(lanes);
  for (const asset of [
    { asset: ASSET, token, custody, canonicalDecimals: 6 },
    { asset: NATIVE, token: undefined, custody: 'native' as const, canonicalDecimals: 9 },
  ]) {
    await registerAsset(local.owner, gateway, asset, signal);
    await registerAsset(local.owner, gateway, asset, signal);
    await setLimit(local.owner, gateway, { asset: asset.asset, cap: 10n ** 15n, windowSeconds: 3600n }, signal);
    await setLimit(local.owner, gateway, { asset: asset.asset, cap: 10n ** 15n, windowSeconds: 3600n }, signal);
    const allowed = {
      outgoing: lanes.outgoing,
      asset: asset.asset,
      enabled: true,
      minAmount: 1n,
      maxAmount: 10n ** 12n,
      granularity: 1n,
    };
    await setLaneAsset(local.owner, gateway, allowed, signal);
    await setLaneAsset(local.owner, gateway, allowed, signal);
  }
  return lanes;
}

function complete(
  side: Pick<Side, 'anvil' | 'chainId' | 'endpoint' | 'owner' | 'deployed'>,
  token: Uint8Array,
  outgoing: LaneId,
  incoming: LaneId,
): Side {
  const { address, startHeight, blockHash } = side.deployed;
  const gateway: EvmGateway = { address, startHeight, outbound: [outgoing], inbound: [incoming] };
  const client = createConfirmationsClient({
    trusted: { height: startHeight, hash: blockHash },
    confirmations: CONFIRMATIONS,
    quorum: 1,
    endpoints: 1,
    driftSecondsMax: 3600,
  });
  const whole = { ...side, token, gateway, client, derive: createEvmDerive(gateway) };
  return { ...whole, source: sourceOf(whole, [side.endpoint]) };
}

export function sourceOf(side: Pick<Side, 'gateway'>, endpoints: RpcEndpoint[]): ChainSource {
  const pullUpdate = createHeaderUpdates({ endpoints, confirmations: CONFIRMATIONS, quorum: 1 });
  return createEvmSource(deps, { endpoints, gateway: side.gateway, pullUpdate, pollMs: 1_000 });
}

/** The light client up to the chain's tip, with enough empty blocks on top. */
export async function follow(side: Side) {
  await side.anvil.rpc('anvil_mine', [toHex32(BigInt(CONFIRMATIONS))]);
  const started = side.client.start();
  if (started.kind !== 'valid') throw new Error(started.kind);
  let step = started.value;
  for (;;) {
    const update = await side.source.pullUpdate(step.state, signal);
    if (update === undefined) return { step };
    const verdict = side.client.update(step.state, update, now());
    if (verdict.kind !== 'valid') throw new Error(`${verdict.kind}: ${verdict.reason}`);
    step = verdict.value;
  }
}

export async function advance(side: Side, before?: Uint8Array) {
  const { step } = await follow(side);
  const head: VerifiedHead = step.head;
  const evidence = await side.source.pullEvidence({ head, cursor: before }, signal);
  const verdict = side.derive({ head, cursor: before }, evidence);
  if (verdict.kind !== 'valid') throw new Error(`${verdict.kind}: ${verdict.reason}`);
  expect(verdict.value.height).toBe(head.height);
  return { head, before, evidence, derivation: verdict.value, cursor: verdict.value.cursor };
}

function keyOf({ accounts }: Anvil, index: number): Uint8Array {
  const account = accounts[index];
  if (account === undefined) throw new Error(`no account ${index}`);
  return account.privateKey;
}

export function relayAccount(side: Side, index = 5, tip = 2n) {
  return createEvmAccount({
    chainId: side.chainId,
    endpoints: [side.endpoint],
    gateway: side.gateway.address,
    privateKey: keyOf(side.anvil, index),
    feeLimits: { maxFeePerGasMax: 10n ** 12n, priorityFeePerGasMin: tip, priorityFeePerGasMax: 10n ** 9n },
  });
}

/** The same cursor, as if derived at another height. */
export function shifted(cursor: Uint8Array, height: bigint): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(cursor)) as { height: string };
  return new TextEncoder().encode(JSON.stringify({ ...json, height: height.toString() }));
}

export function emptied(result: unknown): unknown {
  const proof = result as { accountProof: string[] };
  return { ...proof, accountProof: proof.accountProof.slice(0, 1) };
}

export function toHex32(value: bigint): string {
  return `0x${value.toString(16)}`;
}

export function now(): bigint {
  return BigInt(Math.floor(systemClock.now() / 1000));
}

/** A proxy in front of a node that changes answers, or refuses by throwing. */
export async function startProxy(
  target: string,
  change: (method: string, result: unknown, params: unknown) => unknown,
): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text })
        .then(async (answer) => {
          const { method, params, id } = JSON.parse(text) as { method: string; params: unknown; id: number };
          const body = (await answer.json()) as { result?: unknown };
          try {
            response.end(JSON.stringify({ ...body, result: change(method, body.result, params) }));
          } catch (error) {
            response.end(
              JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32005, message: (error as Error).message } }),
            );
          }
        })
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function deliver(
  { b, laneAb }: Pick<TwoChains, 'b' | 'laneAb'>,
  packets: Uint8Array,
  chunkSize: number,
  chunkIndex: number,
  changes: Partial<Checkpoint> = {},
  keys: readonly Uint8Array[] = SIGNER_KEYS.slice(0, 2),
): Delivery {
  const hashes = chunkHashes(packets, chunkSize);
  const checkpoint: Checkpoint = {
    lane: laneAb,
    signerEpoch: SIGNERS.epoch,
    signerSetHash: signerSetHash(SIGNERS),
    manifestHash: new Uint8Array(32).fill(4),
    firstSequence: 0n,
    packetCount: packets.length / PACKET_BYTES,
    chunkSize,
    root: merkleRoot(hashes),
    sourceHeight: 9n,
    sourceBlockHash: new Uint8Array(32).fill(5),
    ...changes,
  };
  const digest = checkpointDigest(checkpoint, domainSeparator(caip2(`eip155:${b.chainId}`), b.gateway.address));
  const ordered = [...keys].sort((x, y) => (toHex(addressOf(x)) < toHex(addressOf(y)) ? -1 : 1));
  return {
    checkpoint,
    signatures: new Uint8Array(ordered.flatMap((key) => [...sign(digest, key)])),
    chunkIndex,
    packets: packets.slice(chunkIndex * chunkSize * PACKET_BYTES, (chunkIndex + 1) * chunkSize * PACKET_BYTES),
    proof: merkleProof(hashes, chunkIndex),
  };
}
