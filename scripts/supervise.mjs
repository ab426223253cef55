/**
 * Waits for a child process: forwards signals to it and gives back its exit code (128 + signal number when a signal
 * ended it, 127 when it could not be started). A terminal and npm both pass on one Ctrl-C, so the same signal coming
 * again within half a second is one signal.
 */
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const REPEAT_MS = 500;

/** @param {import('node:child_process').ChildProcess} child  @returns {Promise<number>} */
export async function supervise(child) {
  const last = new Map();
  const handlers = SIGNALS.map((signal) => [
    signal,
    () => {
      const now = Date.now();
      if (now - (last.get(signal) ?? 0) < REPEAT_MS) return;
      last.set(signal, now);
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    },
  ]);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) => {
        process.stderr.write(`Cannot start ${child.spawnfile}: ${error.message}\n`);
        resolve(127);
      });
      child.once('close', (code, signal) => {
        resolve(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
      });
    });
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}
