import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../core/bytes.ts';
import { formatFinding } from './findings.ts';
import { readManifest } from './index.ts';

const EXAMPLE = readFileSync(new URL('../../configs/example/manifest.json', import.meta.url), 'utf8');

const ROW = {
  kind: 'ethereum',
  preset: 'mainnet',
  forks: [
    { name: 'phase0', epoch: '0', version: '0x90000069' },
    { name: 'deneb', epoch: '132608', version: '0x90000073' },
    { name: 'electra', epoch: '222464', version: '0x90000074' },
  ],
  genesisValidatorsRoot: `0x${'d8'.repeat(32)}`,
  genesisTime: '1655733600',
  secondsPerSlot: 12,
  trustedBlockRoot: `0x${'ab'.repeat(32)}`,
  maxAgeSeconds: 1_209_600,
};
const CLOCK = { hostMs: '1700000000000', chainSeconds: '1600000000', speed: 5 };

function read(row: object, profile = 'testnet') {
  const root = JSON.parse(EXAMPLE) as { profile: string; chains: Record<string, unknown>[] };
  root.profile = profile;
  root.chains[0]!['lightClient'] = row;
  return readManifest(utf8(JSON.stringify(root, null, 1)), 'm.json');
}

function findings(row: object, profile?: string): string[] {
  return read(row, profile).findings.map((finding) => formatFinding(finding).replace(/^m.json:\d+:\d+ /, ''));
}

describe('a chain with the ethereum light client', () => {
  it('decodes', () => {
    const { manifest, findings: found } = read(ROW);
    expect(found).toEqual([]);
    expect(manifest?.chains[0]?.lightClient).toMatchObject({
      kind: 'ethereum',
      preset: 'mainnet',
      forks: [
        { name: 'phase0', epoch: 0n, version: Uint8Array.of(0x90, 0, 0, 0x69) },
        { name: 'deneb', epoch: 132_608n },
        { name: 'electra', epoch: 222_464n },
      ],
      genesisTime: 1_655_733_600n,
      secondsPerSlot: 12n,
      maxAgeSeconds: 1_209_600n,
      chainClock: undefined,
    });
  });

  it('may have a clock of its own in profile dev alone', () => {
    const { manifest } = read({ ...ROW, chainClock: CLOCK }, 'dev');
    expect(manifest?.chains[0]?.lightClient).toMatchObject({
      chainClock: { hostMs: 1_700_000_000_000n, chainSeconds: 1_600_000_000n, speed: 5 },
    });
    expect(findings({ ...ROW, chainClock: CLOCK })).toMatchInlineSnapshot(`
      [
        "chains[0].lightClient.chainClock: a clock of its own is for local chains; expected no chainClock outside profile dev.",
      ]
    `);
  });

  it('has its forks in order, the first at epoch 0, each with its version', () => {
    const [phase0, deneb, electra] = ROW.forks;
    const mistaken = [{ ...phase0, epoch: '1' }, electra, { ...deneb, version: '0x90000074' }];
    expect(findings({ ...ROW, forks: mistaken })).toMatchInlineSnapshot(`
      [
        "chains[0].lightClient.forks[0].epoch: the first fork starts at epoch 0; got 1.",
        "chains[0].lightClient.forks[2].name: deneb is out of order. List the forks by epoch.",
        "chains[0].lightClient.forks[2].version: the version of another fork; got 0x90000074.",
      ]
    `);
  });

  it('names each field that is wrong', () => {
    const wrong = {
      ...ROW,
      preset: 'maximal',
      forks: [{ name: 'homestead', epoch: 0, version: '0x01' }],
      secondsPerSlot: 0,
      maxAgeSeconds: 1,
      trustedBlockRoot: '0x',
    };
    expect(findings(wrong)).toMatchInlineSnapshot(`
      [
        "chains[0].lightClient.preset: wrong value; expected "mainnet" or "minimal"; got "maximal". Did you mean "minimal"?",
        "chains[0].lightClient.forks[0].name: wrong value; expected one of phase0, altair, bellatrix, capella, deneb, electra, fulu, gloas; got "homestead".",
        "chains[0].lightClient.forks[0].epoch: wrong type; expected a whole number as a string, such as "123", below 2^64; got 0. Put the value in quotes.",
        "chains[0].lightClient.forks[0].version: wrong value; expected 0x and 8 hex digits; got "0x01".",
        "chains[0].lightClient.secondsPerSlot: wrong value; expected a whole number from 1 to 3600; got 0.",
        "chains[0].lightClient.trustedBlockRoot: wrong value; expected 0x and 64 hex digits; got "0x".",
        "chains[0].lightClient.maxAgeSeconds: wrong value; expected a whole number from 60 to 10000000; got 1.",
      ]
    `);
  });
});
