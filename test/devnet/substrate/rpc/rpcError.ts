/** A JSON-RPC error, with the codes and words of a Substrate node. Source: sc-rpc-api and jsonrpsee-types. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

export function invalidParams(why: string): RpcError {
  return new RpcError(-32602, 'Invalid params', why);
}

/** Of the `state_*` methods. */
export function clientError(what: string): RpcError {
  return new RpcError(4003, `Client error: ${what}`);
}
