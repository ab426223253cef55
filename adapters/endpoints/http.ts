/**
 * HTTP to one endpoint, with bounds: bytes of an answer, and time. A URL appears in messages as
 * scheme and host only, since keys live in its user part, path and query.
 */
import { Buffer, isAscii } from 'node:buffer';
import { abortedError, type Clock, ENDED_EARLY } from '../../relayer/core/clock.ts';
import { DecodeError, ViaductError } from '../../relayer/core/errors.ts';
import { RPC_RESPONSE_BYTES_MAX, RPC_TIMEOUT_MS } from '../../relayer/core/limits.ts';
import { createExchange } from './exchange.ts';
import { createEndpointHealth, type EndpointHealth } from './health.ts';

export interface HttpOptions {
  readonly url: string;
  readonly timeoutMs?: number | undefined;
  readonly responseBytesMax?: number | undefined;
}

export interface HttpEndpoint {
  /** Scheme and host: safe to show. */
  readonly name: string;
  /** What was learned from its answers, for whoever chooses among several. */
  readonly health: EndpointHealth;
  /** Posts JSON, or gets when there is no body. The answer is parsed JSON. */
  request(body: string | undefined, signal: AbortSignal, options?: RequestOptions): Promise<unknown>;
  /** An error of this endpoint. */
  failed(what: string, ...metaMessages: string[]): ViaductError;
  /** The error of one that limits the rate of requests, in whatever words; it is asked less often from now on. */
  limited(retryAfterMs?: number): ViaductError;
  /** The endpoint's own words: short, printable, and without what its URL keeps secret, should it echo that. */
  clean(words: string): string;
}

export interface RequestOptions {
  /** Added to the endpoint's own. */
  readonly path?: string | undefined;
  /** For an answer that is not parsed as it is. */
  readonly reader?: AnswerReader | undefined;
  /**
   * In place of the endpoint's own bound, for a reader that holds little of the answer at once. Such an answer may take several times
   * the endpoint's time, as long as more of it comes.
   */
  readonly bytesMax?: number | undefined;
}

/** Reads an answer while it comes. */
export interface AnswerReader {
  /** Throws `DecodeError` for what cannot be read. */
  push(bytes: Buffer): void;
  /** JSON: what the answer is without what was taken out of it. */
  rest(): Buffer;
}

/** Characters of an endpoint's own words that may reach a message. */
const WORDS_MAX = 200;
/** Shorter parts of a path are names such as `v3`, not keys. */
const SECRET_CHARS_MIN = 8;
/** Times the endpoint's time that a long answer may take. */
const LONG_ANSWER_TIMES = 6;
/** A request waits no longer than this for its place in the learned rate: then the endpoint may say no itself. */
const PACE_MS_MAX = 2_000;

export function createHttpEndpoint(deps: { readonly clock: Clock }, options: HttpOptions): HttpEndpoint {
  const { url, headers, name, secrets } = readUrl(options.url);
  const timeoutMs = options.timeoutMs ?? RPC_TIMEOUT_MS;
  const bytesMax = options.responseBytesMax ?? RPC_RESPONSE_BYTES_MAX;
  const failed = (what: string, ...metaMessages: string[]): ViaductError =>
    new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: `${name} ${what}.`, metaMessages });

  const health = createEndpointHealth(deps);
  const limited = (retryAfterMs?: number): ViaductError => {
    health.limited(retryAfterMs);
    return failed('limits the rate of requests (HTTP 429)');
  };

  const exchange = createExchange();

  /** Waits for its place in the learned rate, asks, and learns from how it went. */
  async function ask(
    body: string | undefined,
    signal: AbortSignal,
    { path = '', reader = createWhole(), bytesMax: long }: RequestOptions = {},
  ): Promise<unknown> {
    const limit = long ?? bytesMax;
    if (signal.aborted) throw abortedError(signal);
    const pauseMs = Math.min(PACE_MS_MAX, health.paceMs());
    // The place is taken before the wait, so that those who come meanwhile wait for the next.
    health.sent();
    if (pauseMs > 0) await deps.clock.sleep(pauseMs, signal);
    const begin = deps.clock.now();
    let size = 0;
    let [before, times] = [0, 0];
    const goesOn = (): boolean => {
      const isMore = long !== undefined && size > before && ++times < LONG_ANSWER_TIMES;
      before = size;
      return isMore;
    };
    const receiver = {
      head: (status: number, retryAfter: string | undefined): void => {
        if (status === 429) throw limited(retryAfterMs(retryAfter));
        if (status !== 200) throw failed(`answered HTTP ${status}`);
      },
      take: (bytes: Buffer): void => {
        size += bytes.length;
        if (size > limit) throw failed(`answered more than ${limit} bytes`);
        try {
          reader.push(bytes);
        } catch (error) {
          throw error instanceof DecodeError ? failed('answered nonsense', error.shortMessage) : error;
        }
      },
    };
    let answer: unknown;
    try {
      await withTimeout(deps.clock, timeoutMs, goesOn, signal, failed, async (inner) =>
        exchange({ url: withPath(url, path), headers, body }, receiver, inner),
      );
      try {
        answer = JSON.parse(textOf(reader.rest())) as unknown;
      } catch {
        throw failed('answered something that is not JSON');
      }
    } catch (error) {
      if (!signal.aborted && health.stats.limitedMs < begin) health.failed();
      throw error;
    }
    health.answered(deps.clock.now() - begin);
    return answer;
  }

  return {
    name,
    health,
    failed,
    limited,
    request: ask,
    clean: (words) => {
      const open = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), words);
      return open.slice(0, WORDS_MAX).replace(/[^\x20-\x7e]/g, ' ');
    },
  };
}

/** Scheme and host of a URL, without what may be a secret. */
export function safeUrl(url: string): string {
  return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : '(malformed URL)';
}

interface ReadUrl {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly name: string;
  /** Parts of the URL that may be keys. */
  readonly secrets: readonly string[];
}

function readUrl(text: string): ReadUrl {
  const name = safeUrl(text);
  if (!/^https?:\/\//.test(name)) {
    throw new ViaductError({ code: 'CONFIG_INVALID', shortMessage: `An endpoint URL must be http or https: ${name}.` });
  }
  const parsed = new URL(text);
  const parts = [parsed.username, parsed.password, ...parsed.pathname.split('/'), ...parsed.searchParams.values()];
  const secrets = parts.filter((part) => part.length >= SECRET_CHARS_MIN);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (parsed.username !== '' || parsed.password !== '') {
    const user = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
    parsed.username = '';
    parsed.password = '';
  }
  return { url: parsed.toString(), headers, name, secrets };
}

/** The path goes before the endpoint's own query, where some keep their key. */
function withPath(url: string, path: string): string {
  if (path === '') return url;
  const joined = new URL(url);
  const [pathname = '', query] = path.split('?');
  joined.pathname = joined.pathname.replace(/\/$/, '') + pathname;
  for (const [key, value] of new URLSearchParams(query)) joined.searchParams.set(key, value);
  return joined.toString();
}

/** Seconds, as servers say them; a date or nonsense says nothing. */
function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : undefined;
}

type Failed = (what: string, ...metaMessages: string[]) => ViaductError;

/** Runs `work` with a signal that fires on the caller's abort, and after the time-out unless it goes on. */
async function withTimeout<T>(
  clock: Clock,
  timeoutMs: number,
  goesOn: () => boolean,
  signal: AbortSignal,
  failed: Failed,
  work: (inner: AbortSignal) => Promise<T>,
): Promise<T> {
  const request = new AbortController();
  const timer = new AbortController();
  let timedOut = false;
  const watch = (): void => {
    clock.sleep(timeoutMs, timer.signal).then(
      () => {
        if (goesOn()) {
          watch();
          return;
        }
        timedOut = true;
        request.abort();
      },
      () => undefined,
    );
  };
  watch();
  const onAbort = (): void => {
    request.abort();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(request.signal);
  } catch (error) {
    if (signal.aborted) throw abortedError(signal);
    if (timedOut) throw failed(`did not answer within ${timeoutMs} ms`);
    if (error instanceof ViaductError) throw error;
    throw failed('cannot be reached', ...networkCode(error));
  } finally {
    signal.removeEventListener('abort', onAbort);
    timer.abort(ENDED_EARLY);
  }
}

/** Of a failed exchange only the system's code (such as ECONNREFUSED): its message may contain the URL. */
function networkCode(error: unknown): string[] {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  return typeof code === 'string' ? [code] : [];
}

/** The whole answer. */
export function createWhole(): AnswerReader {
  const chunks: Buffer[] = [];
  return {
    push: (bytes) => {
      chunks.push(bytes);
    },
    rest: () => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
  };
}

/** JSON is nearly always ASCII, which is copied and not decoded. */
function textOf(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}
