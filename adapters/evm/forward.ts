/**
 * Forwarders: contracts that send what they are paid on over one lane, to one receiver. Whoever knows the terms knows the
 * address, so it is computed here and never taken from anybody. Poking one needs gas and no authority; what an endpoint
 * says about it costs gas at most.
 */
import { type Abi, decodeErrorResult, encodeAbiParameters, encodeFunctionData, type Hex } from 'viem';
import factoryArtifact from '../../contracts/evm/artifacts/ForwarderFactory.json' with { type: 'json' };
import forwarderArtifact from '../../contracts/evm/artifacts/Forwarder.json' with { type: 'json' };
import { concatBytes, fromHex, toHex } from '../../relayer/core/bytes.ts';
import { assert, ViaductError } from '../../relayer/core/errors.ts';
import type { ForwardTerms, Forwarding } from '../../relayer/core/forward.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { ACCOUNT_BYTES_MAX } from '../../relayer/core/limits.ts';
import { revertData, revertMeaning } from './errors.ts';
import { laneArgument } from './gatewayCalls.ts';
import type { EvmSender } from './sender.ts';

const FACTORY = factoryArtifact.abi as unknown as Abi;
/** Errors of the forwarder reach the caller of the factory as they are. */
const FORWARDER = forwarderArtifact.abi as unknown as Abi;
const ZERO = new Uint8Array(20);

/** Deploys a factory. Returns its address. */
export async function deployForwarderFactory(sender: EvmSender, signal: AbortSignal): Promise<Uint8Array> {
  const { contract } = await sender.send({ data: fromHex(factoryArtifact.bytecode) }, signal);
  assert(contract !== undefined, 'a deployment names its contract');
  return contract;
}

/** Where the forwarder of these terms is, or will be. */
export function forwarderAddress(factory: Uint8Array, terms: ForwardTerms): Uint8Array {
  const args = fromHex(encodeAbiParameters(termsInputs(), [termsArgument(terms)]));
  // OpenZeppelin's clone with immutable arguments: a proxy of 45 bytes, then the arguments.
  const size = args.length + 0x2d;
  const initCode = concatBytes(
    Uint8Array.of(0x61, size >> 8, size & 0xff),
    fromHex('0x3d81600a3d39f3363d3d373d3d3d363d73'),
    codeBehind(factory),
    fromHex('0x5af43d82803e903d91602b57fd5bf3'),
    args,
  );
  // EIP-1014, without a salt: the terms are in the code.
  return keccak256(Uint8Array.of(0xff), factory, new Uint8Array(32), keccak256(initCode)).slice(12);
}

/** The factory makes it in its constructor: its first creation, so the list of its address and the nonce 1. */
function codeBehind(factory: Uint8Array): Uint8Array {
  return keccak256(Uint8Array.of(0xd6, 0x94), factory, Uint8Array.of(0x01)).slice(12);
}

export function createForwarding(factory: Uint8Array, sender: EvmSender): Forwarding {
  const { endpoint } = sender;

  /** What a call would answer now, or the error by which it would fail. */
  async function simulate(data: Uint8Array, signal: AbortSignal): Promise<{ value: unknown } | { error: Hex }> {
    const call = { from: toHex(sender.address), to: toHex(factory), data: toHex(data) };
    const answer = await endpoint.call('eth_call', [call, 'latest'], signal);
    if (answer.kind === 'result') return { value: answer.value };
    const error = revertData(answer.data);
    if (error === undefined) {
      const metaMessages = [`It says: ${answer.message}`];
      throw new ViaductError({
        code: 'ENDPOINT_FAILED',
        shortMessage: `${endpoint.name} does not call.`,
        metaMessages,
      });
    }
    return { error };
  }

  async function send(data: Uint8Array, signal: AbortSignal): Promise<string> {
    return (await sender.send({ to: factory, data }, signal)).transaction;
  }

  return {
    addressOf: (terms) => forwarderAddress(factory, terms),

    async poke(terms, signal) {
      const data = encode('poke', [termsArgument(terms)]);
      const tried = await simulate(data, signal);
      if ('value' in tried) return { kind: 'sent', transaction: await send(data, signal) };
      switch (errorName(tried.error)) {
        case 'ForwarderDone':
          return { kind: 'done' };
        case 'ForwarderWaiting':
          return { kind: 'waiting' };
        case 'ForwarderExpired':
          return { kind: 'expired' };
        default:
          return { kind: 'blocked', reason: revertMeaning(tried.error).reason };
      }
    },

    async recover(terms, token, signal) {
      const data = encode('pokeRecover', [termsArgument(terms), toHex(token ?? ZERO)]);
      const tried = await simulate(data, signal);
      if ('error' in tried) {
        const reason = errorName(tried.error) ?? revertMeaning(tried.error).reason;
        throw new ViaductError({ code: 'TX_REVERTED', shortMessage: `The forwarder gives nothing back: ${reason}.` });
      }
      if (typeof tried.value !== 'string' || BigInt(tried.value) === 0n) return undefined;
      return send(data, signal);
    },
  };
}

function encode(functionName: string, args: readonly unknown[]): Uint8Array {
  return fromHex(encodeFunctionData({ abi: FACTORY, functionName, args }));
}

function errorName(data: Hex): string | undefined {
  try {
    return decodeErrorResult({ abi: FORWARDER, data }).errorName;
  } catch {
    return undefined;
  }
}

function termsArgument(terms: ForwardTerms): Record<string, unknown> {
  const { gateway, lane, asset, amount, receiver, recovery, expirySeconds, nonce } = terms;
  assert(receiver.length >= 1 && receiver.length <= ACCOUNT_BYTES_MAX, 'account has 1 to 32 bytes');
  assert(
    recovery.some((byte) => byte !== 0),
    'somebody gets back what does not go on',
  );
  const padded = new Uint8Array(32);
  padded.set(receiver);
  return {
    gateway: toHex(gateway),
    laneId: laneArgument(lane),
    assetId: asset,
    amount,
    receiver: toHex(padded),
    receiverLength: receiver.length,
    recovery: toHex(recovery),
    expiry: expirySeconds,
    nonce: toHex(nonce),
  };
}

function termsInputs() {
  const entry = FACTORY.find((one) => one.type === 'function' && one.name === 'forwarderOf');
  assert(entry?.type === 'function', 'the factory has a function forwarderOf');
  return entry.inputs;
}
