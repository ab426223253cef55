/**
 * A GRANDPA client that starts from the hash of one relay-chain (or solo-chain) block and nothing else: header, authority
 * set, set id and the parachain's head come as bytes and are proven under that block's state root.
 *
 * Trusted: the hash, and so that its block is final. Proven: all that the client starts from. What it then trusts and proves
 * says `grandpaClient.ts`.
 *
 *   version 0x01 ‖ header as Vec<u8> ‖ Vec<node of the read proof of `bootstrapKeys` as Vec<u8>>
 *
 * Runtimes keep the authorities under `:grandpa_authorities` (a version byte before them) or, since 2024, `Grandpa.Authorities`.
 */
import { judge, must, Refusal } from '../refusal.ts';
import { compactBytes, createScaleReader, joinBytes, sameBytes, sizedBytes } from '../scale.ts';
import { PROOF_BYTES_MAX, PROOF_NODES_MAX } from '../trie/limits.ts';
import { readTrie } from '../trie/readTrie.ts';
import { paraHeadKey, storagePrefix } from '../trie/storageKey.ts';
import type { LightClient, LightClientStep, Verdict } from '../verdict.ts';
import { type Authority, readAuthorities } from './authoritySet.ts';
import { createGrandpaClient, type GrandpaClientOptions } from './grandpaClient.ts';
import { decodeHeader, hashHeader } from './header.ts';
import { HEADER_BYTES_MAX } from './limits.ts';

export interface BootstrapClientOptions extends Omit<GrandpaClientOptions, 'trusted' | 'parachain'> {
  /** The hash of a finalized block of the chain that GRANDPA finalizes, 32 bytes. */
  readonly trustedHash: Uint8Array;
  /** With it, heads are those of this parachain. */
  readonly parachain?: { readonly id: number; readonly slotMs: number };
}

/** As the client of the relay chain or parachain; `start` takes what was pulled for it. */
export interface BootstrapClient extends Omit<LightClient, 'start'> {
  start(bootstrap: Uint8Array): Verdict<LightClientStep>;
}

const VERSION = 1;
const NOTHING = new Uint8Array(0);

export function createBootstrapClient(options: BootstrapClientOptions): BootstrapClient {
  const { trustedHash, parachain, ...rest } = options;
  const clientFrom = ({ header, setId, authorities, parachainHeader }: Bootstrap): LightClient =>
    createGrandpaClient({
      ...rest,
      trusted: { header, setId, authorities },
      ...(parachain === undefined ? {} : { parachain: { ...parachain, trustedHeader: parachainHeader } }),
    });
  // An update brings its own trusted state.
  const follower = clientFrom({ header: NOTHING, setId: 0n, authorities: [], parachainHeader: NOTHING });
  return {
    ...follower,
    start: (bootstrap) => {
      const read = readBootstrap(bootstrap, trustedHash, parachain?.id);
      return read.kind === 'valid' ? clientFrom(read.value).start() : read;
    },
  };
}

/** What the proof of a bootstrap is asked for. */
export function bootstrapKeys(parachainId: number | undefined): readonly Uint8Array[] {
  const keys = [
    storagePrefix('Grandpa', 'CurrentSetId'),
    new TextEncoder().encode(':grandpa_authorities'),
    storagePrefix('Grandpa', 'Authorities'),
  ];
  return parachainId === undefined ? keys : [...keys, paraHeadKey(parachainId)];
}

export function encodeBootstrap(header: Uint8Array, proof: readonly Uint8Array[]): Uint8Array {
  const nodes = [compactBytes(proof.length), ...proof.map(sizedBytes)];
  return joinBytes([Uint8Array.of(VERSION), sizedBytes(header), ...nodes]);
}

interface Bootstrap {
  readonly header: Uint8Array;
  readonly setId: bigint;
  readonly authorities: readonly Authority[];
  readonly parachainHeader: Uint8Array;
}

function readBootstrap(
  bytes: Uint8Array,
  trustedHash: Uint8Array,
  parachainId: number | undefined,
): Verdict<Bootstrap> {
  return judge(() => {
    const reader = createScaleReader(bytes, 'bootstrap');
    must(reader.u8() === VERSION, 'bootstrap: unknown version');
    const header = reader.sized(HEADER_BYTES_MAX);
    const nodes = Array.from({ length: reader.length(PROOF_NODES_MAX) }, () => reader.sized(PROOF_BYTES_MAX));
    reader.end();
    must(sameBytes(hashHeader(header), trustedHash), 'bootstrap: not the header of the trusted block');
    const answer = readTrie(decodeHeader(header).stateRoot, nodes, { keys: bootstrapKeys(parachainId) });
    if (answer.kind !== 'valid') throw new Refusal(answer.reason, answer.kind);
    const [setId, versioned, plain, head] = answer.value.values;
    const list = versioned === undefined ? plain : unversioned(versioned);
    must(list !== undefined, 'bootstrap: the state has no authorities');
    const authorities = createScaleReader(list, 'authorities');
    return {
      header,
      setId: setId === undefined ? 0n : createScaleReader(setId, 'set id').u64(),
      authorities: readAuthorities(authorities),
      parachainHeader: parachainId === undefined ? NOTHING : readHead(head, parachainId),
    };
  });
}

function unversioned(bytes: Uint8Array): Uint8Array {
  must(bytes[0] === 1, 'authorities: unknown version');
  return bytes.subarray(1);
}

function readHead(stored: Uint8Array | undefined, parachainId: number): Uint8Array {
  must(stored !== undefined, `parachain ${parachainId} has no head in the trusted state`);
  const reader = createScaleReader(stored, 'parachain head');
  const header = reader.sized(HEADER_BYTES_MAX);
  reader.end();
  decodeHeader(header);
  return header;
}
