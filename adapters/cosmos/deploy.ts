/**
 * Brings a vault into being on a chain, by ordinary transactions: funds its accounts, which makes them exist, and creates the
 * tokens that they mint. For the local network and for operators who have the keys of enough members in one place to begin
 * with; afterwards no process needs more than its own.
 */
import type { EncodeObject } from '@cosmjs/proto-signing';
import { type Clock, nextDelay } from '../../relayer/core/clock.ts';
import { ViaductError } from '../../relayer/core/errors.ts';
import { sign } from '../../relayer/core/secp256k1.ts';
import { sha256 } from '../../light-clients/tendermint/index.ts';
import { createEndpointRing } from '../endpoints/endpointRing.ts';
import { formatAccount } from './account.ts';
import { broadcastTx } from './broadcastTx.ts';
import { readAccount, readBalance, readTip, readTokensMadeBy, readTx } from './chainQueries.ts';
import { transactionCost } from './fees.ts';
import type { CosmosGateway } from './gateway.ts';
import { mintingShard } from './judgePackets.ts';
import { FUNDING_MEMO } from './memo.ts';
import { hashOfTx, multisigTx, sendOf } from './releaseTx.ts';
import type { CometEndpoint } from './rpc.ts';
import type { CosmosSender, SentTx } from './sender.ts';
import type { VaultShard } from './shards.ts';
import { CREATE_DENOM } from './tokenFactory.ts';

/** Private keys of 32 bytes of at least as many members as sign, by their position in the shard. Never shown. */
export type ShardKeys = ReadonlyMap<number, Uint8Array>;

export interface DeployOptions {
  readonly endpoint: CometEndpoint;
  readonly gateway: CosmosGateway;
  /** One for each shard, in their order; the shards that mint need theirs. */
  readonly keys: readonly ShardKeys[];
  readonly funder: CosmosSender;
  /** What each shard is to hold, in own units by denom: fees, what a new token costs, and the pool of locked coins. */
  readonly funding: Readonly<Record<string, bigint>>;
}

/** `denom_creation_gas_consume` of the token factory is 2 million. */
const CREATE_DENOM_GAS = 2_300_000n;
const LOOKS_MAX = 120;
const LOOK_MS_MIN = 20;
const LOOK_MS_MAX = 1_000;

/** The height from which on the gateway may count: everything of the deployment is below. May be run again. */
export async function deployVault(
  deps: { readonly clock: Clock },
  { endpoint, gateway, keys, funder, funding }: DeployOptions,
  signal: AbortSignal,
): Promise<{ readonly startHeight: bigint }> {
  const messages: EncodeObject[] = [];
  for (const { account } of gateway.shards) {
    const to = formatAccount(account, gateway.prefix);
    for (const [denom, amount] of Object.entries(funding)) {
      const holds = await readBalance(endpoint, to, denom, signal);
      if (holds < amount) messages.push(sendOf(funder.address, to, denom, amount - holds));
    }
  }
  if (messages.length > 0) await funder.send(messages, FUNDING_MEMO, signal);
  for (const [index, shard] of gateway.shards.entries()) {
    const own = formatAccount(shard.account, gateway.prefix);
    const minted = gateway.coins.filter((coin) => mintingShard(coin) === own);
    // A chain without a token factory would not know the question.
    if (minted.length === 0) continue;
    const there = await readTokensMadeBy(endpoint, own, signal);
    const missing = minted.filter(({ denom }) => !there.includes(denom));
    if (missing.length === 0) continue;
    const creations = missing.map(({ denom }) => {
      return { typeUrl: CREATE_DENOM, value: { sender: own, subdenom: denom.slice(`factory/${own}/`.length) } };
    });
    const options = { endpoint, gateway, shard, keys: keys[index] ?? new Map<number, Uint8Array>() };
    await runByShard(deps, { ...options, messages: creations, gas: CREATE_DENOM_GAS * BigInt(missing.length) }, signal);
  }
  return { startHeight: (await readTip(endpoint, signal)).height + 1n };
}

export interface ShardRun {
  readonly endpoint: CometEndpoint;
  readonly gateway: CosmosGateway;
  readonly shard: VaultShard;
  readonly keys: ShardKeys;
  readonly messages: readonly EncodeObject[];
  /** What the messages need beyond those of a bank; the rest is added. */
  readonly gas: bigint;
}

/**
 * Signs and sends any transaction of a shard, and waits until it is included. It takes the next slot, so no relayer may be
 * running on the shard. Throws `TX_REVERTED`.
 */
export async function runByShard(
  { clock }: { readonly clock: Clock },
  { endpoint, gateway, shard, keys, messages, gas }: ShardRun,
  signal: AbortSignal,
): Promise<SentTx> {
  const address = formatAccount(shard.account, gateway.prefix);
  const account = await readAccount(endpoint, address, signal);
  if (account === undefined || keys.size < shard.threshold) {
    throw new ViaductError({
      code: 'SETUP_FAILED',
      shortMessage: `The vault account ${address} cannot act: it holds nothing, or too few keys are at hand.`,
      metaMessages: [`${keys.size} keys are at hand, ${shard.threshold} are needed.`],
    });
  }
  const { costs, feeDenom } = gateway;
  const base = transactionCost(costs, { send: messages.length, mint: 0, multiSend: 0 }, shard.threshold);
  const limit = base.gas + gas;
  const fee = (limit * costs.feePerThousandGas + 999n) / 1000n;
  const tx = multisigTx(gateway, shard, account.sequence, account.accountNumber, {
    messages,
    fee: { amount: fee === 0n ? [] : [{ denom: feeDenom, amount: fee.toString() }], gas: limit.toString() },
    memo: '',
    timeoutHeight: 0n,
  });
  const signers = [...keys].slice(0, shard.threshold);
  const raw = tx.assemble(
    new Map(signers.map(([position, key]) => [position, sign(sha256(tx.signBytes), key).slice(0, 64)])),
  );
  const transaction = hashOfTx(raw);
  const sent = { slot: account.sequence, attempt: 0, call: new Uint8Array(0), raw, hash: transaction };
  await broadcastTx(createEndpointRing([endpoint]), address, sent, signal);
  for (let look = 0; look < LOOKS_MAX; look++) {
    const found = await readTx(endpoint, transaction, signal);
    if (found?.code === 0) return { transaction, height: found.height, gasUsed: found.gasUsed };
    if (found !== undefined) {
      throw new ViaductError({
        code: 'TX_REVERTED',
        shortMessage: `Transaction ${transaction} of the vault account ${address} failed with code ${found.code}.`,
      });
    }
    await clock.sleep(nextDelay(look, LOOK_MS_MIN, LOOK_MS_MAX), signal);
  }
  throw new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `Transaction ${transaction} was not included.` });
}
