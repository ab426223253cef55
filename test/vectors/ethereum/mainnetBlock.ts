/**
 * A block of Ethereum's main network (21925176): its header, its 202 receipts rebuilt to the root in the header, and
 * proofs of the deposit contract's account and of one of its slots. Then one change in every receipt and every log, and
 * in every node of the proofs: none may be accepted.
 */
import { gunzipSync } from 'node:zlib';
import {
  decodeExecutionHeader,
  encodeReceipt,
  logsBloom,
  proveLogs,
  type Receipt,
  receiptsRootOf,
} from '../../../light-clients/ethereum/index.ts';
import {
  changedReceipts,
  headerOfRpc,
  receiptOfRpc,
  type RpcReceipt,
} from '../../../light-clients/ethereum/receipts.fixture.ts';
import { verifyAccountProof, verifyStorageProof } from '../../../light-clients/merkle/index.ts';
import { equalBytes } from '../../../relayer/core/bytes.ts';
import { type Check, field, fromHex, readFixture, readJson, runSuite, type SuiteResult, toHex } from './fixtures.ts';

const FOLDER = 'mainnet-block-21925176';
const CANCUN_FIELDS = 20;

/** The block as trusted data: the header by its well-known hash, and what should be found under its roots. */
export function mainnetCase() {
  const block = readJson(`${FOLDER}/block.json`);
  const proof = readJson(`${FOLDER}/proof.json`);
  const json = JSON.parse(
    new TextDecoder().decode(gunzipSync(readFixture(`${FOLDER}/receipts.json.gz`))),
  ) as RpcReceipt[];
  const nodes = (...path: (string | number)[]): Uint8Array[] =>
    field<string[]>(proof, ...path).map((node) => fromHex(node));
  return {
    hash: fromHex(field(block, 'hash'), 32),
    header: headerOfRpc(field(block), CANCUN_FIELDS),
    receiptsRoot: fromHex(field(block, 'receiptsRoot'), 32),
    stateRoot: fromHex(field(block, 'stateRoot'), 32),
    blooms: json.map(({ logsBloom: bloom }) => bloom),
    receipts: json.map(receiptOfRpc),
    logs: field<LogJson[]>(readJson(`${FOLDER}/logs.json`)),
    address: fromHex(field(proof, 'address'), 20),
    balance: BigInt(field<string>(proof, 'balance')),
    codeHash: fromHex(field(proof, 'codeHash'), 32),
    storageRoot: fromHex(field(proof, 'storageHash'), 32),
    slot: fromHex(field(proof, 'storageProof', 0, 'key'), 32),
    word: fromHex(field(proof, 'storageProof', 0, 'value'), 32),
    accountProof: nodes('accountProof'),
    storageProof: nodes('storageProof', 0, 'proof'),
  };
}

interface LogJson {
  readonly topics: readonly string[];
  readonly data: string;
  readonly transactionIndex: string;
  readonly logIndex: string;
}

export function mainnetBlock(): SuiteResult {
  return runSuite('ethereum mainnet block', FOLDER, (check) => {
    const given = mainnetCase();
    const decoded = decodeExecutionHeader(given.header);
    check('header', decoded.kind === 'header' && equalBytes(decoded.header.hash, given.hash));
    if (decoded.kind !== 'header') return;
    check('receipts root of the header', equalBytes(decoded.header.receiptsRoot, given.receiptsRoot));
    check('state root of the header', equalBytes(decoded.header.stateRoot, given.stateRoot));
    checkReceipts(given, check);
    checkProofs(given, check);
  });
}

function checkReceipts(
  { receiptsRoot, receipts, blooms, logs, address }: ReturnType<typeof mainnetCase>,
  check: Check,
) {
  const raw = receipts.map(encodeReceipt);
  check('receipts root', equalBytes(receiptsRootOf(raw), receiptsRoot));
  for (const [at, receipt] of receipts.entries()) check(`bloom ${at}`, toHex(logsBloom(receipt.logs)) === blooms[at]);
  const proven = proveLogs(receiptsRoot, raw, address);
  check('logs of the contract', proven.kind === 'valid' && proven.value.length === logs.length);
  if (proven.kind !== 'valid') return;
  for (const [at, log] of proven.value.entries()) {
    const listed = logs[at];
    check(
      `log ${at}`,
      toHex(log.data) === listed?.data &&
        log.topics.map(toHex).join() === listed.topics.join() &&
        log.transactionIndex === Number(listed.transactionIndex) &&
        log.logIndex === Number(listed.logIndex),
    );
  }
  for (const [at, receipt] of receipts.entries()) {
    for (const [what, changed] of someChanges(receipt, at)) {
      const verdict = proveLogs(receiptsRoot, raw.with(at, encodeReceipt(changed)), address);
      check(`receipt ${at}: ${what} changed is refused`, verdict.kind === 'invalid');
    }
  }
}

/** Three changes of a receipt and one of each log, a different kind each time: all of them would take half a minute. */
function someChanges(receipt: Receipt, turn: number): (readonly [what: string, changed: Receipt])[] {
  const all = [...changedReceipts(receipt)];
  const own = all.filter(([what]) => !/^log \d/.test(what));
  const pick = <T>(from: readonly T[], at: number): T => from[at % from.length]!;
  return [
    ...[0, 1, 2].map((i) => pick(own, turn + 3 * i)),
    ...receipt.logs.map((_, log) =>
      pick(
        all.filter(([what]) => what.startsWith(`log ${log} `)),
        turn + log,
      ),
    ),
  ];
}

function checkProofs(given: ReturnType<typeof mainnetCase>, check: Check): void {
  const { stateRoot, address, storageRoot, slot, accountProof, storageProof } = given;
  const account = verifyAccountProof(stateRoot, address, accountProof);
  check(
    'account proof',
    account.kind === 'account' &&
      account.account.nonce === 1n &&
      account.account.balance === given.balance &&
      equalBytes(account.account.codeHash, given.codeHash) &&
      equalBytes(account.account.storageRoot, storageRoot),
  );
  const storage = verifyStorageProof(storageRoot, slot, storageProof);
  check('storage proof', storage.kind === 'word' && equalBytes(storage.word, given.word));
  for (const [what, changed] of changedNodes(accountProof)) {
    check(`account proof, ${what}`, verifyAccountProof(stateRoot, address, changed).kind === 'invalid');
  }
  for (const [what, changed] of changedNodes(storageProof)) {
    check(`storage proof, ${what}`, verifyStorageProof(storageRoot, slot, changed).kind === 'invalid');
  }
  check('another slot', verifyStorageProof(storageRoot, new Uint8Array(32).fill(9), storageProof).kind === 'invalid');
  check('another root', verifyStorageProof(stateRoot, slot, storageProof).kind === 'invalid');
  check('another address', verifyAccountProof(stateRoot, new Uint8Array(20).fill(9), accountProof).kind === 'invalid');
}

/** Every eighth byte of every node changed, every node left out, doubled. */
function* changedNodes(nodes: readonly Uint8Array[]): Generator<readonly [what: string, nodes: Uint8Array[]]> {
  for (const [at, node] of nodes.entries()) {
    yield [`node ${at} left out`, nodes.filter((_, i) => i !== at)];
    yield [`node ${at} twice`, nodes.toSpliced(at, 0, node)];
    for (let byte = 0; byte < node.length; byte += 8) {
      yield [
        `node ${at} byte ${byte}`,
        nodes.with(
          at,
          node.map((value, i) => (i === byte ? value ^ 1 : value)),
        ),
      ];
    }
  }
}
