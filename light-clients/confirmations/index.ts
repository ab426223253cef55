/** The `confirmations` client: weaker than a light client, for EVM chains that have none. */
export { type ConfirmationsParameters, createConfirmationsClient, parametersProblem } from './confirmations.ts';
export { decodeTrustedBlock, encodeTrustedBlock, type TrustedBlock } from './state.ts';
export {
  decodeConfirmationsUpdate,
  encodeConfirmationsUpdate,
  type EndpointChains,
  ENDPOINTS_MAX,
  UPDATE_HEADERS_MAX,
} from './update.ts';
