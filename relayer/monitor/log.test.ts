import { describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.ts';
import { DecodeError, ViaductError } from '../core/errors.ts';
import { silentLogger } from '../core/log.ts';
import { createLogger, type LogOptions } from './log.ts';

const clock: Clock = { now: () => 1_900_000_000_123, sleep: async () => Promise.resolve() };

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const logger = createLogger({ clock }, { level: 'debug', format: 'json', write, ...options });
  const records = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, lines, records };
}

describe('log records', () => {
  it('are one JSON object a line, with the level by name and the time of the clock', () => {
    const { logger, lines } = capture();
    logger.info({ chain: 'anvil-a', height: 12n }, 'Head verified.');
    expect(lines).toEqual([
      '{"level":"info","time":"2030-03-17T17:46:40.123Z","chain":"anvil-a","height":"12","msg":"Head verified."}\n',
    ]);
  });

  it('below the level are not made at all', () => {
    const { logger, lines } = capture({ level: 'warn' });
    const fields = {
      get costly(): never {
        throw new Error('was read');
      },
    };
    logger.debug(fields, 'x');
    logger.info(fields, 'x');
    logger.warn({}, 'x');
    logger.error({}, 'x');
    expect(lines).toHaveLength(2);
    const silent = capture({ level: 'silent' });
    silent.logger.error({}, 'x');
    expect(silent.lines).toEqual([]);
  });

  it('carry the fields of the loggers they come from', () => {
    const { logger, records } = capture();
    logger
      .child({ chain: 'a', apiKey: 'x' })
      .child({ lane: Uint8Array.of(1, 2) })
      .warn({ attempt: 2 }, 'x');
    expect(records()[0]).toMatchObject({ chain: 'a', apiKey: '[hidden]', lane: '0x0102', attempt: 2 });
  });

  it('show bytes as hex and shorten what is long', () => {
    const { logger, records } = capture();
    logger.debug(
      {
        hash: new Uint8Array(32).fill(0xab),
        packet: new Uint8Array(135),
        lanes: Array.from({ length: 40 }, (_, i) => i),
        text: 'x'.repeat(5000),
        nested: { amount: 1n << 100n, set: new Set([1n]), map: new Map([['a', 2n]]) },
      },
      'x',
    );
    const [record] = records();
    expect(record!['hash']).toBe(`0x${'ab'.repeat(32)}`);
    expect(record!['packet']).toBe('0x0000000000000000… (135 bytes)');
    expect((record!['lanes'] as unknown[]).slice(-2)).toEqual([31, '8 more']);
    expect((record!['text'] as string).slice(1999)).toBe('x… (5000 characters)');
    expect(record!['nested']).toEqual({ amount: '1267650600228229401496703205376', set: ['1'], map: { a: '2' } });
  });

  it('survive a ring', () => {
    const { logger, lines } = capture();
    const ring: Record<string, unknown> = {};
    ring['ring'] = ring;
    logger.info(ring, 'x');
    expect(lines[0]).toContain('[deeper]');
  });

  it('cannot have their level, time or message replaced by a field', () => {
    const { logger, lines, records } = capture();
    logger.warn({ level: 'debug', time: 0, msg: 'other' }, 'true');
    expect(records()[0]).toMatchObject({ level: 'warn', msg: 'true', level_: 'debug', time_: 0, msg_: 'other' });
    expect(lines[0]!.match(/"msg":/g)).toHaveLength(1);
  });
});

describe('secrets', () => {
  const names =
    'key privateKey private_key PRIVATE_KEY secret clientSecret password mnemonic seed seedPhrase apiKey jwt';

  it.each(names.split(' '))('a field named %s is hidden, at any depth', (name) => {
    const { logger, lines } = capture();
    logger.error({ [name]: 'topsecret', deep: { list: [{ [name]: { inner: 'topsecret' } }] } }, 'x');
    expect(lines[0]).not.toContain('topsecret');
    expect(lines[0]!.match(/\[hidden\]/g)).toHaveLength(2);
  });

  it('what only sounds like one is shown', () => {
    const { logger, records } = capture();
    logger.info({ publicKey: 'a', token: 'b', keyIndex: 1, monkeys: 2 }, 'x');
    expect(records()[0]).toMatchObject({ publicKey: 'a', token: 'b', keyIndex: 1, monkeys: 2 });
  });

  it('credentials are cut out of URLs, in texts and in errors', () => {
    const { logger, lines } = capture();
    const error = new Error(`GET https://user:${'topsecret'}@node.example/path failed`);
    logger.warn({ endpoint: 'wss://topsecret@node.example', error }, 'x');
    expect(lines[0]).not.toContain('topsecret');
    expect(lines[0]).toContain('wss://[hidden]@node.example');
    expect(lines[0]).toContain('https://[hidden]@node.example/path');
  });
});

describe('errors', () => {
  it('of ours show code, sentence, details and cause; others their stack', () => {
    const { logger, records } = capture();
    const cause = new DecodeError({ shortMessage: 'Malformed packet.' });
    const error = new ViaductError({ code: 'ENDPOINT_FAILED', shortMessage: 'A.', metaMessages: ['B.'], cause });
    logger.warn({ error }, 'x');
    expect(records()[0]!['error']).toEqual({
      code: 'ENDPOINT_FAILED',
      message: 'A.',
      details: ['B.'],
      cause: { code: 'DECODE_FAILED', message: 'Malformed packet.' },
    });
    logger.error({ error: new TypeError('oops') }, 'x');
    expect(records()[1]!['error']).toMatchObject({ name: 'TypeError', message: 'oops' });
    expect(JSON.stringify(records()[1])).toContain('log.test.ts');
  });
});

describe('text format', () => {
  it('is one line for people', () => {
    const { logger, lines } = capture({ format: 'text' });
    logger.warn({ chain: 'anvil-a', height: 12n, ids: [1, 2] }, 'Endpoint failed.');
    logger.info({}, 'Done.');
    expect(lines).toEqual([
      '17:46:40.123 WARN  Endpoint failed.  chain=anvil-a height=12 ids=[1,2]\n',
      '17:46:40.123 INFO  Done.\n',
    ]);
  });

  it('lets no value break the line, forge a field or drive the terminal', () => {
    const { logger, lines } = capture({ format: 'text' });
    logger.debug({ reason: 'a\n00:00:00 ERROR fake', name: 'x y=1', esc: '\u001b[2J\u009b2J' }, 'x');
    expect(lines[0]).toBe(
      '17:46:40.123 DEBUG x  reason="a\\n00:00:00 ERROR fake" name="x y=1" esc="\\u001b[2J\\u009b2J"\n',
    );
  });
});

it('the silent logger takes everything and its children are silent too', () => {
  expect(silentLogger.child({ a: 1 })).toBe(silentLogger);
  expect(silentLogger.error({}, 'x')).toBeUndefined();
});
