/**
 * Runs the Solidity tests: `forge test`, offline, with the forge of the platform package or the one in PATH, and leaves
 * with its exit code. The tests deploy the committed artifacts, so those are compared with a fresh compile first.
 *
 * Run: `npx tsx contracts/evm/forgeTest.ts [options of forge test]`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { staleArtifacts } from './build.ts';

process.exitCode = forgeTest(process.argv.slice(2));

function forgeTest(options: readonly string[]): number {
  const stale = staleArtifacts();
  if (stale.length > 0) {
    process.stderr.write(`Stale artifacts: ${stale.join(', ')}. Run: npx tsx contracts/evm/build.ts\n`);
    return 1;
  }
  const bundled = fileURLToPath(new URL('../../node_modules/@foundry-rs/forge-linux-amd64/bin/forge', import.meta.url));
  const forge = existsSync(bundled) ? bundled : 'forge';
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { status, error } = spawnSync(forge, ['test', '--offline', ...options], { cwd, stdio: 'inherit' });
  if (error !== undefined) {
    process.stderr.write('forge was not found: npm ci installs it on Linux x64; elsewhere put forge 1.7 into PATH.\n');
  }
  return status ?? 1;
}
