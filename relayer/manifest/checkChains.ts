/** The rules of the chains: each once, and outside profile dev nothing that one party alone could forge. */
import { fromHex } from '../core/bytes.ts';
import type { RawChain } from './chain.ts';
import { checkCosmosChain } from './checkCosmosChain.ts';
import { checkSubstrateChain } from './checkSubstrateChain.ts';
import type { VaultSigners } from './checkVault.ts';
import { ETHEREUM_FORKS } from './lightClient.ts';
import type { Profile } from './manifest.ts';
import { type Items, publishedKey, type Report, reportRepeats } from './report.ts';
import { isPublishedKey } from './testKeys.ts';

export function checkChains(chains: Items<RawChain>, signers: VaultSigners, profile: Profile, report: Report): void {
  reportRepeats(chains, (chain) => chain.name, 'name', 'chains', report);
  reportRepeats(chains, (chain) => chain.id, 'id', 'chains', report);
  for (const { index, item: chain } of chains) {
    if (profile !== 'dev') checkClock(index, chain.lightClient, report);
    switch (chain.family) {
      case 'evm':
        checkEvmChain(index, chain, profile, report);
        break;
      case 'cosmos':
        checkCosmosChain(['chains', index], chain, signers, profile, report);
        break;
      case 'substrate':
        checkSubstrateChain(['chains', index], chain, signers, profile, report);
        break;
    }
  }
}

type RawEvmChain = Extract<RawChain, { family: 'evm' }>;

function checkEvmChain(index: number, { lightClient, gateway }: RawEvmChain, profile: Profile, report: Report): void {
  if (lightClient.kind === 'ethereum') checkForks(index, lightClient.forks, report);
  if (profile === 'dev') return;
  if (lightClient.kind === 'confirmations') checkConfirmations(index, lightClient, report);
  if (isPublishedKey(fromHex(gateway.address))) report(['chains', index, 'gateway', 'address'], publishedKey());
}

type RawForks = Extract<RawEvmChain['lightClient'], { kind: 'ethereum' }>['forks'];

function checkForks(chain: number, forks: RawForks, report: Report): void {
  for (const [index, fork] of forks.entries()) {
    const path = ['chains', chain, 'lightClient', 'forks', index] as const;
    const before = forks[index - 1];
    if (before === undefined) {
      if (fork.epoch !== '0')
        report([...path, 'epoch'], { problem: 'the first fork starts at epoch 0', got: fork.epoch });
      continue;
    }
    const isLater = ETHEREUM_FORKS.indexOf(fork.name) > ETHEREUM_FORKS.indexOf(before.name);
    if (!isLater || BigInt(fork.epoch) < BigInt(before.epoch)) {
      report([...path, 'name'], { problem: `${fork.name} is out of order`, fix: 'List the forks by epoch.' });
    }
    if (forks.slice(0, index).some(({ version }) => version.toLowerCase() === fork.version.toLowerCase())) {
      report([...path, 'version'], { problem: 'the version of another fork', got: fork.version });
    }
  }
}

/** Outside profile dev. */
function checkClock(index: number, lightClient: RawChain['lightClient'], report: Report): void {
  if (lightClient.kind === 'confirmations' || lightClient.chainClock === undefined) return;
  report(['chains', index, 'lightClient', 'chainClock'], {
    problem: 'a clock of its own is for local chains',
    expected: 'no chainClock outside profile dev',
  });
}

type RawConfirmations = Extract<RawEvmChain['lightClient'], { kind: 'confirmations' }>;

/** Outside profile dev. */
function checkConfirmations(index: number, lightClient: RawConfirmations, report: Report): void {
  const path = ['chains', index, 'lightClient'] as const;
  if (lightClient.quorum < 2) {
    report([...path, 'quorum'], {
      problem: 'one endpoint alone would decide what happened on this chain',
      expected: 'at least 2 outside profile dev',
      got: String(lightClient.quorum),
    });
  }
  if (lightClient.confirmations < 1) {
    report([...path, 'confirmations'], {
      problem: 'the newest block can still be replaced',
      expected: 'at least 1 outside profile dev',
      got: String(lightClient.confirmations),
    });
  }
}
