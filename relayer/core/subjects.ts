/**
 * The only place where subjects of the bus are spelled: `viaduct.v1.<kind>.<network>.<rest>`, where the network is the
 * manifest's name, so that several networks share one server without hearing each other; the streams carry the network
 * in their name for the same reason. A monitoring account needs `viaduct.v1.mon.>` and `viaduct.v1.alert.>` and nothing
 * else.
 *
 * | kind         | rest           | how         | carries                                                  |
 * |--------------|----------------|-------------|----------------------------------------------------------|
 * | `frame`      | lane           | stream      | frames of verified packets                               |
 * | `checkpoint` | lane           | stream      | attested checkpoints with their signatures               |
 * | `work`       | chain          | work queue  | chunks to deliver to a target chain                      |
 * | `attest`     | lane           | core        | votes between attesters                                  |
 * | `outcome`    | chain          | core        | what became of chunks: hints from submitters to planners |
 * | `cosign`     | chain          | core        | releases that a vault's members are asked to sign        |
 * | `cosigned`   | chain          | core        | their answers                                            |
 * | `mon`        | what, key      | core        | telemetry                                                |
 * | `alert`      | severity       | core        | alarms for people                                        |
 * | `ctl`        | verb           | core        | requests between roles, such as for lost frames          |
 */
import { ViaductError } from './errors.ts';
import { type ChainName, type LaneId, laneId } from './ids.ts';
import { BUS_MESSAGE_BYTES_MAX } from './limits.ts';

export type AlertSeverity = 'info' | 'warning' | 'critical';

export interface StreamDefinition {
  readonly name: string;
  readonly subjects: readonly string[];
  /** `limits` keeps messages up to the bounds for any number of readers; `workqueue` until one reader acknowledges. */
  readonly retention: 'limits' | 'workqueue';
  /** What gives way when the stream is full: the oldest message, or the new one (the publisher then waits). */
  readonly discard: 'old' | 'new';
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly maxMessageBytes: number;
  /** A message whose id was seen within this time is not stored again. */
  readonly duplicateWindowMs: number;
}

export interface Subjects {
  readonly network: string;
  frame(lane: LaneId): string;
  checkpoint(lane: LaneId): string;
  work(chain: ChainName): string;
  attest(lane: LaneId): string;
  outcome(chain: ChainName): string;
  cosign(chain: ChainName): string;
  cosigned(chain: ChainName): string;
  mon(what: string, key: string): string;
  alert(severity: AlertSeverity): string;
  ctl(verb: string): string;
  readonly allFrames: string;
  readonly allCheckpoints: string;
  readonly allAttest: string;
  readonly allMon: string;
  /** Everything said about one kind of thing. */
  monOf(what: string): string;
  readonly allAlerts: string;
  readonly allCtl: string;
  /** The key-value bucket of leases. */
  readonly leaseBucket: string;
  /** What `ensureTopology` creates. */
  readonly streams: readonly StreamDefinition[];
}

const ROOT = 'viaduct.v1';
const HOUR_MS = 60 * 60 * 1000;
const MIB = 1024 * 1024;

export function createSubjects(network: string): Subjects {
  if (!/^[a-z0-9-]{1,32}$/.test(network)) throw malformed('network name', '1 to 32 of a-z, 0-9 and -', network);
  const subject = (kind: string, ...tokens: readonly string[]): string =>
    [ROOT, kind, network, ...tokens.map(checkedToken)].join('.');
  const all = (kind: string, wildcard = '*'): string => `${subject(kind)}.${wildcard}`;
  return {
    network,
    frame: (lane) => subject('frame', lane),
    checkpoint: (lane) => subject('checkpoint', lane),
    work: (chain) => subject('work', chain),
    attest: (lane) => subject('attest', lane),
    outcome: (chain) => subject('outcome', chain),
    cosign: (chain) => subject('cosign', chain),
    cosigned: (chain) => subject('cosigned', chain),
    mon: (what, key) => subject('mon', what, key),
    alert: (severity) => subject('alert', severity),
    ctl: (verb) => subject('ctl', verb),
    allFrames: all('frame'),
    allCheckpoints: all('checkpoint'),
    allAttest: all('attest'),
    allMon: all('mon', '>'),
    monOf: (what) => `${subject('mon', what)}.*`,
    allAlerts: all('alert'),
    allCtl: all('ctl'),
    leaseBucket: named('LEASES'),
    streams: [
      // 1 GiB is 80 seconds of the design rate; a reader that is further behind reads the store of the verifying role.
      stream('FRAMES', all('frame'), 'limits', 24 * HOUR_MS, 1024 * MIB),
      stream('CHECKPOINTS', all('checkpoint'), 'limits', 24 * HOUR_MS, 128 * MIB),
      // Work is planned again from the chains' own state, so an item older than an hour is better forgotten.
      stream('WORK', all('work'), 'workqueue', HOUR_MS, 128 * MIB),
    ],
  };

  function named(what: string): string {
    return `VIADUCT_V1_${network}_${what}`;
  }

  function stream(
    what: string,
    pattern: string,
    retention: StreamDefinition['retention'],
    maxAgeMs: number,
    maxBytes: number,
  ): StreamDefinition {
    return {
      name: named(what),
      subjects: [pattern],
      retention,
      discard: retention === 'workqueue' ? 'new' : 'old',
      maxAgeMs,
      maxBytes,
      maxMessageBytes: BUS_MESSAGE_BYTES_MAX + HEADER_BYTES,
      duplicateWindowMs: DUPLICATE_WINDOW_MS,
    };
  }
}

/** Room for the headers of a stream message, which the server counts into its size. */
const HEADER_BYTES = 4_096;
/** A publisher that lost an acknowledgement tries again within seconds; later duplicates are caught by the readers. */
const DUPLICATE_WINDOW_MS = 2 * 60 * 1000;

/** The lane named by the last token of a subject, checked. Throws `DECODE_FAILED`. */
export function laneOfSubject(subject: string): LaneId {
  return laneId(subject.slice(subject.lastIndexOf('.') + 1));
}

/** True when the subject falls under the pattern (`*` one token, `>` one or more at the end). */
export function subjectMatches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return tokens.length > index;
    if (index >= tokens.length || (token !== '*' && token !== tokens[index])) return false;
  }
  return wanted.length === tokens.length;
}

/** A whitelisted token: nothing that came from outside can widen a subject. Throws `DECODE_FAILED`. */
function checkedToken(token: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(token))
    throw malformed('subject token', '1 to 128 of A-Z, a-z, 0-9, _ and -', token);
  return token;
}

function malformed(what: string, expected: string, got: string): ViaductError {
  return new ViaductError({
    code: 'DECODE_FAILED',
    shortMessage: `Malformed ${what}.`,
    metaMessages: [`Expected ${expected}; got ${JSON.stringify(got.slice(0, 80))}.`],
  });
}
