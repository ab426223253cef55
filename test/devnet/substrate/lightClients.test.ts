import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../relayer/core/clock.ts';
import {
  createGrandpaClient,
  decodeHeader,
  decodeFinalityProof,
  decodeTrustedState,
  encodeUpdate,
  type FinalityStep,
  stepFromFinalityProof,
  verifyJustification,
} from '../../../light-clients/grandpa/index.ts';
import type { LightClient, LightClientStep } from '../../../light-clients/verdict.ts';
import { paraHeadKey, readTrie } from '../../../light-clients/trie/index.ts';
import { resultOf } from './askRpc.ts';
import { bytesOf } from './chain/block.ts';
import type { LocalSubstrate } from './index.ts';
import { hexText, startLocalSubstrate, stateOf } from './index.ts';

function valid<T>(verdict: { kind: string; value?: T; reason?: string }): T {
  expect(verdict.reason).toBeUndefined();
  return verdict.value as T;
}

describe('light clients on the local network', () => {
  let local: LocalSubstrate;
  let client: LightClient;
  let start: LightClientStep;

  beforeAll(async () => {
    local = await startLocalSubstrate({ clock: systemClock });
    client = createGrandpaClient({
      trusted: local.relay.trusted(),
      slotMs: 6_000,
      parachain: {
        id: local.assetHub.paraId,
        trustedHeader: local.assetHub.chain.genesis.headerBytes,
        slotMs: 12_000,
      },
    });
    start = valid(client.start());
  });
  afterAll(async () => local.stop());

  const now = (): bigint => BigInt(Math.floor(systemClock.now() / 1000));

  /** Follows finality by `grandpa_proveFinality` alone, one step for each set, to the node's finalized head. */
  const follow = async (from: LightClientStep): Promise<{ step: LightClientStep; sets: number }> => {
    const steps: FinalityStep[] = [];
    let { setId } = decodeTrustedState(from.state).set;
    let at = Number(decodeRelayNumber(from));
    const { url } = local.relay;
    const head = await resultOf<{ number: string }>(
      url,
      'chain_getHeader',
      await resultOf(url, 'chain_getFinalizedHead'),
    );
    while (at < Number(head.number)) {
      const bytes = bytesOf(await resultOf<string>(url, 'grandpa_proveFinality', at + 1))!;
      const proof = valid(decodeFinalityProof(bytes));
      const headers = [await headerBytes(at + 1), ...proof.unknownHeaders];
      steps.push(stepFromFinalityProof({ ...proof, unknownHeaders: headers }, setId));
      at += headers.length;
      setId += 1n;
    }
    const hash = await resultOf<string>(url, 'chain_getBlockHash', at);
    const key = hexText(paraHeadKey(local.assetHub.paraId));
    const { proof } = await resultOf<{ proof: string[] }>(url, 'state_getReadProof', [key], hash);
    const update = encodeUpdate({ steps, parachainProof: proof.map((node) => bytesOf(node)!) });
    return { step: valid(client.update(from.state, update, now())), sets: steps.length };
  };
  const headerBytes = async (number: number): Promise<Uint8Array> =>
    Promise.resolve(local.relay.chain.blockAt(number)!.headerBytes);

  it('follow the asset hub over relay blocks and changes of the authority set', async () => {
    const [, , , dave, eve] = local.accounts;
    local.assetHub.produceBlock();
    let { step } = await follow(start);
    expect(step.head.height).toBe(1n);
    expect(hexText(step.head.hash)).toBe(local.assetHub.chain.finalized().hash);

    local.relay.changeValidators({ add: [eve!], remove: [dave!] });
    for (let session = 0; session < 4; session++) {
      local.relay.nextSession();
      local.assetHub.produceBlock();
    }
    const set = local.relay.trusted();
    expect(set.setId).toBeGreaterThanOrEqual(3n);
    expect(set.authorities.map(({ key }) => hexText(key))).toContain(hexText(eve!.grandpa.publicKey));
    expect(set.authorities.map(({ key }) => hexText(key))).not.toContain(hexText(dave!.grandpa.publicKey));

    const after = await follow(step);
    expect(after.sets).toBeGreaterThanOrEqual(4);
    expect(hexText(after.step.head.hash)).toBe(local.assetHub.chain.finalized().hash);
    expect(after.step.head.height).toBe(5n);
    step = after.step;

    // A new client may start from here, with what the network says of the set.
    expect(decodeTrustedState(step.state).set).toEqual({ setId: set.setId, authorities: set.authorities });
  });

  it('hold each flawed justification for what it is', () => {
    const { relay } = local;
    relay.produceBlock();
    const latest = relay.grandpa.latest()!;
    expect(verifyJustification(latest.justification, latest.set).kind).toBe('valid');
    const reasons = (
      ['tooFewVotes', 'repeatedVote', 'equivocation', 'stranger', 'badSignature', 'wrongSet'] as const
    ).map((flaw) => {
      const verdict = verifyJustification(relay.grandpa.flawed(latest, flaw), latest.set);
      return [flaw, verdict.kind === 'valid' ? 'valid' : verdict.reason];
    });
    expect(Object.fromEntries(reasons)).toMatchInlineSnapshot(`
      {
        "badSignature": "justification: a signature is not valid under set 3",
        "equivocation": "justification: weight 2 is under the threshold 3",
        "repeatedVote": "justification: one vote twice",
        "stranger": "justification: a vote of a stranger to the set",
        "tooFewVotes": "justification: weight 2 is under the threshold 3",
        "wrongSet": "justification: a signature is not valid under set 3",
      }
    `);
  });

  it('are not led past the end of a set, nor by a flawed proof', async () => {
    const { relay } = local;
    const trusted = relay.trusted();
    const fresh = createGrandpaClient({ trusted, slotMs: 6_000 });
    const { state } = valid(fresh.start());
    relay.nextSession();
    relay.nextSession();
    relay.produceBlock();
    const from = decodeHeader(trusted.header).number;
    const verdictOf = async (setId: bigint): Promise<string> => {
      const bytes = bytesOf(await resultOf<string>(relay.url, 'grandpa_proveFinality', from + 1))!;
      const proof = valid(decodeFinalityProof(bytes));
      const first = relay.chain.blockAt(from + 1)!.headerBytes;
      const step = stepFromFinalityProof({ ...proof, unknownHeaders: [first, ...proof.unknownHeaders] }, setId);
      return fresh.update(state, encodeUpdate({ steps: [step] }), now()).kind;
    };
    expect(await verdictOf(trusted.setId)).toBe('valid');
    relay.faults.add({ kind: 'flawedJustification', flaw: 'tooFewVotes' });
    expect(await verdictOf(trusted.setId)).toBe('invalid');
    relay.faults.clear();
    relay.faults.add({ kind: 'skipHandOvers' });
    expect(await verdictOf(trusted.setId)).toBe('invalid');
    expect(await verdictOf(trusted.setId + 2n)).toBe('needsMore');
    relay.faults.clear();
  });

  it('see a conflict where the authorities finalize two branches', async () => {
    const { relay } = local;
    const trusted = relay.trusted();
    const fresh = createGrandpaClient({ trusted, slotMs: 6_000 });
    const { state } = valid(fresh.start());
    const parent = relay.chain.best();
    relay.stallFinality(true);
    const sibling = relay.produceBlock({ parent, skipSlots: 1 });
    const fork = relay.grandpa.sign(relay.produceBlock({ parent: sibling }));
    relay.produceBlock({ parent });
    relay.stallFinality(false);
    let tip = relay.chain.blockAt(parent.number)!;
    for (let above = 0; above < 3; above++) tip = relay.produceBlock({ parent: tip, skipSlots: 4 });
    expect(relay.grandpa.latest()!.block).toBe(tip);

    const update = async (from: Uint8Array): Promise<{ kind: string; hash?: string; state?: Uint8Array }> => {
      const answer = await resultOf<string>(relay.url, 'grandpa_proveFinality', parent.number);
      const step = stepFromFinalityProof(valid(decodeFinalityProof(bytesOf(answer)!)), trusted.setId);
      const verdict = fresh.update(from, encodeUpdate({ steps: [step] }), now());
      if (verdict.kind !== 'valid') return { kind: verdict.kind };
      return { kind: 'valid', hash: hexText(verdict.value.head.hash), state: verdict.value.state };
    };
    expect(await update(state)).toMatchObject({ kind: 'valid', hash: tip.hash });
    relay.faults.add({ kind: 'forkedFinality', fork });
    expect(await resultOf(relay.url, 'chain_getFinalizedHead')).toBe(fork.block.hash);
    expect(await resultOf(relay.url, 'chain_getBlockHash', sibling.number)).toBe(sibling.hash);
    const misled = await update(state);
    expect(misled).toMatchObject({ kind: 'valid', hash: fork.block.hash });
    relay.faults.clear();
    expect(await update(misled.state!)).toEqual({ kind: 'conflict' });
  });

  it('read states of both chains by proofs, and their absences', async () => {
    local.assetHub.produceBlock();
    for (const { chain, url } of [local.relay, local.assetHub]) {
      const block = chain.finalized();
      const state = stateOf(block);
      const keys = [
        chain.runtime.storageKey('System', 'Events'),
        chain.runtime.storageKey('System', 'Account', local.accounts[0]!.pair.publicKey),
        chain.runtime.storageKey('System', 'Account', new Uint8Array(32).fill(9)),
        chain.runtime.storageKey('Timestamp', 'Now'),
      ];
      const { at, proof } = await resultOf<{ at: string; proof: string[] }>(
        url,
        'state_getReadProof',
        keys.map(hexText),
        block.hash,
      );
      expect(at).toBe(block.hash);
      const nodes = proof.map((node) => bytesOf(node)!);
      const answer = valid(readTrie(block.header.stateRoot, nodes, { keys }));
      expect(answer.values).toEqual(keys.map((key) => state.get(key)));
      expect(answer.values.map((value) => value === undefined)).toEqual([false, false, true, false]);
    }
  });
});

function decodeRelayNumber({ state }: LightClientStep): number {
  const { header } = decodeTrustedState(state);
  return decodeHeader(header).number;
}
