/** CometBFT's own light client as a process: it answers about a height only what it has verified. The oracle for ours. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../relayer/core/clock.ts';
import { freePort } from '../../devnet/freePort.ts';
import { startTied } from '../tiedProcess.ts';
import { rawCall } from './rawRpc.ts';

export interface CometLight {
  /** The hash of the block at a height in capitals, or why there is none. */
  verify(height: bigint): Promise<{ readonly hash: string } | { readonly refused: string }>;
  stop(): Promise<void>;
}

export interface CometLightOptions {
  readonly binary: string;
  readonly clock: Clock;
  readonly chainId: string;
  readonly primary: string;
  readonly witness: string;
  /** Trusted from the start. */
  readonly trusted: { readonly height: bigint; readonly hash: string };
  readonly sequential: boolean;
}

const READY_MS_MAX = 15_000;

export async function startCometLight(options: CometLightOptions): Promise<CometLight> {
  const { binary, clock, chainId, primary, witness, trusted, sequential } = options;
  const folder = await mkdtemp(join(tmpdir(), 'viaduct-light-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = startTied({
    binary,
    args: [
      ...['light', chainId, '--home', folder, '--home-dir', folder, '--laddr', `tcp://127.0.0.1:${port}`],
      ...['--primary', primary, '--witnesses', witness, '--height', `${trusted.height}`, '--hash', trusted.hash],
      ...(sequential ? ['--sequential'] : []),
    ],
    logFile: join(folder, 'light.log'),
    clock,
  });
  const stop = async (): Promise<void> => {
    await child.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  const until = clock.now() + READY_MS_MAX;
  for (;;) {
    if (!child.running() || clock.now() > until) {
      const words = child.lastWords().join(' | ');
      await stop();
      throw new Error(`cometbft light did not start: ${words}`);
    }
    try {
      await rawCall(url, 'health', {});
      break;
    } catch {
      await clock.sleep(30);
    }
  }
  return {
    verify: async (height) => {
      const answer = await rawCall(url, 'commit', { height: `${height}` });
      if (answer.kind === 'error') {
        const { message, data } = answer.error as { message?: string; data?: string };
        return { refused: `${message}: ${data}` };
      }
      const { signed_header: signed } = answer.result as { signed_header: { commit: { block_id: { hash: string } } } };
      return { hash: signed.commit.block_id.hash };
    },
    stop,
  };
}
