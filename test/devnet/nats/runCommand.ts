/** Runs a program to its end without a shell. Rejects with what it printed when it fails or is not there. */
import { execFile, type ExecFileException } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  /** Instead of this process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}

export async function runCommand(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = {
      encoding: 'utf8' as const,
      maxBuffer: 16 * 1024 * 1024,
      timeout: options.timeoutMs ?? 300_000,
      env: { ...(options.env ?? process.env) },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    };
    execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(reasonOf(error, program, stderr), { cause: error }));
    });
  });
}

function reasonOf(error: ExecFileException, program: string, stderr: string): string {
  if (error.code === 'ENOENT') return `${program} is not installed`;
  const lines = stderr.trim().split('\n');
  return `${program} failed: ${lines.slice(-3).join(' | ').slice(0, 400) || error.message}`;
}
