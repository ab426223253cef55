import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { schemaFiles } from './schemas.ts';

function configs(name: string): string {
  return readFileSync(new URL(`../../configs/${name}`, import.meta.url), 'utf8');
}

describe('JSON Schemas', () => {
  it.each([...schemaFiles().keys()])('%s is what the code generates', (name) => {
    // After a change of a schema: npx tsx relayer/config/generateSchemas.ts
    expect(JSON.parse(configs(name))).toEqual(JSON.parse(JSON.stringify(schemaFiles().get(name))));
  });

  it.each([...schemaFiles().keys()])('%s describes every field', (name) => {
    const missing: string[] = [];
    const visit = (schema: Record<string, unknown>, path: string): void => {
      for (const [key, value] of Object.entries(
        (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        if (typeof value['description'] !== 'string') missing.push(`${path}.${key}`);
      }
      for (const [key, value] of Object.entries(schema)) {
        if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>, `${path}.${key}`);
      }
    };
    visit(JSON.parse(configs(name)) as Record<string, unknown>, '');
    expect(missing).toEqual([]);
  });

  it('the examples are valid under them, with their references as written', () => {
    const check = (schema: string): z.ZodType =>
      z.fromJSONSchema(JSON.parse(configs(schema)) as Parameters<typeof z.fromJSONSchema>[0]);
    const manifest: unknown = JSON.parse(configs('example/manifest.json'));
    const relayer: unknown = parse(configs('example/relayer.yaml'));
    expect(check('manifest.schema.json').safeParse(manifest).error).toBeUndefined();
    expect(check('relayer.schema.json').safeParse(relayer).error).toBeUndefined();
    expect(check('relayer.schema.json').safeParse({ ...(relayer as object), rolls: [] }).success).toBe(false);
  });
});
