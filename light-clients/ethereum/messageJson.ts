/**
 * A message from the JSON of the beacon API (`{ version, data }` of the light-client routes), for endpoints that serve no
 * SSZ. The JSON is untrusted: what does not fit the container of its version is undefined.
 */
import { createContainers, layoutOf } from './containers.ts';
import { encodeMessage, type MessageKind } from './message.ts';
import type { EthereumParameters } from './parameters.ts';

export function messageFromJson(
  parameters: EthereumParameters,
  kind: MessageKind,
  version: string,
  data: unknown,
  executionHeaderRlp?: Uint8Array,
): Uint8Array | undefined {
  const fork = parameters.forks.find(({ name }) => name === version);
  const layout = fork === undefined ? undefined : layoutOf(fork.name);
  if (fork === undefined || layout === undefined) return undefined;
  const type = createContainers(parameters.preset).layouts[layout][kind];
  try {
    return encodeMessage(kind, fork, type.serialize(type.fromJson(data) as never), executionHeaderRlp);
  } catch {
    // The library says by an exception that JSON does not fit the type.
    return undefined;
  }
}
