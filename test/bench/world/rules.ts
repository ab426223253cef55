/** What the certificates of a lane are checked against: by the simulated gateways as by the relayer. */
import { domainSeparator } from '../../../relayer/core/checkpoint.ts';
import type { AttestationRules } from '../../../relayer/core/signatures.ts';
import { chainByName, gatewayBytes, type Manifest, type ManifestLane } from '../../../relayer/manifest/index.ts';

export function benchRules(manifest: Manifest, lane: ManifestLane): AttestationRules {
  const target = chainByName(manifest, lane.target)!;
  return {
    signers: manifest.signers.set,
    manifestHash: manifest.hash,
    domain: domainSeparator(target.id, gatewayBytes(target.gateway)),
    chunkSize: lane.chunkSize,
  };
}
