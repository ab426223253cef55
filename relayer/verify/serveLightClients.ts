/** The program of the light clients' thread: makes each client once, and answers calls in the order in which they come. */
import { parentPort } from 'node:worker_threads';
import { createEthereumFollower, selectBls } from '../../light-clients/ethereum/index.ts';
import { createBootstrapClient } from '../../light-clients/grandpa/bootstrap.ts';
import { createTendermintFollower } from '../../light-clients/tendermint/index.ts';
import { assert } from '../core/errors.ts';
import type { LightClientStep, Verdict } from '../core/ports.ts';
import type { LightClientRow, WorkerAnswer, WorkerCall } from './lightClientWorker.ts';

/** What all kinds have in common. */
interface Follower {
  start(bootstrap: Uint8Array): Verdict<LightClientStep>;
  update(state: Uint8Array, update: Uint8Array, nowSeconds: bigint): Verdict<LightClientStep>;
}

const port = parentPort;
assert(port !== null, 'this runs in a thread');
const bls = selectBls();
const clients = new Map<number, Follower>();

port.on('message', (call: WorkerCall) => {
  if (call.kind === 'open') {
    clients.set(call.client, createFollower(call.row));
    return;
  }
  port.postMessage(answer(call));
});

function createFollower(row: LightClientRow): Follower {
  switch (row.kind) {
    case 'ethereum':
      return createEthereumFollower(row.parameters, bls);
    case 'tendermint':
      return createTendermintFollower(row.parameters);
    case 'grandpa':
      return createBootstrapClient(row.parameters);
  }
}

function answer(call: Exclude<WorkerCall, { kind: 'open' }>): WorkerAnswer {
  const { id } = call;
  const client = clients.get(call.client);
  assert(client !== undefined, 'a client is opened before it is called');
  try {
    const verdict =
      call.kind === 'start' ? client.start(call.bootstrap) : client.update(call.state, call.update, call.nowSeconds);
    return { kind: 'verdict', id, verdict };
  } catch (error) {
    return { kind: 'thrown', id, message: error instanceof Error ? error.message : String(error) };
  }
}
