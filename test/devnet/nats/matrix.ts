/** The server versions that the bus is tested with: the current one always, the oldest supported one where it is to be had. */
import { NATS_VERSION_OLDEST, type NatsServerBinary, obtainNatsServer } from './obtainNatsServer.ts';

export interface MatrixRow {
  readonly name: string;
  /** Undefined when it could not be had; `reason` says why. */
  readonly server: NatsServerBinary | undefined;
  readonly reason: string | undefined;
}

/** Throws `SETUP_FAILED` when not even the current server is to be had. */
export async function natsMatrix(say: (line: string) => void): Promise<readonly MatrixRow[]> {
  const current = await obtainNatsServer({ say });
  const rows: MatrixRow[] = [{ name: `nats-server ${current.version}`, server: current, reason: undefined }];
  if (current.version === NATS_VERSION_OLDEST) return rows;
  const name = `nats-server ${NATS_VERSION_OLDEST}`;
  try {
    rows.push({ name, server: await obtainNatsServer({ version: NATS_VERSION_OLDEST, say }), reason: undefined });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`SKIPPED: the bus is not tested with ${name}: ${reason}`);
    rows.push({ name, server: undefined, reason });
  }
  return rows;
}
