/**
 * The state root of a verified head. Light clients of EVM chains hand out one of two encodings: the RLP of the execution
 * header (`confirmations`), or the flat verified block (`ethereum`). Both must be of the head's own hash and height.
 */
import { decodeExecutionHeader } from '../../light-clients/ethereum/executionHeader.ts';
import { decodeVerifiedBlock } from '../../light-clients/ethereum/verifiedBlock.ts';
import { equalBytes } from '../../relayer/core/bytes.ts';
import type { VerifiedHead } from '../../relayer/core/ports.ts';

export type StateRootReading =
  { readonly kind: 'root'; readonly root: Uint8Array } | { readonly kind: 'invalid'; readonly reason: string };

export function stateRootOf(head: VerifiedHead): StateRootReading {
  const block = decodeVerifiedBlock(head.header);
  if (block !== undefined) return checked(head, block.blockHash, block.number, block.stateRoot);
  const decoded = decodeExecutionHeader(head.header);
  if (decoded.kind === 'invalid') return { kind: 'invalid', reason: `the head's header: ${decoded.reason}` };
  return checked(head, decoded.header.hash, decoded.header.number, decoded.header.stateRoot);
}

function checked(head: VerifiedHead, hash: Uint8Array, height: bigint, root: Uint8Array): StateRootReading {
  if (!equalBytes(hash, head.hash)) return { kind: 'invalid', reason: "the head's header has another hash" };
  if (height !== head.height) return { kind: 'invalid', reason: "the head's header has another height" };
  return { kind: 'root', root };
}
