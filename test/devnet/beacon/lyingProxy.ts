/**
 * In front of a beacon node and its execution node: passes everything on, or lies in one way until told otherwise. What
 * it says when it lies is well formed; only a verifier can tell.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';

/**
 * - `underParticipate`: too few of the sync committee seem to have signed;
 * - `equivocate`: a twin of the chain, signed by the same validators, that went another way;
 * - `skipPeriod`: the update of the period after the one that was asked for;
 * - `withhold`: what it said when the lie began, again and again;
 * - `executionRoots`: other state and receipts roots, in light-client headers, blocks and proofs;
 * - `otherFork`: a chain of other validators.
 */
export const LIES = [
  'underParticipate',
  'equivocate',
  'skipPeriod',
  'withhold',
  'executionRoots',
  'otherFork',
] as const;
export type Lie = (typeof LIES)[number];

export interface Upstream {
  readonly beaconUrl: string;
  readonly executionUrl: string;
}

export interface LyingProxyOptions extends Upstream {
  /** Needed by `equivocate`. */
  readonly twin?: Upstream;
  /** Needed by `otherFork`. */
  readonly other?: Upstream;
}

export interface LyingProxy extends Upstream {
  /** The lie from now on; undefined is the truth. */
  lie(which: Lie | undefined): void;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export async function startLyingProxy(options: LyingProxyOptions): Promise<LyingProxy> {
  let lie: Lie | undefined;
  const remembered = new Map<string, Answer>();

  const upstream = (): Upstream => {
    if (lie === 'equivocate') return options.twin ?? options;
    return lie === 'otherFork' ? (options.other ?? options) : options;
  };

  const beacon = createServer((request, response) => {
    const path = lie === 'skipPeriod' ? skipPeriod(request.url ?? '/') : (request.url ?? '/');
    const answer = async (): Promise<Answer> => {
      const old = lie === 'withhold' ? remembered.get(path) : undefined;
      const given = old ?? (await ask(upstream().beaconUrl + path, undefined));
      // The same path is asked before the lie begins, so what is remembered is old.
      remembered.set(path, given);
      return { status: given.status, body: tamperedLight(lie, given.body) };
    };
    reply(answer(), response);
  });
  const execution = createServer((request, response) => {
    const answer = async (): Promise<Answer> => {
      const given = await ask(upstream().executionUrl, await bodyOf(request));
      return lie === 'executionRoots' ? { ...given, body: withOtherRoots(given.body) } : given;
    };
    reply(answer(), response);
  });
  const [beaconUrl, executionUrl] = await Promise.all([listen(beacon), listen(execution)]);
  return {
    beaconUrl,
    executionUrl,
    lie: (which) => {
      lie = which;
    },
    stop: async () => {
      await Promise.all([beacon, execution].map(close));
    },
  };
}

function skipPeriod(path: string): string {
  return path.replace(/start_period=(\d+)/, (_, period: string) => `start_period=${Number(period) + 1}`);
}

function tamperedLight(lie: Lie | undefined, body: unknown): unknown {
  if (lie === 'executionRoots') return withOtherRoots(body);
  if (lie === 'underParticipate') return mapFields(body, { sync_committee_bits: underTwoThirds });
  return body;
}

function withOtherRoots(body: unknown): unknown {
  return mapFields(body, {
    state_root: flipped,
    receipts_root: flipped,
    stateRoot: flipped,
    receiptsRoot: flipped,
    accountProof: (nodes) => (Array.isArray(nodes) ? (nodes as unknown[]).map(flipped) : nodes),
  });
}

type Change = (value: unknown) => unknown;

/** A copy with the fields of these names changed, at any depth. */
function mapFields(node: unknown, changes: Readonly<Record<string, Change>>): unknown {
  if (Array.isArray(node)) return (node as unknown[]).map((item) => mapFields(item, changes));
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, changes[name]?.(value) ?? mapFields(value, changes)]),
  );
}

/** The last bit turned round. */
function flipped(value: unknown): unknown {
  if (typeof value !== 'string' || value.length < 4) return value;
  return value.slice(0, -1) + (parseInt(value.slice(-1), 16) ^ 1).toString(16);
}

/** The first of the bits only: well under two thirds. */
function underTwoThirds(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const bits = Buffer.from(value.slice(2), 'hex');
  return `0x${bits.fill(0, Math.floor(bits.length / 2)).toString('hex')}`;
}

async function ask(url: string, body: string | undefined): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, body === undefined ? { headers } : { method: 'POST', headers, body });
  return { status: response.status, body: await response.json() };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function reply(
  answer: Promise<Answer>,
  response: { writeHead(status: number, headers: Record<string, string>): unknown; end(body: string): unknown },
): void {
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  answer.then(
    ({ status, body }) => {
      send(status, body);
    },
    (error: unknown) => {
      send(502, { message: String(error) });
    },
  );
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

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
