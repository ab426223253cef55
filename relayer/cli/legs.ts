/**
 * The legs of a transfer: one deposit each. All of them are checked before the first is sent; they are sent one after the
 * other, since they come from one account, and followed side by side.
 */
import type { Clock } from '../core/clock.ts';
import { asViaductError, ViaductError } from '../core/errors.ts';
import { formatUnits } from '../core/units.ts';
import { formatAccount } from '../manifest/index.ts';
import { type ApiClient, type ApiTransfer, findSent, followTransfer } from './apiClient.ts';
import type { ForwardedLeg } from './forwarder.ts';
import { type Output, toJson } from './output.ts';
import type { Route, Sent } from './chainWallet.ts';
import type { Wallet } from './wallet.ts';

export interface LegsDeps {
  readonly clock: Clock;
  readonly output: Output;
  readonly wallet: Wallet;
  readonly api: ApiClient;
}

export interface LegsOptions {
  /** Unix seconds; 0n = none. */
  readonly deadline: bigint;
  readonly timeoutMs: number;
}

export interface Leg {
  readonly route: Route;
  /** Through a chain in the middle: who receives it there, and where it goes on. */
  readonly forward?: Omit<ForwardedLeg, 'route'> | undefined;
}

export interface LegEnd {
  readonly route: Route;
  readonly forward: Leg['forward'];
  readonly sent: Sent;
  readonly end: ApiTransfer;
  /** Of the second lane, where there is one and it was reached. */
  readonly onward: ApiTransfer | undefined;
  /** Everything arrived where it should. */
  readonly isDelivered: boolean;
  readonly returnTransaction: string | undefined;
  readonly steps: readonly { readonly state: string; readonly seconds: number }[];
  readonly seconds: number;
}

export async function runLegs(
  deps: LegsDeps,
  legs: readonly Leg[],
  { deadline, timeoutMs }: LegsOptions,
  signal: AbortSignal,
): Promise<readonly LegEnd[]> {
  const { clock, output, wallet, api } = deps;
  const started = clock.now();
  const seconds = (): number => (clock.now() - started) / 1000;
  /** Which leg a line is about, where there are several. */
  const say = (index: number, text: string): void => {
    output.line(`${legs.length > 1 ? `[${index + 1}] ` : ''}${text}`);
  };
  const elapsed = (): string => `${seconds().toFixed(1).padStart(6)} s`;

  for (const [index, { route, forward }] of legs.entries()) {
    const { asset, source, target, amount, local } = route;
    const sender = formatAccount(source, (await wallet.on(source)).account);
    say(index, `${formatUnits(amount, local.decimals)} ${asset.symbol}: ${source.name} -> ${target.name}`);
    say(index, `  from ${sender} to ${formatAccount(target, route.receiver)}, verified by ${assuranceOf(route)}`);
    if (forward !== undefined) {
      say(index, `  its forwarder there is ${forward.forwarder}; until it is done, keep ${toJson(forward.terms)}`);
      const { source: middle, target: last, receiver } = forward.onward;
      say(
        index,
        `  from there to ${formatAccount(last, receiver)} on ${last.name}, verified by ${assuranceOf(forward.onward)}`,
      );
      say(
        index,
        `  what does not go on is yours on ${middle.name}: ${formatAccount(middle, (await wallet.on(middle)).account)}`,
      );
    }
  }
  await checkFunds(wallet, legs, signal);
  const sent: Sent[] = [];
  for (const [index, { route }] of legs.entries()) {
    try {
      const one = await wallet.send(route, deadline, signal);
      sent.push(one);
      say(index, `${elapsed()}  sent       ${one.transaction} in block ${one.height}`);
    } catch (error) {
      throw sent.length === 0 ? error : notAllSent(sent, legs.length, error);
    }
  }
  /** Until it is in the second lane: its place there; undefined when what it held went back to the person. */
  async function followForward(index: number, forwarder: string): Promise<string | undefined> {
    const until = clock.now() + timeoutMs;
    let told = '';
    for (;;) {
      const { state, place, reason, transaction } = await api.forward(forwarder);
      const news = `${state.padEnd(10)}${transaction === undefined ? '' : ` ${transaction}`}${reason === undefined ? '' : ` (${reason})`}`;
      if (news !== told) say(index, `${elapsed()}  ${news}`);
      told = news;
      if (place !== undefined) return place;
      if (state === 'recovered' || state === 'expired') return undefined;
      if (clock.now() > until) throw notForwarded(forwarder, reason);
      await clock.sleep(FORWARD_MS, signal);
    }
  }

  return Promise.all(
    legs.map(async ({ route, forward }, index): Promise<LegEnd> => {
      const one = sent[index] as Sent;
      const steps: { state: string; seconds: number }[] = [];
      const onState = (state: ApiTransfer): void => {
        steps.push({ state: state.state, seconds: seconds() });
        say(index, `${elapsed()}  ${lineOf(state)}`);
      };
      const find = findSent(api, one, route.source.name);
      const end = await followTransfer(find, { clock, signal, onState }, timeoutMs);
      const returned = end.return === undefined ? undefined : await api.transfer(end.return);
      const returnTransaction = returned?.targetTransaction;
      if (returnTransaction !== undefined) say(index, `${elapsed()}  back with its sender ${returnTransaction}`);
      const whole = { route, forward, sent: one, end, returnTransaction, steps };
      const isThere = end.state === 'delivered';
      if (forward === undefined || !isThere) {
        return { ...whole, onward: undefined, isDelivered: isThere && forward === undefined, seconds: seconds() };
      }
      const place = await followForward(index, forward.forwarder);
      if (place === undefined) return { ...whole, onward: undefined, isDelivered: false, seconds: seconds() };
      const findOnward = async (): Promise<ApiTransfer> => api.transfer(place);
      const onward = await followTransfer(findOnward, { clock, signal, onState }, timeoutMs);
      if (onward.state === 'refunded')
        say(index, `${elapsed()}  the forwarder gives it to you on the chain in the middle`);
      return { ...whole, onward, isDelivered: onward.state === 'delivered', seconds: seconds() };
    }),
  );
}

/** What a leg came to, as JSON. */
export function legResult(leg: LegEnd): Record<string, unknown> {
  const { route, forward, sent, end, onward, returnTransaction, steps, seconds } = leg;
  return {
    ...end,
    ...(forward === undefined ? {} : { forwarder: forward.forwarder, terms: forward.terms }),
    ...(onward === undefined ? {} : { onward }),
    lane: route.lane.id,
    sourceTransaction: sent.transaction,
    ...(returnTransaction === undefined ? {} : { returnTransaction }),
    seconds,
    steps,
  };
}

function lineOf({ state, settled, waitingFor, targetTransaction, refusal }: ApiTransfer): string {
  const why = waitingFor === undefined ? '' : `, waiting for ${waitingFor.step}: ${waitingFor.reason}`;
  const transaction = settled && targetTransaction !== undefined ? ` ${targetTransaction}` : '';
  return `${state.padEnd(10)}${transaction}${refusal === undefined ? '' : ` (${refusal})`}${why}`;
}

function assuranceOf({ source: { lightClient } }: Route): string {
  return lightClient.kind === 'confirmations'
    ? `${lightClient.kind} (${lightClient.confirmations} confirmations, weaker than a light client)`
    : `the ${lightClient.kind} light client`;
}

const FORWARD_MS = 250;

function notForwarded(forwarder: string, reason: string | undefined): ViaductError {
  return new ViaductError({
    code: 'ENDPOINT_FAILED',
    shortMessage: `Not sent on by ${forwarder} in time${reason === undefined ? '' : `: ${reason}`}.`,
    metaMessages: [
      'Nothing is lost: `viaduct forward` with its terms pokes it, and with --recover gives you what it holds.',
    ],
  });
}

/** A transaction that the chain would refuse costs its fee all the same, and the first of several legs would be gone. */
async function checkFunds(wallet: Wallet, legs: readonly Leg[], signal: AbortSignal): Promise<void> {
  const [first] = legs;
  if (first === undefined) return;
  const { source, asset, local } = first.route;
  const { account } = await wallet.on(source);
  const held = await wallet.balance(source.name, asset, account, signal);
  const needed = legs.reduce((sum, { route }) => sum + route.amount, 0n);
  if (held >= needed) return;
  const show = (units: bigint): string => `${formatUnits(units, local.decimals)} ${asset.symbol}`;
  throw new ViaductError({
    code: 'ACCOUNT_OUT_OF_FUNDS',
    shortMessage: `${formatAccount(source, account)} on ${source.name} has ${show(held)}, and ${show(needed)} is to be sent.`,
    metaMessages: ['Nothing was sent.'],
  });
}

/** Some of the money is on its way: the person has to know which before trying again. */
function notAllSent(sent: readonly Sent[], legs: number, cause: unknown): ViaductError {
  const { code, message } = asViaductError(cause);
  return new ViaductError({
    code,
    shortMessage: `Only ${sent.length} of ${legs} legs were sent.`,
    metaMessages: [
      `Leg ${sent.length + 1}: ${message.replaceAll('\n', ' ')}`,
      ...sent.map(({ transaction }, index) => `Leg ${index + 1} is on its way: ${transaction}`),
      'Send only what is missing.',
    ],
    cause,
  });
}
