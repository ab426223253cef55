/** Sending transfers on through a chain in the middle. */
export { type ForwardRecord, type ForwardState } from './forwardRecord.ts';
export { createForwards, type Forwards, type ForwardsDeps, type ForwardsOptions } from './forwards.ts';
