/** An EVM chain by its node: logs of the gateway, `balanceOf` of tokens. Final is what has the confirmations asked for. */
import { createRpcEndpoint, type RpcEndpoint } from '../../../adapters/evm/index.ts';
import { TOPICS } from '../../../adapters/evm/gateway.ts';
import { asList, asRecord, parseData, parseQuantity, quantity } from '../../../adapters/evm/json.ts';
import { bytesToHex, padWord, toHex, utf8 } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { idBytes } from '../../../relayer/core/ids.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import type { ChainEye, PaidChunk } from './chainEye.ts';

export interface EvmEyeOptions {
  readonly name: string;
  readonly url: string;
  readonly chainId: number;
  /** 20 bytes. */
  readonly gateway: Uint8Array;
  readonly confirmations: number;
}

const BALANCES_PER_CALL = 500;
const BALANCE_OF = keccak256(utf8('balanceOf(address)')).slice(0, 4);

export function createEvmEye({ name, url, chainId, gateway, confirmations }: EvmEyeOptions): ChainEye {
  const endpoint = createRpcEndpoint({ clock: systemClock }, { url, chainId });
  const seen = new Map<string, { next: bigint; readonly chunks: PaidChunk[] }>();

  const head: ChainEye['head'] = async (signal) =>
    parseQuantity(await endpoint.result('eth_blockNumber', [], signal)) ?? 0n;

  return {
    name,
    head,
    finalized: async (signal) => (await head(signal)) - BigInt(confirmations),

    async paid(lane, signal) {
      const known = seen.get(lane) ?? { next: 0n, chunks: [] };
      seen.set(lane, known);
      const last = await head(signal);
      if (known.next > last) return known.chunks;
      const filter = {
        address: toHex(gateway),
        fromBlock: quantity(known.next),
        toBlock: quantity(last),
        topics: [TOPICS.chunkDelivered, toHex(idBytes(lane))],
      };
      const logs = asList(await endpoint.result('eth_getLogs', [filter], signal)) ?? [];
      known.chunks.push(...logs.map(chunkOf));
      known.next = last + 1n;
      return known.chunks;
    },

    async balances(token, accounts, signal) {
      if (token.family !== 'evm' || token.custody === 'native') throw new Error('a token of an EVM chain');
      return tokenBalances(endpoint, token.token, accounts, signal);
    },
  };
}

export async function tokenBalances(
  endpoint: RpcEndpoint,
  token: Uint8Array,
  accounts: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<bigint[]> {
  const balances: bigint[] = [];
  for (let first = 0; first < accounts.length; first += BALANCES_PER_CALL) {
    const calls = accounts.slice(first, first + BALANCES_PER_CALL).map((account) => {
      const data = `0x${bytesToHex(BALANCE_OF)}${bytesToHex(padWord(account))}`;
      return { method: 'eth_call', params: [{ to: toHex(token), data }, 'latest'] };
    });
    for (const answer of await endpoint.batch(calls, signal)) {
      balances.push(answer.kind === 'result' ? BigInt(String(answer.value)) : -1n);
    }
  }
  return balances;
}

function chunkOf(log: unknown): PaidChunk {
  const record = asRecord(log);
  const data = parseData(record?.['data'], 4 * 32);
  const height = parseQuantity(record?.['blockNumber']);
  if (data === undefined || height === undefined) throw new Error('a malformed log of the target');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  // First sequence, count, ordinal, refused.
  return {
    firstSequence: view.getBigUint64(24),
    count: Number(view.getBigUint64(56)),
    refused: Number(view.getBigUint64(120)),
    transaction: String(record?.['transactionHash']),
    height,
  };
}
