/**
 * Model-based light-client traces of CometBFT and of tendermint-rs: each step is a block, a time and the verdict that the
 * model expects. Both judge `verifySignedBlock` from the last block that was accepted.
 */
import {
  decodeCommitJson,
  decodeHeaderJson,
  decodeTimeJson,
  decodeValidatorsJson,
  validatorsHash,
  verifySignedBlock,
  type LightBlock,
  type TrustRules,
  type Validator,
} from '../../../light-clients/tendermint/index.ts';
import { listJson, must, readJson, runSuite, type SuiteResult } from './fixtures.ts';

interface ValidatorSetJson {
  readonly validators: unknown;
}
interface Trace {
  readonly initial: {
    readonly signed_header: { readonly header: { readonly chain_id: string }; readonly commit: unknown };
    readonly next_validator_set: ValidatorSetJson;
    readonly trusting_period: string;
  };
  readonly input: readonly {
    readonly block: {
      readonly signed_header: { readonly header: unknown; readonly commit: unknown };
      readonly validator_set: ValidatorSetJson;
      readonly next_validator_set: ValidatorSetJson;
    };
    readonly now: string;
    readonly verdict: string;
  }[];
}

const VERDICTS: Readonly<Record<string, string>> = {
  valid: 'SUCCESS',
  needsMore: 'NOT_ENOUGH_TRUST',
  invalid: 'INVALID',
};

export function cometbftMbt(): SuiteResult {
  return runTraces('cometbft mbt', 'cometbft-light-mbt', false);
}

/** These list validators in the order of their making; the chain orders them by power, then address. */
export function tendermintRsMc4(): SuiteResult {
  return runTraces('tendermint-rs mc4', 'tendermint-rs-mc4', true);
}

function runTraces(name: string, folder: string, sort: boolean): SuiteResult {
  return runSuite(name, folder, (directory, check) => {
    for (const file of listJson(directory)) {
      const trace = readJson<Trace>(directory, file);
      const { initial } = trace;
      const rules: TrustRules = {
        chainId: initial.signed_header.header.chain_id,
        trustLevel: { numerator: 1n, denominator: 3n },
        trustingPeriodNanos: BigInt(initial.trusting_period),
        clockDriftNanos: 1_000_000_000n,
      };
      const first = must(decodeHeaderJson(initial.signed_header.header));
      let anchor = {
        height: first.height,
        timeNanos: first.timeNanos,
        nextValidators: readSet(initial.next_validator_set, sort),
      };
      for (const [step, { block, now, verdict }] of trace.input.entries()) {
        check(`${file} step ${step}: expected ${verdict}`, () => {
          const light = readBlock(block, sort);
          const answer = typeof light === 'string' ? 'invalid' : judge(anchor, light, rules, must(decodeTimeJson(now)));
          if (answer === 'valid' && typeof light !== 'string') {
            const { height, timeNanos } = light.header;
            anchor = { height, timeNanos, nextValidators: light.nextValidators };
          }
          return VERDICTS[answer] === verdict;
        });
      }
    }
  });
}

function judge(
  anchor: Parameters<typeof verifySignedBlock>[0],
  light: LightBlock,
  rules: TrustRules,
  nowNanos: bigint,
): string {
  const answer = verifySignedBlock(anchor, light, rules, nowNanos);
  if (answer.kind !== 'valid') return answer.kind;
  const next = Buffer.from(validatorsHash(light.nextValidators));
  return next.equals(light.header.nextValidatorsHash) ? 'valid' : 'invalid';
}

function readBlock(block: Trace['input'][number]['block'], sort: boolean): LightBlock | string {
  const header = decodeHeaderJson(block.signed_header.header);
  if (header.kind !== 'valid') return header.kind;
  const commit = decodeCommitJson(block.signed_header.commit);
  if (commit.kind !== 'valid') return commit.kind;
  const validators = readSet(block.validator_set, sort);
  return {
    header: header.value,
    commit: commit.value,
    validators,
    nextValidators: readSet(block.next_validator_set, sort),
  };
}

function readSet(set: ValidatorSetJson, sort: boolean): readonly Validator[] {
  const validators = must(decodeValidatorsJson(set.validators));
  if (!sort) return validators;
  return [...validators].sort((a, b) =>
    a.power === b.power ? Buffer.compare(a.address, b.address) : a.power > b.power ? -1 : 1,
  );
}
