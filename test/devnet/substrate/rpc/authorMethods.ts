/** `author_*`: taking transactions, and refusing them in the words of a node. Source: sc-rpc-api `author/error.rs`. */
import { blake2b256 } from '../../../../light-clients/blake2b.ts';
import { hexText } from '../chain/block.ts';
import { type SubmitFailure, SubmitError, type Watcher } from '../chain/transactionPool.ts';
import type { Methods } from './methods.ts';
import { bytesParam, type Node } from './node.ts';
import { RpcError } from './rpcError.ts';

export const authorMethods: Methods = {
  author_submitExtrinsic: (node, [extrinsic]) => submit(node, extrinsic),
  author_pendingExtrinsics: (node) => node.chain.pool.pending().map(hexText),
};

export function submit(node: Node, extrinsic: unknown, watcher?: Watcher): string {
  const bytes = bytesParam(extrinsic);
  if (node.faults.takeDrop()) {
    watcher?.('ready');
    return hexText(blake2b256(bytes));
  }
  try {
    return node.chain.pool.submit(bytes, node.chain.best(), watcher);
  } catch (error) {
    throw error instanceof SubmitError ? submitError(error.failure) : error;
  }
}

function submitError(failure: SubmitFailure): RpcError {
  switch (failure.kind) {
    case 'badFormat':
      return new RpcError(1001, 'Extrinsic has invalid format: Not enough data to fill buffer');
    case 'banned':
      return new RpcError(1012, 'Transaction is temporarily banned');
    case 'known':
      return new RpcError(1013, 'Transaction Already Imported', failure.hash);
    case 'priority':
      return new RpcError(
        1014,
        `Priority is too low: (${failure.old} vs ${failure.new})`,
        'The transaction has too low priority to replace another transaction already in the pool.',
      );
    case 'full':
      return new RpcError(1016, 'Immediately Dropped', "The transaction couldn't enter the pool because of the limit");
    case 'refused': {
      const { kind, text } = failure.refusal;
      if (kind === 'invalid') return new RpcError(1010, 'Invalid Transaction', text);
      if (kind === 'unknown') return new RpcError(1011, 'Unknown Transaction Validity', text);
      return new RpcError(
        1002,
        `Verification Error: Runtime error: Execution failed: ${text}`,
        `RuntimeApi("${text}")`,
      );
    }
  }
}
