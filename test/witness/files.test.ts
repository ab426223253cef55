/** Files of the nodes and of the documentation, as the witnesses change and read them. */
import { describe, expect, it } from 'vitest';
import { withHolders } from '../devnet/cosmos/tokend.ts';
import { goBuildFolder, pinnedVersion } from './goBuild.ts';
import { replaceSection } from './section.ts';
import { setToml, withToml } from './toml.ts';

const TOML = `# port = 0
name = "x"

[rpc]
port = 1 # theirs
laddr = "tcp://0.0.0.0:1"

[p2p]
port = 2
`;

describe('TOML', () => {
  it('changes one key of one section, and nothing else', () => {
    expect(setToml(TOML, 'p2p', 'port', 3)).toBe(TOML.replace('port = 2', 'port = 3'));
    expect(setToml(TOML, '', 'name', 'a "b"')).toBe(TOML.replace('"x"', '"a \\"b\\""'));
    const changed = withToml(TOML, { rpc: { laddr: 'tcp://127.0.0.1:9', port: false } });
    expect(changed).toContain('port = false\nladdr = "tcp://127.0.0.1:9"');
    expect(changed).toContain('port = 2');
  });

  it('does not add keys that the node does not know', () => {
    expect(() => setToml(TOML, '', 'port', 1)).toThrow(/no key port/);
    expect(() => setToml(TOML, 'p2p', 'laddr', 'x')).toThrow(/no key laddr in section \[p2p\]/);
  });
});

describe('pins', () => {
  it('names the version of a module, replaced ones aside', () => {
    const goMod =
      'require (\n\tx.test/a v1.2.3 // indirect\n\tx.test/b v0.1.0\n)\nreplace x.test/b => x.test/c v9.0.0\n';
    expect(pinnedVersion(goMod, 'x.test/a')).toBe('1.2.3');
    expect(pinnedVersion(goMod, 'x.test/b')).toBe('0.1.0');
    expect(() => pinnedVersion(goMod, 'x.test/d')).toThrow();
  });

  it('keeps each pin in a folder of its own', () => {
    const folder = (text: string): string => goBuildFolder('n', [Buffer.from(text)], { VIADUCT_CACHE: 'cache' });
    expect(folder('a')).toMatch(/^cache.witness.n-[0-9a-f]{16}$/);
    expect(folder('a')).not.toBe(folder('b'));
  });
});

describe('a page', () => {
  it('has its generated section replaced, again and again', () => {
    const page = 'before\n<!-- n: generated, begin -->\nold\n<!-- n: generated, end -->\nafter\n';
    const once = replaceSection(page, 'n', 'new\n');
    expect(once).toContain('before\n<!-- n: generated, begin -->\n\nnew\n\n<!-- n: generated, end -->\nafter');
    expect(replaceSection(once, 'n', 'new')).toBe(once);
    expect(() => replaceSection(page, 'm', '')).toThrow(/no section m/);
  });
});

describe('a genesis', () => {
  it('gets holders with accounts in order and a supply that is their sum', () => {
    const genesis = {
      app_state: {
        auth: { accounts: [{ address: 'v' }] },
        bank: { balances: [], supply: [{ denom: 'stake', amount: '5' }] },
        tokenfactory: { params: { denom_creation_fee: [] } },
      },
    };
    const made = withHolders(
      genesis,
      [
        { address: 'a', coins: { utoken: 3n, aaa: 1n } },
        { address: 'b', coins: { utoken: 4n } },
      ],
      'utoken',
    );
    expect(made).toMatchObject({
      app_state: {
        auth: { accounts: [{}, { address: 'a', account_number: '1' }, { address: 'b', account_number: '2' }] },
        bank: {
          balances: [
            {
              address: 'a',
              coins: [
                { denom: 'aaa', amount: '1' },
                { denom: 'utoken', amount: '3' },
              ],
            },
            { address: 'b', coins: [{ denom: 'utoken', amount: '4' }] },
          ],
          supply: [
            { denom: 'aaa', amount: '1' },
            { denom: 'stake', amount: '5' },
            { denom: 'utoken', amount: '7' },
          ],
        },
        tokenfactory: { params: { denom_creation_fee: [{ denom: 'utoken', amount: '10000000' }] } },
      },
    });
    expect(genesis.app_state.bank.supply).toHaveLength(1);
  });
});
