/** The token factory: anybody makes a denom, and its admin mints and burns it. */
import { parseAddress } from './address.ts';
import { type Context, FEE_COLLECTOR, giveCoins, moveCoins, requireCoins, takeCoins } from './bank.ts';
import { moduleAddress } from './address.ts';
import { factoryError, sdkError } from './errors.ts';
import { type AppEvent, event } from './events.ts';
import { GAS } from './gas.ts';
import type { Coin, Message } from './messages.ts';

type CreateDenom = Extract<Message, { kind: 'createDenom' }>;
type Mint = Extract<Message, { kind: 'mint' }>;
type Burn = Extract<Message, { kind: 'burn' }>;

const SUBDENOM_CHARACTERS_MAX = 44;

/** The events, and the name of the new token. */
export function runCreateDenom(context: Context, message: CreateDenom): { events: AppEvent[]; denom: string } {
  const { state, config, gas } = context;
  requireFactory(context);
  const sender = parseAddress(message.sender, config.prefix);
  const { subdenom } = message;
  if (subdenom.length > SUBDENOM_CHARACTERS_MAX) {
    throw factoryError(8, `subdenom too long, max length is ${SUBDENOM_CHARACTERS_MAX} bytes`);
  }
  if (!/^[a-zA-Z0-9/._-]*$/.test(subdenom)) throw factoryError(5, 'invalid denom');
  const denom = `factory/${sender}/${subdenom}`;
  if (state.admins.get(denom) !== undefined) {
    throw factoryError(2, `denom: ${denom}: attempting to create a denom that already exists (has bank metadata)`);
  }
  const fee: Coin[] = [{ denom: config.denom, amount: (config.denomCreationFee ?? 0n).toString() }];
  gas.use(GAS.createDenom + GAS.denomCreation, 'consume denom creation gas');
  const events = moveCoins(context, sender, moduleAddress(FEE_COLLECTOR, config.prefix), fee);
  state.admins.set(denom, sender);
  return { events: [...events, event('create_denom', { creator: sender, new_token_denom: denom })], denom };
}

export function runMint(context: Context, message: Mint): AppEvent[] {
  const { sender, coin } = requireAdmin(context, message.sender, message.amount);
  const to = message.to === '' ? sender : parseAddress(message.to, context.config.prefix);
  context.gas.use(GAS.mint, 'WriteFlat');
  const supply = context.state.supply.get(coin.denom) ?? 0n;
  context.state.supply.set(coin.denom, supply + BigInt(coin.amount));
  const received = giveCoins(context, to, [coin]);
  const amount = `${coin.amount}${coin.denom}`;
  return [received, event('coinbase', { minter: sender, amount }), event('tf_mint', { mint_to_address: to, amount })];
}

export function runBurn(context: Context, message: Burn): AppEvent[] {
  const { sender, coin } = requireAdmin(context, message.sender, message.amount);
  const from = message.from === '' ? sender : parseAddress(message.from, context.config.prefix);
  // The capability to burn from others' accounts is off, as most chains have it.
  if (from !== sender) throw factoryError(3, `unauthorized account`);
  context.gas.use(GAS.burn, 'WriteFlat');
  const spent = takeCoins(context, from, [coin]);
  context.state.supply.set(coin.denom, (context.state.supply.get(coin.denom) ?? 0n) - BigInt(coin.amount));
  const amount = `${coin.amount}${coin.denom}`;
  return [spent, event('burn', { burner: sender, amount }), event('tf_burn', { burn_from_address: from, amount })];
}

function requireFactory({ config }: Context): void {
  if (config.denomCreationFee === undefined) throw sdkError('unknownRequest', 'this chain has no token factory');
}

function requireAdmin(context: Context, text: string, coin: Coin): { sender: string; coin: Coin } {
  requireFactory(context);
  const sender = parseAddress(text, context.config.prefix);
  requireCoins([coin]);
  const admin = context.state.admins.get(coin.denom);
  if (admin === undefined) throw factoryError(9, `denom: ${coin.denom}: denom does not exist`);
  if (admin !== sender) throw factoryError(3, 'unauthorized account');
  return { sender, coin };
}
