/** Where the API of the relayer with a config is. */
import type { LoadedConfig } from '../config/index.ts';

export function apiUrl({ config }: LoadedConfig): string {
  return `http://${config.api.host.includes(':') ? `[${config.api.host}]` : config.api.host}:${config.api.port}`;
}
