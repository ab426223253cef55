/**
 * Compiles the contracts with the npm solc under the settings of foundry.toml and writes `artifacts/*.json`: ABI,
 * creation bytecode and storage layout. The artifacts are committed, so that running the bridge needs no compiler; a
 * test compares them with a fresh compile.
 *
 * Run: `npx tsx contracts/evm/build.ts` (writes) or `npx tsx contracts/evm/build.ts --check` (only compares).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Artifact {
  readonly contractName: string;
  readonly abi: readonly unknown[];
  /** Creation bytecode, `0x`-prefixed. */
  readonly bytecode: string;
  /** As solc prints it, without the compiler's own node numbers. */
  readonly storageLayout: StorageLayout;
}

export interface StorageLayout {
  readonly storage: readonly StorageEntry[];
}

export interface StorageEntry {
  readonly label: string;
  readonly slot: string;
  readonly offset: number;
  readonly type: string;
}

export interface CompilerSettings {
  readonly evmVersion: string;
  readonly optimizer: { readonly enabled: boolean; readonly runs: number };
  readonly viaIR: boolean;
  readonly bytecodeHash: string;
}

interface SolcError {
  readonly severity: string;
  readonly errorCode?: string;
  readonly formattedMessage: string;
}

interface SolcContract {
  readonly abi: readonly unknown[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: { readonly object: string };
  };
  readonly storageLayout: StorageLayout;
}

interface SolcOutput {
  readonly errors?: readonly SolcError[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>;
}

interface Solc {
  compile(input: string, callbacks: { import: (path: string) => { contents: string } | { error: string } }): string;
  version(): string;
}

/** The contracts that others deploy or call. */
const CONTRACTS = [
  'Gateway',
  'BridgedToken',
  'TestToken',
  'ICheckpointVerifier',
  'Forwarder',
  'ForwarderFactory',
] as const;
/** 2394: the reentrancy guard's transient storage, which it clears itself. 5574: code size, checked here. */
const WARNINGS_KNOWN: readonly string[] = ['2394', '5574'];
/** EIP-170. */
const CODE_BYTES_MAX = 24_576;

const here = fileURLToPath(new URL('.', import.meta.url));
const modules = join(here, '..', '..', 'node_modules');
const artifactsFolder = join(here, 'artifacts');
const load = createRequire(import.meta.url);

/** The settings of the committed artifacts, in foundry.toml. */
export function compilerSettings(): CompilerSettings {
  const file = readFileSync(join(here, 'foundry.toml'), 'utf8');
  const text = file.slice(file.indexOf('[profile.artifacts]'), file.indexOf('[profile.default]'));
  const value = (key: string): string => {
    const found = new RegExp(`^${key} = (.+)$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new Error(`foundry.toml has no ${key}`);
    return found.replaceAll('"', '');
  };
  return {
    evmVersion: value('evm_version'),
    optimizer: { enabled: value('optimizer') === 'true', runs: Number(value('optimizer_runs')) },
    viaIR: value('via_ir') === 'true',
    bytecodeHash: value('bytecode_hash'),
  };
}

export function compilerVersion(): string {
  return (load('solc') as Solc).version();
}

/** Compiles all of `src`. Throws with the compiler's own messages when it does not compile or a contract is too big. */
export function compileArtifacts(): Artifact[] {
  const output = compile();
  const complaints = (output.errors ?? []).filter(
    (problem) => problem.severity === 'error' || !WARNINGS_KNOWN.includes(problem.errorCode ?? ''),
  );
  if (complaints.length > 0) throw new Error(complaints.map((problem) => problem.formattedMessage).join('\n'));
  const found = Object.values(output.contracts ?? {}).flatMap((file) => Object.entries(file));
  return CONTRACTS.map((name) => {
    const contract = found.find(([contractName]) => contractName === name)?.[1];
    if (contract === undefined) throw new Error(`No contract ${name} in src`);
    const codeBytes = contract.evm.deployedBytecode.object.length / 2;
    if (codeBytes > CODE_BYTES_MAX)
      throw new Error(`${name} has ${codeBytes} bytes of code; EIP-170 allows ${CODE_BYTES_MAX}`);
    return {
      contractName: name,
      abi: contract.abi,
      bytecode: `0x${contract.evm.bytecode.object}`,
      storageLayout: tidyLayout(contract.storageLayout),
    };
  });
}

/** Bytes of deployed code by contract name. */
export function codeSizes(): ReadonlyMap<string, number> {
  const contracts = Object.values(compile().contracts ?? {}).flatMap((file) => Object.entries(file));
  return new Map(contracts.map(([name, contract]) => [name, contract.evm.deployedBytecode.object.length / 2]));
}

export function artifactFile(name: string): string {
  return join(artifactsFolder, `${name}.json`);
}

export function renderArtifact(artifact: Artifact): string {
  return `${JSON.stringify(artifact, null, 2)}\n`;
}

/** Names of committed artifacts that differ from a fresh compile, or are missing. */
export function staleArtifacts(fresh: readonly Artifact[] = compileArtifacts()): string[] {
  return fresh
    .filter((artifact) => readIfThere(artifactFile(artifact.contractName)) !== renderArtifact(artifact))
    .map((artifact) => artifact.contractName);
}

function compile(): SolcOutput {
  const solc = load('solc') as Solc;
  const sources = Object.fromEntries(
    solidityFiles(join(here, 'src')).map((file) => [relative(here, file), { content: readFileSync(file, 'utf8') }]),
  );
  const { evmVersion, optimizer, viaIR, bytecodeHash } = compilerSettings();
  const input = {
    language: 'Solidity',
    sources,
    settings: {
      evmVersion,
      optimizer,
      viaIR,
      // Without the metadata hash, the bytecode depends on the code alone and not on comments or paths.
      metadata: { bytecodeHash },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'storageLayout'] } },
    },
  };
  const answer = solc.compile(JSON.stringify(input), {
    import: (path) => {
      const contents = readIfThere(join(modules, path));
      return contents === undefined ? { error: `not found: ${path}` } : { contents };
    },
  });
  return JSON.parse(answer) as SolcOutput;
}

function tidyLayout(layout: StorageLayout): StorageLayout {
  return {
    storage: layout.storage.map(({ label, slot, offset, type }) => ({
      label,
      slot,
      offset,
      type: type.replaceAll(/\)\d+/g, ')'),
    })),
  };
}

function solidityFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.sol'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const fresh = compileArtifacts();
  const stale = staleArtifacts(fresh);
  if (process.argv.includes('--check')) {
    if (stale.length > 0) {
      process.stderr.write(`Stale artifacts: ${stale.join(', ')}. Run: npx tsx contracts/evm/build.ts\n`);
      process.exitCode = 1;
    }
  } else {
    for (const artifact of fresh) writeFileSync(artifactFile(artifact.contractName), renderArtifact(artifact));
    process.stdout.write(`${fresh.length} artifacts, ${stale.length} changed\n`);
  }
}
