/** `system_*` and `rpc_*`: what the node says of itself. */
import { decodeAddress } from '@polkadot/util-crypto';
import { createScaleReader, hexOf, joinBytes, u32Bytes } from '../../../../light-clients/scale.ts';
import type { Methods } from './methods.ts';
import { type Node, textParam } from './node.ts';
import { invalidParams } from './rpcError.ts';
import { callAt } from './stateMethods.ts';

export const systemMethods: Methods = {
  system_name: () => 'Viaduct Local Substrate',
  system_version: () => '0.1.0',
  system_chain: (node) => node.chain.options.name,
  system_chainType: () => 'Development',
  system_properties: (node) => node.chain.options.properties,
  system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
  system_peers: () => [],
  system_nodeRoles: () => ['Authority'],
  system_syncState: (node) => {
    const current = node.best().number;
    return { startingBlock: 0, currentBlock: current, highestBlock: node.chain.best().number };
  },
  system_accountNextIndex: nextIndex,
  account_nextIndex: nextIndex,
};

/** The account's nonce, after what waits in the pool. (substrate-frame-rpc-system `adjust_nonce`) */
function nextIndex(node: Node, [address]: readonly unknown[]): number {
  const account = accountParam(address);
  const stored = callAt(node, 'AccountNonceApi_account_nonce', account, undefined);
  let nonce = createScaleReader(stored, 'nonce').u32();
  const tags = node.chain.pool.readyTags();
  while (tags.has(hexOf(joinBytes([account, u32Bytes(nonce)])))) nonce++;
  return nonce;
}

function accountParam(value: unknown): Uint8Array {
  const text = textParam(value);
  try {
    const account = decodeAddress(text);
    if (account.length === 32) return account;
  } catch {
    // Said below.
  }
  throw invalidParams('expected an SS58 address');
}
