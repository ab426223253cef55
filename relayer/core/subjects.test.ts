import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainName, laneId } from './ids.ts';
import { createSubjects, laneOfSubject, subjectMatches } from './subjects.ts';

const lane = laneId('ab'.repeat(32));
const subjects = createSubjects('testnet-1');

describe('subjects', () => {
  it('are spelled with version, kind and network first', () => {
    expect(subjects.frame(lane)).toBe(`viaduct.v1.frame.testnet-1.${lane}`);
    expect(subjects.checkpoint(lane)).toBe(`viaduct.v1.checkpoint.testnet-1.${lane}`);
    expect(subjects.work(chainName('anvil-a'))).toBe('viaduct.v1.work.testnet-1.anvil-a');
    expect(subjects.attest(lane)).toBe(`viaduct.v1.attest.testnet-1.${lane}`);
    expect(subjects.outcome(chainName('anvil-a'))).toBe('viaduct.v1.outcome.testnet-1.anvil-a');
    expect(subjects.mon('lane', lane)).toBe(`viaduct.v1.mon.testnet-1.lane.${lane}`);
    expect(subjects.alert('critical')).toBe('viaduct.v1.alert.testnet-1.critical');
    expect(subjects.ctl('pause')).toBe('viaduct.v1.ctl.testnet-1.pause');
    expect(laneOfSubject(subjects.frame(lane))).toBe(lane);
  });

  it('fall under their patterns, and under no other network', () => {
    expect(subjectMatches(subjects.allFrames, subjects.frame(lane))).toBe(true);
    expect(subjectMatches(subjects.allMon, subjects.mon('lane', 'x'))).toBe(true);
    expect(subjectMatches(subjects.monOf('lane'), subjects.mon('lane', 'x'))).toBe(true);
    expect(subjectMatches(subjects.monOf('lane'), subjects.mon('chain', 'x'))).toBe(false);
    expect(subjectMatches(subjects.allFrames, subjects.checkpoint(lane))).toBe(false);
    expect(subjectMatches(createSubjects('testnet-2').allFrames, subjects.frame(lane))).toBe(false);
  });

  it('put each durable kind into one stream of its network', () => {
    expect(subjects.streams.map(({ name, subjects: patterns, retention }) => ({ name, patterns, retention }))).toEqual([
      { name: 'VIADUCT_V1_testnet-1_FRAMES', patterns: ['viaduct.v1.frame.testnet-1.*'], retention: 'limits' },
      {
        name: 'VIADUCT_V1_testnet-1_CHECKPOINTS',
        patterns: ['viaduct.v1.checkpoint.testnet-1.*'],
        retention: 'limits',
      },
      { name: 'VIADUCT_V1_testnet-1_WORK', patterns: ['viaduct.v1.work.testnet-1.*'], retention: 'workqueue' },
    ]);
    for (const stream of subjects.streams) expect(stream.duplicateWindowMs).toBeLessThanOrEqual(stream.maxAgeMs);
  });

  it('take no token that could widen them', () => {
    for (const token of ['', '*', '>', 'a.b', 'a b', 'é', 'a\r\nPUB x 0']) {
      expect(() => subjects.mon('lane', token)).toThrow('Malformed subject token');
      expect(() => subjects.ctl(token)).toThrow('Malformed subject token');
    }
    for (const network of ['', 'A', 'a.b', '*'])
      expect(() => createSubjects(network)).toThrow('Malformed network name');
    expect(() => laneOfSubject('viaduct.v1.frame.x.*')).toThrow('Malformed lane id');
  });

  it('match token by token', () => {
    const token = fc.stringMatching(/^[a-z]{1,3}$/);
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 4 }), fc.nat(3), (tokens, at) => {
        const subject = tokens.join('.');
        const starred = tokens.map((part, index) => (index === at ? '*' : part)).join('.');
        expect(subjectMatches(starred, subject)).toBe(true);
        expect(subjectMatches(`${subject}.>`, subject)).toBe(false);
        expect(subjectMatches(`${subject}.>`, `${subject}.x.y`)).toBe(true);
        expect(subjectMatches(`${starred}.*`, subject)).toBe(false);
        expect(subjectMatches(subject, `${subject}.x`)).toBe(false);
      }),
    );
  });
});
