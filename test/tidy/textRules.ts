/** What no tracked file holds: secrets, and traces of the machine it was written on. */
import type { TextFile } from './repository.ts';

/** Where a development key may be spelled: the local network makes its accounts from the well-known mnemonic. */
const DEV_KEYS = /^test\/devnet\//;
/** Knows published keys in order to refuse them. */
const KNOWN_KEYS = 'relayer/manifest/testKeys.ts';
/** A fixture with keys says so in its text. */
const FIXTURE_MARK = 'TEST KEYS';

/** Spelled in pieces, so that this file passes its own rules. */
const MNEMONIC = `${'test '.repeat(11)}junk`;
const FIRST_DEV_KEY = ['ac0974bec39a17e36ba4a6b4d238ff94', '4bacb478cbed5efcae784d7bf4f2ff80'].join('');
const SECRETS: readonly [string, RegExp][] = [
  ['a private key in PEM', new RegExp(`-----BEGIN [A-Z ]*PRIVATE${' '}KEY-----`)],
  ['a cloud access key', /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a GitHub token', /\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{50,}/],
  ['a chat token', /\bxox[abprs]-[A-Za-z0-9-]{10,}/],
  ['a NATS seed', /\bS[UAOCNX][A-Z2-7]{56}\b/],
  [
    'credentials in a URL',
    /\b(https?|wss?|nats|tls):\/\/[^\s/:@'"`<>${}]+:[^\s/:@'"`<>${}]+@(?!127\.0\.0\.1|localhost|host\b|[a-z.-]+\.example)[a-z0-9]/,
  ],
];
const KEY_NAME = '(private|secret|signing|signer|attester|submitter|relayer|account|dev)_?-?key|mnemonic|seed|secret';
const HEX_KEY = new RegExp(
  `(${KEY_NAME})[A-Za-z0-9_]*['"]?\\s*[:=]\\s*(Uint8Array\\.fromHex\\(|fromHex\\(|hexToBytes\\()?['"\`](0x)?[0-9a-fA-F]{64}['"\`]`,
  'i',
);
const PUBLIC_NAME = /public_?key|pub_?key/i;

const MACHINE: readonly [string, RegExp][] = [
  [
    'a path of one machine',
    new RegExp(`(^|[\\s'"\`(=:])/(${['wor' + 'k', 'far' + 'm', 'root', 'Users', 'home/[a-z]+'].join('|')})/`),
  ],
  ['a temporary path of one machine', new RegExp(`/${'tmp'}/[a-z]`)],
  [
    'the address of a package registry',
    new RegExp(
      [
        'registry\\.np' + 'mjs',
        'registry\\.yarn' + 'pkg',
        'proxy\\.go' + 'lang',
        'deb\\.deb' + 'ian',
        'static\\.rust' + '-lang',
        'index\\.cra' + 'tes',
        'files\\.pythonhos' + 'ted',
      ].join('|'),
    ),
  ],
];

export function secretFindings({ path, text }: TextFile): string[] {
  const findings: string[] = [];
  const known = DEV_KEYS.test(path) || path === KNOWN_KEYS;
  const marked = path !== 'test/tidy/textRules.ts' && text.includes(FIXTURE_MARK);
  for (const [index, line] of text.split('\n').entries()) {
    const found = (what: string): void => void findings.push(`${path}:${index + 1} ${what}`);
    if (!known && line.includes(MNEMONIC)) found('the development mnemonic outside test/devnet');
    if (!known && !marked && line.toLowerCase().includes(FIRST_DEV_KEY)) found('a development key outside test/devnet');
    if (!known && !marked && HEX_KEY.test(line) && !PUBLIC_NAME.test(line)) {
      found(`a 32-byte value under a key's name (a fixture says ${FIXTURE_MARK} in its text)`);
    }
    for (const [what, pattern] of SECRETS) if (!marked && pattern.test(line)) found(what);
  }
  return findings;
}

export function machineFindings({ path, text }: TextFile): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      MACHINE.flatMap(([what, pattern]) => (pattern.test(line) ? [`${path}:${index + 1} ${what}`] : [])),
    );
}
