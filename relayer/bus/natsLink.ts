/**
 * One connection to the NATS servers that never gives up: it reconnects for ever with bounded waits, and says when it is
 * up and down. Everything above asks it before sending, so nothing piles up in the client while the server is away.
 */
import {
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  PermissionViolationError,
  type Status,
} from '@nats-io/transport-node';
import { abortedError, type Clock, nextDelay } from '../core/clock.ts';
import { busUnavailable } from './checks.ts';
import type { BusReport } from './report.ts';
import { within } from './within.ts';

export type NatsCredentials =
  | { readonly kind: 'userPassword'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  /** An nkey seed, as text. */
  | { readonly kind: 'nkey'; readonly seed: string }
  /** The content of a `.creds` file. */
  | { readonly kind: 'creds'; readonly text: string };

export interface NatsLinkOptions {
  readonly servers: readonly string[];
  /** Shown by the server next to the connection. */
  readonly name: string;
  readonly credentials?: NatsCredentials | undefined;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly report: BusReport;
}

export interface NatsLink {
  readonly connection: NatsConnection;
  readonly up: boolean;
  /** Resolves when the connection is up. Throws `BUS_UNAVAILABLE` after `timeoutMs`, `ABORTED` on the signal. */
  waitUp(timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** The work's outcome, or `BUS_UNAVAILABLE` at once when the connection is lost meanwhile: no answer will come. */
  whileUp<T>(work: Promise<T>): Promise<T>;
  /** Calls back on every loss of the connection and on every return. Returns the function that ends it. */
  watch(listener: (up: boolean) => void): () => void;
  /** Sends what is buffered, within the time, and closes. */
  close(flushMs: number): Promise<void>;
}

const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 5_000;
/** A server that does not answer three pings is gone, half a minute after the fact. */
const PING_MS = 10_000;

/** Throws `BUS_UNAVAILABLE` when no server answers. */
export async function createNatsLink(options: NatsLinkOptions): Promise<NatsLink> {
  const { clock, report } = options;
  const listeners = new Set<(up: boolean) => void>();
  let attempt = 0;
  let up = true;

  const settings: NodeConnectionOptions = {
    servers: options.servers.map(withoutCredentials),
    name: options.name,
    timeout: options.connectTimeoutMs,
    maxReconnectAttempts: -1,
    // An account that was locked out by mistake comes back without a restart of ours.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => nextDelay(attempt, RECONNECT_MS_MIN, RECONNECT_MS_MAX),
    pingInterval: PING_MS,
    maxPingOut: 3,
    noAsyncTraces: true,
    ...credentialSettings(options.credentials ?? credentialsInUrl(options.servers)),
  };
  const connection = await connect(settings).catch((error: unknown) => {
    const detail = error instanceof Error ? error.message : String(error);
    throw busUnavailable(
      `No NATS server answered at ${options.servers.map(withoutCredentials).join(', ')}: ${detail}`,
      error,
    );
  });
  follow(connection.status()).catch((error: unknown) => report.emit({ kind: 'trouble', error }));

  async function follow(statuses: AsyncIterable<Status>): Promise<void> {
    for await (const status of statuses) {
      switch (status.type) {
        case 'disconnect':
        case 'close':
          setUp(false);
          break;
        case 'reconnecting':
          attempt += 1;
          break;
        case 'reconnect':
          attempt = 0;
          setUp(true);
          break;
        case 'error':
          if (status.error instanceof PermissionViolationError) {
            const { operation, subject } = status.error;
            report.emit({ kind: 'denied', detail: `${operation} ${subject}` });
          } else {
            report.emit({ kind: 'trouble', error: status.error });
          }
          break;
        default:
          break;
      }
    }
  }

  function setUp(next: boolean): void {
    if (up === next) return;
    up = next;
    if (up) report.count('reconnects');
    report.emit({ kind: up ? 'connected' : 'disconnected' });
    for (const listener of [...listeners]) listener(up);
  }

  return {
    connection,
    get up() {
      return up;
    },
    async waitUp(timeoutMs, signal) {
      if (signal.aborted) throw abortedError(signal);
      if (up) return;
      const woken = new AbortController();
      const listener = (isUp: boolean): void => {
        if (isUp) woken.abort();
      };
      listeners.add(listener);
      await clock.sleep(timeoutMs, AbortSignal.any([woken.signal, signal])).catch(() => undefined);
      listeners.delete(listener);
      if (signal.aborted) throw abortedError(signal);
      if (!woken.signal.aborted) throw busUnavailable(`No NATS server answered within ${timeoutMs} ms.`);
    },
    async whileUp(work) {
      let onDown: (up: boolean) => void = () => undefined;
      const lost = new Promise<never>((_, reject) => {
        onDown = () => reject(busUnavailable('The connection was lost.'));
      });
      listeners.add(onDown);
      try {
        return await Promise.race([work, lost]);
      } finally {
        listeners.delete(onDown);
      }
    },
    watch(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    async close(flushMs) {
      if (up && flushMs > 0) {
        await within(
          connection.flush().catch(() => undefined),
          flushMs,
          clock,
        );
      }
      await connection.close();
    },
  };
}

function credentialSettings(credentials: NatsCredentials | undefined): NodeConnectionOptions {
  switch (credentials?.kind) {
    case undefined:
      return {};
    case 'userPassword':
      return { user: credentials.user, pass: credentials.password };
    case 'token':
      return { token: credentials.token };
    case 'nkey':
      return { authenticator: nkeyAuthenticator(new TextEncoder().encode(credentials.seed)) };
    case 'creds':
      return { authenticator: credsAuthenticator(new TextEncoder().encode(credentials.text)) };
  }
}

/** The client does not read `nats://user:password@host`, which operators are used to. */
function credentialsInUrl(servers: readonly string[]): NatsCredentials | undefined {
  for (const server of servers) {
    const [, user, password] = /^[a-z]+:\/\/([^:@/]+)(?::([^@/]*))?@/.exec(server) ?? [];
    if (user === undefined) continue;
    const decoded = decodeURIComponent(user);
    return password === undefined
      ? { kind: 'token', token: decoded }
      : { kind: 'userPassword', user: decoded, password: decodeURIComponent(password) };
  }
  return undefined;
}

/** A server's URL as it may appear in a message. */
export function withoutCredentials(server: string): string {
  return server.replace(/^([a-z]+:\/\/)[^@/]*@/, '$1');
}
