/** The import direction of DESIGN section 9 and the one folder per client library, as pure functions to findings. */
import { posix } from 'node:path';
import { type Import, isProduct, isTest, type Source } from './repository.ts';

export interface Edge extends Import {
  readonly importer: string;
  /** The imported file from the root; undefined for a package. */
  readonly imported: string | undefined;
}

/** Modules of `relayer/` that every other module may import. */
const SHARED = ['relayer/core', 'relayer/bus', 'relayer/store', 'relayer/manifest'];

/** Package -> where product code may import it. Everything else reaches it through a port. */
const LIBRARY_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  viem: ['adapters/evm'],
  '@cosmjs/*': ['adapters/cosmos'],
  '@polkadot/*': ['adapters/substrate'],
  '@nats-io/*': ['relayer/bus'],
  level: ['relayer/store'],
  'classic-level': ['relayer/store'],
  secp256k1: ['relayer/core', 'light-clients'],
  fastify: ['relayer/api'],
  pino: ['relayer/monitor'],
  commander: ['relayer/cli'],
};

export function edgesOf(source: Source): Edge[] {
  return source.imports.map((one) => ({
    ...one,
    importer: source.path,
    imported: one.specifier.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(source.path), one.specifier))
      : undefined,
  }));
}

/** Why an import between our own files goes the wrong way, or undefined. */
export function directionProblem(edge: Edge): string | undefined {
  const { importer, imported, form } = edge;
  if (imported === undefined || !isProduct(importer)) return undefined;
  const [from, to] = [areaOf(importer), areaOf(imported)];
  const problem = (why: string): string => `${importer}:${edge.line} imports ${imported}: ${why}`;
  if (from === to) return undefined;

  if (isTest(imported) || !isProduct(imported.replace(/\.json$/, '.ts'))) {
    if (from === 'relayer/cli' && imported.startsWith('test/devnet/') && form !== 'value') return undefined;
    // The version that a command shows.
    if (imported === 'package.json' && (from === 'relayer/cli' || from === 'relayer/main')) return undefined;
    // The compiled contracts are data of the EVM adapter.
    if (from === 'adapters/evm' && imported.startsWith('contracts/evm/')) return undefined;
    return problem('product code imports no tests and no tools (relayer/cli may import test/devnet dynamically)');
  }
  if (from === 'relayer/main' || from === 'relayer/cli') return undefined;
  if (from === 'light-clients') return problem('light-clients imports nothing else of ours');
  if (from === 'relayer/core') return problem('relayer/core imports nothing of ours');
  if (from.startsWith('adapters/')) {
    if (to === 'light-clients' || to === 'relayer/core') return undefined;
    // What the families share lies beside them, and they do not know each other.
    if (to.startsWith('adapters/') && !/^adapters\/(evm|cosmos|substrate)$/.test(to)) return undefined;
    return problem('an adapter imports light-clients, relayer/core and what all adapters share');
  }
  if (to.startsWith('adapters/'))
    return problem('only the files right in relayer/ and relayer/cli know a concrete adapter');
  if (to === 'relayer/main' || to === 'relayer/cli') return problem('nothing imports the composition root');
  if (to === 'light-clients') {
    return from === 'relayer/verify'
      ? undefined
      : problem('only relayer/verify and the composition root know light clients');
  }
  if (SHARED.includes(to)) {
    if (!SHARED.includes(from) || to === 'relayer/core') return undefined;
    return problem('bus, store and manifest import core alone');
  }
  if (to === 'relayer/config' && form === 'type') return undefined;
  return problem('modules of relayer/ meet through core, bus, store and manifest, not through each other');
}

/** Why a package is imported in the wrong folder, or undefined. */
export function libraryProblem(edge: Edge): string | undefined {
  if (edge.imported !== undefined || !isProduct(edge.importer)) return undefined;
  const name = packageOf(edge.specifier);
  const folders = LIBRARY_FOLDERS[name] ?? LIBRARY_FOLDERS[`${name.split('/')[0]}/*`];
  if (folders === undefined || folders.some((folder) => edge.importer.startsWith(`${folder}/`))) return undefined;
  return `${edge.importer}:${edge.line} imports ${name}: only in ${folders.join(' and ')}`;
}

export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** `relayer/core`, `adapters/evm`, `light-clients`, `test`; relayer's own files are `relayer/main`. */
function areaOf(path: string): string {
  const [top, second, third] = path.split('/');
  if (top === 'relayer' || top === 'adapters') {
    return third === undefined ? `${top}/main` : `${top}/${second}`;
  }
  return top ?? '';
}
