/** Real proof-of-stake chains for the local network and the tests. */
export { type Beacon, startBeacon } from './process/startBeacon.ts';
export type { BeaconInfo, BeaconProcessOptions } from './process/protocol.ts';
export type { ChainClock } from './paceSlots.ts';
