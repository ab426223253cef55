import { describe, expect, it } from 'vitest';
import { asViaductError, assert, DecodeError, DISPOSITIONS, unreachable, ViaductError } from './errors.ts';

const endpoint = new Error('connect ECONNREFUSED');
const failure = new ViaductError({
  code: 'ENDPOINT_FAILED',
  shortMessage: 'No endpoint of anvil-a answered.',
  metaMessages: ['Tried http://127.0.0.1:8545.', 'Check that the node runs.'],
  cause: endpoint,
});

describe('ViaductError', () => {
  it('lays out its message as one sentence and the lines that help', () => {
    expect(failure.message).toMatchInlineSnapshot(`
      "No endpoint of anvil-a answered.
      Tried http://127.0.0.1:8545.
      Check that the node runs."
    `);
    expect(new ViaductError({ code: 'BUG', shortMessage: 'One line.' }).message).toBe('One line.');
    expect(String(failure).split('\n')[0]).toBe('ViaductError: No endpoint of anvil-a answered.');
  });

  it('carries its code, its parts and the disposition of its code', () => {
    expect(failure).toMatchObject({ code: 'ENDPOINT_FAILED', disposition: 'retry', cause: endpoint });
    expect(failure.metaMessages).toHaveLength(2);
    expect('cause' in new ViaductError({ code: 'BUG', shortMessage: 'x' })).toBe(false);
    expect(new DecodeError({ shortMessage: 'x' })).toMatchObject({ code: 'DECODE_FAILED', disposition: 'drop' });
    expect(new DecodeError({ shortMessage: 'x' })).toBeInstanceOf(ViaductError);
  });

  it('walks its causes from itself inwards', () => {
    const outer = new ViaductError({ code: 'BUS_UNAVAILABLE', shortMessage: 'outer', cause: failure });
    expect(outer.walk((e) => e instanceof ViaductError)).toBe(outer);
    expect(outer.walk((e) => e instanceof ViaductError && e.code === 'ENDPOINT_FAILED')).toBe(failure);
    expect(outer.walk((e) => e === endpoint)).toBe(endpoint);
    expect(outer.walk(() => false)).toBeUndefined();
    expect(new ViaductError({ code: 'BUG', shortMessage: 'x', cause: 'text' }).walk((e) => e === 'text')).toBe('text');
  });

  it('walks out of a ring of causes', () => {
    const a = new Error('a');
    a.cause = new Error('b', { cause: a });
    expect(new ViaductError({ code: 'BUG', shortMessage: 'x', cause: a }).walk(() => false)).toBeUndefined();
  });
});

describe('dispositions', () => {
  it('are pinned: a change here changes what loops do', () => {
    const codes = Object.entries(DISPOSITIONS);
    const of = (wanted: string): string => codes.flatMap(([code, is]) => (is === wanted ? [code] : [])).join(' ');
    expect(of('drop')).toMatchInlineSnapshot(`"DECODE_FAILED TX_REVERTED BUS_MESSAGE_TOO_LARGE"`);
    expect(of('retry')).toMatchInlineSnapshot(
      `"WORKER_FAILED ENDPOINT_FAILED QUORUM_MISSING COSIGNERS_MISSING TX_NONCE_TAKEN TX_UNDERPRICED ACCOUNT_OUT_OF_FUNDS BUS_UNAVAILABLE"`,
    );
    expect(of('halt')).toMatchInlineSnapshot(
      `"ENDPOINT_WRONG_CHAIN BUS_MISCONFIGURED STORE_UNAVAILABLE STORE_LOCKED STORE_CORRUPT CONFIG_INVALID USAGE PORT_TAKEN SETUP_FAILED ABORTED BUG"`,
    );
    expect(codes.every(([code]) => /^[A-Z]+(_[A-Z]+)*$/.test(code))).toBe(true);
  });
});

describe('helpers', () => {
  it('anything thrown becomes an error of ours, once', () => {
    expect(asViaductError(failure)).toBe(failure);
    expect(asViaductError(endpoint)).toMatchObject({
      code: 'BUG',
      shortMessage: 'Unexpected: connect ECONNREFUSED',
      cause: endpoint,
    });
    expect(asViaductError('text')).toMatchObject({ code: 'BUG', shortMessage: 'Unexpected: text', cause: 'text' });
    expect(asViaductError(undefined)).toMatchObject({ code: 'BUG', shortMessage: 'Unexpected: undefined' });
  });

  it('a broken assertion is our bug and stops', () => {
    expect(() => assert(true, 'fine')).not.toThrow();
    expect(() => assert(0, 'count is positive')).toThrow('Assertion failed: count is positive');
    expect(() => unreachable('x' as never)).toThrow('Unreachable: x');
    try {
      assert(false, 'x');
    } catch (error) {
      expect(error).toMatchObject({ code: 'BUG', disposition: 'halt' });
    }
    expect.assertions(4);
  });
});
