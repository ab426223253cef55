/** The bank: sends of coins, with the SDK's rules, texts and events. */
import { knownAddress } from './address.ts';
import type { RunConfig } from './config.ts';
import { moduleError, sdkError, TxError } from './errors.ts';
import { type AppEvent, event } from './events.ts';
import { GAS, type GasMeter } from './gas.ts';
import type { Coin, Message } from './messages.ts';
import { type AppState, balanceOf, ensureAccount, setBalance } from './state.ts';

export interface Context {
  readonly state: AppState;
  readonly config: RunConfig;
  readonly gas: GasMeter;
}

type Send = Extract<Message, { kind: 'send' }>;
type MultiSend = Extract<Message, { kind: 'multiSend' }>;

export function runSend(context: Context, message: Send): AppEvent[] {
  const { config, gas } = context;
  const from = named('from', () => knownAddress(context, message.from));
  const to = named('to', () => knownAddress(context, message.to));
  requireCoins(message.amount);
  gas.use(GAS.sendCheck, 'ReadFlat');
  requireNotBlocked(config, to);
  gas.use(GAS.sendAttempt, 'ReadFlat');
  const events = moveCoins(context, from, to, message.amount);
  const longer = message.amount.reduce((sum, { denom }) => sum + denom.length - config.denom.length, 0);
  gas.use(GAS.send - GAS.sendAttempt - GAS.sendCheck + GAS.sendDenomByte * BigInt(Math.max(0, longer)), 'WriteFlat');
  return events;
}

export function runMultiSend(context: Context, message: MultiSend): AppEvent[] {
  const { config, gas } = context;
  const [input, ...more] = message.inputs;
  if (input === undefined) throw moduleError('bank', 2, 'no inputs to send transaction');
  if (more.length > 0) throw moduleError('bank', 9, 'multiple senders not allowed');
  if (message.outputs.length === 0) throw moduleError('bank', 3, 'no outputs to send transaction');
  const from = knownAddress(context, input.address);
  requireCoins(input.coins);
  const total = new Map<string, bigint>();
  for (const { coins } of message.outputs) {
    requireCoins(coins);
    for (const { denom, amount } of coins) total.set(denom, (total.get(denom) ?? 0n) + BigInt(amount));
  }
  const same = input.coins.length === total.size && input.coins.every((c) => total.get(c.denom) === BigInt(c.amount));
  if (!same) throw moduleError('bank', 4, 'sum inputs != sum outputs');
  gas.use(GAS.multiSendInput, 'ReadFlat');
  const events: AppEvent[] = [event('message', { sender: from }), takeCoins(context, from, input.coins)];
  for (const { address, coins } of message.outputs) {
    const to = knownAddress(context, address);
    requireNotBlocked(config, to);
    gas.use(GAS.multiSendOutput, 'WriteFlat');
    events.push(giveCoins(context, to, coins));
    events.push(event('transfer', { recipient: to, sender: from, amount: textOf(coins) }));
  }
  return events;
}

export function moveCoins(context: Context, from: string, to: string, coins: readonly Coin[]): AppEvent[] {
  return [
    takeCoins(context, from, coins),
    giveCoins(context, to, coins),
    event('transfer', { recipient: to, sender: from, amount: textOf(coins) }),
    event('message', { sender: from }),
  ];
}

export function takeCoins({ state }: Pick<Context, 'state'>, from: string, coins: readonly Coin[]): AppEvent {
  for (const { denom, amount } of coins) {
    const balance = balanceOf(state, from, denom);
    if (balance < BigInt(amount)) {
      const detail = `spendable balance ${balance}${denom} is smaller than ${amount}${denom}`;
      throw sdkError('insufficientFunds', detail);
    }
    setBalance(state, from, denom, balance - BigInt(amount));
  }
  return event('coin_spent', { spender: from, amount: textOf(coins) });
}

export function giveCoins({ state, config, gas }: Context, to: string, coins: readonly Coin[]): AppEvent {
  for (const { denom, amount } of coins) setBalance(state, to, denom, balanceOf(state, to, denom) + BigInt(amount));
  if (!isModule(config, to) && ensureAccount(state, to).made) gas.use(GAS.newAccount, 'WriteFlat');
  return event('coin_received', { receiver: to, amount: textOf(coins) });
}

/** Positive, sorted, each denom once. */
export function requireCoins(coins: readonly Coin[]): void {
  let last = '';
  const sound =
    coins.length > 0 &&
    coins.every(({ denom, amount }) => {
      const ascending = denom > last;
      last = denom;
      return ascending && isDenom(denom) && /^[1-9]\d{0,77}$/.test(amount) && BigInt(amount) < 1n << 256n;
    });
  if (!sound) throw sdkError('invalidCoins', textOf(coins));
}

export function isDenom(denom: string): boolean {
  return /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/.test(denom);
}

export function textOf(coins: readonly Coin[]): string {
  return coins.map(({ denom, amount }) => `${amount}${denom}`).join(',');
}

function requireNotBlocked(config: RunConfig, to: string): void {
  if (isModule(config, to)) {
    throw sdkError('unauthorized', `${to} is not allowed to receive funds`);
  }
}

/** Modules' accounts are there from the beginning. */
function isModule({ modules }: RunConfig, address: string): boolean {
  const { fee_collector: fees, mint, distribution, tokenfactory } = modules;
  return address === fees || address === mint || address === distribution || address === tokenfactory;
}

/** Says which address of a message is meant. */
function named(which: string, parse: () => string): string {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    throw new TxError(error.code, error.codespace, `invalid ${which} address: ${error.message}`);
  }
}
