/**
 * Every single-field corruption of the recorded messages: none may be accepted. `signature_slot` alone is signed by
 * nobody ("untrusted" in the specification); a changed one may pass where it means the same committee and fork, and must
 * then give the same result, byte for byte.
 */
import { createEthereumClient, type EthereumClient } from '../../../light-clients/ethereum/index.ts';
import { equalBytes } from '../../../relayer/core/bytes.ts';
import { corruptions } from './corruptions.ts';
import { forksMessage, forksParameters } from './forks.ts';
import { runSuite, type SuiteResult } from './fixtures.ts';
import { sepoliaCase } from './sepolia.ts';

export function forksCorrupted(): SuiteResult {
  return runSuite('ethereum forks corrupted', 'forks', (check) => {
    const parameters = forksParameters();
    const client = createEthereumClient(parameters);
    const now = parameters.genesisTime + 151n * parameters.secondsPerSlot;
    const bootstrap = forksMessage('bootstrap', 'bootstrap').bytes;
    for (const [path, bytes] of corruptions(parameters, bootstrap)) {
      check(`bootstrap ${path}`, client.start(bytes).kind !== 'valid');
    }
    const started = client.start(bootstrap);
    if (started.kind !== 'valid') throw new Error(started.reason);
    let { state } = started.value;
    for (const step of [
      forksMessage('update', 'update-period0'),
      forksMessage('update', 'update-period1'),
      forksMessage('finalityUpdate', 'finality-update'),
    ]) {
      for (const [path, bytes] of corruptions(parameters, step.bytes)) {
        check(path, isRefusedOrTheSame(client, state, step.bytes, path, bytes, now));
      }
      const verdict = client.update(state, step.bytes, now);
      if (verdict.kind !== 'valid') throw new Error(verdict.reason);
      state = verdict.value.state;
    }
  });
}

export function sepoliaCorrupted(): SuiteResult {
  return runSuite('ethereum sepolia corrupted', 'sepolia-electra', (check) => {
    const { parameters, bls, state, update, now } = sepoliaCase();
    const client = createEthereumClient(parameters, bls);
    for (const [path, bytes] of corruptions(parameters, update)) {
      check(path, isRefusedOrTheSame(client, state, update, path, bytes, now));
    }
  });
}

export function isRefusedOrTheSame(
  client: EthereumClient,
  state: Uint8Array,
  honest: Uint8Array,
  path: string,
  corrupted: Uint8Array,
  now: bigint,
): boolean {
  const verdict = client.update(state, corrupted, now);
  if (verdict.kind !== 'valid') return true;
  const expected = client.update(state, honest, now);
  return (
    path === '.signature_slot' &&
    expected.kind === 'valid' &&
    equalBytes(expected.value.state, verdict.value.state) &&
    equalBytes(expected.value.head.header, verdict.value.head.header)
  );
}
