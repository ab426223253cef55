/** JSON-RPC without a client: answers as they are, errors included, to compare their shapes. */

export type RawAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: unknown; readonly status: number };

export async function rawCall(
  url: string,
  method: string,
  params: Readonly<Record<string, unknown>>,
): Promise<RawAnswer> {
  return rawPost(url, { jsonrpc: '2.0', id: 7, method, params });
}

export async function rawPost(url: string, body: unknown): Promise<RawAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (typeof answer === 'object' && answer !== null && 'result' in answer) {
    return { kind: 'result', result: answer.result };
  }
  const error = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : answer;
  return { kind: 'error', error, status: response.status };
}
