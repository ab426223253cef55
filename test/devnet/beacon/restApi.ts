/**
 * The part of the standard Beacon API that a light client uses, on loopback: genesis, spec, headers, and the light-client
 * routes, answered as real nodes answer (`{ version, data }`, snake case, numbers as strings).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { toHex, type Hex } from '../../../relayer/core/bytes.ts';
import { type BeaconChain, hasFinality, type KnownBlock } from './beaconChain.ts';
import { lightTypes } from './lightObjects.ts';
import { chainConfigToJson, type LightClientUpdate, params } from './lodestar.ts';

export interface RestApi {
  readonly url: string;
  stop(): Promise<void>;
}

/** MAX_REQUEST_LIGHT_CLIENT_UPDATES */
const UPDATES_MAX = 128;

export async function startRestApi(chain: BeaconChain): Promise<RestApi> {
  const server = createServer((request, response) => {
    const answer = answerOf(chain, request);
    send(response, answer === undefined ? 404 : 200, answer ?? { code: 404, message: 'Not found' });
  });
  const url = await listen(server);
  return {
    url,
    stop: async () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** The answer to a request as JSON, or undefined where there is none. */
export function answerOf(chain: BeaconChain, request: Pick<IncomingMessage, 'url'>): unknown {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const [, last = ''] = /\/([^/]*)$/.exec(pathname) ?? [];
  switch (pathname.replace(/\/(0x[0-9a-f]{64}|head|finalized)$/, '/{id}')) {
    case '/eth/v1/beacon/genesis':
      return { data: genesisOf(chain) };
    case '/eth/v1/config/spec':
      return { data: { ...presetOf(), ...chainConfigToJson(chain.config) } };
    case '/eth/v1/beacon/headers/{id}':
      return headerOf(chain, last);
    case '/eth/v1/beacon/light_client/bootstrap/{id}':
      return bootstrapOf(chain, chain.block(last as Hex));
    case '/eth/v1/beacon/light_client/updates': {
      const first = Number(searchParams.get('start_period') ?? 0);
      const count = Math.min(Number(searchParams.get('count') ?? 1), UPDATES_MAX);
      const periods = Array.from({ length: count }, (_, i) => first + i);
      return periods.flatMap((period) => {
        const update = chain.bestUpdate(period);
        return update === undefined ? [] : [updateOf(chain, update)];
      });
    }
    case '/eth/v1/beacon/light_client/finality_update':
      return finalityUpdateOf(chain);
    default:
      return undefined;
  }
}

function genesisOf({ config, genesisTime, genesisValidatorsRoot }: BeaconChain) {
  return {
    genesis_time: String(genesisTime),
    genesis_validators_root: toHex(genesisValidatorsRoot),
    genesis_fork_version: toHex(config.GENESIS_FORK_VERSION),
  };
}

function presetOf(): Record<string, string> {
  const { SLOTS_PER_EPOCH, EPOCHS_PER_SYNC_COMMITTEE_PERIOD, SYNC_COMMITTEE_SIZE } = params;
  const values = { SLOTS_PER_EPOCH, EPOCHS_PER_SYNC_COMMITTEE_PERIOD, SYNC_COMMITTEE_SIZE };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function headerOf(chain: BeaconChain, id: string): unknown {
  const block = id === 'head' ? chain.head : id === 'finalized' ? chain.finalized : chain.block(id as Hex);
  if (block === undefined) return undefined;
  const { slot, proposerIndex, parentRoot, stateRoot, bodyRoot } = block.light.beacon;
  return {
    execution_optimistic: false,
    finalized: block.slot <= (chain.finalized?.slot ?? -1),
    data: {
      root: block.root,
      canonical: true,
      header: {
        message: {
          slot: String(slot),
          proposer_index: String(proposerIndex),
          parent_root: toHex(parentRoot),
          state_root: toHex(stateRoot),
          body_root: toHex(bodyRoot),
        },
        // Kept by no light client.
        signature: `0x${'00'.repeat(96)}`,
      },
    },
  };
}

function bootstrapOf(chain: BeaconChain, block: KnownBlock | undefined): unknown {
  if (block === undefined) return undefined;
  const version = chain.config.getForkName(block.slot);
  const { LightClientBootstrap } = lightTypes(version);
  const value = { header: block.light, ...block.committee };
  return { version, data: LightClientBootstrap.toJson(value as never) };
}

export function updateOf(chain: BeaconChain, update: LightClientUpdate): { version: string; data: unknown } {
  const version = chain.config.getForkName(update.attestedHeader.beacon.slot);
  return { version, data: lightTypes(version).LightClientUpdate.toJson(update as never) };
}

function finalityUpdateOf(chain: BeaconChain): unknown {
  const update = chain.finalityUpdate();
  if (update === undefined || !hasFinality(update)) return undefined;
  const version = chain.config.getForkName(update.attestedHeader.beacon.slot);
  const { attestedHeader, finalizedHeader, finalityBranch, syncAggregate, signatureSlot } = update;
  const value = { attestedHeader, finalizedHeader, finalityBranch, syncAggregate, signatureSlot };
  return { version, data: lightTypes(version).LightClientFinalityUpdate.toJson(value as never) };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no address');
  return `http://127.0.0.1:${address.port}`;
}
