/** The whole source side over HTTP against the local chain: light client, evidence, derivation, and nodes that misbehave. */
import { MsgExec } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalCosmos, startLocalCosmos } from '../../test/devnet/cosmos/index.ts';
import {
  type DevAccount,
  type DevMultisig,
  makeDevAccount,
  makeDevMultisig,
} from '../../test/devnet/cosmos/accounts.ts';
import { sendMessage, signOffline, submit } from '../../test/devnet/cosmos/offlineTx.ts';
import type { Fault } from '../../test/devnet/cosmos/rpc/faults.ts';
import { createTendermintClient, type TrustRules } from '../../light-clients/tendermint/index.ts';
import { equalBytes } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, type Packet } from '../../relayer/core/packet.ts';
import type { ChainSource, Derivation, LightClientStep, Verdict } from '../../relayer/core/ports.ts';
import { createHttpEndpoint } from '../endpoints/http.ts';
import { parseAccount } from './account.ts';
import { createCosmosDerive } from './derive.ts';
import { traceDeposits } from './findDeposits.ts';
import type { CosmosGateway } from './gateway.ts';
import { probeEndpoint } from './probe.ts';
import { type CometEndpoint, createCometEndpoint } from './rpc.ts';
import { createCosmosSource, stepHeight } from './source.ts';
import { CHAIN_ID, EVM_LANE, makeGateway } from './vault.fixture.ts';

const MEMO = `v1|anvil-a|${'ab'.repeat(20)}|0`;
const RULES: TrustRules = {
  chainId: CHAIN_ID,
  trustLevel: { numerator: 1n, denominator: 3n },
  trustingPeriodNanos: 10n ** 15n,
  clockDriftNanos: 10n ** 10n,
};

let local: LocalCosmos;
let alice: DevAccount;
let vault: DevMultisig;
let gateway: CosmosGateway;
let endpoints: CometEndpoint[];
let signal: AbortSignal;
let stop: AbortController;

beforeEach(async () => {
  alice = await makeDevAccount('f', 'alice');
  vault = await makeDevMultisig('f', 'vault', 2, 3);
  gateway = makeGateway([parseAccount(vault.address, 'cosmos')!], 2n);
  const holders = [{ address: alice.address, coins: { utoken: 10n ** 9n } }];
  local = await startLocalCosmos({ clock: systemClock }, { chainId: CHAIN_ID, seed: 'f', holders, nodes: 2 });
  endpoints = local.nodes.map(({ url }) => endpointOf(url));
  stop = new AbortController();
  ({ signal } = stop);
});

afterEach(async () => {
  stop.abort();
  await local.stop();
});

function endpointOf(url: string, chainId = CHAIN_ID): CometEndpoint {
  return createCometEndpoint(createHttpEndpoint({ clock: systemClock }, { url }), { chainId });
}

async function deposit(amount: number, memo = MEMO): Promise<Uint8Array> {
  const message = sendMessage(alice.address, vault.address, [{ denom: 'utoken', amount: amount.toString() }]);
  const tx = await signOffline(local.chain, alice, [message], { memo });
  submit(local.chain, tx);
  local.chain.produceBlock();
  return tx;
}

function blocks(count: number): void {
  for (let i = 0; i < count; i++) local.chain.produceBlock();
}

/** Endpoints that do not say how they fare are asked in the order of the list: here it matters who is asked first. */
function sourceOf(
  list: readonly CometEndpoint[] = endpoints.map((endpoint) => ({ ...endpoint, health: undefined })),
  contentBytesMax?: number,
): ChainSource {
  const options = { endpoints: list, gateway, rules: RULES, checkpointHeight: 1n, pollMs: 1, contentBytesMax };
  return createCosmosSource({ clock: systemClock }, options);
}

function valid<T>(verdict: Verdict<T>): T {
  if (verdict.kind !== 'valid') throw new Error(`${verdict.kind}: ${verdict.reason}`);
  return verdict.value;
}

interface Followed {
  readonly step: LightClientStep;
  readonly derivations: readonly Derivation[];
}

/** As the engine does it, until the source shows nothing new; the first verdict that is not valid ends it. */
async function follow(source: ChainSource): Promise<Verdict<Followed>> {
  const checkpoint = { height: 1n, hash: local.chain.block(1n)!.blockId.hash };
  const client = createTendermintClient({
    rules: RULES,
    checkpoint,
    checkpointBlock: await source.pullBootstrap(signal),
  });
  const started = client.start();
  if (started.kind !== 'valid') return started;
  const derive = createCosmosDerive(gateway);
  const now = local.chain.block(local.chain.height())!.header.timeNanos / 10n ** 9n + 2n;
  const derivations: Derivation[] = [];
  let step: LightClientStep = started.value;
  for (;;) {
    const update = await source.pullUpdate(step.state, signal);
    if (update !== undefined) {
      const verdict = client.update(step.state, update, now);
      if (verdict.kind !== 'valid') return verdict;
      step = verdict.value;
    }
    const last = derivations.at(-1);
    if (last !== undefined && last.height >= step.head.height) return { kind: 'valid', value: { step, derivations } };
    const request = { cursor: last?.cursor, head: step.head };
    const verdict = derive(request, await source.pullEvidence(request, signal));
    if (verdict.kind !== 'valid') return verdict;
    derivations.push(verdict.value);
  }
}

function packetsOf(derivations: readonly Derivation[], lane = EVM_LANE): Packet[] {
  return derivations
    .flatMap(({ outbound }) => outbound)
    .filter((one) => one.lane === lane)
    .flatMap(({ packets }) =>
      Array.from({ length: packets.length / PACKET_BYTES }, (_, i) => decodePacket(packets, i * PACKET_BYTES)),
    );
}

describe('following a chain by its RPC', () => {
  it('starts from the checkpoint, follows to the tip, and derives each deposit once', async () => {
    await deposit(100);
    blocks(30);
    await deposit(200);
    blocks(2);
    const { step, derivations } = valid(await follow(sourceOf()));
    expect(step.head.height).toBe(local.chain.height());
    expect(packetsOf(derivations).map(({ sequence, amount }) => [sequence, amount])).toEqual([
      [0n, 100n * 10n ** 12n],
      [1n, 200n * 10n ** 12n],
    ]);
  });

  it('follows changes of validators, over blocks in between where they changed too much', async () => {
    for (const round of ['one', 'two', 'three']) {
      for (const [index, name] of ['v1', 'v2', 'v3', 'v4'].entries()) {
        local.chain.setPower(`${round}-${index}`, 10n);
        if (round === 'one') local.chain.setPower(name, 0n);
        else local.chain.setPower(`${round === 'two' ? 'one' : 'two'}-${index}`, 0n);
      }
      blocks(10);
    }
    await deposit(100);
    blocks(2);
    const { step, derivations } = valid(await follow(sourceOf()));
    expect(step.head.height).toBe(local.chain.height());
    expect(packetsOf(derivations)).toHaveLength(1);
  });

  it('comes to the same in many small pieces of evidence', async () => {
    for (const amount of [100, 200, 300]) {
      await deposit(amount);
      blocks(3);
    }
    const whole = valid(await follow(sourceOf()));
    const pieces = valid(await follow(sourceOf(endpoints, 1)));
    expect(whole.derivations).toHaveLength(1);
    expect(pieces.derivations.length).toBeGreaterThan(3);
    expect(packetsOf(pieces.derivations)).toEqual(packetsOf(whole.derivations));
    expect(pieces.derivations.at(-1)!.cursor).toEqual(whole.derivations.at(-1)!.cursor);
  });

  it('does not credit what is wrapped in another message, though the vault has it', async () => {
    const inner = sendMessage(alice.address, vault.address, [{ denom: 'utoken', amount: '500' }]);
    const value = MsgExec.fromPartial({
      grantee: alice.address,
      msgs: [{ typeUrl: inner.typeUrl, value: MsgSend.encode(MsgSend.fromPartial(inner.value as object)).finish() }],
    });
    const exec = { typeUrl: '/cosmos.authz.v1beta1.MsgExec', value };
    submit(local.chain, await signOffline(local.chain, alice, [exec], { memo: MEMO }));
    expect(local.chain.produceBlock()!.results[0]).toMatchObject({ code: 0 });
    expect(local.chain.app.state.holdings.get(vault.address)?.get('utoken')).toBe(500n);
    blocks(1);
    expect(valid(await follow(sourceOf())).derivations.flatMap(({ outbound }) => outbound)).toEqual([]);
  });

  it('waits while a chain stands still, and goes on with it', async () => {
    const source = sourceOf();
    await deposit(100);
    blocks(1);
    const { step } = valid(await follow(source));
    for (const name of ['v1', 'v2']) local.chain.setVote(name, 'absent');
    expect(local.chain.produceBlock()).toBeUndefined();
    expect(await source.pullUpdate(step.state, signal)).toBeUndefined();
    for (const name of ['v1', 'v2']) local.chain.setVote(name, 'commit');
    await deposit(200);
    blocks(1);
    expect(packetsOf(valid(await follow(source)).derivations)).toHaveLength(2);
  });

  it('goes in steps, and straight to the start height', () => {
    expect(stepHeight(10n, 5_000n, 3_000n)).toBe(3_500n);
    expect(stepHeight(10n, 20n, 3_000n)).toBe(20n);
    expect(stepHeight(3_000n, 5_000n, 3_000n)).toBe(3_500n);
    expect(stepHeight(4_990n, 5_000n, 3_000n)).toBe(5_000n);
    expect(stepHeight(5_000n, 4_000n, 3_000n)).toBe(4_000n);
  });

  it('wakes on a new block, by its WebSocket', async () => {
    const options = { endpoints, gateway, rules: RULES, checkpointHeight: 1n, pollMs: 1_000_000_000 };
    const source = createCosmosSource({ clock: systemClock }, { ...options, wsUrl: local.nodes[0]!.wsUrl });
    const { promise, resolve } = deferred();
    let wakes = 0;
    // The first is the answer to the subscription; then a block.
    source.watch(() => {
      wakes++;
      if (wakes === 1) local.chain.produceBlock();
      if (wakes === 2) resolve();
    }, signal);
    await promise;
    await source.close();
  });

  it('traces a transaction to its packets', async () => {
    const tx = await deposit(100);
    blocks(1);
    const { derivations } = valid(await follow(sourceOf()));
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(tx))).toString('hex');
    const [trace] = (await traceDeposits(endpoints[0]!, gateway, hash.toUpperCase(), signal))!;
    expect(trace).toMatchObject({ lane: EVM_LANE, height: 2n });
    expect(trace!.sourceReference).toEqual(packetsOf(derivations)[0]!.sourceReference);
    expect(await traceDeposits(endpoints[0]!, gateway, '00'.repeat(32), signal)).toBeUndefined();
    expect(await traceDeposits(endpoints[0]!, gateway, 'nonsense', signal)).toBeUndefined();
    // The source finds the packet itself where it is told what was derived.
    const options = { endpoints, gateway, rules: RULES, checkpointHeight: 1n, pollMs: 1 };
    const sequenceOf = async ({ sourceReference }: { sourceReference: Uint8Array }) =>
      Promise.resolve(packetsOf(derivations).find((one) => equalBytes(one.sourceReference, sourceReference))?.sequence);
    const told = createCosmosSource({ clock: systemClock }, { ...options, sequenceOf });
    expect(await told.findDeposits(hash, signal)).toEqual([{ lane: EVM_LANE, sequence: 0n, height: 2n }]);
    expect(await told.findDeposits('00'.repeat(32), signal)).toBeUndefined();
    expect(await sourceOf().findDeposits(hash, signal)).toBeUndefined();
  });

  it('probes what an endpoint can serve', async () => {
    blocks(5);
    expect(await probeEndpoint(endpoints[0]!, 2n, signal)).toEqual({
      latestHeight: 6n,
      earliestHeight: 1n,
      catchingUp: false,
      results: 'kept',
    });
    local.nodes[0]!.faults.add({ kind: 'discardResults' });
    expect(await probeEndpoint(endpoints[0]!, 99n, signal)).toMatchObject({ results: 'discarded' });
  });

  it('refuses an endpoint of another chain, and says which', async () => {
    await expect(sourceOf([endpointOf(local.nodes[0]!.url, 'other-1')]).pullBootstrap(signal)).rejects.toMatchObject({
      code: 'ENDPOINT_WRONG_CHAIN',
      shortMessage: `${local.nodes[0]!.url} serves chain viaduct-local-1, not other-1.`,
    });
  });
});

describe('a node that misbehaves', () => {
  beforeEach(async () => {
    await deposit(100);
    await deposit(200);
    blocks(3);
  });

  /** The deposits are in blocks 2 and 3. */
  const lies: readonly [string, Fault, RegExp][] = [
    ['hides a deposit', { kind: 'omit', height: 2n, index: 0 }, /block 2: transactions do not match the header/],
    [
      'says that a deposit failed',
      lie('block_results', 'txs_results.0.code', 5),
      /results do not match the next header/,
    ],
    ['changes the gas of a result', lie('block_results', 'txs_results.0.gas_used', '1'), /results do not match/],
    ['shows results of nothing', lie('block_results', 'txs_results', null), /differ in number/],
    ['shows another transaction', lie('block', 'block.data.txs.0', 'AAAA'), /transactions do not match/],
    [
      'changes the app hash of a header',
      lie('commit', 'signed_header.header.app_hash', '00'.repeat(32)),
      /another header|another hash/,
    ],
    [
      'changes the time of a header',
      lie('commit', 'signed_header.header.time', '2025-06-15T15:06:50Z'),
      /another header|another hash/,
    ],
    [
      'changes a power',
      lie('validators', 'validators.0.voting_power', '11'),
      /validators do not match|next validators/,
    ],
    ['has commits without a quorum', { kind: 'nilVotes', count: 2 }, /two thirds/],
    [
      'changes a signature',
      lie('commit', 'signed_header.commit.signatures.1.signature', Buffer.alloc(64).toString('base64')),
      /signature 1 is wrong/,
    ],
    [
      'says that a block is empty',
      lie(
        'blockchain',
        'block_metas.2.header.data_hash',
        'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
      ),
      /hash is not the one/,
    ],
  ];

  function lie(method: string, path: string, value: unknown): Fault {
    return { kind: 'lie', method, path, value };
  }

  it.each(lies)('and %s is refused', async (_, fault, reason) => {
    local.nodes[0]!.faults.add(fault);
    const verdict = await follow(sourceOf([endpoints[0]!]));
    expect(verdict).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(reason) as string });
  });

  it.each(lies)('and %s costs an endpoint, not a deposit', async (_, fault) => {
    local.nodes[0]!.faults.add(fault);
    const source = sourceOf();
    expect((await follow(source)).kind).toBe('invalid');
    source.reject('it lied');
    expect(packetsOf(valid(await follow(source)).derivations)).toHaveLength(2);
  });

  it.each<Fault>([
    { kind: 'discardResults' },
    { kind: 'httpStatus', method: 'block_results', status: 503 },
    { kind: 'lie', method: 'blockchain', path: 'block_metas.1', value: null },
    { kind: 'lie', method: 'block', path: 'block.data.txs.0', value: '%%%' },
    { kind: 'lie', method: 'commit', path: 'signed_header', value: 7 },
    { kind: 'lie', method: 'blockchain', path: 'block_metas', value: [] },
  ])('is passed over when it does not answer usefully: %j', async (fault) => {
    local.nodes[0]!.faults.add(fault);
    expect(packetsOf(valid(await follow(sourceOf())).derivations)).toHaveLength(2);
    await expect(follow(sourceOf([endpoints[0]!]))).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
  });

  it.each(['equivocate', 'lunatic'] as const)(
    'and signs two blocks (%s) freezes the chain, as soon as a witness shows it',
    async (kind) => {
      local.nodes[1]!.faults.add({ kind, height: local.chain.height() });
      expect(await follow(sourceOf())).toMatchObject({ kind: 'conflict' });
    },
  );

  it('and lags shows less, and never something else', async () => {
    local.nodes[0]!.faults.add({ kind: 'lag', blocks: 4 });
    const slow = valid(await follow(sourceOf([endpoints[0]!])));
    expect(slow.step.head.height).toBe(2n);
    expect(packetsOf(slow.derivations)).toHaveLength(0);
    local.nodes[0]!.faults.clear();
    expect(packetsOf(valid(await follow(sourceOf())).derivations)).toHaveLength(2);
  });

  it('and drops a broadcast leaves the sequence as it was', async () => {
    local.nodes[0]!.faults.add({ kind: 'dropBroadcast', count: 1 });
    const message = sendMessage(alice.address, vault.address, [{ denom: 'utoken', amount: '77' }]);
    const tx = Buffer.from(await signOffline(local.chain, alice, [message], { memo: MEMO })).toString('base64');
    for (const included of [0, 1]) {
      expect(await endpoints[0]!.result('broadcast_tx_sync', { tx }, signal)).toMatchObject({ code: 0 });
      expect(local.chain.produceBlock()!.txs).toHaveLength(included);
    }
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
