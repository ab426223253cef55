/** What the Cosmos witness measured, as Markdown. Pure. */
import type { CosmosBinaries } from './binaries.ts';
import type { Comparison } from './compare.ts';
import type { NetworkFigures } from './network.ts';
import { table, wholeNumber } from '../table.ts';
import type { ReleaseFigures } from './releases.ts';

export interface CosmosFindings {
  readonly versions: CosmosBinaries['versions'];
  readonly checks: number;
  readonly comparison: Comparison;
  readonly network: NetworkFigures;
  readonly releases: ReleaseFigures;
}

/** Steps of the comparison whose gas is worth a row. */
const GAS_STEPS = [
  'send, new account, first of its sender',
  'send, known account',
  'send, second message fails',
  '2 of 3, one send',
  '2 of 3, 100 sends',
  '2 of 3, 500 sends',
  '2 of 3, 50 sends to new accounts',
  '2 of 3, multi-send of 100',
  '5 of 7',
  'create a token',
  'mint, first',
  'mint, 100 at once',
  'mint, 50 new holders',
  'burn',
];

export function cosmosSection({ versions, checks, comparison, network, releases }: CosmosFindings): string {
  const { tokend, cosmosSdk, cometbft, wasmd } = versions;
  const gas = comparison.gas.filter(({ step }) => GAS_STEPS.includes(step));
  return [
    `Written by \`npm run witness -- cosmos\`: ${checks} checks, all of them held. Software: tokenfactory ${tokend} (Cosmos SDK`,
    `${cosmosSdk}, CometBFT ${cometbft}, wasmd ${wasmd}). Times are those of one machine that did other things as well.`,
    '',
    '#### Releases of a vault on `tokend`, 2-of-3, by the adapter',
    '',
    table(
      ['what', 'payouts', 'gas', 'gas per payout', 'bytes per payout'],
      releases.releases.map(({ what, payouts, gas: used, bytes }) => [
        what,
        wholeNumber(payouts),
        wholeNumber(used),
        wholeNumber(used / payouts),
        wholeNumber(bytes / payouts),
      ]),
    ),
    '',
    `Blocks every ${releases.blockSeconds.toFixed(2)} s (the middle of 40, \`timeout_commit\` of 1 s).`,
    '',
    table(
      ['what', 'transfers', 'seconds', 'transfers/s', 'blocks used'],
      releases.rates.map(({ what, transfers, seconds, blocks }) => [
        what,
        wholeNumber(transfers),
        seconds.toFixed(1),
        wholeNumber(transfers / seconds),
        wholeNumber(blocks),
      ]),
    ),
    '',
    '#### Gas, on `tokend` and on the local chain',
    '',
    table(
      ['what', 'tokend', 'local chain', 'difference'],
      gas.map(({ step, real, local }) => [step, wholeNumber(real), wholeNumber(local), percent(local / real - 1)]),
    ),
    '',
    `#### Where the local chain is known to differ (of ${comparison.steps} things done and asked on both)`,
    '',
    table(
      ['what', 'why it is no matter'],
      comparison.known.map(({ what, why }) => [what, why]),
    ),
    '',
    '#### Four CometBFT validators',
    '',
    `${network.headers} headers with ${network.validatorChanges} changes of validators and powers. Of the leaps from block 1,`,
    `${network.leaps.direct} are taken at once and ${network.leaps.bisected} need blocks in between.`,
  ].join('\n');
}

function percent(value: number): string {
  return `${value >= 0 ? '+' : ''}${(value * 100).toFixed(1)} %`;
}
