/** The accounts of a vault in turn, so that deposits keep them about equally full. Where it starts does not matter. */
import type { Clock } from '../core/clock.ts';
import { assert } from '../core/errors.ts';

export function createShardTurns(
  shards: readonly { readonly account: Uint8Array }[],
  { clock }: { readonly clock: Clock },
): () => Uint8Array {
  let turn = clock.now() % shards.length;
  return () => {
    turn = (turn + 1) % shards.length;
    const shard = shards[turn];
    assert(shard !== undefined, 'a vault has shards');
    return shard.account;
  };
}
