/**
 * The network that the load benchmarks run on: pairs of simulated EVM chains, a lane each way between the two of a pair, an
 * asset for each lane with its home at the lane's source, and a signer set of one. Everybody makes the same one from the
 * same number of chains, so that nothing of it is sent around.
 */
import { EXECUTION_HEADER_FIELDS } from '../../../light-clients/ethereum/executionHeader.ts';
import { encodeRlp, integerBytes } from '../../../light-clients/merkle/index.ts';
import { toHex, utf8 } from '../../../relayer/core/bytes.ts';
import { keccak256 } from '../../../relayer/core/keccak.ts';
import { addressOf } from '../../../relayer/core/secp256k1.ts';
import { checksumAddress, loadManifest, type Manifest } from '../../../relayer/manifest/index.ts';

/** The one attester. */
export const ATTESTER_KEY = keccak256(utf8('bench attester'));
/** A chain's time at its first block: long ago, so that no clock says otherwise. */
const GENESIS_SECONDS = 1_700_000_000n;

export function gatewayAddress(index: number): Uint8Array {
  return keccak256(utf8(`bench gateway ${index}`)).slice(12);
}

export function tokenAddress(index: number, home: number): Uint8Array {
  return keccak256(utf8(`bench token ${home} at ${index}`)).slice(12);
}

/** A header of the newest form; all that the light client does not read is empty. */
export function encodeHeader(
  height: bigint,
  parentHash: Uint8Array,
  stateRoot: Uint8Array,
  seconds: bigint,
): Uint8Array {
  const values: Readonly<Record<string, Uint8Array>> = {
    parentHash,
    stateRoot,
    number: integerBytes(height),
    timestamp: integerBytes(seconds),
  };
  return encodeRlp(
    EXECUTION_HEADER_FIELDS.map(([name, shape]) => {
      return values[name] ?? (shape.kind === 'fixed' ? new Uint8Array(shape.bytes) : new Uint8Array(0));
    }),
  );
}

/** The block that the manifest trusts: height 0, before the gateway. */
export function genesisHeader(index: number): Uint8Array {
  return encodeHeader(0n, keccak256(utf8(`bench chain ${index}`)), new Uint8Array(32), GENESIS_SECONDS);
}

/** The other chain of a pair. */
export function partnerOf(index: number): number {
  return index ^ 1;
}

export function benchManifest(chains: number, chunkSize: number): Manifest {
  const all = Array.from({ length: chains }, (_, index) => index);
  const name = (index: number): string => `sim-${index}`;
  const token = (index: number, home: number): string => checksumAddress(tokenAddress(index, home));
  const document = {
    version: 1,
    network: 'bench',
    profile: 'dev',
    chains: all.map((index) => ({
      name: name(index),
      id: `eip155:${1_000 + index}`,
      family: 'evm',
      lightClient: {
        kind: 'confirmations',
        confirmations: 0,
        quorum: 1,
        trusted: { height: '0', hash: toHex(keccak256(genesisHeader(index))) },
      },
      gateway: { kind: 'contract', address: checksumAddress(gatewayAddress(index)), startHeight: '1' },
    })),
    signers: {
      epoch: '1',
      threshold: 1,
      members: [{ name: 'one', address: checksumAddress(addressOf(ATTESTER_KEY)), operator: 'bench' }],
    },
    assets: all.map((home) => ({
      id: home + 1,
      symbol: `T${home}`,
      decimals: 18,
      representations: [
        { chain: name(home), custody: 'lock', token: token(home, home), decimals: 18 },
        { chain: name(partnerOf(home)), custody: 'mint', token: token(partnerOf(home), home), decimals: 18 },
      ],
    })),
    lanes: all.map((source) => ({
      source: name(source),
      target: name(partnerOf(source)),
      enabled: true,
      chunkSize,
      assets: [source, partnerOf(source)].map((home) => ({ id: home + 1, minAmount: '1' })),
    })),
  };
  return loadManifest(utf8(JSON.stringify(document)), 'bench manifest');
}
