/**
 * Runs the Solidity tests: `forge test`, offline, with the forge of the platform package or the one in PATH, and leaves
 * with its exit code.
 *
 * Run: `npx tsx contracts/evm/forgeTest.ts [options of forge test]`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const bundled = fileURLToPath(
  new URL('../../node_modules/@foundry-rs/forge-linux-amd64/bin/forge', import.meta.url),
);
const forge = existsSync(bundled) ? bundled : 'forge';
const { status, error } = spawnSync(forge, ['test', '--offline', ...process.argv.slice(2)], {
  cwd: here,
  stdio: 'inherit',
});
if (error !== undefined) {
  process.stderr.write('forge was not found: npm ci installs it on Linux x64; elsewhere put forge 1.7 into PATH.\n');
}
process.exitCode = status ?? 1;
