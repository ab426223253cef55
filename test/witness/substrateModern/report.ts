/** What the witness of newer Substrate runtimes measured, as Markdown. Pure. */
import type { E2eResult } from '../../e2e/runE2e.ts';
import { table, wholeNumber } from '../table.ts';
import type { FinalityFigures } from './finality.ts';
import { type ReleaseFigures, SLOT_SECONDS } from './releases.ts';

export interface SubstrateFindings {
  /** Such as `paseo 1001002`. */
  readonly relay: string;
  readonly crates: readonly string[];
  readonly checks: number;
  /** Blocks that smoldot's machine came to the same header for. */
  readonly compared: number;
  readonly finality: FinalityFigures;
  /** Of each parachain. */
  readonly releases: readonly ReleaseFigures[];
  readonly runs: readonly E2eResult[];
}

/** Weights are in picoseconds of a reference machine. */
const PER_MICROSECOND = 1_000_000;

export function substrateSection(findings: SubstrateFindings): string {
  const { relay, crates, checks, compared, finality, releases, runs } = findings;
  return [
    `Written by \`npm run witness -- substrate-modern\`: ${checks} checks, all of them held. Runtimes: ${relay} as relay chain,`,
    `${releases.map(({ runtime }) => runtime).join(' and ')} under it, from the crates`,
    `${crates.join(' and ')}. Times are those of one machine that did other things as well; weights`,
    'are the same everywhere.',
    '',
    table(
      ['what', 'number'],
      [
        ["blocks of mixed work, the same in smoldot's machine", wholeNumber(compared)],
        [
          "justifications that our light client and Rococo's bridge pallet judged, with no difference but the listed ones",
          wholeNumber(finality.justifications),
        ],
        ['of them accepted', wholeNumber(finality.accepted)],
        ['changes of the authority set that both followed', wholeNumber(finality.handOvers)],
      ],
    ),
    '',
    '#### Releases of a vault, 2-of-3, as the chain accounts for them',
    '',
    table(
      ['runtime', 'payouts', 'in one release', 'time per payout', 'proof per payout', 'bytes per payout'],
      releases.flatMap(({ runtime, releases: rows }) =>
        rows.map(({ kind, payouts, weight, bytes }) => [
          runtime,
          kind,
          wholeNumber(payouts),
          `${wholeNumber(Number(weight.refTime) / PER_MICROSECOND / payouts)} µs`,
          `${wholeNumber(Number(weight.proofSize) / payouts)} B`,
          wholeNumber(bytes / payouts),
        ]),
      ),
    ),
    '',
    'What normal extrinsics of a block may weigh together, and the most payouts of one release, of the 512 that a chunk may have:',
    '',
    table(
      ['runtime', 'time', 'proof', 'most payouts of one release'],
      releases.map(({ runtime, limits: { block }, most }) => [
        runtime,
        `${wholeNumber(Number(block.refTime) / PER_MICROSECOND)} µs`,
        `${wholeNumber(Number(block.proofSize))} B`,
        [...most].map(([kind, count]) => `${count} (${kind})`).join(', '),
      ]),
    ),
    '',
    '#### Payouts that one block takes',
    '',
    table(
      [
        'runtime',
        'payouts',
        'in one release',
        'releases',
        'in the block',
        `each second, with ${SLOT_SECONDS} s a block`,
      ],
      releases.flatMap(({ runtime, fills }) =>
        fills.map(({ kind, payoutsEach, releases: count }) => [
          runtime,
          kind,
          wholeNumber(payoutsEach),
          wholeNumber(count),
          wholeNumber(count * payoutsEach),
          wholeNumber((count * payoutsEach) / SLOT_SECONDS),
        ]),
      ),
    ),
    '',
    '#### End to end, with faults on the way',
    '',
    table(
      ['directions', 'faults', 'transfers', 'delivered', 'refunded', 'lost', 'doubled', 'seconds'],
      runs.map((run) => [
        run.directions.join(', '),
        run.faults.join(', '),
        ...[run.transfers, run.delivered, run.refunded, run.lost, run.doubled, run.seconds].map(wholeNumber),
      ]),
    ),
  ].join('\n');
}
