import { describe, expect, it } from 'vitest';
import { hexOf, joinBytes, sizedBytes, u64Bytes } from '../scale.ts';
import { buildTrie } from '../trie/trie.fixture.ts';
import { paraHeadKey, storagePrefix } from '../trie/storageKey.ts';
import { encodeAuthorities } from './authoritySet.ts';
import { bootstrapKeys, createBootstrapClient, encodeBootstrap } from './bootstrap.ts';
import { encodeHeader, hashHeader, type Header } from './header.ts';
import { decodeTrustedState } from './trustedState.ts';

const PARA = 1_000;
const AUTHORITIES = [1, 2, 3].map((byte) => ({ key: new Uint8Array(32).fill(byte), weight: 1n }));
const header = (number: number, stateRoot: Uint8Array): Header => ({
  parentHash: new Uint8Array(32).fill(number),
  number,
  stateRoot,
  extrinsicsRoot: new Uint8Array(32),
  digest: [],
});
const paraHeader = encodeHeader(header(7, new Uint8Array(32).fill(4)));
const list = encodeAuthorities(AUTHORITIES);
const SET_ID = [hexOf(storagePrefix('Grandpa', 'CurrentSetId')), u64Bytes(9n)] as const;
const OLD = [hexOf(new TextEncoder().encode(':grandpa_authorities')), joinBytes([Uint8Array.of(1), list])] as const;
const NEW = [hexOf(storagePrefix('Grandpa', 'Authorities')), list] as const;
const HEAD = [hexOf(paraHeadKey(PARA)), sizedBytes(paraHeader)] as const;

function bootstrapOf(entries: readonly (readonly [string, Uint8Array])[], paraId: number | undefined) {
  const trie = buildTrie(new Map([['00', new Uint8Array(50)], ...entries]), 0);
  const bytes = encodeHeader(header(20, trie.root));
  const proof = trie.proof(bootstrapKeys(paraId));
  const parachain = paraId === undefined ? {} : { parachain: { id: paraId, slotMs: 12_000 } };
  const client = createBootstrapClient({ trustedHash: hashHeader(bytes), slotMs: 6_000, ...parachain });
  return { client, header: bytes, proof };
}

describe('a client that starts from a block hash', () => {
  it.each([
    ['the older place', OLD],
    ['the newer place', NEW],
  ])('reads authorities, set id and the parachain from a proof, in %s', (_, authorities) => {
    const { client, header: bytes, proof } = bootstrapOf([SET_ID, authorities, HEAD], PARA);
    const started = client.start(encodeBootstrap(bytes, proof));
    if (started.kind !== 'valid') throw new Error(started.reason);
    expect(started.value.head).toMatchObject({ height: 7n, hash: hashHeader(paraHeader) });
    const state = decodeTrustedState(started.value.state);
    expect(state.set).toEqual({ setId: 9n, authorities: AUTHORITIES });
    expect(hexOf(state.header)).toBe(hexOf(bytes));
  });

  it('of a chain of its own has that chain as its head', () => {
    const { client, header: bytes, proof } = bootstrapOf([SET_ID, OLD], undefined);
    expect(client.start(encodeBootstrap(bytes, proof))).toMatchObject({
      kind: 'valid',
      value: { head: { height: 20n } },
    });
  });

  it('takes no other block, no other proof, and nothing cut or changed', () => {
    const { client, header: bytes, proof } = bootstrapOf([SET_ID, OLD, HEAD], PARA);
    const good = encodeBootstrap(bytes, proof);
    expect(client.start(good).kind).toBe('valid');
    for (let i = 0; i < good.length; i++) {
      expect(client.start(good.map((byte, at) => (at === i ? byte ^ 1 : byte))).kind).toBe('invalid');
    }
    for (let length = 0; length < good.length; length += 7) {
      expect(client.start(good.slice(0, length)).kind).toBe('invalid');
    }
    const other = bootstrapOf([SET_ID, OLD, HEAD, ['ff', new Uint8Array(40)]], PARA);
    expect(client.start(encodeBootstrap(other.header, other.proof)).kind).toBe('invalid');
    expect(client.start(encodeBootstrap(bytes, other.proof)).kind).toBe('invalid');
  });

  it('needs authorities, and the parachain that it is to follow', () => {
    for (const entries of [
      [SET_ID, HEAD],
      [SET_ID, OLD],
    ] as const) {
      const { client, header: bytes, proof } = bootstrapOf(entries, PARA);
      expect(client.start(encodeBootstrap(bytes, proof)).kind).toBe('invalid');
    }
  });
});
