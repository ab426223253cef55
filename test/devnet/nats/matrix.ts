/** The server versions that the bus is tested with: the current one always, the oldest supported one where it is to be had. */
import { NATS_VERSION_OLDEST, type NatsServerBinary, obtainNatsServer } from './obtainNatsServer.ts';

export interface MatrixRow {
  readonly name: string;
  /** Undefined when it could not be had; `reason` says why. */
  readonly server: NatsServerBinary | undefined;
  readonly reason: string | undefined;
}

/** Throws `SETUP_FAILED` when it is not to be had: nothing works without it. */
export async function currentNats(say: (line: string) => void): Promise<MatrixRow> {
  const server = await obtainNatsServer({ say });
  return { name: `nats-server ${server.version}`, server, reason: undefined };
}

export async function oldestNats(say: (line: string) => void): Promise<MatrixRow> {
  const name = `nats-server ${NATS_VERSION_OLDEST}`;
  try {
    return { name, server: await obtainNatsServer({ version: NATS_VERSION_OLDEST, say }), reason: undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`SKIPPED: the bus is not tested with ${name}: ${reason}`);
    return { name, server: undefined, reason };
  }
}
