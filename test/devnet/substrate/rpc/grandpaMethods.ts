/** `grandpa_*`: proofs of finality. Source: sc-consensus-grandpa-rpc. */
import { hexText } from '../chain/block.ts';
import type { FinalizedBlock } from '../relay/grandpa.ts';
import type { Methods } from './methods.ts';
import { countParam, type Node } from './node.ts';
import { RpcError } from './rpcError.ts';

/** `ErrorCode::ProveFinality` */
const PROVE_FINALITY = 4;

export const grandpaMethods: Methods = {
  grandpa_proveFinality: (node, [number]) => {
    const answer = node.grandpa?.proveFinality(countParam(number), {
      flaw: node.faults.find('flawedJustification')?.flaw,
      skipHandOvers: node.faults.find('skipHandOvers') !== undefined,
      fork: node.faults.find('forkedFinality')?.fork,
    });
    if (answer?.kind === 'notFinalized') {
      throw new RpcError(PROVE_FINALITY, 'GRANDPA prove finality rpc failed: Block not yet finalized');
    }
    return answer?.kind === 'proof' ? hexText(answer.bytes) : null;
  },
};

/** Of a finalized block, or of what the node shows in its place. */
export function justificationJson(node: Node, finalized: FinalizedBlock): string {
  const shown = node.faults.find('forkedFinality')?.fork ?? finalized;
  const flaw = node.faults.find('flawedJustification')?.flaw;
  const wrong = flaw === undefined ? undefined : node.grandpa?.flawed(shown, flaw);
  return hexText(wrong ?? shown.justification);
}
