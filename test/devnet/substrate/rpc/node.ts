/** One RPC node's view of a chain: what it admits to know, and what parameters mean to it. */
import { type Block, bytesOf } from '../chain/block.ts';
import type { Chain, ChainEvent } from '../chain/createChain.ts';
import type { Grandpa } from '../relay/grandpa.ts';
import type { State } from '../state/state.ts';
import type { Faults } from './faults.ts';
import { clientError, invalidParams } from './rpcError.ts';

export interface Node {
  readonly chain: Chain;
  /** Only a chain with finality of its own has it. */
  readonly grandpa: Grandpa | undefined;
  readonly faults: Faults;
  best(): Block;
  finalized(): Block;
  block(hash: string): Block | undefined;
  blockAt(number: number): Block | undefined;
  /** The block of an optional hash parameter; the best one without. Undefined when it is not known. */
  lookUp(hash: unknown): Block | undefined;
  /** Likewise, with its state. Throws `RpcError`. */
  stateAt(hash: unknown): { readonly block: Block; readonly state: State };
  listen(listener: (event: ChainEvent) => void): () => void;
}

export function createNode(chain: Chain, grandpa: Grandpa | undefined, faults: Faults): Node {
  const fork = (): Block | undefined => faults.find('forkedFinality')?.fork.block;
  const onFork = (is: (block: Block) => boolean): Block | undefined => {
    let at = fork();
    while (at !== undefined && !is(at)) at = at.parent;
    return at;
  };
  const lag = (): number => faults.find('lag')?.blocks ?? 0;
  const best = (): Block => fork() ?? chain.blockAt(Math.max(0, chain.best().number - lag())) ?? chain.genesis;
  const known = (block: Block | undefined): Block | undefined =>
    block === undefined || (lag() > 0 && block.number > best().number) ? undefined : block;
  const block = (hash: string): Block | undefined =>
    onFork((one) => one.hash === hash.toLowerCase()) ?? known(chain.block(hash.toLowerCase()));
  const lookUp = (hash: unknown): Block | undefined => (isAbsent(hash) ? best() : block(hashParam(hash)));
  return {
    chain,
    grandpa,
    faults,
    best,
    finalized: () => fork() ?? known(chain.finalized()) ?? best(),
    block,
    blockAt: (number) => (fork() === undefined ? known(chain.blockAt(number)) : onFork((one) => one.number === number)),
    lookUp,
    stateAt: (hash) => {
      const found = lookUp(hash);
      if (found === undefined) {
        throw clientError(`UnknownBlock: Header was not found in the database: ${String(hash)}`);
      }
      if (found.state === undefined) {
        throw clientError(`UnknownBlock: State already discarded for ${found.hash}`);
      }
      return { block: found, state: found.state };
    },
    listen: (listener) => chain.listen(listener),
  };
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function hashParam(value: unknown): string {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(value)) {
    throw invalidParams('expected a 32-byte hash as 0x-prefixed hex');
  }
  return value;
}

export function bytesParam(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? bytesOf(value) : undefined;
  if (bytes === undefined) throw invalidParams('expected 0x-prefixed hex');
  return bytes;
}

export function countParam(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw invalidParams('expected a u32');
  }
  return value;
}

export function textParam(value: unknown): string {
  if (typeof value !== 'string') throw invalidParams('expected a string');
  return value;
}

const KEYS_MAX = 10_000;

export function keysParam(value: unknown): readonly Uint8Array[] {
  if (!Array.isArray(value)) throw invalidParams('expected a list of keys');
  if (value.length > KEYS_MAX) throw invalidParams(`more than ${KEYS_MAX} keys`);
  return value.map(bytesParam);
}
