import { type Abi, decodeFunctionResult, encodeFunctionData, type Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import factoryArtifact from '../../contracts/evm/artifacts/ForwarderFactory.json' with { type: 'json' };
import { fromHex, toHex } from '../../relayer/core/bytes.ts';
import { systemClock as clock } from '../../relayer/core/clock.ts';
import { assetId, caip2, type LaneId } from '../../relayer/core/ids.ts';
import { decodePacket } from '../../relayer/core/packet.ts';
import { addressOf } from '../../relayer/core/secp256k1.ts';
import { type Anvil, startAnvil } from '../../test/devnet/anvil.ts';
import { balanceOf, packetsOfReceipt } from './deposit.ts';
import { deployGateway, registerAsset, registerLane, setLaneAsset, setLimit } from './deploy.ts';
import type { ForwardTerms } from '../../relayer/core/forward.ts';
import { createForwarding, deployForwarderFactory, forwarderAddress } from './forward.ts';
import { createRpcEndpoint } from './rpc.ts';
import { createEvmSender, type EvmSender } from './sender.ts';

const CHAIN_ID = 31337;
const ETH = assetId(1);
const FAR_FUTURE = 10_000_000_000n;
const { signal } = new AbortController();
const receiver = new Uint8Array(32).fill(0xfe);
const recovery = new Uint8Array(20).fill(0x2e);

let anvil: Anvil;
let owner: EvmSender;
let poker: EvmSender;
let gateway: Uint8Array;
let factory: Uint8Array;
let lane: LaneId;

beforeAll(async () => {
  anvil = await startAnvil({ chainId: CHAIN_ID });
  const endpoint = createRpcEndpoint({ clock }, { url: anvil.url, chainId: CHAIN_ID });
  const sender = (index: number): EvmSender =>
    createEvmSender({ clock }, { endpoint, chainId: CHAIN_ID, privateKey: anvil.accounts[index]!.privateKey });
  [owner, poker] = [sender(0), sender(1)];
  const signerSet = { epoch: 1n, threshold: 1, members: [addressOf(anvil.accounts[0]!.privateKey)] };
  gateway = (await deployGateway(owner, { signerSet }, signal)).address;
  const remote = { remoteChain: caip2('eip155:31338'), remoteGateway: new Uint8Array(20).fill(0xbb) };
  ({ outgoing: lane } = await registerLane(
    owner,
    gateway,
    { ...remote, receiverLength: 32, chunkSizeMax: 128 },
    signal,
  ));
  const asset = { asset: ETH, token: undefined, custody: 'native', canonicalDecimals: 18 } as const;
  await registerAsset(owner, gateway, asset, signal);
  await setLimit(owner, gateway, { asset: ETH, cap: 10n ** 24n, windowSeconds: 3600n }, signal);
  const terms = { outgoing: lane, asset: ETH, enabled: true, minAmount: 1n, maxAmount: 10n ** 24n, granularity: 1n };
  await setLaneAsset(owner, gateway, terms, signal);
  factory = await deployForwarderFactory(owner, signal);
}, 60_000);
afterAll(async () => anvil.stop());

const termsOf = (more: Partial<ForwardTerms> = {}): ForwardTerms => ({
  gateway,
  lane,
  asset: ETH,
  amount: 1_000n,
  receiver,
  recovery,
  expirySeconds: FAR_FUTURE,
  nonce: new Uint8Array(32).fill(1),
  ...more,
});

async function pay(terms: ForwardTerms, value: bigint): Promise<void> {
  await owner.send({ to: forwarderAddress(factory, terms), data: new Uint8Array(0), value }, signal);
}

describe('a forwarder', () => {
  it('is where the factory says', async () => {
    const abi = factoryArtifact.abi as unknown as Abi;
    const cases = [
      termsOf(),
      termsOf({ receiver: new Uint8Array(20).fill(7) }),
      termsOf({ amount: (1n << 200n) + 5n }),
    ];
    for (const terms of cases) {
      const padded = new Uint8Array(32);
      padded.set(terms.receiver);
      const argument = {
        gateway: toHex(gateway),
        laneId: `0x${lane}`,
        assetId: ETH,
        amount: terms.amount,
        receiver: toHex(padded),
        receiverLength: terms.receiver.length,
        recovery: toHex(recovery),
        expiry: FAR_FUTURE,
        nonce: toHex(terms.nonce),
      };
      const data = encodeFunctionData({ abi, functionName: 'forwarderOf', args: [argument] });
      const answer = (await owner.endpoint.result('eth_call', [{ to: toHex(factory), data }, 'latest'], signal)) as Hex;
      const said = decodeFunctionResult({ abi, functionName: 'forwarderOf', data: answer }) as string;
      expect(fromHex(said.toLowerCase())).toEqual(forwarderAddress(factory, terms));
    }
  });

  it('is poked by anybody, once it holds the amount, and once', async () => {
    const forwarding = createForwarding(factory, poker);
    const terms = termsOf();
    expect(await forwarding.poke(terms, signal)).toEqual({ kind: 'waiting' });
    await pay(terms, 1_007n);
    const outcome = await forwarding.poke(terms, signal);
    if (outcome.kind !== 'sent') throw new Error(`not sent: ${outcome.kind}`);
    const receipt = await poker.wait(outcome.transaction, signal);
    // Deployment of the clone included.
    expect(receipt.gasUsed).toBeLessThan(350_000n);
    const [sent] = packetsOfReceipt(receipt.raw, gateway);
    expect(decodePacket(sent!.packet)).toMatchObject({
      kind: 'transfer',
      asset: ETH,
      amount: 1_000n,
      receiver,
      sender: forwarderAddress(factory, terms),
    });
    expect(await forwarding.poke(terms, signal)).toEqual({ kind: 'done' });
    // What came on top, or comes back, is the recovery account's.
    const transaction = await forwarding.recover(terms, undefined, signal);
    expect(transaction).toMatch(/^0x/);
    expect(await balanceOf(owner.endpoint, undefined, recovery, signal)).toBe(7n);
    expect(await forwarding.recover(terms, undefined, signal)).toBeUndefined();
  });

  it('says what keeps it from going on', async () => {
    const forwarding = createForwarding(factory, poker);
    const expired = termsOf({ expirySeconds: 5n });
    await pay(expired, 1_000n);
    expect(await forwarding.poke(expired, signal)).toEqual({ kind: 'expired' });
    expect(await forwarding.recover(expired, undefined, signal)).toMatch(/^0x/);
    const malformed = termsOf({ receiver: new Uint8Array(20).fill(1), amount: 500n });
    await pay(malformed, 500n);
    expect(await forwarding.poke(malformed, signal)).toMatchObject({
      kind: 'blocked',
      reason: expect.stringMatching(/^GatewayReceiverMalformed\(32, /) as string,
    });
    await expect(forwarding.recover(malformed, undefined, signal)).rejects.toMatchObject({
      code: 'TX_REVERTED',
      shortMessage: 'The forwarder gives nothing back: ForwarderNotRecovery.',
    });
  });

  it('never without somebody who gets back what does not go on', () => {
    expect(() => forwarderAddress(factory, termsOf({ recovery: new Uint8Array(20) }))).toThrow(/somebody gets back/);
    expect(() => forwarderAddress(factory, termsOf({ receiver: new Uint8Array(33) }))).toThrow(/1 to 32 bytes/);
  });
});
