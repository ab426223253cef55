/**
 * A Fulu chain recorded by others (minimal preset): three updates across committee periods as their relayer submitted
 * them, then an account and a storage proof at the last finalized block.
 *
 * The recording starts from a trusted state that names its committees only by the root of their keys; the updates carry
 * the keys, so the first state is put together from both, each committee being checked against its root.
 */
import { concatBytes, equalBytes } from '../../../relayer/core/bytes.ts';
import { selectBls } from '../../../light-clients/ethereum/bls.ts';
import { createContainers, createEthereumClient, encodeMessage } from '../../../light-clients/ethereum/index.ts';
import { decodeVerifiedBlock } from '../../../light-clients/ethereum/verifiedBlock.ts';
import { type Committee, encodeTrustedState } from '../../../light-clients/ethereum/trustedState.ts';
import { verifyAccountProof, verifyStorageProof } from '../../../light-clients/merkle/index.ts';
import {
  field,
  forkNamed,
  forkSchedule,
  fromHex,
  parametersOf,
  readJson,
  runSuite,
  type SuiteResult,
  typesOf,
} from './fixtures.ts';

export function fuluDevnet(): SuiteResult {
  return runSuite('ethereum fulu-devnet', 'fulu-devnet', (check) => {
    const steps: unknown = field(readJson('fulu-devnet/multi-period-update.json'), 'steps');
    const recorded: unknown = field(steps, 0, 'data', 'client_state');
    const trusted: unknown = field(steps, 0, 'data', 'consensus_state');
    const parameters = parametersOf({
      forks: forkSchedule((name) => {
        if (name === 'phase0')
          return { epoch: '0', version: field(recorded, 'fork_parameters', 'genesis_fork_version') };
        const fork = field<{ epoch: number; version: string } | undefined>(recorded, 'fork_parameters', name);
        return fork && { epoch: String(fork.epoch), version: fork.version };
      }),
      genesisValidatorsRoot: fromHex(field(recorded, 'genesis_validators_root'), 32),
      genesisTime: BigInt(field<number>(recorded, 'genesis_time')),
      secondsPerSlot: BigInt(field<number>(recorded, 'seconds_per_slot')),
    });
    const { updates, proofs } = messagesOf(fromHex(field(steps, 1, 'data', 'relayer_tx_body')));
    check('three updates and a proof', updates.length === 3 && proofs.length === 1);

    // The first state.
    const containers = createContainers(parameters.preset);
    const bls = selectBls();
    const client = createEthereumClient(parameters, bls);
    const next = committeeOf(updates[0]);
    check(
      'the committee is the one whose keys the recording trusts',
      equalBytes(
        containers.syncCommittee.fields.pubkeys.hashTreeRoot(next.pubkeys),
        fromHex(field(trusted, 'next_sync_committee', 'pubkeys_hash'), 32),
      ),
    );
    const expanded: Committee = {
      root: containers.syncCommittee.hashTreeRoot(next),
      keys: concatBytes(...next.pubkeys.map((key) => bls.expandPublicKey(key) ?? new Uint8Array(96))),
    };
    const slot = BigInt(field<number>(trusted, 'slot'));
    const zero = new Uint8Array(32);
    let state = encodeTrustedState(parameters, {
      finalized: {
        slot,
        beaconRoot: zero,
        blockHash: zero,
        number: BigInt(field<number>(recorded, 'latest_execution_block_number')),
        timestamp: BigInt(field<number>(trusted, 'timestamp')),
        stateRoot: fromHex(field(trusted, 'state_root'), 32),
        receiptsRoot: zero,
      },
      finalizedRoots: [{ slot, root: zero }],
      // The current committee's keys are not in the recording; nothing in it is signed by them.
      currentCommittee: { root: zero, keys: new Uint8Array(expanded.keys.length) },
      nextCommittee: expanded,
    });

    const fork = forkNamed(parameters, 'fulu');
    const types = typesOf(parameters, fork);
    let stateRoot: Uint8Array = zero;
    for (const [index, header] of updates.entries()) {
      const json: unknown = field(header, 'consensus_update');
      const hasCommittee = Boolean(field<unknown>(json, 'next_sync_committee'));
      const kind = hasCommittee ? 'update' : 'finalityUpdate';
      const ssz = types[kind].serialize(types[kind].fromJson(json) as never);
      const now = parameters.genesisTime + BigInt(field<string>(json, 'signature_slot')) * parameters.secondsPerSlot;
      const verdict = client.update(state, encodeMessage(kind, fork, ssz), now);
      check(`update ${index}: ${verdict.kind === 'valid' ? 'valid' : verdict.reason}`, verdict.kind === 'valid');
      if (verdict.kind !== 'valid') return;
      state = verdict.value.state;
      const block = decodeVerifiedBlock(verdict.value.head.header);
      check(`update ${index}: slot`, block?.slot === BigInt(field(json, 'finalized_header', 'beacon', 'slot')));
      stateRoot = block?.stateRoot ?? zero;
    }

    // The proofs.
    const address = fromHex(field(recorded, 'ibc_contract_address'), 20);
    const storageProof: unknown = field(proofs[0], 'storage_proof');
    const nodes = (proof: unknown): Uint8Array[] => field<string[]>(proof, 'proof').map((node) => fromHex(node));
    const account = verifyAccountProof(stateRoot, address, nodes(field(proofs[0], 'account_proof')));
    check('account proof', account.kind === 'account');
    if (account.kind !== 'account') return;
    check(
      'storage root',
      equalBytes(account.account.storageRoot, fromHex(field(proofs[0], 'account_proof', 'storage_root'), 32)),
    );
    const word = fromHex(field<string>(storageProof, 'value').slice(2).padStart(64, '0'), 32);
    const key = fromHex(field<string>(storageProof, 'key').slice(2).padStart(64, '0'), 32);
    const proven = verifyStorageProof(account.account.storageRoot, key, nodes(storageProof));
    check('storage proof', proven.kind === 'word' && equalBytes(proven.word, word));
  });
}

function committeeOf(header: unknown): { pubkeys: Uint8Array[]; aggregatePubkey: Uint8Array } {
  const committee = field<{ pubkeys: string[]; aggregate_pubkey: string }>(header, 'active_sync_committee', 'Next');
  return {
    pubkeys: committee.pubkeys.map((key) => fromHex(key, 48)),
    aggregatePubkey: fromHex(committee.aggregate_pubkey, 48),
  };
}

/** The JSON inside a Cosmos transaction body: client updates, and the proof of the packet message. */
function messagesOf(body: Uint8Array): { updates: unknown[]; proofs: unknown[] } {
  const updates: unknown[] = [];
  const proofs: unknown[] = [];
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  for (const message of bytesFields(body, 1)) {
    const [typeUrl] = bytesFields(message, 1);
    const [value] = bytesFields(message, 2);
    if (typeUrl === undefined || value === undefined) continue;
    const [inner] = bytesFields(value, 2);
    if (inner === undefined) continue;
    if (text(typeUrl).endsWith('MsgUpdateClient')) {
      const [clientMessage] = bytesFields(inner, 2);
      const [data] = clientMessage === undefined ? [] : bytesFields(clientMessage, 1);
      if (data !== undefined) updates.push(JSON.parse(text(data)));
    } else {
      proofs.push(JSON.parse(text(inner)));
    }
  }
  return { updates, proofs };
}

/** The length-delimited protobuf fields of one number. */
function bytesFields(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[offset++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (offset < bytes.length) {
    const tag = varint();
    const length = varint();
    if ((tag & 7) !== 2) continue;
    if (tag >> 3 === wanted) found.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  return found;
}
