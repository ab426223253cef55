/** What the chain knows: accounts, coins, and who made which token. */
import { createStore, type Store } from './store.ts';

export interface PublicKeyAny {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

export interface Account {
  readonly address: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
  /** Known from the account's first transaction on. */
  readonly publicKey: PublicKeyAny | undefined;
}

export type Coins = ReadonlyMap<string, bigint>;

export interface AppState {
  readonly accounts: Store<Account>;
  /** By address. */
  readonly holdings: Store<Coins>;
  /** By denom. */
  readonly supply: Store<bigint>;
  /** Denom made by the token factory to its admin. */
  readonly admins: Store<string>;
  /** `accounts`: how many there are. */
  readonly counters: Store<bigint>;
  /** A layer on top. */
  branch(): AppState;
  writeDown(): void;
  /** What this layer wrote, as texts in one order: what the app hash is made of. */
  digestLines(): readonly string[];
}

export function createState(below?: AppState): AppState {
  const accounts = createStore(below?.accounts);
  const holdings = createStore(below?.holdings);
  const supply = createStore(below?.supply);
  const admins = createStore(below?.admins);
  const counters = createStore(below?.counters);
  const stores = { accounts, holdings, supply, admins, counters };
  const state: AppState = {
    ...stores,
    branch: () => createState(state),
    writeDown: () => {
      for (const store of Object.values(stores)) store.writeDown();
    },
    digestLines: () =>
      Object.entries(stores)
        .flatMap(([name, store]) => [...store.changes()].map(([key, value]) => `${name}/${key}=${textOf(value)}`))
        .sort(),
  };
  return state;
}

export function accountOf(state: AppState, address: string): Account | undefined {
  return state.accounts.get(address);
}

/** The account, made now when there is none. */
export function ensureAccount(state: AppState, address: string): { readonly account: Account; readonly made: boolean } {
  const known = state.accounts.get(address);
  if (known !== undefined) return { account: known, made: false };
  const accountNumber = state.counters.get('accounts') ?? 0n;
  state.counters.set('accounts', accountNumber + 1n);
  const account: Account = { address, accountNumber, sequence: 0n, publicKey: undefined };
  state.accounts.set(address, account);
  return { account, made: true };
}

export function balanceOf(state: AppState, address: string, denom: string): bigint {
  return state.holdings.get(address)?.get(denom) ?? 0n;
}

export function setBalance(state: AppState, address: string, denom: string, amount: bigint): void {
  const coins = new Map(state.holdings.get(address));
  if (amount === 0n) coins.delete(denom);
  else coins.set(denom, amount);
  state.holdings.set(address, coins);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return part.toString();
    if (part instanceof Map) return [...(part as Coins)].sort(([a], [b]) => (a < b ? -1 : 1));
    return part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part;
  });
}
