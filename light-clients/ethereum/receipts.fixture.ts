/** Receipts and headers for tests: as values from a trusted node's JSON, and every single-field change of a value. */
import { EXECUTION_HEADER_FIELDS, encodeExecutionHeader } from './executionHeader.ts';
import type { Receipt, ReceiptLog, ReceiptType } from './receipts.ts';

export interface RpcReceipt {
  readonly type?: string;
  readonly status?: string;
  readonly root?: string;
  readonly cumulativeGasUsed: string;
  readonly logsBloom: string;
  readonly logs: readonly { readonly address: string; readonly topics: readonly string[]; readonly data: string }[];
}

export function receiptOfRpc(json: RpcReceipt): Receipt {
  return {
    type: Number(json.type ?? '0x0') as ReceiptType,
    outcome:
      json.status === undefined
        ? { kind: 'stateRoot', root: unhex(json.root ?? '') }
        : { kind: 'status', succeeded: json.status === '0x1' },
    cumulativeGasUsed: BigInt(json.cumulativeGasUsed),
    logs: json.logs.map(({ address, topics, data }) => ({
      address: unhex(address),
      topics: topics.map(unhex),
      data: unhex(data),
    })),
  };
}

/** The RLP of a header from a node's JSON, with as many fields as its fork has. */
export function headerOfRpc(json: Readonly<Record<string, unknown>>, fieldCount: number): Uint8Array {
  return encodeExecutionHeader(
    EXECUTION_HEADER_FIELDS.slice(0, fieldCount).map(([name, shape]) => {
      const text = String(json[name]);
      return shape.kind === 'integer' ? unhex(text.replace(/^0x0*/, '')) : unhex(text);
    }),
  );
}

/** The receipt with one thing changed, for every thing it says. */
export function* changedReceipts(receipt: Receipt): Generator<readonly [what: string, changed: Receipt]> {
  for (const type of [0, 1, 2, 3, 4] as const) {
    if (type !== receipt.type) yield [`type ${type}`, { ...receipt, type }];
  }
  const { outcome, cumulativeGasUsed, logs } = receipt;
  if (outcome.kind === 'status') {
    yield ['status', { ...receipt, outcome: { kind: 'status', succeeded: !outcome.succeeded } }];
    yield ['status to root', { ...receipt, outcome: { kind: 'stateRoot', root: new Uint8Array(32).fill(1) } }];
  } else {
    yield ['root', { ...receipt, outcome: { kind: 'stateRoot', root: flipped(outcome.root) } }];
    yield ['root to status', { ...receipt, outcome: { kind: 'status', succeeded: true } }];
  }
  yield ['gas', { ...receipt, cumulativeGasUsed: cumulativeGasUsed + 1n }];
  yield ['a log more', { ...receipt, logs: [...logs, { address: new Uint8Array(20), topics: [], data: EMPTY }] }];
  for (const [at, log] of logs.entries()) {
    yield [`log ${at} left out`, { ...receipt, logs: logs.filter((_, i) => i !== at) }];
    yield [`log ${at} twice`, { ...receipt, logs: logs.toSpliced(at, 0, log) }];
    for (const [what, changed] of changedLogs(log)) {
      yield [`log ${at} ${what}`, { ...receipt, logs: logs.with(at, changed) }];
    }
  }
}

function* changedLogs(log: ReceiptLog): Generator<readonly [what: string, changed: ReceiptLog]> {
  const { address, topics, data } = log;
  yield ['address', { ...log, address: flipped(address) }];
  yield ['data longer', { ...log, data: Uint8Array.from([...data, 0]) }];
  if (data.length > 0) {
    yield ['data', { ...log, data: flipped(data) }];
    yield ['data shorter', { ...log, data: data.subarray(1) }];
  }
  yield ['a topic more', { ...log, topics: [...topics, new Uint8Array(32)] }];
  for (const [at, topic] of topics.entries()) {
    yield [`topic ${at}`, { ...log, topics: topics.with(at, flipped(topic)) }];
    yield [`topic ${at} left out`, { ...log, topics: topics.filter((_, i) => i !== at) }];
  }
}

const EMPTY = new Uint8Array(0);

/** One bit changed, in the last byte. */
function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
}

export function unhex(text: string): Uint8Array {
  const digits = text.replace(/^0x/, '');
  return Uint8Array.from(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}

export function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
