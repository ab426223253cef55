/**
 * The witness of newer Substrate runtimes: the local network runs a relay chain and parachains that it was not built for, whose
 * runtimes cargo brings as data: asset hubs, and one chain with version 1 of the state. What they accept is judged by these
 * runtimes, by another virtual machine, by Rococo's bridge pallet and by unmodified clients; then the bridge crosses them.
 */
import { readSpec, readSpecs } from '../../devnet/substrate/index.ts';
import { type RawSpec, specCode } from '../../devnet/substrate/chain/genesis.ts';
import { createRuntime } from '../../devnet/substrate/chain/runtime.ts';
import { MODERN_SPECS, obtainModernSpecs, obtainSpec, STATE_V1_SPEC } from '../../devnet/substrate/modernSpecs.ts';
import type { Witness, WitnessContext, WitnessOutcome } from '../witness.ts';
import { checkClients } from './clients.ts';
import { checkEndToEnd } from './endToEnd.ts';
import { checkFinality } from './finality.ts';
import { checkParachains } from './parachains.ts';
import { checkExecution, checkRelayAlone } from './relayChain.ts';
import { checkReleases } from './releases.ts';
import { substrateSection } from './report.ts';

export const substrateModernWitness: Witness = {
  name: 'substrate-modern',
  shows: 'newer Substrate runtimes, which cargo brings, under the local network, the adapter and the bridge',
  run,
};

/** Throws `SETUP_FAILED` where cargo is missing: who asks for newer runtimes is not helped by an empty answer. */
async function run(context: WitnessContext): Promise<WitnessOutcome> {
  const { say, checks } = context;
  const specs = await readSpecs(await obtainModernSpecs({ say }));
  const other = { ...specs, assetHub: await readSpec(await obtainSpec(STATE_V1_SPEC, { say })) };
  const relay = nameOf(specs.relay);
  const version = `${relay}, ${nameOf(specs.assetHub)}, ${nameOf(other.assetHub)}`;
  say(version);

  await checkRelayAlone(context, specs);
  const compared = (await checkExecution(context, specs)) + (await checkExecution(context, other));
  const finality = await checkFinality(context, specs);
  await checkParachains(context, specs);
  await checkClients(context, specs);
  const releases = [
    await checkReleases(context, specs),
    await checkReleases(context, other, ['native, known accounts']),
  ];
  const runs = await checkEndToEnd(context);
  // Without it a check failed, and no section is written.
  if (finality === undefined) return { kind: 'done', version, section: '' };
  const crates = Object.values(MODERN_SPECS).map((one) => `${one.crate} ${one.version}`);
  const findings = { relay, crates, checks: checks.results().length, compared, finality, releases, runs };
  return { kind: 'done', version, section: substrateSection(findings) };
}

function nameOf(spec: RawSpec): string {
  const { specName, specVersion } = createRuntime(specCode(spec)).version;
  return `${specName} ${specVersion}`;
}
