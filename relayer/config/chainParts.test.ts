import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../core/bytes.ts';
import { ConfigError, formatFinding } from '../manifest/findings.ts';
import { loadConfig } from './loadConfig.ts';

const MANIFEST = readFileSync(new URL('../../configs/example/manifest.json', import.meta.url), 'utf8');
const KEY = `"${'5e'.repeat(32)}"`;

/** The example has two chains with lanes both ways. */
function findings(roles: string, chains: readonly string[]): string[] {
  const endpoints = 'endpoints: [{ url: "https://one.example" }, { url: "https://two.example" }]';
  const rows = chains.map((name) => `${name}: { ${endpoints}, accounts: [{ key: ${KEY} }] }`);
  const text = [
    'manifest: ./manifest.json',
    `roles: [${roles}]`,
    `chains: { ${rows.join(', ')} }`,
    'nats: { url: "nats://127.0.0.1:4222" }',
  ].join('\n');
  try {
    const readFile = (path: string) => utf8(path === '/net/relayer.yaml' ? text : MANIFEST);
    return loadConfig('/net/relayer.yaml', { env: {}, readFile }).warnings.map(formatFinding);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map(formatFinding);
  }
}

describe('a part of the chains', () => {
  it('is enough for who delivers, and said', () => {
    expect(findings('submit', ['sepolia', 'base-sepolia'])).toEqual([]);
    expect(findings('plan, submit', ['sepolia'])).toMatchInlineSnapshot(`
      [
        "/net/relayer.yaml:3:9 warning: chains: no endpoints for "base-sepolia". Other processes must have them.",
      ]
    `);
  });

  it('has both ends of every lane where the process verifies, and all chains where it answers users', () => {
    expect(findings('verify, plan, submit', ['sepolia'])).toMatchInlineSnapshot(`
      [
        "/net/relayer.yaml:3:9 chains: no endpoints for "base-sepolia"; expected both ends of every lane, since this process verifies; not so "sepolia" to "base-sepolia".",
      ]
    `);
    expect(findings('submit, api', ['sepolia'])).toMatchInlineSnapshot(`
      [
        "/net/relayer.yaml:3:9 chains: no endpoints for "base-sepolia"; expected a row for every chain of the manifest, since the API answers for all.",
      ]
    `);
  });

  it('is not nothing', () => {
    expect(findings('plan', [])).toMatchInlineSnapshot(`
      [
        "/net/relayer.yaml:3:9 chains: no endpoints for "sepolia", "base-sepolia"; expected a row for every chain of the manifest, or for the part that this process has.",
      ]
    `);
  });
});
