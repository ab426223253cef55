/** A TCP port that nobody listens on at this moment, on the loopback address. */
import { createServer } from 'node:net';
import { ViaductError } from '../../relayer/core/errors.ts';

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new ViaductError({ code: 'SETUP_FAILED', shortMessage: 'No free loopback port.' }));
      });
    });
  });
}
