/**
 * The token factory: anybody makes a denom, and its admin mints and burns it, from any account, as `tokend` allows it (other
 * chains take away the burning from others). New coins pass through the module's own account.
 */
import { knownAddress } from './address.ts';
import { type Context, giveCoins, moveCoins, requireCoins, takeCoins, textOf } from './bank.ts';
import { moduleError, sdkError } from './errors.ts';
import { type AppEvent, event } from './events.ts';
import { GAS } from './gas.ts';
import type { Coin, Message } from './messages.ts';

type CreateDenom = Extract<Message, { kind: 'createDenom' }>;
type Mint = Extract<Message, { kind: 'mint' }>;
type Burn = Extract<Message, { kind: 'burn' }>;

const MODULE = 'tokenfactory';
/** Fees for new tokens go to the community. */
const COMMUNITY = 'distribution';
const SUBDENOM_CHARACTERS_MAX = 44;
const CODES = { denomExists: 2, unauthorized: 3, invalidDenom: 4, unknownDenom: 10 } as const;

/** What a message can be refused for without a look at the state, before it costs anything. */
export function checkFactoryMessage(context: Pick<Context, 'state' | 'config'>, message: Message): void {
  switch (message.kind) {
    case 'createDenom': {
      const sender = knownAddress(context, message.sender);
      if (message.subdenom.length > SUBDENOM_CHARACTERS_MAX) {
        const detail = `subdenom too long, max length is ${SUBDENOM_CHARACTERS_MAX} bytes: invalid denom`;
        throw moduleError(MODULE, CODES.invalidDenom, detail);
      }
      const denom = denomOf(sender, message.subdenom);
      if (!/^[a-zA-Z0-9/._-]*$/.test(message.subdenom)) {
        throw moduleError(MODULE, CODES.invalidDenom, `invalid denom: ${denom}: invalid denom`);
      }
      return;
    }
    case 'mint':
    case 'burn':
      knownAddress(context, message.sender);
      requireCoins([message.amount]);
      return;
    case 'send':
    case 'multiSend':
    case 'exec':
      return;
  }
}

/** The events, and the name of the new token. */
export function runCreateDenom(context: Context, message: CreateDenom): { events: AppEvent[]; denom: string } {
  const { state, config, gas } = context;
  requireFactory(context);
  checkFactoryMessage(context, message);
  const sender = knownAddress(context, message.sender);
  const denom = denomOf(sender, message.subdenom);
  gas.use(GAS.createDenomAttempt, 'ReadFlat');
  if (state.admins.get(denom) !== undefined) {
    const detail = 'attempting to create a denom that already exists (has bank metadata)';
    throw moduleError(MODULE, CODES.denomExists, detail);
  }
  const fee: Coin[] = [{ denom: config.denom, amount: (config.denomCreationFee ?? 0n).toString() }];
  gas.use(GAS.createDenom + GAS.denomCreation, 'consume denom creation gas');
  const events = moveCoins(context, sender, config.modules[COMMUNITY], fee);
  state.admins.set(denom, sender);
  return { events: [...events, event('create_denom', { creator: sender, new_token_denom: denom })], denom };
}

export function runMint(context: Context, message: Mint): AppEvent[] {
  const { sender, coin } = requireAdmin(context, message.sender, message.amount);
  const { state, config, gas } = context;
  const to = message.to === '' ? sender : knownAddress(context, message.to);
  gas.use(GAS.mint, 'WriteFlat');
  const supply = state.supply.get(coin.denom) ?? 0n;
  if (supply === 0n) gas.use(GAS.newSupply, 'WriteFlat');
  state.supply.set(coin.denom, supply + BigInt(coin.amount));
  const maker = config.modules[MODULE];
  const amount = textOf([coin]);
  return [
    giveCoins(context, maker, [coin]),
    event('coinbase', { minter: maker, amount }),
    ...moveCoins(context, maker, to, [coin]),
    event('tf_mint', { mint_to_address: to, amount }),
  ];
}

export function runBurn(context: Context, message: Burn): AppEvent[] {
  const { sender, coin } = requireAdmin(context, message.sender, message.amount);
  const { state, config, gas } = context;
  const from = message.from === '' ? sender : knownAddress(context, message.from);
  gas.use(GAS.burnAttempt, 'ReadFlat');
  const burner = config.modules[MODULE];
  const amount = textOf([coin]);
  const moved = moveCoins(context, from, burner, [coin]);
  gas.use(GAS.burn, 'WriteFlat');
  state.supply.set(coin.denom, (state.supply.get(coin.denom) ?? 0n) - BigInt(coin.amount));
  return [
    ...moved,
    takeCoins(context, burner, [coin]),
    event('burn', { burner, amount }),
    event('tf_burn', { burn_from_address: from, amount }),
  ];
}

function denomOf(creator: string, subdenom: string): string {
  return `factory/${creator}/${subdenom}`;
}

function requireFactory({ config }: Context): void {
  if (config.denomCreationFee === undefined) throw sdkError('unknownRequest', 'this chain has no token factory');
}

function requireAdmin(context: Context, text: string, coin: Coin): { sender: string; coin: Coin } {
  requireFactory(context);
  const sender = knownAddress(context, text);
  requireCoins([coin]);
  context.gas.use(GAS.factoryLookup, 'ReadFlat');
  const admin = context.state.admins.get(coin.denom);
  if (admin === undefined) {
    throw moduleError(MODULE, CODES.unknownDenom, `denom: ${coin.denom}: denom does not exist`);
  }
  context.gas.use(GAS.factoryLookup, 'ReadFlat');
  if (admin !== sender) throw moduleError(MODULE, CODES.unauthorized, 'unauthorized account');
  return { sender, coin };
}
