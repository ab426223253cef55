/** The same suite on the oldest supported server, which ignores what it does not know. Skipped loudly without it. */
import { natsSuite } from '../../test/conformance/natsSuite.ts';
import { oldestNats } from '../../test/devnet/nats/index.ts';

natsSuite(await oldestNats((line) => process.stderr.write(`${line}\n`)));
