/**
 * A seeded mix of transactions for both chains: good ones, ones that fail inside, nested ones, and calls by root that
 * write and remove storage at will. For comparing executors, which must agree on all of it.
 */
import { compactBytes, joinBytes, sizedBytes, u32Bytes, u64Bytes } from '../../../light-clients/scale.ts';
import type { DevAccount } from './accounts.ts';
import { compactU128 } from './assetHub/createAsset.ts';
import type { Chain } from './chain/createChain.ts';
import { u128Bytes, vectorBytes } from './chain/genesis.ts';
import { multiAddress, nonceOf, signTransaction } from './chain/signTransaction.ts';
import { sudoCall } from './relay/rotation.ts';

export type Draw = (below: number) => number;

/** Numbers from a seed (mulberry32): the same ones for ever. */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** `count` signed transactions in an order that a block can take. */
export function drawTransactions(
  chain: Chain,
  accounts: readonly DevAccount[],
  draw: Draw,
  count: number,
): readonly Uint8Array[] {
  const nonces = new Map<DevAccount, number>();
  const calls = callsFor(chain);
  return Array.from({ length: count }, () => {
    // The first is sudo.
    const who = accounts[draw(3)] as DevAccount;
    const nonce = nonces.get(who) ?? nonceOf(chain, who.pair.publicKey);
    nonces.set(who, nonce + 1);
    const choices = calls(chain, accounts, who, draw);
    return signTransaction(chain, who.pair, pick(choices, draw)(), { nonce, tip: BigInt(draw(1_000)) });
  });
}

function callsFor({ runtime }: Chain): typeof commonCalls {
  if (runtime.metadata.hasPallet('Sudo')) return relayCalls;
  return runtime.metadata.hasPallet('Assets') ? assetHubCalls : commonCalls;
}

type Calls = readonly (() => Uint8Array)[];

function commonCalls(chain: Chain, accounts: readonly DevAccount[], who: DevAccount, draw: Draw): Calls {
  const { encodeCall } = chain.runtime;
  const to = (): Uint8Array => multiAddress(pick(accounts, draw).pair.publicKey);
  const pay = (amount: bigint): Uint8Array => encodeCall('Balances', 'transfer_keep_alive', to(), compactU128(amount));
  const hasTransfer = chain.runtime.metadata.callArguments('Balances', 'transfer') !== undefined;
  const transfer = hasTransfer ? 'transfer' : 'transfer_allow_death';
  const give = (amount: bigint): Uint8Array =>
    encodeCall('Balances', transfer, multiAddress(new Uint8Array(32).fill(draw(256))), compactU128(amount));
  const remark = (): Uint8Array =>
    encodeCall('System', 'remark_with_event', sizedBytes(new Uint8Array(draw(300)).fill(draw(256))));
  const others = accounts
    .slice(0, 3)
    .filter((account) => account !== who)
    .map(({ pair }) => pair.publicKey)
    .sort(Buffer.compare);
  return [
    () => pay(10n ** BigInt(draw(13))),
    () => pay(10n ** 30n),
    () => give(BigInt(draw(9))),
    () => give(10n ** 12n),
    () => encodeCall('Utility', 'batch', vectorBytes([pay(5n), remark(), pay(10n ** 30n), remark()])),
    () => encodeCall('Utility', 'batch_all', vectorBytes([pay(7n), remark(), pay(10n ** 30n)])),
    () => encodeCall('Utility', 'batch_all', vectorBytes([pay(9n), remark()])),
    remark,
    () => encodeCall('Multisig', 'as_multi', ...multisigArguments(chain, others, remark(), draw)),
  ];
}

/** Two of three; the call comes with its length and the weight as one number in older runtimes. */
function multisigArguments(
  chain: Chain,
  others: readonly Uint8Array[],
  call: Uint8Array,
  draw: Draw,
): readonly Uint8Array[] {
  const given = chain.runtime.metadata.callArguments('Multisig', 'as_multi') ?? [];
  return given.map(({ name, kind }) => {
    switch (name) {
      case 'threshold':
        return Uint8Array.of(2, 0);
      case 'other_signatories':
        return vectorBytes(others);
      case 'maybe_timepoint':
        return Uint8Array.of(0);
      case 'call':
        return kind === 'variant' ? call : sizedBytes(call);
      case 'store_call':
        return Uint8Array.of(draw(2));
      case 'max_weight': {
        const [refTime, proofSize] = [1_000_000_000n, 10_000n];
        return kind === 'primitive' ? u64Bytes(refTime) : joinBytes([compactBytes(refTime), compactBytes(proofSize)]);
      }
      default:
        throw new Error(`as_multi with the argument ${name}`);
    }
  });
}

function relayCalls(chain: Chain, accounts: readonly DevAccount[], who: DevAccount, draw: Draw): Calls {
  const { encodeCall } = chain.runtime;
  const key = (): Uint8Array => sizedBytes(Uint8Array.of(0xab, 0xcd, draw(4), draw(64)));
  return [
    ...commonCalls(chain, accounts, who, draw),
    () => {
      const items = Array.from({ length: draw(40) }, () =>
        joinBytes([key(), sizedBytes(new Uint8Array(draw(70)).fill(draw(256)))]),
      );
      return sudoCall(chain, encodeCall('System', 'set_storage', vectorBytes(items)));
    },
    () => {
      const prefix = sizedBytes(Uint8Array.of(0xab, 0xcd, draw(4)));
      return sudoCall(chain, encodeCall('System', 'kill_prefix', prefix, u32Bytes(draw(9))));
    },
    () => sudoCall(chain, encodeCall('System', 'kill_storage', vectorBytes([key(), key()]))),
    () => encodeCall('Indices', 'claim', u32Bytes(draw(20))),
    () => encodeCall('Registrar', 'reserve'),
  ];
}

function assetHubCalls(chain: Chain, accounts: readonly DevAccount[], who: DevAccount, draw: Draw): Calls {
  const { encodeCall } = chain.runtime;
  const id = (): Uint8Array => compactBytes(draw(4));
  const to = (): Uint8Array => multiAddress(pick(accounts, draw).pair.publicKey);
  const move = (): Uint8Array => encodeCall('Assets', 'transfer', id(), to(), compactU128(BigInt(draw(1_000))));
  return [
    ...commonCalls(chain, accounts, who, draw),
    () => encodeCall('Assets', 'create', id(), multiAddress(who.pair.publicKey), u128Bytes(1n)),
    () => encodeCall('Assets', 'mint', id(), to(), compactU128(BigInt(draw(1_000_000)))),
    () => encodeCall('Assets', 'mint', id(), to(), compactU128(1n << 100n)),
    move,
    () => encodeCall('Utility', 'batch_all', vectorBytes([move(), move()])),
    () => encodeCall('Utility', 'batch', vectorBytes([move(), move(), move()])),
    () => encodeCall('Assets', 'freeze', id(), to()),
  ];
}

function pick<T>(items: readonly T[], draw: Draw): T {
  return items[draw(items.length)] as T;
}
