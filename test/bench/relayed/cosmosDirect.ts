/**
 * What a Cosmos chain takes without us: payments of the same kind and number a transaction, out of an account of the same shape
 * (2 of 3, Amino multisig), signed and encoded before the clock starts.
 */
import {
  CREATE_DENOM,
  createCometEndpoint,
  createCosmosSender,
  factoryDenom,
  formatAccount,
  makeShard,
  memberKey,
  memberPublicKeys,
  MINT,
  runByShard,
} from '../../../adapters/cosmos/index.ts';
import { readAccount } from '../../../adapters/cosmos/chainQueries.ts';
import { multisigTx, releaseCosts, sendOf } from '../../../adapters/cosmos/releaseTx.ts';
import { createHttpEndpoint } from '../../../adapters/endpoints/index.ts';
import { sha256 } from '../../../light-clients/tendermint/index.ts';
import { utf8 } from '../../../relayer/core/bytes.ts';
import { systemClock } from '../../../relayer/core/clock.ts';
import { sign } from '../../../relayer/core/secp256k1.ts';
import { cosmosGateway } from '../../../relayer/cosmosChain.ts';
import type { CosmosChain } from '../../../relayer/manifest/index.ts';
import type { DirectAccount } from './directFeed.ts';
import type { LocalWorld } from './localWorld.ts';

const MEMBERS = 3;
const THRESHOLD = 2;
/** Of the fee coin, for the account to exist and to make its token. */
const FUNDING = 100_000_000n;
const CREATE_DENOM_GAS = 2_300_000n;
/** As long as the memo of a release. */
const MEMO = 'fed directly '.padEnd(110, '.');

/** An account that mints to the receivers in turn, `payments` a transaction. */
export async function prepareCosmosDirect(
  world: LocalWorld,
  chain: CosmosChain,
  receivers: readonly Uint8Array[],
  { transactions, payments }: { readonly transactions: number; readonly payments: number },
  signal: AbortSignal,
): Promise<DirectAccount> {
  const { chainId, prefix, feeDenom } = chain;
  const deps = { clock: systemClock };
  const url = world.urlOf(chain.name);
  const endpoint = createCometEndpoint(createHttpEndpoint(deps, { url }), { chainId });
  const secrets = Array.from({ length: MEMBERS }, (_, index) => sha256(utf8(`fed directly, member ${index}`)));
  const shard = makeShard(
    secrets.map((secret) => memberPublicKeys(secret, chainId, 1)[0] ?? new Uint8Array(0)),
    THRESHOLD,
  );
  const keys = new Map(secrets.map((secret, index) => [index, memberKey(secret, chainId, 0).privateKey]));
  const address = formatAccount(shard.account, prefix);
  const user = world.network.user.key;
  const funder = await createCosmosSender(deps, {
    url,
    chainId,
    prefix,
    privateKey: user,
    feeDenom,
    costs: chain.costs,
  });
  await funder.send([sendOf(funder.address, address, feeDenom, FUNDING)], '', signal);
  funder.close();
  const gateway = { ...cosmosGateway(world.network.manifest, chain), shards: [shard] };
  const messages = [{ typeUrl: CREATE_DENOM, value: { sender: address, subdenom: 'direct' } }];
  await runByShard(deps, { endpoint, gateway, shard, keys, messages, gas: CREATE_DENOM_GAS }, signal);

  const account = await readAccount(endpoint, address, signal);
  if (account === undefined) throw new Error('the account that is fed directly does not exist');
  const denom = factoryDenom(address, 'direct');
  const signed = Array.from({ length: transactions }, (_, number) => {
    const payouts = Array.from({ length: payments }, (_unused, position) => {
      const index = number * payments + position;
      const receiver = formatAccount(receivers[index % receivers.length] ?? shard.account, prefix);
      return { position, receiver, denom, amount: BigInt(1 + (index % 9)), isMinted: true };
    });
    const { gas, fee } = releaseCosts(gateway, shard, payouts);
    const tx = multisigTx(gateway, shard, account.sequence + BigInt(number), account.accountNumber, {
      messages: payouts.map(({ receiver, amount }) => ({
        typeUrl: MINT,
        value: { sender: address, amount: { denom, amount: amount.toString() }, mintToAddress: receiver },
      })),
      fee: { amount: fee === 0n ? [] : [{ denom: feeDenom, amount: fee.toString() }], gas: gas.toString() },
      memo: MEMO,
      timeoutHeight: 0n,
    });
    const digest = sha256(tx.signBytes);
    return tx.assemble(
      new Map([...keys].slice(0, THRESHOLD).map(([index, key]) => [index, sign(digest, key).slice(0, 64)])),
    );
  });
  return {
    transactions: signed,
    included: async (stop) => Number(((await readAccount(endpoint, address, stop))?.sequence ?? 0n) - account.sequence),
    async send(raw, stop) {
      const tx = Buffer.from(raw).toString('base64');
      const answer = (await endpoint.result('broadcast_tx_sync', { tx }, stop)) as { readonly code: number };
      if (answer.code !== 0) throw new Error(`the chain refuses what it is fed directly, with code ${answer.code}`);
    },
  };
}
