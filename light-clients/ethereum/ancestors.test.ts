import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, findAnvil, startAnvil } from '../../test/devnet/anvil.ts';
import { keccak256 } from '../keccak.ts';
import { stateTrie, storageTrie } from '../merkle/trie.fixture.ts';
import {
  ANCESTORS_MAX,
  HISTORY_ADDRESS,
  HISTORY_CODE_HASH,
  HISTORY_WINDOW,
  type HistoryProof,
  historySlot,
  proveHistoricalHash,
  walkAncestors,
} from './ancestors.ts';
import { proveLogsOfValues, type Receipt } from './receipts.ts';
import { headerOfRpc, hex, receiptOfRpc, type RpcReceipt, unhex } from './receipts.fixture.ts';

type RpcBlock = Readonly<Record<string, unknown>>;

interface RpcProof {
  readonly codeHash: string;
  readonly accountProof: string[];
  readonly storageProof: readonly { readonly key: string; readonly value: string; readonly proof: string[] }[];
}

const OSAKA_FIELDS = 21;
const recorded = JSON.parse(readFileSync(new URL('anvil-history.vector.json', import.meta.url), 'utf8')) as {
  blocks: RpcBlock[];
  proof: RpcProof;
};

function point(block: RpcBlock): { number: bigint; stateRoot: Uint8Array; hash: Uint8Array } {
  return {
    number: BigInt(block['number'] as string),
    stateRoot: unhex(block['stateRoot'] as string),
    hash: unhex(block['hash'] as string),
  };
}

function historyProof(proof: RpcProof, at: number): HistoryProof {
  return { account: proof.accountProof.map(unhex), storage: proof.storageProof[at]!.proof.map(unhex) };
}

describe('the walk along parent hashes', () => {
  const blocks = recorded.blocks.toReversed();
  const headers = blocks.map((block) => headerOfRpc(block, OSAKA_FIELDS));
  const { hash } = point(blocks[0]!);

  it('goes from a verified hash down to genesis', () => {
    const verdict = walkAncestors(hash, headers);
    if (verdict.kind !== 'valid') throw new Error(verdict.reason);
    expect(verdict.value.headers.map((header) => hex(header.hash))).toEqual(blocks.map((block) => block['hash']));
    expect(verdict.value.headers.map(({ number }) => number)).toEqual([6n, 5n, 4n, 3n, 2n, 1n, 0n]);
    expect(verdict.value.reached).toEqual(new Uint8Array(32));
  });

  it('goes on from where it got to', () => {
    const first = walkAncestors(hash, headers.slice(0, 3));
    if (first.kind !== 'valid') throw new Error(first.reason);
    expect(walkAncestors(first.value.reached, headers.slice(3)).kind).toBe('valid');
    expect(walkAncestors(hash, [])).toEqual({ kind: 'valid', value: { headers: [], reached: hash } });
  });

  it('refuses a gap, another order, another start, too many, and every changed byte', () => {
    expect(walkAncestors(hash, headers.toSpliced(2, 1)).kind).toBe('invalid');
    expect(walkAncestors(hash, headers.toReversed()).kind).toBe('invalid');
    expect(walkAncestors(hash, [headers[0]!, ...headers]).kind).toBe('invalid');
    expect(walkAncestors(keccak256(hash), headers).kind).toBe('invalid');
    expect(walkAncestors(hash.subarray(1), headers).kind).toBe('invalid');
    expect(walkAncestors(hash, Array<Uint8Array>(ANCESTORS_MAX + 1).fill(headers[0]!)).kind).toBe('invalid');
    expect(walkAncestors(hash, [Uint8Array.of(0xc0)]).kind).toBe('invalid');
    for (const [at, header] of headers.entries()) {
      for (let byte = 0; byte < header.length; byte++) {
        const changed = header.map((value, i) => (i === byte ? value ^ 1 : value));
        expect(walkAncestors(hash, headers.with(at, changed)).kind).toBe('invalid');
      }
    }
  });
});

describe('the history contract as anvil recorded it', () => {
  const head = point(recorded.blocks[6]!);

  it('has the code of EIP-2935', () => {
    expect(hex(HISTORY_CODE_HASH)).toBe(recorded.proof.codeHash);
  });

  it.each([
    [0, 0n],
    [1, 3n],
    [2, 5n],
  ])('proves slot %i: the hash of block %i', (at, number) => {
    const verdict = proveHistoricalHash(head, number, historyProof(recorded.proof, at));
    if (verdict.kind !== 'valid') throw new Error(verdict.reason);
    expect(hex(verdict.value)).toBe(recorded.blocks[Number(number)]!['hash']);
  });

  it('proves nothing about another block, the block itself, one above, or under another root', () => {
    const proof = historyProof(recorded.proof, 1);
    for (const number of [2n, 4n, 6n, 7n, -1n]) {
      expect(proveHistoricalHash(head, number, proof).kind).toBe('invalid');
    }
    expect(proveHistoricalHash({ ...head, stateRoot: head.hash }, 3n, proof).kind).toBe('invalid');
    // The same slot, a whole round of the ring further: the proof holds and means another block.
    expect(proveHistoricalHash({ ...head, number: 6n + HISTORY_WINDOW }, 3n, proof)).toMatchObject({
      reason: /out of reach/,
    });
  });

  it('refuses every changed byte of the proof', () => {
    const proof = historyProof(recorded.proof, 1);
    for (const part of ['account', 'storage'] as const) {
      for (const [at, node] of proof[part].entries()) {
        for (let byte = 0; byte < node.length; byte++) {
          const changed = proof[part].with(
            at,
            node.map((value, i) => (i === byte ? value ^ 1 : value)),
          );
          expect(proveHistoricalHash(head, 3n, { ...proof, [part]: changed }).kind).toBe('invalid');
        }
      }
    }
  });
});

describe('the history contract in a constructed state', () => {
  const hashOf = (number: bigint): Uint8Array => keccak256(new TextEncoder().encode(`block ${number}`));
  const stateAfter = (number: bigint, codeHash = HISTORY_CODE_HASH) => {
    // A part of the ring around what is asked for.
    const known = [1n, 2n, 3n, HISTORY_WINDOW - 1n, HISTORY_WINDOW].map((back) => number - back);
    const storage = storageTrie(known.map((block) => [historySlot(block), hashOf(block)]));
    const state = stateTrie([
      { address: HISTORY_ADDRESS, storageRoot: storage.root, codeHash },
      { address: new Uint8Array(20), storageRoot: storage.root, codeHash },
    ]);
    const prove = (block: bigint): HistoryProof => ({
      account: state.prove(keccak256(HISTORY_ADDRESS)),
      storage: storage.prove(keccak256(historySlot(block))),
    });
    return { block: { number, stateRoot: state.root }, prove };
  };

  it('reaches exactly its window', () => {
    const { block, prove } = stateAfter(20_000n);
    for (const back of [1n, 2n, HISTORY_WINDOW]) {
      const number = block.number - back;
      expect(proveHistoricalHash(block, number, prove(number))).toEqual({ kind: 'valid', value: hashOf(number) });
    }
    const below = block.number - HISTORY_WINDOW - 1n;
    expect(proveHistoricalHash(block, below, prove(below)).kind).toBe('invalid');
    // Its slot would be the one of the block before.
    expect(historySlot(block.number)).toEqual(historySlot(block.number - HISTORY_WINDOW));
    expect(proveHistoricalHash(block, block.number, prove(block.number)).kind).toBe('invalid');
  });

  it('has no word for a block from before its fork, and counts only with the code of EIP-2935', () => {
    const { block, prove } = stateAfter(20_000n);
    expect(proveHistoricalHash(block, 15_000n, prove(15_000n))).toMatchObject({ reason: /does not know block 15000/ });
    const other = stateAfter(20_000n, keccak256(Uint8Array.of(1)));
    expect(proveHistoricalHash(other.block, 19_999n, other.prove(19_999n))).toMatchObject({ reason: /other code/ });
    const without = stateTrie([
      { address: new Uint8Array(20), storageRoot: block.stateRoot, codeHash: HISTORY_CODE_HASH },
    ]);
    expect(
      proveHistoricalHash({ number: 20_000n, stateRoot: without.root }, 19_999n, {
        account: without.prove(keccak256(HISTORY_ADDRESS)),
        storage: [],
      }),
    ).toMatchObject({ reason: 'no history contract' });
  });
});

const GENESIS = HISTORY_WINDOW - 6n;

/** Logs 32 zero bytes with topics 1 to 4, and without a topic. */
const EMITTER = '600460036002600160206000a460206000a000';
const EMITTER_INIT = `0x60${(EMITTER.length / 2).toString(16).padStart(2, '0')}8060095f395ff3${EMITTER}`;

// Skipped where no anvil is installed: it is an optional dependency.
describe.skipIf(findAnvil() === undefined)('a real anvil on Osaka', () => {
  let anvil: Anvil;
  beforeAll(async () => {
    // Genesis lies just before the ring of the history contract begins again.
    anvil = await startAnvil({
      chainId: 4242,
      mining: 'manual',
      timestamp: 1_700_000_000,
      hardfork: 'osaka',
      extraArguments: ['--number', String(GENESIS)],
    });
  });
  afterAll(async () => anvil.stop());
  const block = async (number: bigint | 'latest'): Promise<RpcBlock> =>
    (await anvil.rpc('eth_getBlockByNumber', [
      number === 'latest' ? number : `0x${number.toString(16)}`,
      false,
    ])) as RpcBlock;

  it('keeps the history contract, past the turn of its ring; the walk goes on from what it proves', async () => {
    for (let mined = 0; mined < 12; mined++) await anvil.rpc('evm_mine');
    const head = point(await block('latest'));
    expect(head.number).toBe(GENESIS + 12n);
    for (const number of [head.number - 1n, HISTORY_WINDOW, HISTORY_WINDOW - 1n, GENESIS + 1n]) {
      const proof = (await anvil.rpc('eth_getProof', [
        hex(HISTORY_ADDRESS),
        [hex(historySlot(number))],
        'latest',
      ])) as RpcProof;
      const verdict = proveHistoricalHash(head, number, historyProof(proof, 0));
      if (verdict.kind !== 'valid') throw new Error(verdict.reason);
      const older = await block(number);
      expect(hex(verdict.value)).toBe(older['hash']);
      const headers = [older, await block(number - 1n)].map((json) => headerOfRpc(json, OSAKA_FIELDS));
      expect(walkAncestors(verdict.value, headers).kind).toBe('valid');
    }
  });

  it('has receipts of types 0, 1 and 2, a failed one among them, under the root of its header', async () => {
    const [from] = anvil.accounts;
    await anvil.rpc('eth_sendTransaction', [{ from: from!.address, data: EMITTER_INIT, gas: '0x30000' }]);
    await anvil.rpc('evm_mine');
    const deployed = ((await anvil.rpc('eth_getBlockReceipts', ['latest'])) as { contractAddress: string }[])[0]!;
    const to = deployed.contractAddress;
    const price = '0x77359400';
    const calls = [
      { to, gasPrice: price },
      { to, gasPrice: price, accessList: [] },
      { to, maxFeePerGas: price, maxPriorityFeePerGas: '0x1' },
      { to, gasPrice: price, gas: '0x5300' },
    ];
    for (const call of calls)
      await anvil.rpc('eth_sendTransaction', [{ gas: '0x30000', ...call, from: from!.address }]);
    await anvil.rpc('evm_mine');
    const receipts: Receipt[] = ((await anvil.rpc('eth_getBlockReceipts', ['latest'])) as RpcReceipt[]).map(
      receiptOfRpc,
    );
    expect(receipts.map(({ type }) => type).sort()).toEqual([0, 0, 1, 2]);
    expect(receipts.filter(({ outcome }) => outcome.kind === 'status' && !outcome.succeeded)).toHaveLength(1);
    const root = unhex((await block('latest'))['receiptsRoot'] as string);
    const verdict = proveLogsOfValues(root, receipts, unhex(to));
    if (verdict.kind !== 'valid') throw new Error(verdict.reason);
    expect(verdict.value.map(({ logIndex, topics }) => [logIndex, topics.length])).toEqual([
      [0, 4],
      [1, 0],
      [2, 4],
      [3, 0],
      [4, 4],
      [5, 0],
    ]);
  });
});
