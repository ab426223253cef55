import { encodeAbiParameters, keccak256 as viemKeccak, stringToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { loadVectors } from '../../test/vectors/load.ts';
import { fromHex, toHex } from './bytes.ts';
import { caip2 } from './ids.ts';
import { type LaneEnd, laneIdOf } from './lane.ts';

const { lanes } = loadVectors();

/** The formula of DESIGN 4.2 through another library. */
function judge(source: LaneEnd, target: LaneEnd): string {
  const text = (value: string): `0x${string}` => viemKeccak(stringToHex(value));
  const types = ['bytes32', 'bytes32', 'bytes', 'bytes32', 'bytes'].map((type) => ({ type }));
  const values = [
    text('viaduct.lane.v1'),
    text(source.chain),
    toHex(source.gateway),
    text(target.chain),
    toHex(target.gateway),
  ];
  return viemKeccak(encodeAbiParameters(types, values)).slice(2);
}

describe('lane id', () => {
  it('is the golden one, and what viem makes of the formula', () => {
    expect(lanes).toHaveLength(3);
    for (const row of lanes) {
      const source = { chain: caip2(row.sourceChain), gateway: fromHex(row.sourceGateway) };
      const target = { chain: caip2(row.targetChain), gateway: fromHex(row.targetGateway) };
      expect(`0x${laneIdOf(source, target)}`).toBe(row.laneId);
      expect(judge(source, target)).toBe(row.laneId.slice(2));
    }
  });

  it('agrees with viem for gateways of any length around a word', () => {
    for (const length of [0, 1, 20, 31, 32, 33, 64, 65]) {
      const source = { chain: caip2('cosmos:a-1'), gateway: new Uint8Array(length).fill(7) };
      const target = { chain: caip2('eip155:1'), gateway: new Uint8Array(64 - Math.min(length, 64)).fill(9) };
      expect(laneIdOf(source, target)).toBe(judge(source, target));
    }
  });

  it('differs by direction, chain and gateway on either side', () => {
    const a = { chain: caip2('eip155:1'), gateway: new Uint8Array(20).fill(1) };
    const b = { chain: caip2('eip155:2'), gateway: new Uint8Array(20).fill(2) };
    const other = { chain: caip2('eip155:3'), gateway: new Uint8Array(20).fill(3) };
    const ids = [
      laneIdOf(a, b),
      laneIdOf(b, a),
      laneIdOf({ ...a, chain: other.chain }, b),
      laneIdOf({ ...a, gateway: other.gateway }, b),
      laneIdOf(a, { ...b, chain: other.chain }),
      laneIdOf(a, { ...b, gateway: other.gateway }),
      laneIdOf(a, { ...b, gateway: new Uint8Array(21).fill(2) }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
