/** `host:port` of an endpoint, the port written out: says which node without the path or credentials of its address. */
export function endpointName(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const standard = protocol === 'https:' || protocol === 'wss:' ? '443' : '80';
  return `${hostname}:${port === '' ? standard : port}`;
}
