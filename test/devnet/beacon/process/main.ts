/** The process of one beacon chain: does what its parent says, serves the REST API, and ends with its parent. */
import { systemClock } from '../../../../relayer/core/clock.ts';
import { toHex } from '../../../../relayer/core/bytes.ts';
import { type BeaconChain, createBeaconChain } from '../beaconChain.ts';
import type { ExecutionRpc } from '../executionBlock.ts';
import { paceSlots } from '../paceSlots.ts';
import { startRestApi } from '../restApi.ts';
import type { AnswerMessage, BeaconCalls, BeaconInfo, BeaconProcessOptions, CallMessage } from './protocol.ts';

process.on('disconnect', () => {
  process.exit(0);
});

const tell = (message: AnswerMessage): void => {
  process.send?.(message);
};

try {
  const options = JSON.parse(process.argv[2] ?? '{}') as BeaconProcessOptions;
  const chain = await createBeaconChain({ ...options, rpc: createRpc(options.executionUrl) });
  const api = await startRestApi(chain);
  const calls = createCalls(chain, options.secondsPerSlot);
  process.on('message', (message: CallMessage) => {
    const { id, method } = message;
    calls[method](message.argument as never).then(
      (result) => {
        tell({ kind: 'result', id, result });
      },
      (error: unknown) => {
        tell({ kind: 'error', id, message: String(error) });
      },
    );
  });
  tell({ kind: 'ready', url: api.url });
} catch (error) {
  tell({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
  process.disconnect();
}

type Calls = {
  readonly [M in keyof BeaconCalls]: (argument: BeaconCalls[M]['argument']) => Promise<BeaconCalls[M]['result']>;
};

function createCalls(chain: BeaconChain, secondsPerSlot: number): Calls {
  const spent = { ms: 0, slots: 0 };
  let pacing: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  const timed: BeaconChain = Object.create(chain, {
    mineSlot: {
      value: async (): Promise<void> => {
        const before = performance.now();
        await chain.mineSlot();
        spent.ms += performance.now() - before;
        spent.slots += 1;
      },
    },
  }) as BeaconChain;

  const info = async (): Promise<BeaconInfo> => {
    const { config, genesisTime, genesisValidatorsRoot, finalized, slot } = chain;
    return Promise.resolve({
      slot,
      genesisTime,
      genesisValidatorsRoot: toHex(genesisValidatorsRoot),
      secondsPerSlot,
      forks: config.forksAscendingEpochOrder
        .filter(({ epoch }) => Number.isFinite(epoch))
        .map(({ name, epoch, version }) => ({ name, epoch: Math.max(0, epoch), version: toHex(version) })),
      finalized: finalized && { root: finalized.root, slot: finalized.slot },
      msPerSlot: spent.slots === 0 ? 0 : spent.ms / spent.slots,
    });
  };
  const repeat = async (count: number, what: () => Promise<void>): Promise<BeaconInfo> => {
    for (let i = 0; i < count; i++) await what();
    return info();
  };
  const halt = async (): Promise<void> => {
    pacing?.stop.abort();
    await pacing?.ended;
    pacing = undefined;
  };

  return {
    info,
    mine: async (count) => repeat(count, async () => timed.mineSlot()),
    miss: async (count) => repeat(count, async () => chain.missSlot()),
    reorg: async (depth) => repeat(1, async () => chain.reorg(depth)),
    participation: async (participation) => {
      chain.setParticipation(participation);
      return info();
    },
    pace: async (slotMs) => {
      await halt();
      const stop = new AbortController();
      const { clock, ended } = paceSlots(timed, { slotMs, secondsPerSlot }, { clock: systemClock }, stop.signal);
      ended.catch((error: unknown) => {
        tell({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
        process.exit(1);
      });
      pacing = { stop, ended };
      return clock;
    },
    halt: async () => {
      await halt();
      return info();
    },
  };
}

function createRpc(url: string): ExecutionRpc {
  let id = 0;
  return async (method, params = []) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
    });
    const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (answer.error !== undefined)
      throw new TypeError(`The execution node refused ${method}: ${answer.error.message}`);
    return answer.result;
  };
}
