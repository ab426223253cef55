/** What every family's adapter needs of an endpoint: HTTP with bounds, and several of them in turn. */
export { createEndpointRing, type EndpointRing, isEndpointsFault } from './endpointRing.ts';
export { createHttpEndpoint, type HttpEndpoint, type HttpOptions, safeUrl } from './http.ts';
