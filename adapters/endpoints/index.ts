/** What every family's adapter needs of an endpoint: HTTP with bounds, and several of them in turn. */
export { createEndpointRing, type EndpointRing, type EndpointRingOptions, isEndpointsFault } from './endpointRing.ts';
export { chooseEndpoint } from './chooseEndpoint.ts';
export { type EndpointStats, FRESH_STATS } from './endpointStats.ts';
export { createEndpointHealth, type EndpointHealth } from './health.ts';
export { createHttpEndpoint, type HttpEndpoint, type HttpOptions, safeUrl } from './http.ts';
