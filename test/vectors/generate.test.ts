import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { vectorsText } from './generate.ts';
import { VECTORS_FILE } from './load.ts';

it('core-v1.json is what the code generates today', () => {
  // A difference is a change of the wire format: everything deployed would disagree with it.
  expect(readFileSync(VECTORS_FILE, 'utf8')).toBe(vectorsText());
});
