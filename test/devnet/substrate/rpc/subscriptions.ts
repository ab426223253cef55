/** What a node sends by itself: heads, storage, the fate of a transaction, justifications. */
import { sameBytes } from '../../../../light-clients/scale.ts';
import { type Block, stateOf } from '../chain/block.ts';
import { submit } from './authorMethods.ts';
import { headerJson } from './chainMethods.ts';
import { justificationJson } from './grandpaMethods.ts';
import { isAbsent, keysParam, type Node } from './node.ts';
import { invalidParams } from './rpcError.ts';
import { changesJson, valueJson, versionJson } from './stateMethods.ts';
import { hexText } from '../chain/block.ts';

export interface SubscriptionKind {
  /** The method that its messages bear. */
  readonly notification: string;
  readonly unsubscribe: string;
  /** Whether a chain without finality of its own has it. */
  readonly grandpa?: true;
  /** Starts sending; gives how to stop. Throws `RpcError` when nothing is subscribed to. */
  start(node: Node, params: readonly unknown[], push: (result: unknown) => void): () => void;
}

const heads = (notification: string, unsubscribe: string, of: 'imported' | 'best' | 'finalized'): SubscriptionKind => ({
  notification,
  unsubscribe,
  start: (node, _params, push) => {
    const shown = (): Block => (of === 'finalized' ? node.finalized() : node.best());
    push(headerJson(shown()));
    return node.listen((event) => {
      if (event.kind !== of) return;
      // A node that lags, or lives on a fork, has another newest block than the event's.
      const apart = node.faults.find('lag') !== undefined || node.faults.find('forkedFinality') !== undefined;
      push(headerJson(apart ? shown() : event.block));
    });
  },
});

export const SUBSCRIPTIONS: Readonly<Record<string, SubscriptionKind>> = {
  chain_subscribeAllHeads: heads('chain_allHead', 'chain_unsubscribeAllHeads', 'imported'),
  chain_subscribeNewHeads: heads('chain_newHead', 'chain_unsubscribeNewHeads', 'best'),
  chain_subscribeNewHead: heads('chain_newHead', 'chain_unsubscribeNewHead', 'best'),
  chain_subscribeFinalizedHeads: heads('chain_finalizedHead', 'chain_unsubscribeFinalizedHeads', 'finalized'),
  state_subscribeRuntimeVersion: {
    notification: 'state_runtimeVersion',
    unsubscribe: 'state_unsubscribeRuntimeVersion',
    start: (node, _params, push) => {
      push(versionJson(node.chain.runtime));
      return () => undefined;
    },
  },
  state_subscribeStorage: {
    notification: 'state_storage',
    unsubscribe: 'state_unsubscribeStorage',
    start: subscribeStorage,
  },
  author_submitAndWatchExtrinsic: {
    notification: 'author_extrinsicUpdate',
    unsubscribe: 'author_unwatchExtrinsic',
    start: (node, [extrinsic], push) => {
      submit(node, extrinsic, push);
      return () => {
        node.chain.pool.unwatch(push);
      };
    },
  },
  grandpa_subscribeJustifications: {
    notification: 'grandpa_justifications',
    unsubscribe: 'grandpa_unsubscribeJustifications',
    grandpa: true,
    start: (node, _params, push) =>
      node.grandpa?.listen((finalized) => {
        push(justificationJson(node, finalized));
      }) ?? ((): void => undefined),
  },
};

function subscribeStorage(node: Node, [keysGiven]: readonly unknown[], push: (result: unknown) => void): () => void {
  // Everything that changes is more than anybody asks a public node for.
  if (isAbsent(keysGiven)) throw invalidParams('a subscription to all storage is not served');
  const keys = keysParam(keysGiven);
  const first = node.best();
  let seen = keys.map((key) => stateOf(first).get(key));
  push(changesJson(first.hash, stateOf(first), keys));
  return node.listen((event) => {
    if (event.kind !== 'best') return;
    const block = node.best();
    const state = stateOf(block);
    const now = keys.map((key) => state.get(key));
    const changes = keys.flatMap((key, at) =>
      same(seen[at], now[at]) ? [] : [[hexText(key), valueJson(now[at])] as const],
    );
    seen = now;
    if (changes.length > 0) push({ block: block.hash, changes });
  });
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameBytes(a, b);
}
