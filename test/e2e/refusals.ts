/** Transfers that the target must refuse: a receiver that reverts, and one that expires on the way. Both come back. */
import { createApiClient, followTransfer } from '../../relayer/cli/apiClient.ts';
import type { Wallet } from '../../relayer/cli/wallet.ts';
import { toHex } from '../../relayer/core/bytes.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import type { LocalNetwork } from '../devnet/localNetwork.ts';
import { assetNamed, type Direction, homeAsset } from './scenario.ts';

export interface Refusal {
  readonly what: string;
  readonly reason: string;
  readonly cameBack: boolean;
}

const SETTLE_MS_MAX = 90_000;
/** Seconds of the wall clock in which the deposit must be included; the relayer is stopped until it is over. */
const EXPIRES_IN_SECONDS = 15n;
const LOOK_MS = 200;

export async function sendRefusals(
  network: LocalNetwork,
  wallet: Wallet,
  directions: readonly Direction[],
  signal: AbortSignal,
): Promise<Refusal[]> {
  const api = createApiClient(network.apiUrl);
  const [first] = directions;
  if (first === undefined) return [];

  async function settle(place: string): Promise<{ state: string; refusal: string }> {
    const end = await followTransfer(
      async () => api.transfer(place),
      { clock: systemClock, signal, onState: () => undefined },
      SETTLE_MS_MAX,
    );
    return { state: end.state, refusal: end.refusal ?? '' };
  }

  async function sendAndReturn(
    what: string,
    direction: Direction,
    symbol: string,
    receiver: string | undefined,
    deadline: bigint,
    ready: Promise<void> = Promise.resolve(),
  ): Promise<Refusal> {
    const asset = assetNamed(network.manifest, symbol);
    const route = wallet.route({ ...direction, asset: symbol, amount: '0.5', receiver, deadline });
    const before = await wallet.balance(route.source.name, asset, wallet.address, signal);
    const sent = await wallet.send(route, deadline, signal);
    await ready;
    const { state, refusal } = await settle(sent.transfers[0]?.place ?? '');
    const after = await wallet.balance(route.source.name, asset, wallet.address, signal);
    return { what: `${what} (${refusal})`, reason: refusal, cameBack: state === 'refunded' && after === before };
  }

  // A coin paid to a contract without a receive function reverts: A's coin is bridged to B first, then sent home to one.
  const eth = assetNamed(network.manifest, 'ETH');
  const home = eth.representations.find(({ custody }) => custody === 'native')?.chain ?? '';
  const away = eth.representations.find(({ custody }) => custody === 'mint')?.chain ?? '';
  const out = wallet.route({ from: home, to: away, asset: 'ETH', amount: '1', receiver: undefined, deadline: 0n });
  await settle((await wallet.send(out, 0n, signal)).transfers[0]?.place ?? '');
  const token = assetNamed(network.manifest, 'TEST').representations.find(({ chain }) => chain === home);
  const reverting = token === undefined || token.custody === 'native' ? undefined : toHex(token.token);

  async function chainTime(chain: string): Promise<bigint> {
    const anvil = network.chains.find(({ name }) => name === chain)?.anvil;
    const block = (await anvil?.rpc('eth_getBlockByNumber', ['latest', false])) as { timestamp: string };
    return BigInt(block.timestamp);
  }

  /** Nobody delivers while the relayer is stopped, so it is over before anybody can. */
  async function expire(direction: Direction): Promise<Refusal> {
    await network.relayer.stop();
    const deadline = (await chainTime(direction.from)) + EXPIRES_IN_SECONDS * BigInt(network.speed);
    const waiting = (async (): Promise<void> => {
      while ((await chainTime(direction.to)) <= deadline) await systemClock.sleep(LOOK_MS, signal);
      await network.relayer.start();
    })();
    const symbol = homeAsset(network.manifest, direction.from).symbol;
    const [refusal] = await Promise.all([
      sendAndReturn('a transfer that expires', direction, symbol, undefined, deadline, waiting),
      waiting,
    ]);
    return refusal;
  }

  return [
    await expire(first),
    await sendAndReturn('a receiver that reverts', { from: away, to: home }, 'ETH', reverting, 0n),
  ];
}
