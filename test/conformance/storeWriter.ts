/**
 * A process that does nothing but write synced batches and say so: the victim of the kill test. Prints each number after
 * its write resolved. Argument: the folder of the store.
 */
import { utf8 } from '../../relayer/core/bytes.ts';
import { createLevelStore, put, storeKey } from '../../relayer/store/index.ts';

const [path] = process.argv.slice(2);
const store = await createLevelStore({ path: path as string });
let next = 0n;

async function writeForEver(): Promise<void> {
  for (;;) {
    const number = next;
    next += 1n;
    await store.write(
      [put(storeKey('left', number), utf8(`${number}`)), put(storeKey('right', number), utf8(`${number}`))],
      {
        sync: true,
      },
    );
    process.stdout.write(`${number}\n`);
  }
}

// Several at once, so that the kill hits group commits.
await Promise.all(Array.from({ length: 8 }, writeForEver));
