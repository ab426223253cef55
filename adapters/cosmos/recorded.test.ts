/** Answers of real nodes through the same path: pulled, made evidence, derived. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  decodeBlockAnswer,
  decodeCommitAnswer,
  encodeHeader,
  headerHash,
} from '../../light-clients/tendermint/index.ts';
import { PACKET_BYTES } from '../../relayer/core/limits.ts';
import { decodePacket, type Packet } from '../../relayer/core/packet.ts';
import type { Derivation, Verdict } from '../../relayer/core/ports.ts';
import { parseAccount } from './account.ts';
import { pullBlocks } from './blocks.ts';
import { createCosmosDerive } from './derive.ts';
import { encodeEvidence } from './evidence.ts';
import { type CometCall, createCometEndpoint, type HttpPort } from './rpc.ts';
import { readTxSends } from './txSends.ts';
import { HOME_LANE, makeGateway, SCALE } from './vault.fixture.ts';

/** They lie beside the project where they are at hand. */
const RECORDED = join(import.meta.dirname, '../../../shared/fixtures/cosmos-recorded');
const VAULT = 'cosmos1x54mm09ju9qcxx223eu7dfmnmahj0l0ktjg7vh';
const signal = new AbortController().signal;

function answer(name: string, what: string): unknown {
  const file = join(RECORDED, `${name}${what}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { result: unknown }).result;
}

function must<T>(verdict: { kind: 'valid'; value: T } | { kind: string; reason: string }): T {
  if ('value' in verdict) return verdict.value;
  throw new Error(verdict.reason);
}

/** A node that has exactly one block, as it was recorded. */
function recordedNode(name: string, chainId: string): HttpPort {
  const { block } = answer(name, 'block_H') as { block: { header: unknown } };
  const values: Readonly<Record<string, unknown>> = {
    status: { node_info: { network: chainId } },
    blockchain: { last_height: '9', block_metas: [{ header: block.header }] },
    block: answer(name, 'block_H'),
    block_results: answer(name, 'block_results_H'),
  };
  const reply = ({ id, method }: CometCall & { id: number }): unknown => ({
    jsonrpc: '2.0',
    id,
    result: values[method],
  });
  return {
    name: 'recorded',
    clean: (words) => words,
    failed: (what) => {
      throw new Error(what);
    },
    request: async (body = '') => {
      const parsed = JSON.parse(body) as (CometCall & { id: number }) | (CometCall & { id: number })[];
      return Promise.resolve(Array.isArray(parsed) ? parsed.map(reply) : reply(parsed));
    },
  };
}

async function derive(
  name: string,
  vault: string,
): Promise<{ verdict: Verdict<Derivation>; txs: readonly Uint8Array[] }> {
  const { header, txs } = must(decodeBlockAnswer(answer(name, 'block_H')));
  const above = must(decodeCommitAnswer(answer(name, 'commit_Hplus1'))).header;
  const endpoint = createCometEndpoint(recordedNode(name, header.chainId), { chainId: header.chainId });
  const evidence = await pullBlocks(endpoint, header.height - 1n, above.height, 1e9, signal);
  const made = makeGateway([parseAccount(vault, 'cosmos')!], header.height);
  // Some of the recorded sends are of one unit.
  const coins = made.coins.map((coin) => ({ ...coin, refundMinimum: 0n }));
  const gateway = { ...made, coins, chainId: header.chainId };
  const head = { height: above.height, hash: headerHash(above), timeSeconds: 0n, header: encodeHeader(above) };
  return {
    verdict: createCosmosDerive(gateway)({ cursor: undefined, head }, encodeEvidence({ ...evidence, chunks: [] })),
    txs,
  };
}

function packetsOf({ outbound }: Derivation): Packet[] {
  return outbound.flatMap(({ lane, packets }) => {
    expect(lane).toBe(HOME_LANE);
    return Array.from({ length: packets.length / PACKET_BYTES }, (_, i) => decodePacket(packets, i * PACKET_BYTES));
  });
}

// The recordings are not part of the project: without them there is nothing to compare with.
describe.skipIf(!existsSync(RECORDED))('blocks of real nodes', () => {
  const names = existsSync(RECORDED)
    ? readdirSync(RECORDED, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('block_H.json'))
        .map((file) => file.slice(0, -'block_H.json'.length))
    : [];

  it.each(names)('%s: whole block and results lead to the roots, whatever the version', async (name) => {
    const { verdict, txs } = await derive(name, VAULT);
    expect(verdict.kind).toBe('valid');
    expect(txs.length).toBeGreaterThan(0);
  });

  it('reads a send with a memo that is none of ours as a refund', async () => {
    const { verdict } = await derive('tokend0535/msgsend_memo_', VAULT);
    const [packet, ...more] = packetsOf(must(verdict));
    expect(more).toEqual([]);
    const sender = parseAccount('cosmos1sk8r630vlvtfaktqm08lxdxdjyl22pz45gjwzv', 'cosmos');
    expect(packet).toMatchObject({ kind: 'return', amount: 1000n * SCALE, sender, receiver: sender });
  });

  it('reads nothing from a failed send, though its transaction is in the block', async () => {
    const { verdict, txs } = await derive('tokend0535/failed_tx_', VAULT);
    const [send] = readTxSends(txs[0]!)!.sends;
    expect(packetsOf(must(verdict))).toEqual([]);
    const toVault = await derive('tokend0535/failed_tx_', send!.to);
    expect(packetsOf(must(toVault.verdict))).toEqual([]);
  });

  it.each([100, 500])(
    'reads all %i sends of a multisig, and none when the multisig is the vault itself',
    async (count) => {
      const name = `tokend0535/multisig_${count}_`;
      const { txs } = await derive(name, VAULT);
      const { sends } = readTxSends(txs[0]!)!;
      expect(sends).toHaveLength(count);
      const paid = sends.filter(({ to }) => to === sends[0]!.to);
      expect(packetsOf(must((await derive(name, sends[0]!.to)).verdict))).toHaveLength(paid.length);
      expect(packetsOf(must((await derive(name, sends[0]!.from)).verdict))).toEqual([]);
    },
  );
});
