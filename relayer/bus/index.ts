/** The bus: its port, the NATS implementation and the in-process twin. Nothing else of the project imports NATS. */
export {
  CONSUME_IN_FLIGHT,
  LEASE_MS,
  PENDING_MAX,
  PUBLISHES_IN_FLIGHT_MAX,
  REDELIVERIES_MAX,
  type Bus,
  type BusEvent,
  type BusMessage,
  type BusStats,
  type ConsumeOptions,
  type DurableHandler,
  type DurableMessage,
  type DurablePublishOptions,
  type Lease,
  type LeaseOptions,
  type MessageHandler,
  type PublishReceipt,
  type PullOptions,
  type RequestHandler,
  type RequestOptions,
  type ServiceDescription,
  type SubscribeOptions,
  type WorkItem,
} from './port.ts';
export { createMemoryBroker, type MemoryBroker } from './memoryBroker.ts';
export { createMemoryBus, type MemoryBusOptions } from './memoryBus.ts';
export { logBusEvents } from './logEvents.ts';
export { createNatsBus, type NatsBusOptions, type NatsCredentials } from './natsBus.ts';
export { whileLeased, type WhileLeasedOptions } from './whileLeased.ts';
