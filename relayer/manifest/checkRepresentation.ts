/** What a representation must have follows from the family of its chain: one function per family. */
import type { RawRepresentation } from './asset.ts';
import type { RawChain } from './chain.ts';
import { type Path, quote } from './findings.ts';
import type { Report } from './report.ts';

export type ChainsByName = ReadonlyMap<string, RawChain>;
type RawCosmosChain = Extract<RawChain, { family: 'cosmos' }>;

/** Decimals of the coin of every EVM chain, whatever a wallet shows. */
const EVM_COIN_DECIMALS = 18;

const TOKEN = 'an EVM address: 0x and 40 hex digits, not zero';
const DENOM = 'a denom of that chain, such as "uatom"';
const ASSET_ID = 'the number of the asset in pallet-assets, such as "7"; the chain\'s own coin has custody "native"';
const REFUND_MINIMUM = 'an amount in its own units, such as "1000"';

/** `chain` is undefined when it has mistakes of its own, or is none. */
export function checkRepresentation(
  path: Path,
  row: RawRepresentation,
  chain: RawChain | undefined,
  report: Report,
): void {
  if (chain?.family === 'evm') checkEvm(path, row, report);
  if (chain?.family === 'cosmos') checkCosmos(path, row, chain, report);
  if (chain?.family === 'substrate') checkSubstrate(path, row, report);
}

function checkEvm(path: Path, row: RawRepresentation, report: Report): void {
  reportForeign(path, row, ['denom', 'refundMinimum', 'assetId'], 'an EVM chain', report);
  if (row.custody === 'native') {
    if (row.decimals === EVM_COIN_DECIMALS) return;
    report([...path, 'decimals'], {
      problem: 'wrong decimals for the coin of an EVM chain',
      expected: String(EVM_COIN_DECIMALS),
      got: String(row.decimals),
    });
    return;
  }
  if (row.token === undefined) report([...path, 'token'], { problem: 'is missing', expected: TOKEN });
}

function checkCosmos(path: Path, row: RawRepresentation, chain: RawCosmosChain, report: Report): void {
  if (row.custody === 'native') {
    report([...path, 'custody'], {
      problem: 'a coin of a Cosmos chain is held under its denom, the native one too',
      expected: '"lock" with denom, or "mint" with the denom of a token factory',
    });
    return;
  }
  const { custody, denom, refundMinimum } = row;
  if (denom === undefined) report([...path, 'denom'], { problem: 'is missing', expected: DENOM });
  if (refundMinimum === undefined) {
    report([...path, 'refundMinimum'], { problem: 'is missing', expected: REFUND_MINIMUM });
  }
  reportForeign(path, row, ['token', 'assetId'], 'a Cosmos chain', report);
  if (denom !== undefined && custody === 'mint' && !isOwnDenom(denom, chain)) {
    report([...path, 'denom'], {
      problem: 'no coin that the vault can mint',
      expected: '"factory/<address of a shard>/<name>"',
      got: quote(denom),
    });
  }
}

function checkSubstrate(path: Path, row: RawRepresentation, report: Report): void {
  if (row.refundMinimum === undefined) {
    report([...path, 'refundMinimum'], { problem: 'is missing', expected: REFUND_MINIMUM });
  }
  if (row.custody !== 'native' && row.assetId === undefined) {
    report([...path, 'assetId'], { problem: 'is missing', expected: ASSET_ID });
  }
  reportForeign(path, row, ['token', 'denom'], 'a Substrate chain', report);
}

/** Only the account that made a coin of the token factory mints it. */
function isOwnDenom(denom: string, { gateway }: RawCosmosChain): boolean {
  const creator = /^factory\/([^/]+)\/.+$/.exec(denom)?.[1];
  return gateway.shards.some(({ address }) => address === creator);
}

function reportForeign(
  path: Path,
  row: RawRepresentation,
  fields: readonly ('token' | 'denom' | 'refundMinimum' | 'assetId')[],
  family: string,
  report: Report,
): void {
  for (const field of fields) {
    if (!(field in row) || row[field as keyof RawRepresentation] === undefined) continue;
    report([...path, field], { problem: `not for a representation on ${family}` });
  }
}
