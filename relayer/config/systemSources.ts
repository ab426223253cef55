/** The process's own environment and files. */
import { readFileSync } from 'node:fs';
import type { ConfigSources } from './loadConfig.ts';

export function systemSources(): ConfigSources {
  return { env: process.env, readFile: (path) => new Uint8Array(readFileSync(path)) };
}
