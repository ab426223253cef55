/** Chains made up for tests: real keys, hashes and signatures, and every field open to change. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import secp256k1 from 'secp256k1';
import { headerHash, sha256, validatorsHash, voteSignBytes } from './canonical.ts';
import { addressOf } from './keys.ts';
import {
  FLAG_ABSENT,
  FLAG_COMMIT,
  GO_ZERO_TIME,
  type Commit,
  type CommitSignature,
  type Header,
  type LightBlock,
  type PublicKey,
  type TrustRules,
  type Validator,
} from './types.ts';

export const SECOND = 1_000_000_000n;
/** The time of height 0. */
export const GENESIS_NANOS = 1_700_000_000n * SECOND + 123_456_789n;

export const RULES: TrustRules = {
  chainId: 'chain-1',
  trustLevel: { numerator: 1n, denominator: 3n },
  trustingPeriodNanos: 1_000_000n * SECOND,
  clockDriftNanos: 10n * SECOND,
};

export interface Signer {
  readonly validator: Validator;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export function makeSigner(seed: string, power: bigint): Signer {
  const d = sha256(new TextEncoder().encode(seed));
  // PKCS#8 of an ed25519 seed.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), d]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const x = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
  const publicKey: PublicKey = { type: 'ed25519', bytes: Uint8Array.from(Buffer.from(x, 'base64url')) };
  return {
    validator: { address: Uint8Array.from(addressOf(publicKey)), publicKey, power },
    sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
  };
}

export function makeSecpSigner(seed: string, power: bigint): Signer {
  const d = sha256(new TextEncoder().encode(seed));
  const publicKey: PublicKey = { type: 'secp256k1', bytes: secp256k1.publicKeyCreate(d, true) };
  return {
    validator: { address: addressOf(publicKey), publicKey, power },
    sign: (message) => secp256k1.ecdsaSign(sha256(message), d).signature,
  };
}

/** Signers of one power in the order of the chain. */
export function makeSigners(prefix: string, count: number, power = 10n): readonly Signer[] {
  return sortSigners(Array.from({ length: count }, (_, index) => makeSigner(`${prefix}-${index}`, power)));
}

/** Power descending, then address. */
export function sortSigners(signers: readonly Signer[]): readonly Signer[] {
  return [...signers].sort(({ validator: a }, { validator: b }) =>
    a.power === b.power ? Buffer.compare(a.address, b.address) : a.power > b.power ? -1 : 1,
  );
}

export interface BlockPlan {
  readonly height: bigint;
  readonly signers: readonly Signer[];
  readonly nextSigners?: readonly Signer[];
  readonly header?: Partial<Header>;
  readonly round?: number;
  /** What each signer does; commit when not said. */
  readonly flag?: (index: number) => number;
}

/** Five seconds between blocks. */
export function makeHeader(plan: BlockPlan): Header {
  const hashOf = (what: string): Uint8Array =>
    Uint8Array.from(sha256(new TextEncoder().encode(`${what} ${plan.height}`)));
  return {
    versionBlock: 11n,
    versionApp: 1n,
    chainId: RULES.chainId,
    height: plan.height,
    timeNanos: GENESIS_NANOS + plan.height * 5n * SECOND,
    lastBlockId: { hash: hashOf('last block'), partsTotal: 1, partsHash: hashOf('last parts') },
    lastCommitHash: hashOf('last commit'),
    dataHash: hashOf('data'),
    validatorsHash: validatorsHash(plan.signers.map((signer) => signer.validator)),
    nextValidatorsHash: validatorsHash((plan.nextSigners ?? plan.signers).map((signer) => signer.validator)),
    consensusHash: hashOf('consensus'),
    appHash: hashOf('app'),
    lastResultsHash: hashOf('results'),
    evidenceHash: hashOf('evidence'),
    proposerAddress: plan.signers[0]?.validator.address ?? new Uint8Array(20),
    ...plan.header,
  };
}

export function makeBlock(plan: BlockPlan): LightBlock {
  const header = makeHeader(plan);
  return {
    header,
    commit: makeCommit(header, plan),
    validators: plan.signers.map((signer) => signer.validator),
    nextValidators: (plan.nextSigners ?? plan.signers).map((signer) => signer.validator),
  };
}

export function makeCommit(header: Header, plan: BlockPlan): Commit {
  const blockId = { hash: headerHash(header), partsTotal: 1, partsHash: sha256(headerHash(header)) };
  const empty: Commit = { height: header.height, round: plan.round ?? 0, blockId, signatures: [] };
  const signBytes = voteSignBytes(header.chainId, empty);
  const signatures = plan.signers.map((signer, index): CommitSignature => {
    const flag = plan.flag?.(index) ?? FLAG_COMMIT;
    if (flag === FLAG_ABSENT) {
      return { flag, address: new Uint8Array(0), timeNanos: GO_ZERO_TIME, signature: new Uint8Array(0) };
    }
    const entry = {
      flag,
      address: signer.validator.address,
      timeNanos: header.timeNanos + BigInt(index) * 1_000_000n,
      signature: new Uint8Array(0),
    };
    return { ...entry, signature: signer.sign(signBytes(entry)) };
  });
  return { ...empty, signatures };
}
