/** `viaduct transfer`: sends one transfer and follows it to its end, each step with its time and transaction. */
import type { Clock } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';
import { formatUnits } from '../core/units.ts';
import { type LoadedConfig, loadConfig, systemSources } from '../config/index.ts';
import { formatAccount } from '../manifest/index.ts';
import { type ApiTransfer, createApiClient, findSent, followTransfer } from './apiClient.ts';
import { EXIT } from './exitCodes.ts';
import type { Output } from './output.ts';
import { userKey } from './userKey.ts';
import { createWallet, type TransferRequest } from './wallet.ts';

export interface TransferOptions {
  readonly config: string;
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly amount: string;
  readonly receiver?: string;
  readonly deadline?: string;
  readonly keyFile?: string;
  readonly api?: string;
  readonly timeout: string;
}

/** The exit code: 0 when delivered, 1 when it came back. */
export async function transfer(
  options: TransferOptions,
  deps: { readonly clock: Clock; readonly output: Output },
  signal: AbortSignal,
): Promise<number> {
  const { clock, output } = deps;
  const loaded = loadConfig(options.config, systemSources());
  const { config, manifest } = loaded;
  const api = createApiClient(options.api ?? apiUrl(loaded));
  const wallet = createWallet(deps, {
    manifest,
    key: userKey(options),
    endpoint: (chain) => config.chains.get(chain)?.endpoints[0]?.url.reveal() ?? '',
  });
  const request: TransferRequest = {
    ...options,
    receiver: options.receiver,
    deadline: BigInt(seconds(options.deadline ?? '0', '--deadline')),
  };
  const route = await wallet.route(request);
  const { asset, source, target, lane } = route;
  const started = clock.now();
  const elapsed = (): string => `${((clock.now() - started) / 1000).toFixed(1).padStart(6)} s`;
  const { lightClient } = source;
  const assurance =
    lightClient.kind === 'confirmations'
      ? `${lightClient.kind} (${lightClient.confirmations} confirmations, weaker than a light client)`
      : `the ${lightClient.kind} light client`;
  const sender = formatAccount(source, (await wallet.on(source)).account);
  const receiver = formatAccount(target, route.receiver);
  output.line(`${formatUnits(route.amount, route.local.decimals)} ${asset.symbol}: ${source.name} -> ${target.name}`);
  output.line(`  from ${sender} to ${receiver}, verified by ${assurance}`);

  const sent = await wallet.send(route, request.deadline, signal);
  output.line(`${elapsed()}  sent       ${sent.transaction} in block ${sent.height}`);

  const steps: { state: string; seconds: number }[] = [];
  const onState = (state: ApiTransfer): void => {
    steps.push({ state: state.state, seconds: (clock.now() - started) / 1000 });
    const why =
      state.waitingFor === undefined ? '' : `, waiting for ${state.waitingFor.step}: ${state.waitingFor.reason}`;
    const transaction = state.settled && state.targetTransaction !== undefined ? ` ${state.targetTransaction}` : '';
    const refusal = state.refusal === undefined ? '' : ` (${state.refusal})`;
    output.line(`${elapsed()}  ${state.state.padEnd(10)}${transaction}${refusal}${why}`);
  };
  const timeoutMs = seconds(options.timeout, '--timeout') * 1000;
  const end = await followTransfer(findSent(api, sent, source.name), { clock, signal, onState }, timeoutMs);
  const returned = end.return === undefined ? undefined : await api.transfer(end.return);
  if (returned?.targetTransaction !== undefined) {
    output.line(`${elapsed()}  back with its sender ${returned.targetTransaction}`);
  }
  output.result({
    ...end,
    lane: lane.id,
    sourceTransaction: sent.transaction,
    ...(returned?.targetTransaction === undefined ? {} : { returnTransaction: returned.targetTransaction }),
    seconds: (clock.now() - started) / 1000,
    steps,
  });
  return end.state === 'delivered' ? EXIT.ok : EXIT.failed;
}

/** Where the API of the relayer with this config is. */
export function apiUrl({ config }: LoadedConfig): string {
  return `http://${config.api.host.includes(':') ? `[${config.api.host}]` : config.api.host}:${config.api.port}`;
}

function seconds(text: string, option: string): number {
  if (!/^\d{1,12}$/.test(text)) {
    throw new ViaductError({
      code: 'USAGE',
      shortMessage: `${option} takes whole seconds, got ${JSON.stringify(text)}.`,
    });
  }
  return Number(text);
}
