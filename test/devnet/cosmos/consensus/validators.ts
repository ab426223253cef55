/** Validators with real ed25519 keys, made from a seed so that a network is the same each time. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { addressOf, sha256, type PublicKey, type Validator } from '../../../../light-clients/tendermint/index.ts';

export interface ValidatorKey {
  readonly name: string;
  readonly address: Uint8Array;
  readonly publicKey: PublicKey;
  sign(message: Uint8Array): Uint8Array;
}

/** PKCS#8 of an ed25519 key, up to its 32 bytes. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export function makeValidatorKey(seed: string, name: string): ValidatorKey {
  const privateKey: KeyObject = createPrivateKey({
    key: Buffer.concat([PKCS8, sha256(new TextEncoder().encode(`${seed}/validator/${name}`))]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey: PublicKey = { type: 'ed25519', bytes: Uint8Array.from(Buffer.from(x, 'base64url')) };
  return {
    name,
    address: Uint8Array.from(addressOf(publicKey)),
    publicKey,
    sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
  };
}

/** Power descending, then address: the order that the hash covers. */
export function orderValidators(validators: readonly Validator[]): readonly Validator[] {
  return [...validators].sort((a, b) =>
    a.power === b.power ? Buffer.compare(a.address, b.address) : a.power > b.power ? -1 : 1,
  );
}

/** The set after a change; power 0 removes. */
export function withPower(validators: readonly Validator[], key: ValidatorKey, power: bigint): readonly Validator[] {
  const others = validators.filter(({ address }) => Buffer.compare(address, key.address) !== 0);
  const { address, publicKey } = key;
  return orderValidators(power === 0n ? others : [...others, { address, publicKey, power }]);
}
