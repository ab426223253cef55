import { natsSuite } from '../../test/conformance/natsSuite.ts';
import { currentNats } from '../../test/devnet/nats/index.ts';

natsSuite(await currentNats((line) => process.stderr.write(`${line}\n`)));
