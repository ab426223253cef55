import { describe, expect, it } from 'vitest';
import { repositoryFiles } from './repository.ts';
import { machineFindings, secretFindings } from './textRules.ts';

const files = repositoryFiles();

describe('every tracked file', () => {
  it('holds no secret (ATK-08)', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(secretFindings)).toEqual([]);
  });

  it('names no machine and no registry', () => {
    expect(files.flatMap(machineFindings)).toEqual([]);
  });

  it('ends with a newline and has unix line ends', () => {
    const wrong = files.filter(({ text }) => text !== '' && (!text.endsWith('\n') || text.includes('\r\n')));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('the rules themselves', () => {
  const digits = '0123456789abcdef'.repeat(4);
  const secrets = (text: string, path = 'relayer/x.ts'): string[] => secretFindings({ path, text });

  it.each([
    `const privateKey = '0x${digits}';`,
    `privateKey: fromHex('${digits}'),`,
    `"signing_key": "${digits}"`,
    `signerKey: '0x${digits}'`,
    `const seed = "${digits}"`,
    `-----BEGIN EC PRIVATE${' '}KEY-----`,
    `token: AKIA${'ABCDEFGH'.repeat(2)}`,
    `ghp_${'aB3'.repeat(12)}`,
    `SU${'A2'.repeat(28)}`,
    `url: https://user:${'hunter2'}@node.io`,
    `'${'test '.repeat(11)}junk'`,
  ])('finds %s', (text) => {
    expect(secrets(text)).toHaveLength(1);
  });

  it.each([
    `const hash = '0x${digits}';`,
    `publicKey: '0x${digits}'`,
    'privateKey: ${env:KEY}',
    'url: https://${user}:${password}@node.example',
    'https://node.example/a:b@c',
    'http://user:pass@127.0.0.1:1, for the test that cuts it out',
  ])('leaves %s alone', (text) => {
    expect(secrets(text)).toEqual([]);
  });

  it('knows where development keys live and how fixtures are marked', () => {
    expect(secrets(`'${'test '.repeat(11)}junk'`, 'test/devnet/anvil.ts')).toEqual([]);
    expect(secrets(`// TEST${' '}KEYS\nconst seed = "${digits}"`, 'light-clients/x.vector.json')).toEqual([]);
  });

  it.each([`see /${'work'}/main`, `'/${'home'}/me/x'`, `/${'tmp'}/x`, `https://registry.${'npmjs'}.org/x`])(
    'finds the machine in %s',
    (text) => {
      expect(machineFindings({ path: 'a.md', text })).toHaveLength(1);
    },
  );

  it.each([`./${'work'}/main`, 'docs/work/', `https://a.example/${'home'}/me`])('and not in %s', (text) => {
    expect(machineFindings({ path: 'a.md', text })).toEqual([]);
  });
});
