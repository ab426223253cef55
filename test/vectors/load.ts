/** The golden vectors as they are checked in. */
import { readFileSync } from 'node:fs';
import type { CoreVectors } from './generate.ts';

export const VECTORS_FILE = new URL('core-v1.json', import.meta.url);

export function loadVectors(): CoreVectors {
  return JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as CoreVectors;
}
