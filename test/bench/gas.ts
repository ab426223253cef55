/**
 * What delivery costs on the EVM: real transactions on anvil, `gasUsed` of their receipts, all-in (21000, calldata,
 * acceptance of the checkpoint with its signatures, and the chunk). Writes docs/GAS.md and exits non-zero when an aim is
 * missed.
 *
 * Run: `npx tsx test/bench/gas.ts [--json]`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  type Abi,
  createPublicClient,
  createWalletClient,
  defineChain,
  encodeFunctionData,
  type Hex,
  http,
  parseAbi,
  type PublicClient,
  type WalletClient,
} from 'viem';
import { privateKeyToAccount, sign } from 'viem/accounts';
import { compilerSettings, compilerVersion } from '../../contracts/evm/build.ts';
import { concatBytes, fromHex, toHex, utf8, word } from '../../relayer/core/bytes.ts';
import {
  checkpointDigest,
  chunkHashes,
  domainSeparator,
  merkleProof,
  merkleRoot,
  type Checkpoint,
  signerSetHash,
  type SignerSet,
} from '../../relayer/core/checkpoint.ts';
import { assetId, caip2, idBytes, laneId } from '../../relayer/core/ids.ts';
import { keccak256 } from '../../relayer/core/keccak.ts';
import { laneIdOf } from '../../relayer/core/lane.ts';
import { encodePacket } from '../../relayer/core/packet.ts';

type Holder = 'existing' | 'fresh';

interface Row {
  readonly batch: number;
  readonly threshold: number;
  readonly signers: number;
  readonly holder: Holder;
  readonly gasPerTransfer: number;
}

interface MeasuredRow extends Row {
  readonly gasUsed: number;
}

interface Chain {
  readonly publicClient: PublicClient;
  readonly walletClient: WalletClient;
  readonly account: Hex;
}

interface Signer {
  readonly key: Hex;
  readonly address: Hex;
}

interface Network {
  readonly gateway: Hex;
  readonly token: Hex;
  readonly lock: Hex;
  readonly outgoing: Hex;
  readonly incoming: Hex;
  readonly set: SignerSet;
  readonly signers: readonly Signer[];
}

const CHAIN_ID = 31337;
/** EIP-7825. */
const TX_GAS_MAX = 16_777_216;
const BATCHES = [1, 32, 128, 512] as const;
const SETS = [
  { threshold: 2, signers: 3 },
  { threshold: 5, signers: 7 },
] as const;
const AIMS = { existing: 9_500, fresh: 27_000 } as const;
const MINTED = assetId(1);
const LOCKED = assetId(2);
const REMOTE = { chain: caip2('cosmos:gas-report-1'), gateway: keccak256(utf8('gas report vault')).subarray(0, 20) };
const MANIFEST_HASH = keccak256(utf8('gas report manifest'));
const root = fileURLToPath(new URL('../..', import.meta.url));
const gatewayArtifact = readArtifact('Gateway');
const bridgedTokenArtifact = readArtifact('BridgedToken');
const testTokenArtifact = readArtifact('TestToken');
const erc20 = parseAbi([
  'function approve(address,uint256)',
  'function mint(address,uint256)',
  'function balanceOf(address) view returns (uint256)',
]);

async function main(): Promise<void> {
  const port = await freePort();
  const anvil = startAnvil(port);
  // However this process ends, the node ends with it.
  process.once('exit', () => anvil.kill());
  try {
    const chain = await connect(port);
    const rows: MeasuredRow[] = [];
    for (const { threshold, signers } of SETS) {
      for (const batch of BATCHES) rows.push(...(await measureDelivery(chain, threshold, signers, batch)));
    }
    const sends = await measureSends(chain);
    const missed = missedAims(rows);
    const table = renderTable(rows);
    process.stdout.write(`${table}\n\n${renderSends(sends)}\n`);
    writeFileSync(`${root}/docs/GAS.md`, renderReport(table, sends));
    for (const line of missed) process.stderr.write(`${line}\n`);
    if (missed.length > 0) process.exitCode = 1;
    if (process.argv.includes('--json')) {
      process.stdout.write(`${JSON.stringify({ rows: rows.map(({ gasUsed: _, ...row }) => row) })}\n`);
    }
  } finally {
    anvil.kill();
  }
}

/** Two chunks to the same new accounts: the first finds fresh holders, the second existing ones. */
async function measureDelivery(
  chain: Chain,
  threshold: number,
  signers: number,
  batch: number,
): Promise<MeasuredRow[]> {
  const network = await deployNetwork(chain, threshold, signers);
  // A bridge in use: the lane's slots, the bitmap word and the supply are not zero any more.
  await deliverChunk(chain, network, 0n, 0n, packetsFor('warm-up', 0n, 1));
  const measured: MeasuredRow[] = [];
  for (const [index, holder] of (['fresh', 'existing'] as const).entries()) {
    const first = 1n + BigInt(index * batch);
    const packets = packetsFor(`batch ${batch}`, first, batch);
    const gasUsed = await deliverChunk(chain, network, first, 1n + BigInt(index), packets);
    measured.push({ batch, threshold, signers, holder, gasPerTransfer: Math.round(gasUsed / batch), gasUsed });
  }
  return measured.reverse();
}

async function measureSends(chain: Chain): Promise<ReadonlyMap<string, number>> {
  const network = await deployNetwork(chain, 2, 3);
  const most = 2n ** 255n;
  await call(chain, network.lock, erc20, 'mint', [chain.account, most]);
  await call(chain, network.lock, erc20, 'approve', [network.gateway, most]);
  const result = new Map<string, number>();
  const receiver = (label: string): Uint8Array => keccak256(utf8(label)).subarray(0, 20);
  const single = async (label: string): Promise<number> =>
    call(chain, network.gateway, gatewayArtifact.abi, 'send', [
      network.outgoing,
      LOCKED,
      1_234_567n,
      toHex(receiver(label)),
      1_900_000_000n,
    ]);
  const batch = async (count: number): Promise<number> =>
    call(chain, network.gateway, gatewayArtifact.abi, 'sendBatch', [
      network.outgoing,
      LOCKED,
      Array.from({ length: count }, (_, i) => 1_000_000n + BigInt(i)),
      toHex(concatBytes(...Array.from({ length: count }, (_, i) => receiver(`receiver ${i}`)))),
      1_900_000_000n,
    ]);
  // The first send fills slots that later ones only change.
  await single('first');
  result.set('`send`, lock custody', await single('second'));
  for (const count of [10, 100, 500])
    result.set(`\`sendBatch\` of ${count}, lock custody, per transfer`, Math.round((await batch(count)) / count));
  return result;
}

async function deployNetwork(chain: Chain, threshold: number, count: number): Promise<Network> {
  const signers = makeSigners(count);
  const set: SignerSet = { epoch: 1n, threshold, members: signers.map(({ address }) => fromHex(address, 20)) };
  const gateway = await deploy(chain, gatewayArtifact, [
    chain.account,
    { epoch: 1n, threshold, members: signers.map(({ address }) => address) },
  ]);
  const token = await deploy(chain, bridgedTokenArtifact, ['Bridged', 'BRG', 6, gateway]);
  const lock = await deploy(chain, testTokenArtifact, ['Test', 'TST', 6]);
  const configure = async (name: string, args: readonly unknown[]): Promise<number> =>
    call(chain, gateway, gatewayArtifact.abi, name, args);
  const local = { chain: caip2(`eip155:${CHAIN_ID}`), gateway: fromHex(gateway, 20) };
  const outgoing = toHex(idBytes(laneIdOf(local, REMOTE)));
  const incoming = toHex(idBytes(laneIdOf(REMOTE, local)));
  await configure('registerLane', [REMOTE.chain, toHex(REMOTE.gateway), 20, 512]);
  for (const [asset, address, custody] of [
    [MINTED, token, 3],
    [LOCKED, lock, 2],
  ] as const) {
    await configure('registerAsset', [asset, address, custody, 6]);
    await configure('setLimit', [asset, 2n ** 100n, 86_400n]);
    await configure('setLaneAsset', [outgoing, asset, true, 1n, 2n ** 100n, 1n]);
  }
  return { gateway, token, lock, outgoing, incoming, set, signers };
}

/** Accepts a checkpoint of one chunk and delivers it, in one transaction; returns its gas. */
async function deliverChunk(
  chain: Chain,
  network: Network,
  firstSequence: bigint,
  chunkBase: bigint,
  packets: Uint8Array,
): Promise<number> {
  const count = packets.length / 135;
  const hashes = chunkHashes(packets, count);
  const checkpoint: Checkpoint = {
    lane: laneId(network.incoming),
    signerEpoch: network.set.epoch,
    signerSetHash: signerSetHash(network.set),
    manifestHash: MANIFEST_HASH,
    firstSequence,
    packetCount: count,
    chunkSize: count,
    root: merkleRoot(hashes),
    sourceHeight: 1_000_000n + firstSequence,
    sourceBlockHash: keccak256(word(firstSequence)),
  };
  const domain = domainSeparator(caip2(`eip155:${CHAIN_ID}`), fromHex(network.gateway, 20));
  const digest = toHex(checkpointDigest(checkpoint, domain));
  const signatures = await Promise.all(
    network.signers
      .slice(0, network.set.threshold)
      .map(async ({ key }) => sign({ hash: digest, privateKey: key, to: 'hex' })),
  );
  return call(chain, network.gateway, gatewayArtifact.abi, 'acceptAndDeliver', [
    {
      laneId: network.incoming,
      signerEpoch: checkpoint.signerEpoch,
      signerSetHash: toHex(checkpoint.signerSetHash),
      manifestHash: toHex(checkpoint.manifestHash),
      firstSequence,
      packetCount: count,
      chunkSize: count,
      root: toHex(checkpoint.root),
      sourceHeight: checkpoint.sourceHeight,
      sourceBlockHash: toHex(checkpoint.sourceBlockHash),
    },
    chunkBase,
    toHex(concatBytes(...signatures.map((signature) => fromHex(signature, 65)))),
    0,
    toHex(packets),
    merkleProof(hashes, 0).map(toHex),
  ]);
}

/** Ordinary transfers: a stable coin of six decimals, accounts of 20 bytes, a deadline. */
function packetsFor(label: string, firstSequence: bigint, count: number): Uint8Array {
  return concatBytes(
    ...Array.from({ length: count }, (_, i) =>
      encodePacket({
        kind: 'transfer',
        sequence: firstSequence + BigInt(i),
        asset: MINTED,
        amount: 25_000_000n + BigInt(i * 1_234_567),
        receiver: keccak256(utf8(`${label} receiver ${i}`)).subarray(0, 20),
        deadline: 1_900_000_000n + BigInt(i),
        sourceReference: keccak256(utf8(`${label} source ${firstSequence} ${i}`)),
        sender: keccak256(utf8(`${label} sender ${i}`)).subarray(0, 20),
      }),
    ),
  );
}

function makeSigners(count: number): Signer[] {
  return Array.from({ length: count }, (_, i) => {
    const key = toHex(keccak256(utf8(`gas report signer ${i}`)));
    return { key, address: privateKeyToAccount(key).address.toLowerCase() as Hex };
  }).sort((a, b) => (a.address < b.address ? -1 : 1));
}

function missedAims(rows: readonly MeasuredRow[]): string[] {
  const missed = rows
    .filter((row) => row.batch === 512 && row.threshold === 5 && row.gasPerTransfer > AIMS[row.holder])
    .map((row) => `Aim missed: ${row.gasPerTransfer} gas per ${row.holder} holder; the aim is ${AIMS[row.holder]}.`);
  const tooLarge = rows
    .filter((row) => row.gasUsed >= TX_GAS_MAX)
    .map(
      (row) => `Aim missed: a chunk of ${row.batch} takes ${row.gasUsed} gas; a transaction may take ${TX_GAS_MAX}.`,
    );
  return [...missed, ...tooLarge];
}

function renderTable(rows: readonly MeasuredRow[]): string {
  return [
    '| batch | signatures | holder | gas per transfer | gas of the transaction |',
    '|---:|---|---|---:|---:|',
    ...rows.map(
      (row) =>
        `| ${row.batch} | ${row.threshold} of ${row.signers} | ${row.holder} | ${row.gasPerTransfer} | ${row.gasUsed} |`,
    ),
  ].join('\n');
}

function renderSends(sends: ReadonlyMap<string, number>): string {
  return ['| call | gas |', '|---|---:|', ...[...sends].map(([name, gas]) => `| ${name} | ${gas} |`)].join('\n');
}

function renderReport(table: string, sends: ReadonlyMap<string, number>): string {
  const { evmVersion, optimizer, viaIR } = compilerSettings();
  return `# Gas

Written by \`npm run gas\`. Real transactions on anvil 1.7.1 (hardfork osaka, with the transaction limit of EIP-7825), \`gasUsed\`
of their receipts. solc ${compilerVersion().split('+')[0] ?? ''}, EVM version ${evmVersion}, optimizer ${optimizer.runs} runs${viaIR ? ', via-IR' : ''}.

## Delivery

One \`acceptAndDeliver\` of a checkpoint with one chunk, all-in: the 21000 of the transaction, its calldata, the signatures, the
checkpoint, the chunk. Mint custody; every packet has another receiver, a deadline, an amount with six decimals, and 20-byte accounts. The
gateway has been used before (its slots are not zero). *Fresh* receivers had no balance of the token; *existing* ones had.

${table}

Aims, at 512 packets and 5 of 7: at most ${AIMS.existing} gas per existing and ${AIMS.fresh} per fresh holder, every transaction below ${TX_GAS_MAX}.

## Sending

A token of lock custody (an OpenZeppelin ERC-20), 20-byte receivers, a deadline; not the lane's first transfer.

${renderSends(sends)}
`;
}

async function deploy(chain: Chain, artifact: { abi: Abi; bytecode: Hex }, args: readonly unknown[]): Promise<Hex> {
  const hash = await chain.walletClient.deployContract({
    abi: artifact.abi,
    bytecode: artifact.bytecode,
    args,
    account: chain.account,
    chain: null,
    gas: BigInt(TX_GAS_MAX),
  });
  const receipt = await chain.publicClient.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  if (receipt.status !== 'success' || !receipt.contractAddress) throw new Error('Deployment failed');
  return receipt.contractAddress.toLowerCase() as Hex;
}

async function call(chain: Chain, to: Hex, abi: Abi, functionName: string, args: readonly unknown[]): Promise<number> {
  const data = encodeFunctionData({ abi, functionName, args });
  const hash = await chain.walletClient.sendTransaction({
    to,
    data,
    account: chain.account,
    chain: null,
    gas: BigInt(TX_GAS_MAX),
  });
  const receipt = await chain.publicClient.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  if (receipt.status !== 'success') {
    // Ask again, for the reason.
    await chain.publicClient.call({ to, data, account: chain.account, gas: BigInt(TX_GAS_MAX) });
    throw new Error(`${functionName} reverted`);
  }
  return Number(receipt.gasUsed);
}

async function connect(port: number): Promise<Chain> {
  const url = `http://127.0.0.1:${port}`;
  const chain = defineChain({
    id: CHAIN_ID,
    name: 'anvil',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const transport = http(url, { retryCount: 50, retryDelay: 100, timeout: 60_000 });
  const publicClient = createPublicClient({ chain, transport });
  const walletClient = createWalletClient({ chain, transport });
  const [account] = await walletClient.getAddresses();
  if (account === undefined) throw new Error('anvil has no account');
  return { publicClient, walletClient, account };
}

function startAnvil(port: number): ChildProcess {
  const bundled = `${root}/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil`;
  return spawn(
    existsSync(bundled) ? bundled : 'anvil',
    [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--chain-id',
      String(CHAIN_ID),
      '--hardfork',
      'osaka',
      '--enable-tx-gas-limit',
      '--gas-limit',
      '60000000',
      '--silent',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

function readArtifact(name: string): { abi: Abi; bytecode: Hex } {
  return JSON.parse(readFileSync(`${root}/contracts/evm/artifacts/${name}.json`, 'utf8')) as {
    abi: Abi;
    bytecode: Hex;
  };
}

await main();
