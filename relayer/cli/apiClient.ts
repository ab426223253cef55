/** Reads a relayer's HTTP API for the commands that follow transfers and lanes. */
import { type Clock, timeoutSignal } from '../core/clock.ts';
import { ViaductError } from '../core/errors.ts';

export interface ApiTransfer {
  readonly id?: string;
  readonly place: string;
  readonly state: string;
  readonly settled: boolean;
  readonly waitingFor?: { readonly step: string; readonly reason: string };
  readonly targetTransaction?: string;
  readonly refusal?: string;
  readonly return?: string;
}

/** A transfer on its way through a chain in the middle. */
export interface ApiForward {
  readonly state: string;
  readonly place?: string;
  readonly transaction?: string;
  readonly reason?: string;
}

export interface ApiClient {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  forward(address: string): Promise<ApiForward>;
  transfersOf(transaction: string, chain: string): Promise<readonly ApiTransfer[]>;
  transfer(id: string): Promise<ApiTransfer>;
}

const TIMEOUT_MS = 10_000;

export function createApiClient(url: string): ApiClient {
  async function ask(path: string, init: RequestInit = {}): Promise<unknown> {
    let response: Response;
    let body: { error?: { message?: string } };
    try {
      response = await fetch(`${url}${path}`, { ...init, signal: timeoutSignal(TIMEOUT_MS) });
      body = (await response.json()) as typeof body;
    } catch (cause) {
      throw new ViaductError({
        code: 'ENDPOINT_FAILED',
        shortMessage: `No relayer answers at ${url}.`,
        metaMessages: ['Start one with `viaduct start --config <file>`, or give its address with --api.'],
        cause,
      });
    }
    // A relayer that is not ready says so with 503 and without an error.
    if (response.ok || (response.status === 503 && body.error === undefined)) return body;
    throw new ViaductError({
      code: 'ENDPOINT_FAILED',
      shortMessage: `The relayer's API answered ${response.status}: ${body.error?.message ?? 'no reason given'}`,
    });
  }

  const get = async (path: string): Promise<unknown> => ask(path);

  return {
    get,
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json' };
      return ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
    },
    forward: async (address) => (await get(`/v1/forwards/${encodeURIComponent(address)}`)) as ApiForward,
    transfersOf: async (transaction, chain) => {
      const query = `txHash=${encodeURIComponent(transaction)}&chain=${encodeURIComponent(chain)}`;
      return ((await get(`/v1/transfers?${query}`)) as { transfers: ApiTransfer[] }).transfers;
    },
    transfer: async (id) => (await get(`/v1/transfers/${encodeURIComponent(id)}`)) as ApiTransfer,
  };
}

/** A transfer just sent: by its place where the source said it, else by its transaction, once the relayer has seen it. */
export function findSent(
  api: ApiClient,
  sent: { readonly transaction: string; readonly places: readonly string[] },
  chain: string,
): () => Promise<ApiTransfer | undefined> {
  const [place] = sent.places;
  return async () => (place === undefined ? (await api.transfersOf(sent.transaction, chain))[0] : api.transfer(place));
}

/** Follows a transfer until it is settled, telling each new state once. */
export async function followTransfer(
  find: () => Promise<ApiTransfer | undefined>,
  deps: { readonly clock: Clock; readonly signal: AbortSignal; onState(transfer: ApiTransfer): void },
  timeoutMs: number,
): Promise<ApiTransfer> {
  const until = deps.clock.now() + timeoutMs;
  // Reasons may take turns, as when several accounts try one after the other.
  const told = new Set<string>();
  for (;;) {
    const transfer = await find();
    const news = JSON.stringify([transfer?.state, transfer?.waitingFor]);
    if (transfer !== undefined && !told.has(news)) deps.onState(transfer);
    told.add(news);
    if (transfer?.settled === true) return transfer;
    if (deps.clock.now() > until) {
      throw new ViaductError({
        code: 'ENDPOINT_FAILED',
        shortMessage: `Not settled within ${timeoutMs / 1000} s: ${transfer?.state ?? 'not seen yet'}.`,
        metaMessages: [
          transfer?.waitingFor === undefined
            ? 'The relayer has not seen it.'
            : `Waiting for ${transfer.waitingFor.step}: ${transfer.waitingFor.reason}.`,
          'Nothing is lost: ask the API again, `GET /v1/transfers?txHash=<source transaction>`.',
        ],
      });
    }
    await deps.clock.sleep(FOLLOW_MS, deps.signal);
  }
}

const FOLLOW_MS = 250;
