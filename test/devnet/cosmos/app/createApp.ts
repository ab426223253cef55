/**
 * The application of the local Cosmos chain: accounts, bank, token factory, with real signature, sequence, fee, gas and
 * memo checks. What `checkTx` accepts is what a node would take into its mempool; `finalizeBlock` is what validators agree on.
 *
 * The app hash is a hash chain over what each block changed: deterministic, but no tree, so nothing of the state can be
 * proven. Packets are derived from transactions and results, which real roots cover.
 */
import { TxMsgData } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import { joinBytes } from '../../../../light-clients/protobuf.ts';
import { sha256 } from '../../../../light-clients/tendermint/index.ts';
import { type AnteOptions, runAnte } from './ante.ts';
import type { AppConfig, RunConfig } from './config.ts';
import { decodeTx } from './decodeTx.ts';
import { TxError } from './errors.ts';
import type { AppEvent } from './events.ts';
import { createGasMeter } from './gas.ts';
import { moduleAddresses, parseAddress } from './address.ts';
import { type AppState, createState, ensureAccount, setBalance } from './state.ts';
import { runMessage } from './runMessage.ts';
import { checkFactoryMessage } from './tokenFactory.ts';

/** The result of one transaction, as `block_results` shows it. */
export interface AppTxResult {
  readonly code: number;
  readonly codespace: string;
  readonly data: Uint8Array;
  readonly log: string;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
  readonly events: readonly AppEvent[];
  /** The same as JSON, where that is how they are kept. */
  readonly eventsText?: Buffer;
}

export interface GenesisHolder {
  readonly address: string;
  readonly coins: Readonly<Record<string, bigint>>;
}

export interface CosmosApp {
  readonly config: AppConfig;
  /** The state after the last block. */
  readonly state: AppState;
  /** Of the last block. */
  appHash(): Uint8Array;
  checkTx(bytes: Uint8Array, height: bigint): AppTxResult;
  /** Again after a block, of what was checked before. */
  recheckTx(bytes: Uint8Array, height: bigint): AppTxResult;
  /** Forgets what was checked: the transactions still waiting are checked again. */
  resetCheck(): void;
  simulate(bytes: Uint8Array, height: bigint): AppTxResult;
  finalizeBlock(txs: readonly Uint8Array[], height: bigint): readonly AppTxResult[];
}

export function createApp(options: AppConfig, holders: readonly GenesisHolder[]): CosmosApp {
  const config: RunConfig = { ...options, modules: moduleAddresses(options.prefix) };
  const state = createState();
  for (const { address, coins } of holders) {
    const known = parseAddress(address, config.prefix);
    ensureAccount(state, known);
    for (const [denom, amount] of Object.entries(coins)) {
      setBalance(state, known, denom, (state.holdings.get(known)?.get(denom) ?? 0n) + amount);
      state.supply.set(denom, (state.supply.get(denom) ?? 0n) + amount);
    }
  }
  let appHash = sha256(new Uint8Array(0));
  let checkState = state.branch();

  return {
    config,
    state,
    appHash: () => appHash,
    checkTx: (bytes, height) => runTx(config, checkState, bytes, { height, mode: 'check' }),
    recheckTx: (bytes, height) => runTx(config, checkState, bytes, { height, mode: 'recheck' }),
    resetCheck: () => {
      checkState = state.branch();
    },
    simulate: (bytes, height) => runTx(config, state.branch(), bytes, { height, mode: 'simulate' }),
    finalizeBlock: (txs, height) => {
      const block = state.branch();
      const results = txs.map((bytes) => runTx(config, block, bytes, { height, mode: 'deliver' }));
      const lines = new TextEncoder().encode(block.digestLines().join('\n'));
      block.writeDown();
      appHash = sha256(joinBytes([appHash, sha256(lines)]));
      checkState = state.branch();
      return results;
    },
  };
}

/** Fee and sequence stay taken when a message fails; a transaction that fails before that changes nothing. */
function runTx(config: RunConfig, below: AppState, bytes: Uint8Array, options: AnteOptions): AppTxResult {
  let gasWanted = 0n;
  let meter = createGasMeter(undefined);
  const events: AppEvent[] = [];
  let place = '';
  try {
    const tx = decodeTx(bytes);
    gasWanted = tx.authInfo.fee?.gasLimit ?? 0n;
    meter = createGasMeter(options.mode === 'simulate' ? undefined : gasWanted);
    for (const message of tx.messages) checkFactoryMessage({ state: below, config }, message);
    const paid = below.branch();
    events.push(...runAnte({ state: paid, config, gas: meter }, tx, options));
    paid.writeDown();
    const responses = [];
    const done: AppEvent[] = [];
    const isRun = options.mode === 'deliver' || options.mode === 'simulate';
    if (isRun) {
      const ran = below.branch();
      for (const [index, message] of tx.messages.entries()) {
        place = `failed to execute message; message index: ${index}: `;
        const { events: more, response } = runMessage({ state: ran, config, gas: meter }, message, index);
        done.push(...more);
        responses.push(response);
      }
      ran.writeDown();
    }
    const data = isRun ? encodeData(responses) : new Uint8Array(0);
    const gasUsed = meter.used();
    return { code: 0, codespace: '', data, log: '', gasWanted, gasUsed, events: [...events, ...done] };
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    const { code, codespace, message } = error;
    const log = code === 11 ? message : place + message;
    return { code, codespace, data: new Uint8Array(0), log, gasWanted, gasUsed: meter.used(), events };
  }
}

function encodeData(msgResponses: readonly { typeUrl: string; value: Uint8Array }[]): Uint8Array {
  return Uint8Array.from(TxMsgData.encode({ data: [], msgResponses: [...msgResponses] }).finish());
}
