/**
 * A real finality update of the Sepolia test network (Electra, mainnet preset, 512 members) under its real committee,
 * and the beacon chain's real parameters.
 */
import { bytesToHex, concatBytes } from '../../../relayer/core/bytes.ts';
import { selectBls } from '../../../light-clients/ethereum/bls.ts';
import {
  createContainers,
  createEthereumClient,
  decodeVerifiedBlock,
  encodeMessage,
  MAINNET_PRESET,
} from '../../../light-clients/ethereum/index.ts';
import { encodeTrustedState } from '../../../light-clients/ethereum/trustedState.ts';
import {
  field,
  forkNamed,
  forkSchedule,
  fromHex,
  parametersOf,
  readJson,
  runSuite,
  type SuiteResult,
  toHex,
  typesOf,
} from './fixtures.ts';

/** Epochs and versions as the network published them. */
const SEPOLIA_FORKS: Readonly<Record<string, { epoch: string; version: string }>> = {
  phase0: { epoch: '0', version: '0x90000069' },
  altair: { epoch: '50', version: '0x90000070' },
  bellatrix: { epoch: '100', version: '0x90000071' },
  capella: { epoch: '56832', version: '0x90000072' },
  deneb: { epoch: '132608', version: '0x90000073' },
  electra: { epoch: '222464', version: '0x90000074' },
  fulu: { epoch: '272640', version: '0x90000075' },
};

export function sepoliaCase() {
  const parameters = parametersOf({
    preset: MAINNET_PRESET,
    forks: forkSchedule((name) => SEPOLIA_FORKS[name]),
    genesisValidatorsRoot: fromHex('0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078', 32),
    genesisTime: 1_655_733_600n,
    secondsPerSlot: 12n,
  });
  const bls = selectBls();
  const committee = createContainers(MAINNET_PRESET).syncCommittee.fromJson(
    readJson('sepolia-electra/current_sync_committee_7167008.json'),
  );
  const json = readJson('sepolia-electra/finality_update_7167008.json');
  const fork = forkNamed(parameters, 'electra');
  const type = typesOf(parameters, fork).finalityUpdate;
  const zero = new Uint8Array(32);
  // The recording has no bootstrap: the committee itself is what is trusted, an epoch before the finalized header.
  const slot = 7_166_976n;
  const state = encodeTrustedState(parameters, {
    finalized: {
      slot,
      beaconRoot: zero,
      blockHash: zero,
      number: 0n,
      timestamp: 0n,
      stateRoot: zero,
      receiptsRoot: zero,
    },
    finalizedRoots: [{ slot, root: zero }],
    currentCommittee: {
      root: createContainers(MAINNET_PRESET).syncCommittee.hashTreeRoot(committee),
      keys: concatBytes(...committee.pubkeys.map((key) => bls.expandPublicKey(key) ?? new Uint8Array(96))),
    },
    nextCommittee: undefined,
  });
  const update = encodeMessage('finalityUpdate', fork, type.serialize(type.fromJson(json) as never));
  const now = parameters.genesisTime + 7_167_075n * parameters.secondsPerSlot;
  return { parameters, bls, json, state, update, now };
}

export function sepolia(): SuiteResult {
  return runSuite('ethereum sepolia', 'sepolia-electra', (check) => {
    const { parameters, bls, json, state, update, now } = sepoliaCase();
    const verdict = createEthereumClient(parameters, bls).update(state, update, now);
    check(`finality update: ${verdict.kind === 'valid' ? 'valid' : verdict.reason}`, verdict.kind === 'valid');
    if (verdict.kind !== 'valid') return;
    const execution: unknown = field(json, 'finalized_header', 'execution');
    const block = decodeVerifiedBlock(verdict.value.head.header);
    check('slot', block?.slot === BigInt(field(json, 'finalized_header', 'beacon', 'slot')));
    check('number', verdict.value.head.height === BigInt(field(execution, 'block_number')));
    check('block hash', toHex(verdict.value.head.hash) === field(execution, 'block_hash'));
    check('state root', block !== undefined && `0x${bytesToHex(block.stateRoot)}` === field(execution, 'state_root'));
  });
}
