/**
 * The HTTP API of a relayer, version 1. JSON, loopback by default. It serves what the journal of this process verified. It takes
 * no URLs from anybody, and one kind of body: the terms of a forward, of which it keeps a bounded number.
 *
 * | route                          | answers                                                            |
 * |--------------------------------|--------------------------------------------------------------------|
 * | `GET /v1/transfers/{id}`       | one transfer; `id` is 64 hex digits or `<lane>-<sequence>`          |
 * | `GET /v1/transfers?txHash=`    | the transfers of a source transaction (`&chain=` narrows it down)   |
 * | `GET /v1/lanes`                | every lane with its watermarks and how its source is verified       |
 * | `GET /v1/quote?source=&target=&asset=&amount=` | ways to move an amount; see `quoteRequest.ts`       |
 * | `POST /v1/forwards`            | registers a forward through a third chain; see `forwardRequest.ts`  |
 * | `GET /v1/forwards/{address}`   | one of them, by its forwarder                                      |
 * | `GET /livez`                   | 200 while the process runs                                         |
 * | `GET /readyz`                  | 200 when chains are followed and the bus is connected, else 503     |
 */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { fromHex } from '../core/bytes.ts';
import { timeoutSignal } from '../core/clock.ts';
import { asViaductError, ViaductError } from '../core/errors.ts';
import { chainName, type ChainName, type LaneId } from '../core/ids.ts';
import { API_BODY_BYTES_MAX, RPC_TIMEOUT_MS } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import type { Manifest } from '../manifest/index.ts';
import type { Journal } from '../store/journal.ts';
import { type ForwardsPort, readForward, renderForward } from './forwardRequest.ts';
import { type Quoted, type QuoteRequest, readQuoteRequest, renderQuotes } from './quoteRequest.ts';
import type { Transfers } from './transfers.ts';

export interface ApiDeps {
  readonly manifest: Manifest;
  readonly journal: Journal;
  readonly transfers: Transfers;
  readonly log: Logger;
  /** How each chain is verified: `light client` or `weaker: endpoint quorum`. */
  readonly assurance: ReadonlyMap<ChainName, string>;
  /** The rule by which its blocks count, in words. */
  readonly finality: ReadonlyMap<ChainName, string>;
  blocked(lane: LaneId): { readonly step: string; readonly reason: string } | undefined;
  busConnected(): boolean;
  /** Which ways a transfer could go now. */
  quote(request: QuoteRequest, signal: AbortSignal): Promise<Quoted>;
  /** What sends on through chains in the middle. */
  readonly forwards?: readonly ForwardsPort[] | undefined;
}

export interface ApiServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens; throws `PORT_TAKEN` naming the setting to change. */
/** A transaction as its chain names it: by its hash, or by block and position, since an extrinsic's hash is no name for it. */
const TRANSACTION = /^(?:(?:0x)?[0-9a-fA-F]{64}|\d{1,10}-\d{1,6})$/;

export async function startApi(deps: ApiDeps, host: string, port: number): Promise<ApiServer> {
  const app = createApi(deps);
  try {
    const url = await app.listen({ host, port });
    return { url, close: async () => app.close() };
  } catch (cause) {
    await app.close();
    const code = (cause as { code?: unknown }).code;
    throw new ViaductError({
      code: 'PORT_TAKEN',
      shortMessage: `The API cannot listen on ${host}:${port}${code === 'EADDRINUSE' ? ': the port is taken' : ''}.`,
      metaMessages: ['Change api.port in the relayer config (0 takes any free port), or stop what listens there.'],
      cause,
    });
  }
}

/** The routes, for tests without a socket. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const { manifest, journal, transfers, log } = deps;
  const app = Fastify({ bodyLimit: API_BODY_BYTES_MAX, logger: false, forceCloseConnections: true });
  app.setErrorHandler(async (thrown, request, reply) => answerError(thrown, request.url, reply));
  app.setNotFoundHandler(async (request, reply) =>
    problem(reply, 404, 'NOT_FOUND', `Nothing is at ${request.url.slice(0, 100)}.`),
  );

  app.get('/livez', async () => ({ live: true }));

  app.get('/readyz', async (_, reply) => {
    const chains: Record<string, unknown> = {};
    let ready = deps.busConnected();
    for (const { name } of manifest.chains) {
      const record = await journal.chain(name);
      const state = record === undefined ? 'starting' : record.frozen !== undefined ? 'frozen' : 'following';
      const derived = record?.derivedHeight;
      if (derived === undefined || state === 'frozen') ready = false;
      chains[name] = { state, ...(derived === undefined ? {} : { derivedHeight: derived.toString() }) };
    }
    return reply.code(ready ? 200 : 503).send({ ready, busConnected: deps.busConnected(), chains });
  });

  app.get('/v1/lanes', async () => ({
    lanes: await Promise.all(
      manifest.lanes.map(async (lane) => {
        const record = await journal.lane(lane.id);
        const blocked = deps.blocked(lane.id);
        return {
          id: lane.id,
          opposite: lane.oppositeId,
          source: lane.source,
          target: lane.target,
          enabled: lane.enabled,
          assurance: deps.assurance.get(lane.source) ?? 'unknown',
          finality: deps.finality.get(lane.source) ?? 'unknown',
          derived: record.derived.toString(),
          attested: (await transfers.attested(lane.id)).toString(),
          accepted: record.accepted.toString(),
          delivered: record.delivered.through.toString(),
          ...(blocked === undefined ? {} : { blocked }),
        };
      }),
    ),
  }));

  app.get<{ Querystring: Record<string, unknown> }>('/v1/quote', async (request, reply) => {
    const read = readQuoteRequest(manifest, request.query);
    if (read.kind === 'invalid') return problem(reply, 400, read.code, read.message);
    return renderQuotes(read.request, await deps.quote(read.request, timeoutSignal(RPC_TIMEOUT_MS)));
  });

  app.post('/v1/forwards', async (request, reply) => {
    const through = (chain: ChainName): ForwardsPort | undefined => deps.forwards?.find((one) => one.chain === chain);
    const read = readForward(manifest, request.body, (chain) => through(chain)?.nowSeconds());
    if (read.kind === 'invalid') return problem(reply, 400, read.code, read.message);
    const forward = await through(read.chain)?.register(read.terms);
    if (forward === undefined) return problem(reply, 404, 'NOT_FOUND', 'This relayer sends nothing on.');
    return renderForward(manifest, forward);
  });

  app.get<{ Params: { address: string } }>('/v1/forwards/:address', async (request, reply) => {
    const { address } = request.params;
    if (!/^0x[0-9a-fA-F]{40}$/.test(address))
      return problem(reply, 400, 'BAD_ID', 'A forwarder is 0x and 40 hex digits.');
    const bytes = fromHex(address, 20);
    const found = deps.forwards?.map((one) => one.find(bytes)).find((forward) => forward !== undefined);
    if (found === undefined) return problem(reply, 404, 'FORWARD_UNKNOWN', 'No such forward is registered here.');
    return renderForward(manifest, found);
  });

  app.get<{ Params: { id: string } }>('/v1/transfers/:id', async (request, reply) => {
    const { id } = request.params;
    if (!/^(0x)?[0-9a-fA-F]{64}(-\d{1,20})?$/.test(id)) {
      return problem(reply, 400, 'BAD_ID', 'A transfer id is 64 hex digits, or <lane id>-<sequence>.');
    }
    const place = await transfers.find(id);
    if (place === undefined) {
      return problem(
        reply,
        404,
        'TRANSFER_UNKNOWN',
        'No such transfer among the newest; ask by ?txHash= of its source transaction.',
      );
    }
    return transfers.describe(place);
  });

  app.get<{ Querystring: { txHash?: unknown; chain?: unknown } }>('/v1/transfers', async (request, reply) => {
    const { txHash, chain } = request.query;
    if (typeof txHash !== 'string' || !TRANSACTION.test(txHash)) {
      const text = 'Give txHash: the source transaction, 64 hex digits, or <block>-<extrinsic> on a Substrate chain.';
      return problem(reply, 400, 'BAD_TX_HASH', text);
    }
    if (chain !== undefined && (typeof chain !== 'string' || !manifest.chains.some(({ name }) => name === chain))) {
      const names = manifest.chains.map(({ name }) => name).join(', ');
      return problem(reply, 400, 'BAD_CHAIN', `Unknown chain; the manifest has ${names}.`);
    }
    const only = chain === undefined ? undefined : chainName(chain);
    const places = await transfers.findByTransaction(txHash, only, timeoutSignal(RPC_TIMEOUT_MS));
    return { transfers: await Promise.all(places.map(async (place) => transfers.describe(place))) };
  });

  async function answerError(thrown: unknown, url: string, reply: FastifyReply): Promise<FastifyReply> {
    const status = (thrown as { statusCode?: unknown }).statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return problem(reply, status, 'BAD_REQUEST', 'The request is not one that this API takes.');
    }
    const error = asViaductError(thrown);
    if (error.code === 'USAGE') return problem(reply, 503, 'FORWARDS_FULL', error.shortMessage);
    if (error.code === 'DECODE_FAILED') return problem(reply, 400, error.code, error.shortMessage);
    log.error({ url: url.slice(0, 200), code: error.code, detail: error.message }, 'an API request failed');
    const isPassing = error.disposition === 'retry' || error.code === 'ABORTED';
    // What a fault of ours says is for the log.
    const message = error.code === 'BUG' ? 'A fault of this relayer; its log says more.' : error.shortMessage;
    return problem(reply, isPassing ? 503 : 500, error.code, message);
  }

  return app;
}

async function problem(reply: FastifyReply, status: number, code: string, message: string): Promise<FastifyReply> {
  return reply.code(status).send({ error: { code, message } });
}
