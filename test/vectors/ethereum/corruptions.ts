/** Every single-field corruption of a light-client message: two per leaf of its SSZ, each still well-formed SSZ. */
import {
  createContainers,
  type EthereumParameters,
  layoutOf,
  type MessageKind,
} from '../../../light-clients/ethereum/index.ts';
import { forkOfVersion } from '../../../light-clients/ethereum/parameters.ts';

const TAG_BYTES = 9;
const KINDS: readonly MessageKind[] = ['bootstrap', 'update', 'finalityUpdate'];

export function* corruptions(
  parameters: EthereumParameters,
  message: Uint8Array,
): Generator<readonly [path: string, message: Uint8Array]> {
  const kind = KINDS[message[0]!];
  const fork = forkOfVersion(parameters, message.subarray(1, 5));
  const layout = fork && layoutOf(fork.name);
  if (kind === undefined || layout === undefined) throw new Error('Not a light-client message.');
  const type = createContainers(parameters.preset).layouts[layout][kind];
  const length = new DataView(message.buffer, message.byteOffset).getUint32(5);
  const rest = message.subarray(TAG_BYTES + length);
  const json = type.toJson(type.deserialize(message.subarray(TAG_BYTES, TAG_BYTES + length)) as never);
  for (const [path, changed] of changedLeaves(json, '')) {
    const ssz = type.serialize(type.fromJson(changed) as never);
    const bytes = new Uint8Array(TAG_BYTES + ssz.length + rest.length);
    bytes.set(message.subarray(0, 5));
    new DataView(bytes.buffer).setUint32(5, ssz.length);
    bytes.set(ssz, TAG_BYTES);
    bytes.set(rest, TAG_BYTES + ssz.length);
    yield [path, bytes];
  }
}

/** The value with one leaf changed, for every leaf. */
function* changedLeaves(value: unknown, path: string): Generator<readonly [path: string, changed: unknown]> {
  if (typeof value === 'string' && value.startsWith('0x')) {
    for (const digit of value.length > 2 ? [2, value.length - 1] : []) {
      const flipped = (Number.parseInt(value.charAt(digit), 16) ^ 1).toString(16);
      yield [path, value.slice(0, digit) + flipped + value.slice(digit + 1)];
    }
    if (value === '0x') yield [path, '0x00'];
  } else if (typeof value === 'string') {
    yield [path, (BigInt(value) + 1n).toString()];
    if (value !== '0') yield [path, (BigInt(value) - 1n).toString()];
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const [where, changed] of changedLeaves(item, `${path}[${index}]`))
        yield [where, value.with(index, changed)];
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      for (const [where, changed] of changedLeaves(item, `${path}.${name}`))
        yield [where, { ...value, [name]: changed }];
    }
  }
}
