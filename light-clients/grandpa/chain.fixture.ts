/** A tiny GRANDPA chain for tests: headers with real hashes, authorities with real keys, justifications with real votes. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { blake2b256 } from '../blake2b.ts';
import { joinBytes, sizedBytes, u32Bytes, u64Bytes } from '../scale.ts';
import { type Authority, encodeAuthorities } from './authoritySet.ts';
import { type DigestItem, encodeHeader, hashHeader } from './header.ts';
import { type BlockId, encodeJustification, type Precommit, precommitMessage } from './justification.ts';

export interface TestSigner {
  readonly key: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export interface TestBlock {
  readonly id: BlockId;
  readonly bytes: Uint8Array;
}

export interface BlockParts {
  readonly digest?: readonly DigestItem[];
  readonly stateRoot?: Uint8Array;
  readonly slot?: bigint;
}

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Deterministic: one signer a seed. */
export function testSigner(seed: string): TestSigner {
  const secret = blake2b256(Buffer.from(seed));
  const key: KeyObject = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, secret]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    key: new Uint8Array(spki.subarray(spki.length - 32)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

export function testSigners(count: number, name = 'authority'): readonly TestSigner[] {
  return Array.from({ length: count }, (_, i) => testSigner(`${name} ${i}`));
}

export function authoritiesOf(signers: readonly TestSigner[]): readonly Authority[] {
  return signers.map(({ key }) => ({ key, weight: 1n }));
}

export function testBlock(parent: TestBlock | undefined, parts: BlockParts = {}): TestBlock {
  const number = parent === undefined ? 0 : parent.id.number + 1;
  const slot: readonly DigestItem[] =
    parts.slot === undefined
      ? []
      : [
          {
            kind: 'preRuntime',
            engine: 'BABE',
            data: joinBytes([Uint8Array.of(2), u32Bytes(0), u64Bytes(parts.slot)]),
          },
        ];
  const bytes = encodeHeader({
    parentHash: parent?.id.hash ?? new Uint8Array(32),
    number,
    stateRoot: parts.stateRoot ?? new Uint8Array(32).fill(number & 255),
    extrinsicsRoot: new Uint8Array(32).fill(7),
    digest: [...slot, ...(parts.digest ?? [])],
  });
  return { id: { hash: hashHeader(bytes), number }, bytes };
}

/** `count` blocks on top of `parent`. */
export function testBlocks(parent: TestBlock, count: number): readonly TestBlock[] {
  const blocks: TestBlock[] = [];
  for (let last = parent; blocks.length < count; blocks.push(last)) last = testBlock(last);
  return blocks;
}

export function scheduledChange(next: readonly Authority[], delay = 0): DigestItem {
  return frnk(joinBytes([Uint8Array.of(1), encodeAuthorities(next), u32Bytes(delay)]));
}

export function forcedChange(next: readonly Authority[], delay = 0): DigestItem {
  return frnk(joinBytes([Uint8Array.of(2), u32Bytes(0), encodeAuthorities(next), u32Bytes(delay)]));
}

export function frnk(data: Uint8Array): DigestItem {
  return { kind: 'consensus', engine: 'FRNK', data };
}

export interface VoteParts {
  readonly round?: bigint;
  readonly setId?: bigint;
  /** The message stage byte, 1 for a precommit. */
  readonly stage?: number;
}

export function vote(signer: TestSigner, target: BlockId, parts: VoteParts = {}): Precommit {
  const message = precommitMessage(target, parts.round ?? 1n, parts.setId ?? 0n);
  message[0] = parts.stage ?? 1;
  return { target, signature: signer.sign(message), authority: signer.key };
}

/** The encoded justification of `target` by these votes. */
export function justificationOf(
  target: BlockId,
  precommits: readonly Precommit[],
  ancestries: readonly TestBlock[] = [],
  round = 1n,
): Uint8Array {
  return encodeJustification({
    round,
    target,
    precommits,
    ancestries: ancestries.map(({ bytes }) => ({ bytes, header: undefined as never })),
  });
}

/** All signers vote for the block itself. */
export function justify(block: TestBlock, signers: readonly TestSigner[], parts: VoteParts = {}): Uint8Array {
  const votes = signers.map((signer) => vote(signer, block.id, parts));
  return justificationOf(block.id, votes, [], parts.round);
}

/** As `grandpa_proveFinality` answers. */
export function finalityProofOf(
  block: TestBlock,
  justification: Uint8Array,
  unknownHeaders: readonly TestBlock[],
): Uint8Array {
  const count = unknownHeaders.length;
  const compact = count < 64 ? Uint8Array.of(count << 2) : u32Bytes(count * 4 + 2);
  return joinBytes([block.id.hash, sizedBytes(justification), compact, ...unknownHeaders.map(({ bytes }) => bytes)]);
}
