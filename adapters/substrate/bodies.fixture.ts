/**
 * The runtime notes an extrinsic as it encodes it itself, and a `StorageProof` is a set of nodes: in order. A block body whose
 * inherent has them in another order is not what the header commits to, so it is put in order before nodes serve it.
 */
import { compactBytes, createScaleReader, joinBytes, sizedBytes } from '../../light-clients/scale.ts';
import { compareBytes } from '../../relayer/core/bytes.ts';
import type { Chain } from '../../test/devnet/substrate/index.ts';

const BYTES_MAX = 10_000_000;

export function serveBodiesInOrder(chain: Chain): void {
  const mend = (extrinsics: Uint8Array[]): void => {
    const [inherent] = extrinsics;
    if (inherent !== undefined) extrinsics[0] = inOrder(inherent);
  };
  for (let at = chain.best(); at.number > 0 && at.parent !== undefined; at = at.parent)
    mend(at.extrinsics as Uint8Array[]);
  chain.listen((event) => {
    if (event.kind === 'imported') mend(event.block.extrinsics as Uint8Array[]);
  });
}

/** `parachainSystem.set_validation_data`. */
function inOrder(inherent: Uint8Array): Uint8Array {
  const reader = createScaleReader(inherent, 'inherent');
  reader.length(BYTES_MAX);
  reader.bytes(3);
  reader.sized(BYTES_MAX);
  reader.bytes(4 + 32 + 4);
  const start = reader.offset;
  const nodes = Array.from({ length: reader.length(BYTES_MAX) }, () => reader.sized(BYTES_MAX));
  const sorted = [compactBytes(nodes.length), ...nodes.toSorted(compareBytes).map(sizedBytes)];
  return joinBytes([inherent.subarray(0, start), ...sorted, inherent.subarray(reader.offset)]);
}
