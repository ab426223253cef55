/**
 * The Cosmos witness: `tokend`, a real SDK chain, judges the local chain and the adapter; four real CometBFT validators and
 * CometBFT's own light client judge ours.
 */
import { CHAIN_ID } from '../../../adapters/cosmos/vault.fixture.ts';
import { makeDevAccount, makeDevMultisig } from '../../devnet/cosmos/accounts.ts';
import { startTokend } from '../../devnet/cosmos/tokend.ts';
import type { Witness, WitnessContext, WitnessOutcome } from '../witness.ts';
import { obtainCosmosBinaries } from './binaries.ts';
import type { CosmosUnderTest } from './clients.ts';
import { checkLocalChain } from './compare.ts';
import { checkDeposits } from './deposits.ts';
import { checkNetwork } from './network.ts';
import { checkReleases } from './releases.ts';
import { cosmosSection } from './report.ts';

const BLOCK_MS = 200;

export const cosmosWitness: Witness = {
  name: 'cosmos',
  shows: 'a Cosmos SDK chain and a CometBFT network against the local chain, the adapter and the light client',
  run,
};

async function run(context: WitnessContext): Promise<WitnessOutcome> {
  const { say, seed, clock } = context;
  const answer = await obtainCosmosBinaries(say);
  if (answer.kind === 'missing') return { kind: 'skipped', reason: answer.reason };
  const { binaries } = answer;
  const { versions } = binaries;
  const version = `tokenfactory ${versions.tokend}, Cosmos SDK ${versions.cosmosSdk}, CometBFT ${versions.cometbft}`;
  say(`${version}, wasmd ${versions.wasmd}`);

  const [alice, bob] = await Promise.all(['alice', 'bob'].map(async (name) => makeDevAccount(seed, name)));
  const vault = await makeDevMultisig(seed, 'vault', 2, 3);
  const shard = await makeDevMultisig(seed, 'shard', 2, 3);
  const holders = [alice!, bob!, vault, shard].map(({ address }) => ({ address, coins: { utoken: 10n ** 12n } }));

  const tokend = await startTokend(
    { clock },
    { binary: binaries.tokend, chainId: CHAIN_ID, holders, blockMs: BLOCK_MS },
  );
  try {
    const [{ url, wsUrl }] = tokend.nodes;
    const chain: CosmosUnderTest = { chainId: CHAIN_ID, denom: tokend.denom, url, wsUrl };
    await checkDeposits(context, chain, { alice: alice!, bob: bob!, vault, shard }, binaries.reflectContract);
  } finally {
    await tokend.stop();
  }
  const comparison = await checkLocalChain(context, binaries.tokend);
  const network = await checkNetwork(context, binaries.cometbft);
  const releases = await checkReleases(context, binaries.tokend);
  const checks = context.checks.results().length;
  return { kind: 'done', version, section: cosmosSection({ versions, checks, comparison, network, releases }) };
}
