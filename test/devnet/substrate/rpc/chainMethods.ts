/** `chain_*`: headers and blocks. Source: sc-rpc `chain`. */
import { encodeHeader } from '../../../../light-clients/grandpa/index.ts';
import { createScaleReader } from '../../../../light-clients/scale.ts';
import { type Block, hexText } from '../chain/block.ts';
import type { Methods } from './methods.ts';
import { isAbsent, type Node } from './node.ts';
import { invalidParams } from './rpcError.ts';

export const chainMethods: Methods = {
  chain_getBlock: (node, [hash]) => {
    const block = node.lookUp(hash);
    return block === undefined ? null : signedBlockJson(node, block);
  },
  chain_getBlockHash: (node, [number]) => {
    if (isAbsent(number)) return node.best().hash;
    return Array.isArray(number) ? number.map((one) => hashAt(node, one)) : hashAt(node, number);
  },
  chain_getHeader: (node, [hash]) => {
    const block = node.lookUp(hash);
    return block === undefined ? null : headerJson(block);
  },
  chain_getFinalizedHead: (node) => node.finalized().hash,
};

export function headerJson(block: Block): object {
  const { parentHash, number, stateRoot, extrinsicsRoot } = block.header;
  return {
    parentHash: hexText(parentHash),
    number: `0x${number.toString(16)}`,
    stateRoot: hexText(stateRoot),
    extrinsicsRoot: hexText(extrinsicsRoot),
    digest: { logs: digestItems(block) },
  };
}

function signedBlockJson(node: Node, block: Block): object {
  const omitted = node.faults.all('omit').filter(({ number }) => number === block.number);
  const extrinsics = block.extrinsics.filter((_, at) => omitted.every(({ index }) => index !== at)).map(hexText);
  const { justification } = block;
  return {
    block: { header: headerJson(block), extrinsics },
    justifications: justification === undefined ? null : [[[...Buffer.from('FRNK')], [...justification]]],
  };
}

/** `ListOrValue<NumberOrHex>` */
function hashAt(node: Node, value: unknown): string | null {
  const number = typeof value === 'string' && /^0x[0-9a-fA-F]{1,8}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) {
    throw invalidParams('expected a block number');
  }
  return node.blockAt(number)?.hash ?? null;
}

/** Each item as its own bytes: cut out of the encoded header, whose other parts have known lengths. */
function digestItems({ header }: Block): string[] {
  return header.digest.map((item) => {
    const alone = encodeHeader({ ...header, number: 0, digest: [item] });
    const reader = createScaleReader(alone, 'header');
    reader.bytes(32 + 1 + 32 + 32 + 1);
    return hexText(reader.bytes(reader.remaining));
  });
}
