/**
 * What a relayer's log says beside what chains show: when transactions were handed to a node, and, where it was asked to say
 * so, how long it collected garbage.
 */
import { readFileSync } from 'node:fs';

/** Unix milliseconds of the first broadcast, by transaction as the chain writes it. */
export function broadcastTimes(logFile: string): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const line of readFileSync(logFile, 'utf8').split('\n')) {
    if (!line.includes('"msg":"broadcast"')) continue;
    const { hash, time } = JSON.parse(line) as { readonly hash: string; readonly time: string };
    if (!times.has(hash)) times.set(hash, Date.parse(time));
  }
  return times;
}

/** Of all collections said so far; see `sayGc.mjs`. */
const COLLECTED = /^\{"gcMs":([\d.]+)\}$/gm;

export function gcMillis(logFile: string): number {
  let sum = 0;
  for (const [, millis] of readFileSync(logFile, 'utf8').matchAll(COLLECTED)) sum += Number(millis);
  return sum;
}
