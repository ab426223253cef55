/**
 * One step of the client: from a finalized block and the set that follows it, by a justified block, to the next.
 *
 * Why headers may be skipped within a set: a set signs nothing beyond the block that hands over to the next one (voters
 * hold their votes back there), and every signature names its set id. So a justification under the trusted set and id says
 * that no hand-over lies between. The header that hands over is *mandatory*: only its own justification, by the old set,
 * names the new one.
 *
 * What is finalized and cannot be followed is a conflict, on which whatever rests on the chain freezes: a fork of the
 * verified chain, a forced change, a delayed change, a set acting beyond its hand-over, an announcement that does not
 * decode. It is only called so after the trusted set's signatures were checked: no stranger can freeze anything.
 */
import { judge, must, Refusal } from '../refusal.ts';
import { sameBytes } from '../scale.ts';
import { type AuthoritySet } from './authoritySet.ts';
import { type ConsensusLog, consensusLogs } from './consensusLog.ts';
import { decodeHeader, hashHeader, type Header } from './header.ts';
import { decodeJustification } from './justification.ts';
import { type LinkedHeader, walkDown } from './linkHeaders.ts';
import type { FinalityStep } from './update.ts';
import { checkJustification } from './verifyJustification.ts';

export interface FinalizedPoint {
  readonly header: Uint8Array;
  readonly set: AuthoritySet;
}

/** Throws `Refusal` with the kind of the verdict. */
export function advance(trusted: FinalizedPoint, step: FinalityStep): FinalizedPoint {
  checkSetId(step.setId, trusted.set.setId);
  const header = step.headers[step.headers.length - 1];
  must(header !== undefined, 'step: no header');

  // 1. The justification is for the last header of the step.
  const justification = decodeJustification(step.justification);
  const target = decodeHeader(header);
  must(sameBytes(hashHeader(header), justification.target.hash), 'step: the justification is for another block');
  must(target.number === justification.target.number, 'step: the justified number is not that of the header');

  // 2. The headers before it are its ancestors. Kept: only those that say something.
  const head = decodeHeader(trusted.header);
  const headHash = hashHeader(trusted.header);
  let fork = false;
  const between: Header[] = [];
  walkDown(step.headers, justification.target.hash, (linked) => {
    if (forks(linked, head.number, headHash)) fork = true;
    const { number } = linked.header;
    if (number > head.number && number < target.number && speaks(linked.header)) between.push(linked.header);
  });

  // 3. The trusted set finalized it.
  checkJustification(justification, trusted.set);

  // 4. It continues what was verified.
  if (fork) throw new Refusal('a fork of the verified chain was finalized', 'conflict');
  must(
    target.number > head.number,
    `step: replayed: block ${target.number} is not above the verified head ${head.number}`,
  );
  for (const passed of between) {
    const handsOver = finalizedLogs(passed).some(
      (log) => log.kind === 'scheduledChange' || log.kind === 'forcedChange',
    );
    if (handsOver) {
      throw new Refusal(`set ${trusted.set.setId} signed beyond its hand-over in block ${passed.number}`, 'conflict');
    }
  }
  return { header, set: nextSet(trusted.set, target) };
}

function checkSetId(claimed: bigint, trusted: bigint): void {
  if (claimed > trusted) {
    const missing = `the mandatory header that ends set ${trusted} is missing: the step is of set ${claimed}`;
    throw new Refusal(missing, 'needsMore');
  }
  must(claimed === trusted, `step: of set ${claimed}, which is retired: the trusted set is ${trusted}`);
}

function forks({ header, hash }: LinkedHeader, headNumber: number, headHash: Uint8Array): boolean {
  if (header.number === headNumber) return !sameBytes(hash, headHash);
  return header.number === headNumber + 1 && !sameBytes(header.parentHash, headHash);
}

function speaks(header: Header): boolean {
  return header.digest.some((item) => item.kind === 'consensus' && item.engine === 'FRNK');
}

/** The set that signs after a finalized block. */
function nextSet(set: AuthoritySet, finalized: Header): AuthoritySet {
  const logs = finalizedLogs(finalized);
  const where = `block ${finalized.number}`;
  if (logs.some((log) => log.kind === 'forcedChange')) {
    throw new Refusal(`${where} forces an authority-set change, which has no finality proof`, 'conflict');
  }
  const changes = logs.filter((log) => log.kind === 'scheduledChange');
  const change = changes[0];
  if (change === undefined) return set;
  if (changes.length > 1) throw new Refusal(`${where} schedules two authority-set changes`, 'conflict');
  if (change.delay !== 0) {
    throw new Refusal(`${where} schedules a change with a delay of ${change.delay} blocks, not followed`, 'conflict');
  }
  return { setId: set.setId + 1n, authorities: change.next };
}

function finalizedLogs(header: Header): readonly ConsensusLog[] {
  const logs = judge(() => consensusLogs(header));
  if (logs.kind === 'valid') return logs.value;
  throw new Refusal(`block ${header.number} carries a GRANDPA log that is not understood: ${logs.reason}`, 'conflict');
}
