import { describe, expect, it } from 'vitest';
import { withoutEvents } from './eventCutter.ts';

const cut = (value: unknown): unknown => JSON.parse(withoutEvents(Buffer.from(JSON.stringify(value))).toString());

function result(code: number, events: readonly unknown[]) {
  return { code, data: 'AA==', log: '"events":[1],"codespace":"x"', gas_used: '5', events, codespace: 'sdk' };
}

describe('events', () => {
  it('are taken out of every result, whatever is in them', () => {
    const attributes = [{ key: 'a', value: '"events":[] ],"codespace":"}', index: true }];
    const events = [
      { type: 'transfer', attributes },
      { type: '],"codespace":"', attributes: [] },
    ];
    const results = [result(0, events), result(1, []), result(2, events)];
    const answer = { height: '5', txs_results: results, finalize_block_events: events, app_hash: 'AA==' };
    const bare = results.map((one) => ({ ...one, events: [] }));
    expect(cut({ id: 0, result: answer })).toEqual({ id: 0, result: { ...answer, txs_results: bare } });
    expect(cut({ result: { tx_result: result(0, events), tx: 'AA==' } })).toEqual({
      result: { tx_result: result(0, []), tx: 'AA==' },
    });
  });

  it('stay where they are the last field, and where there are none', () => {
    for (const value of [{ events: [{ a: 1 }] }, { codespace: 'x', events: [1] }, { a: 1 }, [], 5, null]) {
      expect(cut(value)).toEqual(value);
    }
    for (const text of ['', '"events":[', '],"codespace":"', '{"events":[{"codespace":"']) {
      expect(withoutEvents(Buffer.from(text)).toString()).toBe(text);
    }
  });
});
