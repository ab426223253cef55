/**
 * Loaded before a command's entry. Pipe 3 leads to scripts/run.mjs and closes when that process is gone, however it went;
 * the command then stops as on SIGTERM, so that no chain or server is left running behind a killed terminal or CI job.
 */
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.env.VIADUCT_LIFELINE === '3') {
  // Children and workers inherit the environment and the loader, not the pipe.
  delete process.env.VIADUCT_LIFELINE;
  const pipe = new Socket({ fd: 3, readable: true, writable: false });
  pipe.on('error', () => undefined);
  pipe.once('close', () => {
    process.once('exit', endGroup);
    process.kill(process.pid, 'SIGTERM');
  });
  pipe.resume();
  pipe.unref();
}

/** What this process started and did not stop: run.mjs, which would do it, is gone. */
function endGroup() {
  try {
    process.kill(-process.pid, 'SIGTERM');
  } catch {
    // Not the leader of a group, or nothing is left of it.
  }
}
