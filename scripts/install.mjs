/**
 * Makes sure that node_modules is what package-lock.json says, and runs `npm ci` when it is not. A stamp in node_modules
 * holds the hash of both lockfiles, so that a run with nothing missing costs a few milliseconds and no network.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { supervise } from './supervise.mjs';

const STAMP = 'node_modules/.viaduct-stamp';
const LOCK = 'package-lock.json';
/** npm's own record of what it put into node_modules. */
const INSTALLED = 'node_modules/.package-lock.json';

/** @param {string} root  @param {(text: string) => void} say  @returns {Promise<boolean>} whether all is there */
export async function ensureInstalled(root, say) {
  const missing = missingPackage(root);
  if (missing === undefined) return true;
  say(`${missing} Installing the packages of package-lock.json with npm ci; the first time takes about a minute.`);
  rmSync(join(root, STAMP), { force: true });
  const { command, args } = npm(['ci', '--no-audit', '--no-fund']);
  // npm's own stdout goes to stderr: stdout is for results.
  const code = await supervise(
    spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: command === 'npm.cmd' }),
  );
  if (code === 0) {
    const still = missingPackage(root);
    if (still === undefined) return true;
    say(`npm ci ended well, and yet: ${still}`);
    return false;
  }
  if (code === 130 || code === 143) return false;
  say(`npm ci failed with exit code ${code}; its own words are above. What mends the common causes:`);
  say('  no network or registry: check `npm ping` and `npm config get registry`, then run the command again;');
  say('  "can only install ... in sync": package.json and package-lock.json differ; take both from the same commit;');
  say('  EACCES or ENOSPC: the folder must be writable and have 600 MB free;');
  say('  EINTEGRITY: `npm cache clean --force`, then run the command again.');
  return false;
}

/** Why an install is needed, or undefined. */
export function missingPackage(root) {
  const lockText = read(join(root, LOCK));
  if (lockText === undefined) throw new Error(`${LOCK} is missing: this is not a complete checkout.`);
  const installedText = read(join(root, INSTALLED));
  if (installedText === undefined) return 'No packages are installed yet.';
  const stamp = stampOf(lockText, installedText);
  if (read(join(root, STAMP)) === stamp) return undefined;
  const difference = firstDifference(JSON.parse(lockText).packages, JSON.parse(installedText).packages, root);
  if (difference !== undefined) return `node_modules is not what package-lock.json says (${difference}).`;
  writeFileSync(join(root, STAMP), stamp);
  return undefined;
}

function stampOf(lockText, installedText) {
  const hash = createHash('sha256').update(lockText).update('\0').update(installedText).digest('hex');
  return `${hash} ${process.platform} ${process.arch}\n`;
}

/** Optional packages of other platforms may be absent; every other one must be there in the same version. */
export function firstDifference(wanted, installed, root) {
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const got = installed[path];
    if (got === undefined) {
      if (entry.optional === true || entry.peer === true) continue;
      return `${path} is missing`;
    }
    if (got.version !== entry.version || got.integrity !== entry.integrity) return `${path} has another version`;
    if (!existsSync(join(root, path, 'package.json'))) return `${path} is missing`;
  }
  return undefined;
}

/** The npm that started us, else the one in PATH. */
function npm(args) {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.c?js$/.test(script))
    return { command: process.execPath, args: [script, ...args] };
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', args };
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
