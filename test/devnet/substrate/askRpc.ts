/** One JSON-RPC request over HTTP, for tests: what any client would send. */
export interface RpcAnswer {
  readonly status: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export async function post(url: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return { status: response.status, text: await response.text() };
}

export async function askRpc(url: string, method: string, ...params: readonly unknown[]): Promise<RpcAnswer> {
  const { status, text } = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  return text === '' ? { status } : { status, ...(JSON.parse(text) as object) };
}

/** The result alone. Throws what the node refused. */
export async function resultOf<T>(url: string, method: string, ...params: readonly unknown[]): Promise<T> {
  const { result, error } = await askRpc(url, method, ...params);
  if (error !== undefined) throw new Error(`${method}: ${error.code} ${error.message}`);
  return result as T;
}
