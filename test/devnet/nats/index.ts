/** Obtaining and running nats-server for the local network and the tests. */
export { currentNats, oldestNats, type MatrixRow } from './matrix.ts';
export {
  cachedBinary,
  findNatsServer,
  NATS_VERSION,
  NATS_VERSION_OLDEST,
  obtainNatsServer,
  type NatsServerBinary,
  type ObtainOptions,
} from './obtainNatsServer.ts';
export { startNatsServer, type NatsServer, type StartNatsOptions } from './startNatsServer.ts';
