/** The project's own source, light client and derivation over a chain, driven as the engine drives them. */
import { createCosmosDerive } from '../../../adapters/cosmos/derive.ts';
import type { CosmosGateway } from '../../../adapters/cosmos/gateway.ts';
import { pullLightBlock } from '../../../adapters/cosmos/lightBlocks.ts';
import { type CometEndpoint, createCometEndpoint } from '../../../adapters/cosmos/rpc.ts';
import { type CosmosSourceOptions, createCosmosSource } from '../../../adapters/cosmos/source.ts';
import { createHttpEndpoint } from '../../../adapters/endpoints/http.ts';
import {
  createTendermintClient,
  encodeLightBlock,
  encodeUpdate,
  headerHash,
  type LightBlock,
  type TrustRules,
} from '../../../light-clients/tendermint/index.ts';
import type { Clock } from '../../../relayer/core/clock.ts';
import { PACKET_BYTES } from '../../../relayer/core/limits.ts';
import { decodePacket, type Packet } from '../../../relayer/core/packet.ts';
import type { LightClient, LightClientStep } from '../../../light-clients/verdict.ts';
import type { ChainSource, Derivation, Verdict } from '../../../relayer/core/ports.ts';

export function rulesOf(chainId: string): TrustRules {
  return {
    chainId,
    trustLevel: { numerator: 1n, denominator: 3n },
    trustingPeriodNanos: 14n * 86_400n * 1_000_000_000n,
    clockDriftNanos: 10_000_000_000n,
  };
}

export function endpointOf(clock: Clock, url: string, chainId: string): CometEndpoint {
  return createCometEndpoint(createHttpEndpoint({ clock }, { url }), { chainId });
}

export function nowSeconds(clock: Clock): bigint {
  return BigInt(Math.floor(clock.now() / 1000));
}

/** A light client that starts from a block that is taken for true: for tests a checkpoint is what the chain says. */
export function clientFrom(block: LightBlock, rules: TrustRules): LightClient {
  const checkpoint = { height: block.header.height, hash: headerHash(block.header) };
  return createTendermintClient({ rules, checkpoint, checkpointBlock: encodeLightBlock(block) });
}

export function mustBeValid<T>(verdict: Verdict<T>, what: string): T {
  if (verdict.kind !== 'valid') throw new Error(`${what}: ${verdict.kind}: ${verdict.reason}`);
  return verdict.value;
}

export interface Followed {
  readonly head: bigint;
  readonly derivations: readonly Derivation[];
}

/** Follows from block 1 as the engine does, until `height` is derived; the first verdict that is not valid ends it. */
export async function followFromGenesis(
  clock: Clock,
  urls: readonly string[],
  gateway: CosmosGateway,
  height: bigint,
  signal: AbortSignal,
  packetsOf?: CosmosSourceOptions['packetsOf'],
): Promise<Verdict<Followed>> {
  const rules = rulesOf(gateway.chainId);
  const endpoints = urls.map((url) => endpointOf(clock, url, gateway.chainId));
  const first = await pullLightBlock(endpoints[0]!, 1n, signal);
  const source = createCosmosSource(
    { clock },
    { endpoints, gateway, rules, checkpointHeight: 1n, pollMs: 100, packetsOf },
  );
  try {
    return await followWith(source);
  } finally {
    await source.close();
  }

  async function followWith({ pullUpdate, pullEvidence }: ChainSource): Promise<Verdict<Followed>> {
    const client = clientFrom(first, rules);
    const derive = createCosmosDerive(gateway);
    const started = client.start();
    if (started.kind !== 'valid') return started;
    let step: LightClientStep = started.value;
    const derivations: Derivation[] = [];
    while ((derivations.at(-1)?.height ?? 0n) <= height) {
      const update = await pullUpdate(step.state, signal);
      if (update !== undefined) {
        const verdict = client.update(step.state, update, nowSeconds(clock));
        if (verdict.kind !== 'valid') return verdict;
        step = verdict.value;
      }
      const request = { cursor: derivations.at(-1)?.cursor, head: step.head };
      const verdict = derive(request, await pullEvidence(request, signal));
      if (verdict.kind !== 'valid') return verdict;
      derivations.push(verdict.value);
    }
    return { kind: 'valid', value: { head: step.head.height, derivations } };
  }
}

export function packetsFrom({ derivations }: Followed): (Packet & { readonly lane: string })[] {
  return derivations.flatMap(({ outbound }) =>
    outbound.flatMap(({ lane, packets }) =>
      Array.from({ length: packets.length / PACKET_BYTES }, (_, index) => ({
        ...decodePacket(packets, index * PACKET_BYTES),
        lane,
      })),
    ),
  );
}

/** Every header on its own, each from the one before, up to `height`; how many there were. */
export async function followSequentially(
  clock: Clock,
  endpoint: CometEndpoint,
  chainId: string,
  height: bigint,
  signal: AbortSignal,
): Promise<bigint> {
  const rules = rulesOf(chainId);
  const client = clientFrom(await pullLightBlock(endpoint, 1n, signal), rules);
  let { state } = mustBeValid(client.start(), 'block 1');
  for (let at = 2n; at <= height; at++) {
    const blocks = [await pullLightBlock(endpoint, at, signal)];
    const verdict = client.update(state, encodeUpdate({ blocks, witnesses: [] }), nowSeconds(clock));
    const step = mustBeValid(verdict, `block ${at}`);
    if (step.head.height !== at) throw new Error(`block ${at}: the head is at ${step.head.height}`);
    ({ state } = step);
  }
  return height - 1n;
}
