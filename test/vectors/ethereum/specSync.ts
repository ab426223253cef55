/**
 * The official `sync` cases of the consensus specification (Deneb and Electra, minimal preset): every step in order, and
 * after each the finalized header that the specification expects.
 *
 * Not compared: `optimistic_header`, which this client does not have.
 * `force_update` steps: the client has no such call and must stay where it is, which is checked; then the suite itself
 * builds the state that the specification forces (the attested header taken as finalized, a thing no bridge may do), so
 * that the steps behind it are run too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { uncompress } from 'snappyjs';
import { parse } from 'yaml';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../../../relayer/core/bytes.ts';
import { selectBls } from '../../../light-clients/ethereum/bls.ts';
import type { Context } from '../../../light-clients/ethereum/context.ts';
import {
  createContainers,
  createEthereumClient,
  decodeVerifiedBlock,
  encodeMessage,
  type EthereumParameters,
  type Fork,
} from '../../../light-clients/ethereum/index.ts';
import { beaconRootOf, type LightHeader } from '../../../light-clients/ethereum/lightHeader.ts';
import { decodeMessage, type Update } from '../../../light-clients/ethereum/message.ts';
import { denebPayloadType } from '../../../light-clients/ethereum/containers.ts';
import { applyUpdate } from '../../../light-clients/ethereum/processUpdate.ts';
import { decodeTrustedState, encodeTrustedState } from '../../../light-clients/ethereum/trustedState.ts';
import {
  type Check,
  field,
  fixturePath,
  forkSchedule,
  fromHex,
  parametersOf,
  readFixture,
  runSuite,
  type SuiteResult,
  toHex,
} from './fixtures.ts';

interface Expected {
  readonly slot: string;
  readonly beacon_root: string;
  readonly execution_root: string;
}

export function specSync(): SuiteResult {
  return runSuite('ethereum spec-sync', 'spec-sync', (check) => {
    for (const fork of ['deneb', 'electra']) {
      for (const name of readdirSync(fixturePath(`spec-sync/${fork}`)).sort())
        runCase(`spec-sync/${fork}/${name}`, check);
    }
  });
}

function runCase(folder: string, check: Check): void {
  const config = yaml(`${folder}/config.yaml`);
  const meta = yaml(`${folder}/meta.yaml`);
  const parameters = parametersOf({
    forks: forkSchedule((name) => {
      const version = field<string | undefined>(
        config,
        `${name === 'phase0' ? 'GENESIS' : name.toUpperCase()}_FORK_VERSION`,
      );
      const epoch = name === 'phase0' ? '0' : field<string>(config, `${name.toUpperCase()}_FORK_EPOCH`);
      return version === undefined ? undefined : { version, epoch };
    }),
    genesisValidatorsRoot: fromHex(field(meta, 'genesis_validators_root'), 32),
    trustedBlockRoot: fromHex(field(meta, 'trusted_block_root'), 32),
    secondsPerSlot: BigInt(field<string>(config, 'SECONDS_PER_SLOT')),
  });
  const bls = selectBls();
  const context: Context = { parameters, containers: createContainers(parameters.preset), bls };
  const client = createEthereumClient(parameters, bls);
  const message = (kind: 'bootstrap' | 'update', digest: string, file: string): Uint8Array =>
    encodeMessage(kind, forkOfDigest(parameters, digest), uncompress(readFixture(`${folder}/${file}.ssz_snappy`)));

  const started = client.start(message('bootstrap', field(meta, 'bootstrap_fork_digest'), 'bootstrap'));
  check(`${folder}: bootstrap`, started.kind === 'valid');
  if (started.kind !== 'valid') return;
  let state = started.value.state;
  const headers: LightHeader[] = [];
  const updates: Update[] = [];

  for (const [index, step] of field<unknown[]>(yaml(`${folder}/steps.yaml`)).entries()) {
    const label = `${folder} step ${index}`;
    const forced = field<unknown>(step, 'force_update');
    const body = forced ?? field<unknown>(step, 'process_update');
    const expected = field<Expected>(body, 'checks', 'finalized_header');
    if (forced !== undefined) {
      const before = decodeTrustedState(parameters, state);
      const best = updates.findLast((update) => toHex(beaconRootOf(update.attestedHeader)) === expected.beacon_root);
      if (before === undefined || best === undefined) {
        check(label, false);
        continue;
      }
      check(`${label}: stays without force_update`, before.finalized.slot < BigInt(expected.slot));
      const withHeader = { ...best, finalizedHeader: best.attestedHeader };
      state = encodeTrustedState(parameters, applyUpdate(context, before, withHeader));
      continue;
    }
    const bytes = message('update', field(body, 'update_fork_digest'), field(body, 'update'));
    const update = decodeMessage(parameters, context.containers, bytes);
    if (update.kind === 'update') {
      updates.push(update);
      headers.push(update.finalizedHeader, update.attestedHeader);
    }
    const now = BigInt(field<string>(body, 'current_slot')) * parameters.secondsPerSlot;
    const verdict = client.update(state, bytes, now);
    if (verdict.kind === 'valid') state = verdict.value.state;
    const finalized = decodeTrustedState(parameters, state)?.finalized;
    const header = headers.find((candidate) => finalized && equalBytes(beaconRootOf(candidate), finalized.beaconRoot));
    const isBootstrapHeader = finalized !== undefined && equalBytes(finalized.beaconRoot, parameters.trustedBlockRoot);
    check(
      `${label}: ${verdict.kind === 'valid' ? 'valid' : verdict.reason}`,
      (verdict.kind === 'valid' || verdict.kind === 'needsMore') &&
        finalized !== undefined &&
        finalized.slot === BigInt(expected.slot) &&
        toHex(finalized.beaconRoot) === expected.beacon_root &&
        (isBootstrapHeader || (header?.payload !== undefined && executionRoot(header) === expected.execution_root)) &&
        (verdict.kind !== 'valid' || decodeVerifiedBlock(verdict.value.head.header)?.slot === finalized.slot),
    );
  }
}

function executionRoot(header: LightHeader): string | undefined {
  return header.payload === undefined ? undefined : toHex(denebPayloadType.hashTreeRoot(header.payload));
}

/** The first four bytes of hash_tree_root(ForkData): how a digest names a fork up to Electra. */
function forkOfDigest(parameters: EthereumParameters, digest: string): Fork {
  const found = parameters.forks.find((fork) => {
    const root = sha256(concatBytes(fork.version, new Uint8Array(28), parameters.genesisValidatorsRoot));
    return toHex(root.subarray(0, 4)) === digest;
  });
  if (found === undefined) throw new Error(`No fork has the digest ${digest}.`);
  return found;
}

/** Everything as strings: versions are hexadecimal and would else be read as numbers. */
function yaml(path: string): unknown {
  return parse(readFileSync(fixturePath(path), 'utf8'), { schema: 'failsafe' }) as unknown;
}
