/** The rules of the chains: each once, and outside profile dev nothing that one party alone could forge. */
import type { z } from 'zod';
import { fromHex } from '../core/bytes.ts';
import type { chainSchema } from './chain.ts';
import type { Profile } from './manifest.ts';
import { type Items, publishedKey, type Report, reportRepeats } from './report.ts';
import { isPublishedKey } from './testKeys.ts';

export type RawChain = z.output<typeof chainSchema>;

export function checkChains(chains: Items<RawChain>, profile: Profile, report: Report): void {
  reportRepeats(chains, (chain) => chain.name, 'name', 'chains', report);
  reportRepeats(chains, (chain) => chain.id, 'id', 'chains', report);
  for (const { index, item: chain } of chains) {
    if (profile === 'dev') continue;
    if (chain.lightClient.quorum < 2) {
      report(['chains', index, 'lightClient', 'quorum'], {
        problem: 'one endpoint alone would decide what happened on this chain',
        expected: 'at least 2 outside profile dev',
        got: String(chain.lightClient.quorum),
      });
    }
    if (chain.lightClient.confirmations < 1) {
      report(['chains', index, 'lightClient', 'confirmations'], {
        problem: 'the newest block can still be replaced',
        expected: 'at least 1 outside profile dev',
        got: String(chain.lightClient.confirmations),
      });
    }
    if (isPublishedKey(fromHex(chain.gateway.address))) {
      report(['chains', index, 'gateway', 'address'], publishedKey());
    }
  }
}
