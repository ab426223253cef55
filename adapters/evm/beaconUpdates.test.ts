import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createEthereumFollower } from '../../light-clients/ethereum/index.ts';
import { systemClock } from '../../relayer/core/clock.ts';
import { fixturePath, readJson } from '../../test/vectors/ethereum/fixtures.ts';
import { forksParameters } from '../../test/vectors/ethereum/forks.ts';
import { createBeaconUpdates } from './beaconUpdates.ts';
import { createEndpointRing } from '../endpoints/endpointRing.ts';
import { createHttpEndpoint } from '../endpoints/http.ts';
import { createRpcEndpoint } from './rpc.ts';

const signal = new AbortController().signal;
/** No execution node answers here: ancestors are a gain, not a need. */
const execution = createEndpointRing([
  createRpcEndpoint({ clock: systemClock }, { url: 'http://127.0.0.1:9/', chainId: 1 }),
]);
const file = (name: string): unknown => readJson(`forks/deneb-electra-fulu-${name}.json`);

// Skipped where the public fixtures are not beside the project: they are not part of it.
describe.skipIf(!existsSync(fixturePath('forks')))('updates from a beacon node', () => {
  it('lead the light client from the trusted root to the newest finalized block', async () => {
    const parameters = forksParameters();
    const asked: string[] = [];
    const url = await withBeacon(asked);
    const dead = createHttpEndpoint({ clock: systemClock }, { url: 'http://127.0.0.1:9/key' });
    const live = createHttpEndpoint({ clock: systemClock }, { url: `${url.href}base?key=abc` });
    const updates = createBeaconUpdates({ endpoints: [dead, live], execution, parameters });
    const client = createEthereumFollower(parameters);
    const started = client.start(await updates.pullBootstrap(signal));
    if (started.kind !== 'valid') throw new Error(started.reason);
    let step = started.value;
    const heights: bigint[] = [];
    for (;;) {
      const update = await updates.pullUpdate(step.state, signal);
      if (update === undefined) break;
      const verdict = client.update(step.state, update, parameters.genesisTime + 151n * parameters.secondsPerSlot);
      if (verdict.kind !== 'valid') throw new Error(verdict.reason);
      step = verdict.value;
      heights.push(step.head.height);
      if (heights.length > 5) throw new Error('it does not come to an end');
    }
    expect(heights.length).toBeGreaterThanOrEqual(2);
    expect(heights).toEqual([...heights].sort((x, y) => Number(x - y)));
    const newest = file('finality-update') as { data: { finalized_header: { execution: { block_number: string } } } };
    expect(step.head.height).toBe(BigInt(newest.data.finalized_header.execution.block_number));
    expect(
      asked.every((path) => path.startsWith('/base/eth/v1/beacon/light_client/') && path.includes('key=abc')),
    ).toBe(true);
    url.close();
  });

  it('that are nonsense fail the endpoint', async () => {
    const server = createServer((_, response) => response.end('{"version":"fulu","data":{"slot":"x"}}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const endpoint = createHttpEndpoint({ clock: systemClock }, { url: `http://127.0.0.1:${port}` });
    const updates = createBeaconUpdates({ endpoints: [endpoint], execution, parameters: forksParameters() });
    await expect(updates.pullBootstrap(signal)).rejects.toMatchObject({ code: 'ENDPOINT_FAILED' });
    server.close();
    server.closeAllConnections();
  });
});

/** A beacon node that serves the recorded objects. */
async function withBeacon(asked: string[]): Promise<{ href: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const period = /start_period=(\d)/.exec(path)?.[1];
    if (path.includes('/bootstrap/')) response.end(JSON.stringify(file('bootstrap')));
    else if (path.includes('/finality_update')) response.end(JSON.stringify(file('finality-update')));
    else if (period === '0' || period === '1') response.end(JSON.stringify([file(`update-period${period}`)]));
    else response.end('[]');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    href: `http://127.0.0.1:${port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
