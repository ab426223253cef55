/**
 * Where the deposit of a source transaction is, for look-ups. A hint: the answer of the endpoint is not verified. Sequences are
 * derived and not on the chain, so a deposit is named by its source reference, which its packet carries.
 *
 * An extrinsic's hash does not say where it is, so transactions are named as explorers do: by block and position.
 */
import { fromHex } from '../../relayer/core/bytes.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import type { ChainView } from './chainView.ts';
import { judgeDeposit } from './deposits.ts';
import type { SubstrateGateway } from './gateway.ts';
import { readBlock } from './readBlock.ts';

export interface DepositTrace {
  readonly lane: LaneId;
  /** 32 bytes. */
  readonly sourceReference: Uint8Array;
  /** Of the block that holds the extrinsic. */
  readonly height: bigint;
}

const POSITION = /^(\d{1,10})-(\d{1,6})$/;

/** `transaction`: `<block number>-<extrinsic index>`. Undefined for anything else, and where there is no deposit. */
export async function traceDeposits(
  view: ChainView,
  gateway: SubstrateGateway,
  transaction: string,
  signal: AbortSignal,
): Promise<readonly DepositTrace[] | undefined> {
  const [, height, position] = POSITION.exec(transaction) ?? [];
  if (height === undefined || position === undefined) return undefined;
  const { runtime } = await view.now(signal);
  const hash = await view.hashAt(Number(height), signal);
  if (hash === undefined) return undefined;
  const events = await view.storage(runtime, runtime.storageKey('System', 'Events'), hash, signal);
  if (events === undefined) return undefined;
  const extrinsics = await view.extrinsics(hash, signal);
  const traces = readBlock(gateway, runtime, fromHex(hash, 32), extrinsics, events).flatMap((event): DepositTrace[] => {
    if (event.kind !== 'deposit' || event.index !== Number(position)) return [];
    const deposit = judgeDeposit(gateway, event);
    if (deposit.kind === 'kept') return [];
    const lane = deposit.kind === 'transfer' ? deposit.lane : gateway.home;
    return [{ lane, sourceReference: deposit.sourceReference, height: BigInt(height) }];
  });
  return traces.length === 0 ? undefined : traces;
}
