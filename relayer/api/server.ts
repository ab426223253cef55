/**
 * The HTTP API of a relayer, version 1. Read-only, JSON, loopback by default. It serves what the journal of this process
 * verified; it takes no URLs and no bodies from anybody.
 *
 * | route                          | answers                                                            |
 * |--------------------------------|--------------------------------------------------------------------|
 * | `GET /v1/transfers/{id}`       | one transfer; `id` is 64 hex digits or `<lane>-<sequence>`          |
 * | `GET /v1/transfers?txHash=`    | the transfers of a source transaction (`&chain=` narrows it down)   |
 * | `GET /v1/lanes`                | every lane with its watermarks and how its source is verified       |
 * | `GET /livez`                   | 200 while the process runs                                         |
 * | `GET /readyz`                  | 200 when chains are followed and the bus is connected, else 503     |
 */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { timeoutSignal } from '../core/clock.ts';
import { asViaductError, ViaductError } from '../core/errors.ts';
import { chainName, type ChainName, type LaneId } from '../core/ids.ts';
import { API_BODY_BYTES_MAX, RPC_TIMEOUT_MS } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import type { Manifest } from '../manifest/index.ts';
import type { Journal } from '../store/journal.ts';
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
