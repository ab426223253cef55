import { encodeErrorResult, type Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { broadcastMeaning, revertData, revertMeaning } from './errors.ts';
import { GATEWAY_ABI } from './gateway.ts';

const LANE: Hex = `0x${'11'.repeat(32)}`;

describe('revertMeaning', () => {
  it.each<[string, readonly unknown[], string]>([
    ['GatewayChunkAlreadyDelivered', [LANE, 3n], 'alreadyDelivered'],
    ['GatewayCheckpointSkips', [5n, 9n], 'wait 200'],
    ['GatewayCheckpointUnknown', [LANE, 9n], 'wait 200'],
    ['GatewayChunkBaseMismatch', [1n, 2n], 'wait 200'],
    ['GatewayIsPaused', [], 'wait 30000'],
    ['GatewayLimitExceeded', [7, 100n, 40n, 12n], 'wait 12000'],
    ['GatewayLimitExceeded', [7, 100n, 40n, 2n ** 256n - 1n], 'wait 30000'],
    ['GatewayCheckpointOverlaps', [9n, 5n], 'refused'],
    ['GatewaySignerUnknown', [`0x${'22'.repeat(20)}`], 'refused'],
    ['GatewayEpochMismatch', [2n, 1n], 'refused'],
    ['GatewayLedgerViolated', [7, 2n, 1n], 'refused'],
  ])('%s(%o): %s', (errorName, args, expected) => {
    const meaning = revertMeaning(encodeErrorResult({ abi: GATEWAY_ABI, errorName, args }));
    expect(meaning.kind === 'wait' ? `wait ${meaning.retryMs}` : meaning.kind).toBe(expected);
    expect(meaning.reason.startsWith(`${errorName}(`)).toBe(true);
  });

  it.each<[Hex, string]>([
    ['0x', 'reverted without a reason'],
    ['0xdeadbeef', 'unknown error 0xdeadbeef'],
    ['0x12', 'unknown error 0x12'],
  ])('%s is refused: %s', (data, reason) => {
    expect(revertMeaning(data)).toEqual({ kind: 'refused', reason });
  });
});

describe('revertData', () => {
  it.each<[unknown, Hex | undefined]>([
    ['0x1234', '0x1234'],
    ['0x', '0x'],
    [{ data: '0x12' }, '0x12'],
    ['Reverted 0x12', '0x12'],
    ['0x123', undefined],
    ['boom', undefined],
    [undefined, undefined],
    [null, undefined],
    [7, undefined],
    [{ data: { data: '0x' } }, undefined],
  ])('of %o is %s', (data, expected) => {
    expect(revertData(data)).toBe(expected);
  });
});

describe('broadcastMeaning', () => {
  it.each([
    ['already known', 'known'],
    ['transaction already imported', 'known'],
    ['nonce too low: next nonce 5, tx nonce 4', 'nonceTooLow'],
    ['replacement transaction underpriced', 'underpriced'],
    ['transaction underpriced: gas tip cap 0, minimum needed 1', 'underpriced'],
    ['could not replace existing tx', 'underpriced'],
    ['max fee per gas less than block base fee', 'underpriced'],
    ['insufficient funds for gas * price + value: balance 0', 'outOfFunds'],
    ['Insufficient funds for gas * price + value', 'outOfFunds'],
    ['the weather is bad', 'other'],
  ])('%s: %s', (text, meaning) => {
    expect(broadcastMeaning(text)).toBe(meaning);
  });
});
