/**
 * Where the deposits of a source transaction are, for look-ups. A hint: the answer of the endpoint is not verified. Sequences
 * are derived and not on the chain, so a deposit is named by its source reference, which its packet carries.
 */
import { decodeTxAnswer } from '../../light-clients/tendermint/index.ts';
import { fromHex } from '../../relayer/core/bytes.ts';
import type { LaneId } from '../../relayer/core/ids.ts';
import { readDeposits } from './deposits.ts';
import type { CosmosGateway } from './gateway.ts';
import type { CometEndpoint } from './rpc.ts';

export interface DepositTrace {
  readonly lane: LaneId;
  /** 32 bytes. */
  readonly sourceReference: Uint8Array;
  /** Of the block that holds the transaction; the frame that holds the packet was proven above it. */
  readonly height: bigint;
}

/** Undefined for what is no transaction hash, or none that the endpoint knows. */
export async function traceDeposits(
  endpoint: CometEndpoint,
  gateway: CosmosGateway,
  transaction: string,
  signal: AbortSignal,
): Promise<readonly DepositTrace[] | undefined> {
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(transaction)) return undefined;
  const hash = Buffer.from(fromHex(transaction, 32)).toString('base64');
  const answer = await endpoint.call({ method: 'tx', params: { hash } }, signal);
  if (answer.kind === 'error') return undefined;
  const read = decodeTxAnswer(answer.value);
  if (read.kind !== 'valid') return undefined;
  const { tx, height, result } = read.value;
  return readDeposits(gateway, tx, result.code).flatMap((deposit): DepositTrace[] => {
    if (deposit.kind === 'kept') return [];
    const lane = deposit.kind === 'transfer' ? deposit.lane : gateway.home;
    return [{ lane, sourceReference: deposit.sourceReference, height }];
  });
}
