/** The program of the light clients' thread: makes each client once, and answers calls in the order in which they come. */
import { parentPort } from 'node:worker_threads';
import { createEthereumFollower, type EthereumClient, selectBls } from '../../light-clients/ethereum/index.ts';
import { assert } from '../core/errors.ts';
import type { WorkerAnswer, WorkerCall } from './lightClientWorker.ts';

const port = parentPort;
assert(port !== null, 'this runs in a thread');
const bls = selectBls();
const clients = new Map<number, EthereumClient>();

port.on('message', (call: WorkerCall) => {
  if (call.kind === 'open') {
    clients.set(call.client, createEthereumFollower(call.row.parameters, bls));
    return;
  }
  port.postMessage(answer(call));
});

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
