/**
 * `ext_crypto_*`: verification only. Keys of the node are not in the host; a runtime that asks it to generate or to
 * sign traps.
 *
 * A signature is checked when the transaction is submitted and again in its block, so answers are remembered.
 */
import { secp256k1Compress, secp256k1Recover, sr25519Verify } from '@polkadot/wasm-crypto';
import { blake2b256 } from '../../../../../light-clients/blake2b.ts';
import { verifyEd25519 } from '../../../../../light-clients/ed25519.ts';
import { joinBytes } from '../../../../../light-clients/scale.ts';
import type { HostContext, HostFunctions } from '../hostContext.ts';
import { keyText } from '../overlay.ts';

/** 20,000 answers are some 3 MB: two full blocks. */
const REMEMBERED_MAX = 20_000;
const BAD_SIGNATURE = Uint8Array.of(1, 2);

type Check = (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean;

export function signatureFunctions(host: HostContext): HostFunctions {
  const remembered = new Map<string, boolean>();
  let batchHolds = true;

  const verifier =
    (scheme: string, check: Check) =>
    (signaturePointer: number, message: bigint, keyPointer: number): number => {
      const memory = host.memory();
      const signature = memory.view(signaturePointer >>> 0, 64).slice();
      const key = memory.view(keyPointer >>> 0, 32).slice();
      const bytes = memory.copySpan(message);
      const id = scheme + keyText(blake2b256(signature, key, bytes));
      let holds = remembered.get(id);
      if (holds === undefined) {
        holds = safely(check, signature, bytes, key);
        if (remembered.size >= REMEMBERED_MAX) remembered.clear();
        remembered.set(id, holds);
      }
      if (!holds) batchHolds = false;
      return holds ? 1 : 0;
    };
  const recover =
    (compressed: boolean) =>
    (signaturePointer: number, messagePointer: number): bigint => {
      const signature = host
        .memory()
        .view(signaturePointer >>> 0, 65)
        .slice();
      const message = host
        .memory()
        .view(messagePointer >>> 0, 32)
        .slice();
      const recovery = signature[64] ?? 0;
      try {
        const key = secp256k1Recover(message, signature.subarray(0, 64), recovery > 26 ? recovery - 27 : recovery);
        // The uncompressed form goes without its leading 4.
        const shown = compressed ? secp256k1Compress(key) : key.subarray(1);
        return host.memory().putSpan(joinBytes([Uint8Array.of(0), shown]));
      } catch {
        return host.memory().putSpan(BAD_SIGNATURE);
      }
    };

  const sr25519 = verifier('sr', (signature, message, key) => sr25519Verify(signature, message, key));
  const ed25519 = verifier('ed', verifyEd25519);
  return {
    ext_crypto_sr25519_verify_version_1: sr25519,
    ext_crypto_sr25519_verify_version_2: sr25519,
    ext_crypto_ed25519_verify_version_1: ed25519,
    ext_crypto_secp256k1_ecdsa_recover_version_1: recover(false),
    ext_crypto_secp256k1_ecdsa_recover_version_2: recover(false),
    ext_crypto_secp256k1_ecdsa_recover_compressed_version_1: recover(true),
    ext_crypto_secp256k1_ecdsa_recover_compressed_version_2: recover(true),
    ext_crypto_start_batch_verify_version_1: () => {
      batchHolds = true;
    },
    ext_crypto_finish_batch_verify_version_1: () => (batchHolds ? 1 : 0),
  };
}

function safely(check: Check, signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  try {
    return check(signature, message, key);
  } catch {
    // Not a key or not a signature.
    return false;
  }
}
